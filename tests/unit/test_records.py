"""The curriculum as tables: raw rows that trace back, tests that are right, bugs that are fresh and stable."""

import hashlib
import json
import sys
from collections import Counter
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import replace
from itertools import islice
from typing import Any

import polars as pl
import pytest

from codeq import tables, values
from codeq.config import SandboxSettings
from codeq.data import curriculum
from codeq.data.curriculum import records
from codeq.data.taxonomy import CATEGORIES, CATEGORY_OF
from codeq.identity import content_id
from codeq.sandbox import Sandbox
from codeq.sandbox.screening import screen

PROBLEMS = curriculum.problems(0)
BY_ID = {problem.problem_id: problem for problem in PROBLEMS}
LINE_BUDGET = 20_000


@pytest.fixture(scope="module")
def raw() -> pl.DataFrame:
    return records.raw(0, 2)


@pytest.fixture(scope="module")
def tests(raw) -> pl.DataFrame:
    return records.test_rows(raw)


def first(problem_id: str, count: int, seed: int = 0) -> list[str]:
    return [bug.code for bug in islice(records.bug_stream(BY_ID[problem_id], seed), count)]


def test_every_problem_has_its_rows_in_the_shard_of_its_module(raw):
    tables.check("raw", raw, "raw")
    assert raw.height == 2 * len(PROBLEMS)
    assert raw.select("shard", "row").is_unique().all()
    counts = Counter(json.loads(record)["slug"] for record in raw["record"])
    assert counts == dict.fromkeys(BY_ID, 2)
    for (shard,), rows in raw.partition_by("shard", as_dict=True).items():
        assert rows["row"].to_list() == list(range(rows.height))
        assert {BY_ID[json.loads(record)["slug"]].module for record in rows["record"]} == {
            f"codeq.data.curriculum.{shard}"
        }


def test_the_checksum_of_a_raw_row_is_that_of_its_text(raw):
    assert raw["sha256"].to_list() == [hashlib.sha256(record.encode()).hexdigest() for record in raw["record"]]


def test_raw_rows_depend_on_the_seed_and_fewer_of_them_are_part_of_more(raw):
    again, other = records.raw(0, 1), records.raw(1, 1)
    assert again["record"].is_in(raw["record"].implode()).all()
    assert not set(other["record"]) & set(raw["record"])
    assert again.height == other.height == len(PROBLEMS)


def test_the_problems_table_holds_every_problem_once(raw):
    problems = records.problem_rows(raw)
    tables.check("problems", problems, "problems")
    assert problems["problem_id"].to_list() == sorted(BY_ID)
    for row in problems.iter_rows(named=True):
        problem = BY_ID[row["problem_id"]]
        assert row["reference_codes"] == [problem.code]
        assert (row["entry_point"], row["kind"]) == (problem.entry_point, problem.kind)
        assert (row["level"], row["statement"]) == (problem.level, problem.statement)
        assert len(row["examples"]) == len(problem.public)
    assert set(problems["level"]) == {"easy", "medium", "hard"}


def test_the_bugs_table_traces_each_bug_to_its_raw_row(raw):
    bugs = records.bug_rows(raw)
    tables.check("bugs", bugs, "bugs")
    assert bugs["bug_id"].is_unique().all()
    assert bugs.select("shard", "row").equals(raw.select("shard", "row"))
    for bug, record in zip(bugs.iter_rows(named=True), map(json.loads, raw["record"]), strict=True):
        assert bug["bug_id"] == content_id("bug", bug["problem_id"], bug["buggy_code"])
        assert bug["buggy_code"] == record["buggy_code"] != bug["reference_code"]
        assert bug["reference_code"] == BY_ID[bug["problem_id"]].code
        assert bug["category"] == CATEGORY_OF[bug["subtype"]] == record["category"]
        kinds = {CATEGORY_OF[subtype] for subtype in record["edits"]}
        assert len(record["edits"]) == {"double": 2, "triple": 3, "quadruple": 4}.get(bug["subtype"], 1)
        assert bug["category"] == "multiple" or kinds == {bug["category"]}


def test_every_test_is_what_the_reference_returns_when_run_again(raw, tests):
    tables.check("tests", tests, "tests")
    assert tests["test_id"].is_unique().all()
    for test in tests.iter_rows(named=True):
        problem = BY_ID[test["problem_id"]]
        namespace: dict[str, Any] = {}
        exec(problem.code, namespace)
        assert values.same(call(namespace, problem, test["arguments"]), values.loads(test["expected"])), test


def test_every_problem_has_its_public_and_its_hidden_tests(tests):
    counts = Counter(tests.select("problem_id", "visibility", "origin").iter_rows())
    for problem in PROBLEMS:
        assert counts[problem.problem_id, "public", "example"] == len(problem.public)
        assert counts[problem.problem_id, "hidden", "generated"] == len(problem.hidden) >= 12
    assert counts.total() == tests.height
    assert set(tests["comparison"]) == {"exact"}


