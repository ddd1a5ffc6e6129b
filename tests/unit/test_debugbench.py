import functools
import hashlib
import json
from collections import Counter
from pathlib import Path

import datasets
import polars as pl
import pytest

from codeq import tables
from codeq.data import debugbench, taxonomy
from codeq.errors import DataError

CODE = "class Solution:\n    def add(self, a: int, b: int) -> int:\n        return a + b"


def record(**changes: object) -> dict[str, object]:
    return {
        "slug": "add-two",
        "description": "Add two numbers.",
        "examples": ["Input: a = 1, b = 2\nOutput: 3"],
        "constraints": "0 <= a",
        "level": "easy",
        "oracle_code": CODE,
        "buggy_code": CODE.replace("+", "-"),
    } | changes


def shard(directory: Path, name: str, records: object) -> Path:
    (directory / name).write_text(records if isinstance(records, str) else json.dumps(records))
    return directory


@functools.cache
def python_rows(shared: Path) -> pl.DataFrame:
    return debugbench.read_source(str(shared / "debugbench" / "benchmark"), None, "python3")


def shard_rows(shared: Path) -> list[tuple[str, int, dict[str, object]]]:
    """The Python rows straight from the files."""
    paths = sorted((shared / "debugbench" / "benchmark").glob("python3_*.json"))
    return [(path.name, index, row) for path in paths for index, row in enumerate(json.loads(path.read_text()))]


def test_raw_rows_are_those_of_the_shards_in_order_with_their_hash(shared):
    raw = python_rows(shared)
    expected = shard_rows(shared)
    assert raw.height == len(expected) == 1414
    assert raw.schema == pl.Schema(tables.SCHEMAS["raw"])
    for row, (name, index, original) in zip(raw.iter_rows(named=True), expected, strict=True):
        assert (row["shard"], row["row"]) == (name, index)
        assert json.loads(row["record"]) == original
        assert row["sha256"] == hashlib.sha256(row["record"].encode()).hexdigest()


def test_categories_and_levels_are_those_counted_in_the_shards(shared):
    raw = python_rows(shared)
    bugs, problems = debugbench.bugs(raw), debugbench.problems(raw)
    rows = shard_rows(shared)
    subtypes = Counter(name.removeprefix("python3_").removesuffix(".json") for name, _, _ in rows)
    assert dict(bugs.group_by("subtype").len().iter_rows()) == subtypes
    # Summed by hand over the shards of each category.
    assert Counter(bugs["category"]) == {"multiple": 731, "syntax": 260, "reference": 227, "logic": 196}
    assert subtypes["double"] + subtypes["triple"] + subtypes["quadruple"] == 731
    levels = Counter(row["level"] for _, _, row in rows)
    joined = bugs.join(problems, on="problem_id")
    assert Counter(joined["level"]) == levels == {"medium": 590, "hard": 469, "easy": 355}
    assert problems.height == len({row["slug"] for _, _, row in rows}) == 225
    assert round(1 - problems.height / bugs.height, 3) == 0.841


def test_the_mapping_reproduces_the_paper_counts_over_all_languages(shared):
    # Tian et al. 2024: 761 syntax, 684 reference, 590 logic, 2,218 multiple; 4,253 in all.
    counts: Counter[str] = Counter()
    for language in ("cpp", "java", "python3"):
        raw = debugbench.read_shards(shared / "debugbench" / "benchmark", language)
        counts.update(debugbench.bugs(raw)["category"])
    assert counts == {"syntax": 761, "reference": 684, "logic": 590, "multiple": 2218}
    assert sum(map(len, taxonomy.CATEGORIES.values())) == 18


def test_every_row_has_its_own_bug_id_and_traces_back_to_its_row(shared):
    bugs = debugbench.bugs(python_rows(shared))
    assert bugs["bug_id"].n_unique() == 1414
    rows = {(name, index): row for name, index, row in shard_rows(shared)}
    for bug in bugs.iter_rows(named=True):
        row = rows[bug["shard"], bug["row"]]
        assert (bug["problem_id"], bug["buggy_code"], bug["reference_code"]) == (
            row["slug"],
            row["buggy_code"],
            row["oracle_code"],
        )


def test_references_are_the_distinct_oracles_of_a_problem(shared):
    problems = debugbench.problems(python_rows(shared))
    oracles: dict[object, set[object]] = {}
    for _, _, row in shard_rows(shared):
        oracles.setdefault(row["slug"], set()).add(row["oracle_code"])
    for problem in problems.iter_rows(named=True):
        assert len(problem["reference_codes"]) == len(oracles[problem["problem_id"]])
        assert set(problem["reference_codes"]) == oracles[problem["problem_id"]]


