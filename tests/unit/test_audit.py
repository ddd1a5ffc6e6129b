import json

import polars as pl

from codeq import tables
from codeq.data.audit import audit, markdown


def study() -> dict[str, pl.DataFrame]:
    """Three problems (two of them one cluster), five bugs, of which three are usable."""
    names = [("b1", "p1"), ("b2", "p1"), ("b3", "p2"), ("b4", "p2"), ("b5", "p3")]
    category = {"b1": "syntax", "b2": "logic", "b3": "logic", "b4": "logic", "b5": "multiple"}
    cluster = {"p1": "c1", "p2": "c1", "p3": "c2"}
    usable = {"b1": "", "b2": "", "b3": "reference fails", "b4": "no public test", "b5": ""}
    split = {"b1": "train", "b2": "train", "b5": "test"}
    return {
        "problems": tables.frame(
            "problems",
            [
                {
                    "problem_id": name,
                    "statement": "",
                    "constraints": "",
                    "examples": [],
                    "reference_codes": [],
                    "entry_point": "f",
                    "kind": kind,
                    "level": level,
                }
                for name, kind, level in (("p1", "method", "easy"), ("p2", "", "hard"), ("p3", "method", "easy"))
            ],
        ),
        "bugs": tables.frame(
            "bugs",
            [
                {
                    "bug_id": bug,
                    "problem_id": name,
                    "category": category[bug],
                    "subtype": category[bug] + "!",
                    "buggy_code": "",
                    "reference_code": "",
                    "shard": "s",
                    "row": 0,
                }
                for bug, name in names
            ],
        ),
        "duplicates": tables.frame(
            "duplicates",
            [
                {"bug_id": bug, "cluster_id": cluster[name], "representative": bug, "similarity": 1.0}
                for bug, name in names
            ],
        ),
        "tests": tables.frame(
            "tests",
            [
                {
                    "problem_id": name,
                    "test_id": f"{name}{visibility}",
                    "visibility": visibility,
                    "arguments": "[]",
                    "expected": "1",
                    "comparison": "exact",
                    "origin": "example",
                }
                for name, visibility in (("p1", "public"), ("p1", "hidden"), ("p3", "public"))
            ],
        ),
        "untested": tables.frame(
            "untested", [{"problem_id": "p2", "example": i, "reason": "node type", "text": ""} for i in range(2)]
        ),
        "screen": tables.frame(
            "screen",
            [
                {"bug_id": bug, "bug_verdict": "fail", "reference_verdict": "pass", "usable": not why, "reason": why}
                for bug, why in usable.items()
            ],
        ),
        "splits": tables.frame(
            "splits",
            [
                {"bug_id": bug, "problem_id": name, "cluster_id": cluster[name], "split": split.get(bug, "unused")}
                for bug, name in names
            ],
        ),
    }


def test_every_filter_is_counted_with_reasons():
    assert audit(**study()) == {
        "filters": {
            "rows of the benchmark": {"bugs": 5, "problems": 3, "clusters": 2},
            "problem has a public test": {"bugs": 3, "problems": 2, "clusters": 2},
            "usable: bug fails a public test, reference passes all": {"bugs": 3, "problems": 2, "clusters": 2},
            "train": {"bugs": 2, "problems": 1, "clusters": 1},
            "test": {"bugs": 1, "problems": 1, "clusters": 1},
        },
        "duplication": {"by problem": 0.4, "by cluster": 0.6},
        "categories": {"logic": 3, "multiple": 1, "syntax": 1},
        "subtypes": {"logic!": 3, "multiple!": 1, "syntax!": 1},
        "levels": {"easy": 3, "hard": 2},
        "kinds of entry point": {"method": 2, "none": 1},
        "tests": {"public": 2, "hidden": 1},
        "comparisons": {"exact": 3},
        "examples that are no test": {"node type": 2},
        "bugs left out by the screen": {"no public test": 1, "reference fails": 1},
        "splits": {"train": 2, "unused": 2, "test": 1},
    }


def test_the_audit_is_json_and_its_markdown_shows_every_count():
    counts = audit(**study())
    assert json.loads(json.dumps(counts)) == counts
    text = markdown(counts)
    assert "| problem has a public test | 3 | 2 | 2 |" in text
    assert "| by cluster | 60.0% |" in text
    assert "| node type | 2 |" in text
    assert text.count("\n## ") == len(counts)


def test_empty_tables_are_audited_too():
    empty = {name: table.clear() for name, table in study().items()}
    counts = audit(**empty)
    assert counts["filters"]["test"] == {"bugs": 0, "problems": 0, "clusters": 0}
    assert "None." in markdown(counts)
