"""What the sandbox's tests share: a function as a program, and the statuses of its tests."""

from collections.abc import Callable

from codeq.sandbox import Program, Test, Verdict

MakeTests = Callable[..., list[Test]]
Descendants = Callable[..., set[int]]


def function(code: str, entry_point: str = "f") -> Program:
    return Program(code, entry_point, "function")


def statuses(verdict: Verdict) -> list[str]:
    return [result.status for result in verdict.results]