def test_bugs_are_endless_and_all_different():
    found = first("is-prime", 300)
    assert len(found) == len(set(found)) == 300
    assert BY_ID["is-prime"].code not in found


@pytest.mark.parametrize("slug", ["is-prime", "quick-sort", "running-mean"])
def test_the_first_bugs_stay_when_more_are_asked_for(slug):
    assert first(slug, 40)[:10] == first(slug, 10)


def test_bugs_of_two_problems_have_nothing_in_common(raw):
    assert records.bug_rows(raw)["buggy_code"].is_unique().all()


def test_another_seed_makes_other_bugs():
    one, other = set(first("quick-sort", 30)), set(first("quick-sort", 30, seed=1))
    assert len(one & other) <= 15


def test_a_problem_that_admits_no_bug_ends_the_stream():
    assert list(records.bug_stream(replace(BY_ID["is-prime"], code="x = 'é'"), 0)) == []


def test_categories_are_balanced():
    """Chi-squared of the first two bugs of every problem: 99.9 % quantile of 3 degrees of freedom is 16.3."""
    counts = Counter(bug.category for item in PROBLEMS for bug in islice(records.bug_stream(item, 7), 2))
    assert set(counts) == set(CATEGORIES)
    expected = 2 * len(PROBLEMS) / 4
    assert sum((count - expected) ** 2 / expected for count in counts.values()) < 16.3


def test_two_bugs_at_once_are_likelier_than_three_and_three_than_four():
    counts = Counter(bug.subtype for item in PROBLEMS for bug in islice(records.bug_stream(item, 7), 2))
    assert counts["double"] > counts["triple"] > counts["quadruple"] > 0


class OutOfBudgetError(BaseException):
    """A program ran too many lines."""


def call(namespace: dict[str, Any], problem: curriculum.Problem, arguments: str) -> Any:
    """What a program in this process returns for one test's arguments."""
    given = deepcopy(values.loads(arguments))
    if problem.kind == "function":
        return namespace[problem.entry_point](*given)
    names, arglists = given
    instance = namespace[names[0]](*arglists[0])
    return [None, *(getattr(instance, name)(*each) for name, each in zip(names[1:], arglists[1:], strict=True))]


def passes(problem: curriculum.Problem, code: str, tests: list[dict[str, Any]]) -> bool:
    """Whether a program passes tests, by plain exec; stopped after LINE_BUDGET lines."""
    lines = 0

    def count(frame, event, argument):
        nonlocal lines
        lines += 1
        if lines > LINE_BUDGET:
            raise OutOfBudgetError
        return count

    before = sys.gettrace()
    namespace: dict[str, Any] = {}
    try:
        compiled = compile(code, "<candidate>", "exec")
        sys.settrace(count)
        exec(compiled, namespace)
        return all(values.same(call(namespace, problem, t["arguments"]), values.loads(t["expected"])) for t in tests)
    except (Exception, OutOfBudgetError):
        return False
    finally:
        sys.settrace(before)


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(SandboxSettings(workers=1, test_timeout_s=1.0, timeout_s=5.0)) as running:
        yield running


def test_the_sandbox_screens_bugs_as_plain_execution_does(raw, tests, sandbox):
    bugs = records.bug_rows(raw).sample(40, seed=3).to_dicts()
    for bug in bugs:
        bug.update({key: getattr(BY_ID[bug["problem_id"]], key) for key in ("entry_point", "kind")})
        bug.update(parameters=[], returns="")
    rows = screen(bugs, tests.to_dicts(), "public", sandbox)
    hidden = screen(bugs, tests.to_dicts(), "hidden", sandbox)
    assert {row["reference_verdict"] for row in hidden} == {"pass"}
    for bug, row in zip(bugs, rows, strict=True):
        problem = BY_ID[bug["problem_id"]]
        suite = [test for test in tests.to_dicts() if test["problem_id"] == problem.problem_id]
        public = [test for test in suite if test["visibility"] == "public"]
        assert row["reference_verdict"] == "pass", bug
        assert passes(problem, bug["reference_code"], suite)
        assert row["usable"] is not passes(problem, bug["buggy_code"], public), bug["buggy_code"]
        assert row["usable"] is (row["bug_verdict"] != "pass") is (row["reason"] is None)
    assert 25 <= sum(row["usable"] for row in rows) < 40


def test_every_category_comes_and_each_bug_is_its_edits():
    problem = BY_ID["is-prime"]
    bugs = list(islice(records.bug_stream(problem, 0), 60))
    assert {bug.category for bug in bugs} == set(CATEGORIES)
    for bug in bugs:
        remade = problem.code
        for edit in reversed(bug.edits):
            remade = remade[: edit.start] + edit.text + remade[edit.end :]
        assert remade == bug.code
