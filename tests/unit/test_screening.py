"""Screening: which bugs can be used, and why the others cannot."""

from collections.abc import Iterator

import pytest

from codeq import tables, values
from codeq.config import SandboxSettings
from codeq.sandbox import Sandbox, Test
from codeq.sandbox.screening import screen, suites

GOOD, BAD, BROKEN = (
    "def double(n):\n    return 2 * n",
    "def double(n):\n    return 3 * n",
    "def double(n)\n    return n",
)


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(SandboxSettings(workers=1, test_timeout_s=2.0, timeout_s=10.0)) as running:
        yield running


def case(problem: str, visibility: str, number: int, argument: object, expected: object) -> dict[str, object]:
    return {
        "problem_id": problem,
        "test_id": f"{problem}-{number}",
        "visibility": visibility,
        "arguments": values.dumps([argument]),
        "expected": values.dumps(expected),
        "comparison": "exact",
        "reference_seconds": 0.0,
        "origin": "example",
    }


def bug(name: str, problem: str, buggy: str, reference: str = GOOD) -> dict[str, object]:
    return {
        "bug_id": name,
        "problem_id": problem,
        "buggy_code": buggy,
        "reference_code": reference,
        "entry_point": "double",
        "kind": "function",
        "parameters": [],
        "returns": "",
    }


SUBTLE = "def double(n):\n    return 8 if n == 4 else 0"  # wrong for 5, which is hidden
TESTS = [
    case("p", "public", 0, 0, 0),
    case("p", "public", 1, 4, 8),
    case("p", "hidden", 2, 5, 10),
    case("hidden-only", "hidden", 0, 4, 8),
    case("zero", "public", 0, 0, 0),
    case("zero", "hidden", 1, 4, 8),
]


class Counting:
    """A sandbox that notes what it is asked to run."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox, self.asked = sandbox, []

    def submit(self, program, tests):
        self.asked.append((program.code, [test.test_id for test in tests]))
        return self.sandbox.submit(program, tests)


def test_a_bug_is_usable_when_it_fails_in_public_and_its_reference_passes(sandbox):
    bugs = [
        bug("wrong", "p", BAD),
        bug("syntax", "p", BROKEN),
        bug("name", "p", "def double(n):\n    return 2 * m"),
        bug("other name", "p", "def twice(n):\n    return 2 * n"),
        bug("endless", "p", "def double(n):\n    while n:\n        pass\n    return 0"),
    ]
    rows = screen(bugs, TESTS, "public", sandbox)
    assert [row["bug_id"] for row in rows] == ["wrong", "syntax", "name", "other name", "endless"]
    assert [row["bug_verdict"] for row in rows] == ["fail", "syntax_error", "error", "missing_entry_point", "timeout"]
    assert {row["reference_verdict"] for row in rows} == {"pass"}
    assert [(row["usable"], row["reason"]) for row in rows] == [(True, None)] * 5
    assert tables.frame("screen", rows)["usable"].sum() == 5


def test_the_reason_is_given_where_a_bug_cannot_be_used(sandbox):
    rows = screen(
        [
            bug("no public test", "hidden-only", BAD),
            bug("unknown problem", "nowhere", BAD),
            bug("passes", "p", GOOD + "  # the same"),
            bug("hidden only", "p", SUBTLE),
            bug("unseen", "zero", BAD),
            bug("reference fails in public", "p", BROKEN, reference=BAD),
            bug("both fail", "p", BAD, reference=BROKEN),
        ],
        TESTS,
        "public",
        sandbox,
    )
    assert not any(row["usable"] for row in rows)
    assert {row["bug_id"]: row["reason"] for row in rows} == {
        "no public test": "no public test",
        "unknown problem": "no public test",
        "passes": "bug passes the public tests",
        "hidden only": "bug passes the public tests",
        "unseen": "bug passes the public tests",
        "reference fails in public": "reference: fail",
        "both fail": "reference: syntax_error",
    }
    assert [row["bug_verdict"] for row in rows[:2]] == [None, None]
    assert [row["reference_verdict"] for row in rows[:2]] == [None, None]


def test_hidden_tests_screen_apart_and_never_decide_in_public(sandbox):
    bugs = [bug("a", "p", BAD), bug("b", "p", SUBTLE), bug("c", "p", BAD, reference=SUBTLE)]
    public, hidden = Counting(sandbox), Counting(sandbox)
    rows = screen(bugs, TESTS, "public", public)
    assert public.asked == [(code, ["p-0", "p-1"]) for code in (BAD, GOOD, SUBTLE)]
    assert [row["usable"] for row in rows] == [True, False, True]
    rows = screen(bugs, TESTS, "hidden", hidden)
    assert hidden.asked == [(code, ["p-2"]) for code in (BAD, GOOD, SUBTLE)]
    assert [row["bug_verdict"] for row in rows] == ["fail", "fail", "fail"]
    assert [row["reason"] for row in rows] == [None, None, "reference: fail"]


def test_each_program_runs_once_per_problem(sandbox):
    counting = Counting(sandbox)
    bugs = [bug("a", "p", BAD), bug("b", "p", BAD), bug("c", "p", BROKEN), bug("d", "zero", BAD)]
    rows = screen(bugs, TESTS, "public", counting)
    assert len(counting.asked) == 5  # on p: two bugs, the reference; on zero: one bug, the reference
    assert [row["usable"] for row in rows] == [True, True, True, False]


def test_no_bugs_no_rows(sandbox):
    assert screen([], TESTS, "public", sandbox) == []


def test_suites_sort_tests_by_problem_and_visibility():
    found = suites(TESTS)
    assert {problem: {kind: len(each) for kind, each in kinds.items()} for problem, kinds in found.items()} == {
        "p": {"public": 2, "hidden": 1, "all": 3},
        "hidden-only": {"public": 0, "hidden": 1, "all": 1},
        "zero": {"public": 1, "hidden": 1, "all": 2},
    }
    assert found["p"]["public"][1] == Test("p-1", "public", "[4]", "8", "exact")
