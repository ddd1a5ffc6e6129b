"""The curriculum as raw benchmark rows, and the tables made from them."""

import hashlib
import json
from collections.abc import Iterator
from itertools import islice
from random import Random
from typing import Any

import polars as pl

from codeq import tables, values
from codeq.data.bugs import Bug, inject
from codeq.data.curriculum import expected, problems
from codeq.data.curriculum.problem import Problem
from codeq.data.taxonomy import CATEGORIES
from codeq.identity import content_id, derive_seed

_DRAWS = 50  # until a function that admits the drawn kind of bug is taken to admit none


def bug_stream(problem: Problem, seed: int) -> Iterator[Bug]:
    """Endless different bugs of one problem, determined by (seed, problem id).

    The category is drawn uniformly; "multiple" has two to four bugs at once, fewer being likelier.
    Whether the tests show a bug is for the sandbox to say.
    """
    seen = {problem.code}
    misses = 0
    for number in range(10**9):
        rng = Random(derive_seed(seed, problem.problem_id, "bug", number))
        category = rng.choice(list(CATEGORIES))
        count = rng.choice((2, 2, 2, 3, 3, 4)) if category == "multiple" else 1
        bug = inject(problem.code, count, rng, None if category == "multiple" else category)
        if bug is None or bug.code in seen:
            misses += 1
            if misses == _DRAWS:
                return
            continue
        misses = 0
        seen.add(bug.code)
        yield bug


def raw(seed: int, bugs_per_function: int) -> pl.DataFrame:
    """The table `raw`: a row for each bug, in shards named by the module its function stands in."""
    shards: dict[str, list[dict[str, object]]] = {}
    for problem in problems(seed):
        for bug in islice(bug_stream(problem, seed), bugs_per_function):
            shards.setdefault(problem.module.rsplit(".", 1)[-1], []).append(_record(problem, bug))
    rows = [
        {"shard": shard, "row": row, "sha256": hashlib.sha256(text.encode()).hexdigest(), "record": text}
        for shard, records in sorted(shards.items())
        for row, text in enumerate(json.dumps(record, sort_keys=True) for record in records)
    ]
    return tables.frame("raw", rows)


def _record(problem: Problem, bug: Bug) -> dict[str, object]:
    def tests(inputs: tuple[list[object], ...]) -> list[list[str]]:
        return [[values.dumps(arguments), values.dumps(expected(problem, arguments))] for arguments in inputs]

    return {
        "slug": problem.problem_id,
        "description": problem.statement,
        "level": problem.level,
        "entry_point": problem.entry_point,
        "kind": problem.kind,
        "oracle_code": problem.code,
        "buggy_code": bug.code,
        "category": bug.category,
        "subtype": bug.subtype,
        "edits": [edit.subtype for edit in bug.edits],
        "public": tests(problem.public),
        "hidden": tests(problem.hidden),
    }


def _records(raw: pl.DataFrame) -> Iterator[tuple[dict[str, Any], str, int]]:
    for shard, row, record in raw.select("shard", "row", "record").iter_rows():
        yield json.loads(record), shard, row


def problem_rows(raw: pl.DataFrame) -> pl.DataFrame:
    """The table `problems`, by id."""
    found = {
        record["slug"]: {
            "problem_id": record["slug"],
            "statement": record["description"],
            "constraints": "",
            "examples": [f"{arguments} -> {returned}" for arguments, returned in record["public"]],
            "reference_codes": [record["oracle_code"]],
            "entry_point": record["entry_point"],
            "kind": record["kind"],
            "parameters": [],
            "returns": "",
            "level": record["level"],
        }
        for record, _, _ in _records(raw)
    }
    return tables.frame("problems", [found[slug] for slug in sorted(found)])


def bug_rows(raw: pl.DataFrame) -> pl.DataFrame:
    """The table `bugs`, one row per raw row."""
    return tables.frame(
        "bugs",
        [
            {
                "bug_id": content_id("bug", record["slug"], record["buggy_code"]),
                "problem_id": record["slug"],
                "category": record["category"],
                "subtype": record["subtype"],
                "buggy_code": record["buggy_code"],
                "reference_code": record["oracle_code"],
                "shard": shard,
                "row": row,
            }
            for record, shard, row in _records(raw)
        ],
    )


def test_rows(raw: pl.DataFrame) -> pl.DataFrame:
    """The table `tests`: the written examples are public, the generated inputs hidden."""
    rows: dict[str, dict[str, object]] = {}
    for record, _, _ in _records(raw):
        for visibility, origin in (("public", "example"), ("hidden", "generated")):
            for arguments, returned in record[visibility]:
                test_id = content_id("test", record["slug"], arguments)
                rows[test_id] = {
                    "problem_id": record["slug"],
                    "test_id": test_id,
                    "visibility": visibility,
                    "entry_point": record["entry_point"],
                    "kind": record["kind"],
                    "parameters": [],
                    "returns": "",
                    "arguments": arguments,
                    "expected": returned,
                    "comparison": "exact",
                    "reference_seconds": 0.0,
                    "origin": origin,
                }
    return tables.frame("tests", list(rows.values()))
