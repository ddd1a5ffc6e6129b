"""Programs with known verdicts, from files: what `codeq sandbox run` executes and checks.

A problem is a JSON object {"entry_point", "kind", "tests"} of plain values; each test is an object
{"arguments", "expected"}. It may also have "parameters", "returns" (as in `Program`) and "comparison".
Cases are a JSON list of objects {"id", "code", "expect"}: `expect` is the verdict due, the list `also_ok` holds
others that are right too, and `timeout_s` is the limit of one test where it differs from the settings'.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from codeq import values
from codeq.config import SandboxSettings
from codeq.errors import DataError
from codeq.sandbox.judge import check_tests
from codeq.sandbox.pool import Sandbox
from codeq.sandbox.protocol import ERROR, MISSING_ENTRY_POINT, SYNTAX_ERROR, VERDICTS, Program, Test, Verdict

_NAMES = {dict: "an object", list: "a list", str: "a text", int: "a whole number", float: "a number"}


@dataclass(frozen=True)
class Problem:
    """What every case is called by and judged by; `program` has no code yet."""

    program: Program
    tests: tuple[Test, ...]


@dataclass(frozen=True)
class Case:
    """A program and the verdicts that are right for it."""

    id: str
    code: str
    right: frozenset[str]
    timeout_s: float | None

    def verdict(self, status: str) -> str:
        """The status in the cases' words, where a program that cannot be loaded is an error unless they say more."""
        coarse = ERROR if status in (SYNTAX_ERROR, MISSING_ENTRY_POINT) else status
        return status if status in self.right else coarse


def read_problem(path: Path) -> Problem:
    """Raises DataError, naming file and test, for what is no problem."""
    data = _require(_read(path), dict, f"{path}")
    entry_point = _field(data, "entry_point", str, f"{path}")
    kind = _field(data, "kind", str, f"{path}")
    listed = _require(data.get("parameters", []), list, f"{path}: 'parameters'")
    parameters = tuple(_require(name, str, f"{path}: a name in 'parameters'") for name in listed)
    returns = _require(data.get("returns", ""), str, f"{path}: 'returns'")
    comparison = _require(data.get("comparison", "exact"), str, f"{path}: 'comparison'")
    tests = []
    for number, item in enumerate(_field(data, "tests", list, f"{path}")):
        where = f"{path}, test {number}"
        test = _require(item, dict, where)
        if "expected" not in test:
            raise DataError(f"{where}: no key 'expected'; give the value that the program must return")
        arguments, expected = _field(test, "arguments", list, where), test["expected"]
        try:
            tests.append(Test(str(number), "public", values.dumps(arguments), values.dumps(expected), comparison))
        except values.UnsupportedValue as error:
            raise DataError(f"{where}: {error}; give plain values") from error
    program = Program("", entry_point, kind, parameters, returns)
    try:
        check_tests(program, tests)
    except DataError as error:
        raise DataError(f"{path}: {error}") from error
    return Problem(program, tuple(tests))


def read_cases(path: Path) -> list[Case]:
    """Raises DataError, naming file and case, for what is no list of cases."""
    found: dict[str, Case] = {}
    for number, item in enumerate(_require(_read(path), list, f"{path}")):
        where = f"{path}, case {number}"
        data = _require(item, dict, where)
        name = _field(data, "id", str, where)
        where = f"{path}, case {name!r}"
        if name in found:
            raise DataError(f"{where}: this id was used before; give every case its own")
        right = [_field(data, "expect", str, where), *_require(data.get("also_ok") or [], list, f"{where}: 'also_ok'")]
        if unknown := [each for each in right if each not in VERDICTS]:
            raise DataError(f"{where}: unknown verdict {unknown[0]!r}; use one of {', '.join(VERDICTS)}")
        limit = data.get("timeout_s")
        if limit is not None and not _require(limit, float, f"{where}: 'timeout_s'") > 0:
            raise DataError(f"{where}: 'timeout_s' is {limit}; give a number of seconds above 0, or leave it out")
        found[name] = Case(name, _field(data, "code", str, where), frozenset(right), limit)
    if not found:
        raise DataError(f"{path}: there are no cases; give at least one")
    return list(found.values())


def run(problem: Problem, cases: Sequence[Case], settings: SandboxSettings) -> Iterator[tuple[Case, Verdict]]:
    """Each case with its verdict, one at a time and in order, all of one time limit in the same worker."""
    running: dict[float | None, Sandbox] = {}
    with ExitStack() as stack:
        for case in cases:
            if case.timeout_s not in running:
                limits = {"workers": 1} | ({} if case.timeout_s is None else {"test_timeout_s": case.timeout_s})
                running[case.timeout_s] = stack.enter_context(Sandbox(settings.model_copy(update=limits)))
            yield case, running[case.timeout_s].judge(replace(problem.program, code=case.code), problem.tests)


def _read(path: Path) -> object:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:  # ValueError: neither UTF-8 nor JSON
        raise DataError(f"{path}: cannot be read ({error}); give a JSON file") from error


def _field(data: Mapping[str, Any], key: str, kind: type, where: str) -> Any:
    if key not in data:
        raise DataError(f"{where}: no key {key!r}; give {_NAMES[kind]}")
    return _require(data[key], kind, f"{where}: {key!r}")


def _require(value: object, kind: type, where: str) -> Any:
    """The value, if it is of that type; a whole number is a number too."""
    if type(value) is kind or (kind is float and type(value) is int):
        return value
    raise DataError(f"{where} is {_NAMES.get(type(value), repr(value))}, not {_NAMES[kind]}")
