"""Which bugs tests can tell from their references: the bug must fail one, the reference none."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from concurrent.futures import Future
from typing import Any

from codeq.sandbox import Program, Sandbox, Test, Verdict


def program(code: str, called: Mapping[str, Any]) -> Program:
    """The program of a code; `called` says how it is called: a row with the columns `tables.CALL`."""
    return Program(code, called["entry_point"], called["kind"], tuple(called["parameters"]), called["returns"])


def suites(tests: Iterable[Mapping[str, Any]]) -> dict[str, dict[str, tuple[Test, ...]]]:
    """Rows of table `tests` by problem id and visibility ("public", "hidden", and "all")."""
    found: dict[str, dict[str, list[Test]]] = defaultdict(lambda: {"public": [], "hidden": [], "all": []})
    for row in tests:
        keys = ("test_id", "visibility", "arguments", "expected", "comparison", "reference_seconds")
        test = Test(**{key: row[key] for key in keys})
        found[row["problem_id"]][test.visibility].append(test)
        found[row["problem_id"]]["all"].append(test)
    return {problem: {kind: tuple(each) for kind, each in sorts.items()} for problem, sorts in found.items()}


def screen(
    bugs: Iterable[Mapping[str, Any]], tests: Iterable[Mapping[str, Any]], visibility: str, sandbox: Sandbox
) -> list[dict[str, object]]:
    """Rows of table `screen`, in the order of `bugs` (rows of `bugs` with the problem's columns `tables.CALL`).

    Only the tests of one visibility ("public" or "hidden") count. Each distinct program is run once.
    """
    by_problem = suites(tests)
    futures: dict[tuple[str, str], Future[Verdict]] = {}

    def verdict(bug: Mapping[str, Any], code: str) -> str | None:
        suite = by_problem.get(bug["problem_id"], {}).get(visibility, ())
        if not suite:
            return None
        key = (bug["problem_id"], code)
        if key not in futures:
            futures[key] = sandbox.submit(program(code, bug), suite)
        return futures[key].result().status if collecting else None

    rows: list[dict[str, object]] = []
    for collecting in (False, True):  # submit everything, then collect
        for bug in bugs:
            buggy, reference = verdict(bug, bug["buggy_code"]), verdict(bug, bug["reference_code"])
            if collecting:
                reason = _reason(buggy, reference, visibility)
                rows.append(
                    {
                        "bug_id": bug["bug_id"],
                        "bug_verdict": buggy,
                        "reference_verdict": reference,
                        "usable": reason is None,
                        "reason": reason,
                    }
                )
    return rows


def _reason(buggy: str | None, reference: str | None, visibility: str) -> str | None:
    if buggy is None:
        return f"no {visibility} test"
    if reference != "pass":
        return f"reference: {reference}"
    return f"bug passes the {visibility} tests" if buggy == "pass" else None
