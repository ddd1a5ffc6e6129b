import json

import polars as pl

from codeq import tables
from codeq.data.audit import audit, markdown
from codeq.identity import digest


def suite(*tests: tuple[str, str]) -> pl.DataFrame:
    return tables.frame(
        "tests",
        [
            {
                "problem_id": name,
                "test_id": f"{name}{visibility}",
                "visibility": visibility,
                "entry_point": "f",
                "kind": "method",
                "parameters": [],
                "returns": "",
                "arguments": "[]",
                "expected": "1",
                "comparison": "exact",
                "reference_seconds": 0.0,
                "origin": "example",
            }
            for name, visibility in tests
        ],
    )


def untested(*origins: str) -> pl.DataFrame:
    return tables.frame(
        "untested",
        [
            {"problem_id": "p2", "origin": origin, "number": i, "reason": f"of {origin}", "text": ""}
            for i, origin in enumerate(origins)
        ],
    )


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
                    "parameters": ["TreeNode"] if name == "p2" else [],
                    "returns": "",
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
        "tests": suite(("p1", "public"), ("p3", "public")),
        "hidden_tests": suite(("p1", "hidden")),
        "untested": untested("example", "example"),
        "hidden_untested": untested("generated"),
        "screen": tables.frame(
            "screen",
            [
                {
                    "bug_id": bug,
                    "bug_verdict": "pass" if bug == "b3" else "fail",
                    "reference_verdict": "pass",
                    "usable": not why,
                    "reason": why,
                }
                for bug, why in usable.items()
            ],
        ),
        "hidden_screen": tables.frame(
            "screen",
            [
                {
                    "bug_id": bug,
                    "bug_verdict": verdict,
                    "reference_verdict": "timeout" if bug == "b2" else "pass",
                    "usable": verdict not in (None, "pass") and bug != "b2",
                    "reason": None,
                }
                for bug, verdict in zip(usable, ("fail", "timeout", "fail", "pass", None), strict=True)
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
            "usable: bug fails a public test, reference passes all of them": {"bugs": 3, "problems": 2, "clusters": 2},
            "train": {"bugs": 2, "problems": 1, "clusters": 1},
            "test": {"bugs": 1, "problems": 1, "clusters": 1},
        },
        "duplication": {
            "all rows": {
                "rows": 5,
                "problems": 3,
                "clusters": 2,
                "repeat a problem": "40.0%",
                "repeat a cluster": "60.0%",
            },
            # Of the one bug of category "multiple", on a problem without nodes.
            "several bugs, no nodes": {
                "rows": 1,
                "problems": 1,
                "clusters": 1,
                "repeat a problem": "0.0%",
                "repeat a cluster": "0.0%",
            },
        },
        "categories": {"logic": 3, "multiple": 1, "syntax": 1},
        "subtypes": {"logic!": 3, "multiple!": 1, "syntax!": 1},
        "levels": {"easy": 3, "hard": 2},
        "kinds of entry point": {"method": 2, "none": 1},
        "tests": {"public": 2, "hidden": 1},
        "comparisons": {"exact": 3},
        "examples that are no test": {"of example": 2},
        "generated inputs that are no test": {"of generated": 1},
        "problems with fewer than 50 hidden tests": {"p2": 0, "p3": 0, "p1": 1},
        "bugs shown": {
            "public": {"bugs": 4, "of": 5, "share": "80.0%"},
            "hidden": {"bugs": 3, "of": 4, "share": "75.0%"},
            "public or hidden": {"bugs": 5, "of": 5, "share": "100.0%"},
        },
        "bugs left out by the screen": {"no public test": 1, "reference fails": 1},
        "bugs whose reference fails a hidden test": {"timeout": 1},
        "excluded": {
            "b4": {"problem_id": "p2", "shard": "s", "row": 0, "reason": "no public test"},
            "b3": {"problem_id": "p2", "shard": "s", "row": 0, "reason": "reference fails"},
        },
        "splits": {
            "test": {"bugs": 1, "problems": 1, "clusters": 1, "digest": digest(["b5"])},
            "train": {"bugs": 2, "problems": 1, "clusters": 1, "digest": digest(["b1", "b2"])},
            "unused": {"bugs": 2, "problems": 1, "clusters": 1, "digest": digest(["b3", "b4"])},
        },
    }


def test_the_audit_is_json_and_its_markdown_shows_every_count():
    counts = audit(**study())
    assert json.loads(json.dumps(counts)) == counts
    text = markdown(counts)
    assert "| problem has a public test | 3 | 2 | 2 |" in text
    assert "| all rows | 5 | 3 | 2 | 40.0% | 60.0% |" in text
    assert "| of example | 2 |" in text
    assert "| b4 | p2 | s | 0 | no public test |" in text
    assert text.count("\n## ") == len(counts)


def test_empty_tables_are_audited_too():
    empty = {name: table.clear() for name, table in study().items()}
    counts = audit(**empty)
    assert counts["filters"]["test"] == {"bugs": 0, "problems": 0, "clusters": 0}
    assert "None." in markdown(counts)