def test_entry_points_are_found_for_all_problems(shared):
    problems = debugbench.problems(python_rows(shared))
    assert Counter(problems["kind"]) == {"method": 220, "operations": 5}
    classes = problems.filter(pl.col("kind") == "operations")["entry_point"].to_list()
    assert sorted(classes) == ["MyHashMap", "NumArray", "Solution", "TextEditor", "TopVotedCandidate"]
    nodes = ("ListNode", "ListNode[]", "CyclicListNode", "TreeNode", "Node", "QuadNode", "CustomFunction")
    with_nodes = [row for row in problems.to_dicts() if {*row["parameters"], row["returns"]} & set(nodes)]
    assert len(with_nodes) == 24
    changed = [row["problem_id"] for row in problems.to_dicts() if row["returns"] in ("argument 0", "prefix 0")]
    assert sorted(changed) == ["move-zeroes", "remove-duplicates-from-sorted-array-ii", "sort-colors"]


def test_equal_rows_get_distinct_ids_that_do_not_depend_on_their_place(tmp_path):
    twins = [record(type=["a", "b"]), record(type=["b", "a"]), record(slug="other", type=[])]
    first = debugbench.bugs(debugbench.read_shards(shard(tmp_path, "python3_double.json", twins), "python3"))
    second = debugbench.bugs(debugbench.read_shards(shard(tmp_path, "python3_double.json", twins[::-1]), "python3"))
    assert first["bug_id"].n_unique() == 3
    assert set(first["bug_id"]) == set(second["bug_id"])
    assert first["bug_id"][2] == second["bug_id"][0]


def test_the_hub_layout_gives_the_same_problems_and_bugs_as_the_shards(tmp_path, monkeypatch):
    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", tmp_path / "cache")
    (tmp_path / "hub").mkdir()
    (tmp_path / "shards").mkdir()
    rows = [record(), record(slug="b", level="hard", description="Other.")]

    def hub(row: dict[str, object], language: str, subtype: str, category: str) -> dict[str, object]:
        renamed = {{"description": "question", "oracle_code": "solution"}.get(key, key): row[key] for key in row}
        extra = {"language": language, "subtype": subtype, "category": category, "release_time": 1691549090}
        return renamed | extra | {"bug_explanation": None}

    shard(
        tmp_path / "hub",
        "eval.json",
        [
            hub(record(slug="java"), "java", "double", "multiple error"),
            hub(rows[0], "python3", "misused ==/=", "syntax error"),
            hub(rows[1], "python3", "triple", "multiple error"),
        ],
    )
    shard(tmp_path / "shards", "python3_misused == or =.json", rows[:1])
    shard(tmp_path / "shards", "python3_triple.json", rows[1:])

    raw = debugbench.read_hub(str(tmp_path / "hub"), None, "python3")
    assert raw["row"].to_list() == [1, 2]
    assert raw["shard"].to_list() == [f"{tmp_path / 'hub'}:test"] * 2
    expected = debugbench.read_shards(tmp_path / "shards", "python3")
    assert debugbench.problems(raw).equals(debugbench.problems(expected))
    columns = ["bug_id", "category", "subtype", "buggy_code", "reference_code"]
    assert debugbench.bugs(raw).select(columns).equals(debugbench.bugs(expected).select(columns))
    with pytest.raises(DataError, match="no row whose 'language' is 'ruby'"):
        debugbench.read_hub(str(tmp_path / "hub"), None, "ruby")


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("python3_double.json", "[{", "not a readable JSON shard"),
        ("python3_double.json", {"a": 1}, "JSON list of rows, not dict"),
        ("python3_double.json", [record(), 3], "row 1: a row is a JSON object, not int"),
        ("python3_double.json", [record(buggy_code=None)], "row 0: key 'buggy_code' is NoneType, not str"),
        ("python3_double.json", [record(examples=[1])], "row 0: key 'examples' holds something else"),
        ("python3_double.json", [record(level="simple")], "row 0: key 'level' is 'simple', not one of easy, medium"),
        ("python3_double.json", [{k: v for k, v in record().items() if k != "slug"}], "row 0: no key 'slug'; fetch"),
        ("python3_typo.json", [record()], "unknown subtype 'typo'; known: misused"),
        ("java_double.json", [record()], "no shard python3_SUBTYPE.json"),
    ],
)
def test_malformed_shards_are_named_with_row_key_and_remedy(tmp_path, name, content, message):
    with pytest.raises(DataError, match=message) as error:
        debugbench.read_source(str(shard(tmp_path, name, content)), None, "python3")
    assert (name if name.startswith("python3") else str(tmp_path)) in str(error.value)


def test_a_missing_directory_is_named(tmp_path):
    with pytest.raises(DataError, match=r"nowhere.*no such directory; name one that holds python3_SUBTYPE\.json"):
        debugbench.read_source(str(tmp_path / "nowhere"), None, "python3")


def test_contradicting_levels_are_an_error(tmp_path):
    raw = debugbench.read_shards(shard(tmp_path, "python3_double.json", [record(), record(level="hard")]), "python3")
    with pytest.raises(DataError, match="row 1: problem 'add-two' is 'hard' here and 'easy'"):
        debugbench.problems(raw)
