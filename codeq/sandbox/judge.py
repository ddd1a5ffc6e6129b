"""The judge: compares what came out of the sandbox with what was expected, outside of it."""

import json
import signal
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from codeq import values
from codeq.errors import DataError
from codeq.sandbox.comparisons import COMPARISONS
from codeq.sandbox.protocol import (
    ERROR,
    FAIL,
    KINDS,
    MESSAGE_CHARACTERS,
    MISSING_ENTRY_POINT,
    NOT_RUN,
    OOM,
    OUTPUT_LIMIT,
    PASS,
    SYNTAX_ERROR,
    TIMEOUT,
    Execution,
    Frame,
    Observation,
    Program,
    Test,
    TestResult,
    Verdict,
    read_frames,
    read_printed,
)
from codeq.sandbox.structures import Signature

_SHOWN_CHARACTERS = 200


@lru_cache(maxsize=1024)
def _decoded(text: str) -> Any:
    """`values.loads`, remembered: many programs in a row are judged by the same tests. Not to be changed."""
    return values.loads(text)


@lru_cache(maxsize=1024)
def _check_arguments(text: str, parameters: tuple[str, ...]) -> None:
    """Raise ValueError or TypeError unless the text is a list of arguments of these types."""
    arguments = _decoded(text)
    if type(arguments) is not list:
        raise ValueError(f"the arguments are not a list: {text[:80]}")
    Signature(parameters, "").arguments(arguments)


def check(program: Program, arguments: Sequence[str]) -> None:
    """Raise DataError, naming the place, where a question is malformed: that is never the candidate's fault."""
    where = f"entry point {program.entry_point!r}"
    if program.kind not in KINDS:
        raise DataError(f"{where}: unknown kind {program.kind!r}; use one of {KINDS}")
    try:
        Signature(program.parameters, program.returns)
    except ValueError as error:
        raise DataError(f"{where}: {error}") from error
    for number, text in enumerate(arguments):
        try:
            _check_arguments(text, program.parameters)
        except (ValueError, TypeError) as error:
            raise DataError(
                f"{where}, arguments {number}: {error}; give `codeq.values` text of what the parameters take"
            ) from error


def check_tests(program: Program, tests: Sequence[Test]) -> None:
    """The same for tests; there must be at least one."""
    if not tests:
        raise DataError(f"entry point {program.entry_point!r}: no tests to judge by; a program must have at least one")
    check(program, [test.arguments for test in tests])
    for test in tests:
        if test.comparison not in COMPARISONS:
            raise DataError(
                f"test {test.test_id!r}: unknown comparison {test.comparison!r}; use one of {sorted(COMPARISONS)}"
            )
        try:
            _decoded(test.expected)
        except values.UnsupportedValue as error:
            raise DataError(f"test {test.test_id!r}: {error}; what is expected must be values text") from error


def judge(tests: Sequence[Test], execution: Execution) -> Verdict:
    """The verdict on one execution.

    Pass needs every line exactly once and in order, each with the right value and type, the end
    line, exit status 0, and no kill. The status is that of the first test that did not pass.
    """
    frames, complete = read_frames(execution.frames, len(tests))
    peak_mb = round(execution.peak_bytes / (1 << 20), 1)
    seconds = execution.step_seconds[1:]
    if frames and frames[0].outcome != "loaded":
        status, message = _load_failure(frames[0])
        test_status = status if status == OOM else ERROR
        results = tuple(TestResult(test.test_id, test_status, None, message, None, 0.0) for test in tests)
        return Verdict(status, results, execution.seconds, peak_mb)
    answered = frames[1 : len(tests) + 1]
    _, *printed = read_printed(execution.printed, len(tests) + 1)
    ending, why = _ending(execution)
    rows = []
    for index, test in enumerate(tests):
        spent = seconds[index] if index < len(seconds) else 0.0
        if index < len(answered):
            status, returned, reason = _judge_test(test, answered[index])
            rows.append(TestResult(test.test_id, status, returned, reason, printed[index], spent))
        elif index == len(answered):
            spent = max(0.0, round(execution.seconds - sum(execution.step_seconds[: index + 1]), 6))
            rows.append(TestResult(test.test_id, ending, None, why, None, spent))
        else:
            rows.append(TestResult(test.test_id, NOT_RUN, None, None, None, 0.0))
    status = next((row.status for row in rows if row.status != PASS), PASS)
    if status == PASS and not (complete and execution.ended == "exited" and execution.exit_status == 0):
        status = ending
    return Verdict(status, tuple(rows), execution.seconds, peak_mb)


def observe(inputs: int, execution: Execution) -> list[Observation]:
    """What one execution on so many lists of arguments gave, to be believed only of a program that is trusted."""
    frames, _ = read_frames(execution.frames, inputs)
    if frames and frames[0].outcome != "loaded":
        return [Observation(_load_failure(frames[0])[0], None)] * inputs
    found = [
        Observation("value", frame.detail, seconds)
        if frame.outcome == "value"
        else Observation(_failure(frame)[0], None)
        for frame, seconds in zip(frames[1 : inputs + 1], execution.cpu_seconds[1:], strict=False)
    ]
    if len(found) < inputs:
        found.append(Observation(_ending(execution)[0], None))
    return found + [Observation(NOT_RUN, None)] * (inputs - len(found))


def _judge_test(test: Test, frame: Frame) -> tuple[str, str | None, str | None]:
    """Status, shown value and message of one answered test."""
    if frame.outcome != "value":
        status, message = _failure(frame)
        return status, None, message
    compare = COMPARISONS[test.comparison]
    right = compare(frame.detail, _decoded(test.expected), _decoded(test.arguments))
    return PASS if right else FAIL, _show(frame.detail), None


def _failure(frame: Frame) -> tuple[str, str]:
    """Status and message of a step that gave no value."""
    if frame.outcome == "unsupported":
        return FAIL, _shorten(str(frame.detail), MESSAGE_CHARACTERS)
    if frame.outcome == "oversize":
        return OUTPUT_LIMIT, "the returned value is too large"
    return _error(frame.detail)


def _error(detail: object) -> tuple[str, str]:
    assert isinstance(detail, tuple)
    name, text, line = detail
    message = _shorten(f"{name}: {text}" if text else name, MESSAGE_CHARACTERS)
    return OOM if name == "MemoryError" else ERROR, message if line is None else f"{message} (line {line})"


def _load_failure(frame: Frame) -> tuple[str, str]:
    """Verdict and message of a program that could not be loaded."""
    if frame.outcome == "missing":
        return MISSING_ENTRY_POINT, _shorten(str(frame.detail), MESSAGE_CHARACTERS)
    status, message = _error(frame.detail)
    return (SYNTAX_ERROR if frame.outcome == "syntax_error" else status), message


def _ending(execution: Execution) -> tuple[str, str]:
    """Status and reason of a program that stopped before all was said."""
    if execution.ended == "timeout" or execution.exit_status == -signal.SIGXCPU:
        return TIMEOUT, "the time limit was exceeded"
    if execution.ended == "oom":
        return OOM, "the kernel killed the process for want of memory"
    if execution.ended == "output_limit":
        return OUTPUT_LIMIT, "the limit on printed or returned data was exceeded"
    if execution.exit_status < 0:
        try:
            name = signal.Signals(-execution.exit_status).name
        except ValueError:
            name = str(-execution.exit_status)
        return ERROR, f"the process was killed by signal {name}"
    return ERROR, f"the process ended early, with exit status {execution.exit_status}, or its results were unreadable"


def _show(value: object) -> str:
    try:
        # Of a long list it takes no more elements than characters.
        return _shorten(repr(value[:_SHOWN_CHARACTERS] if type(value) is list else value), _SHOWN_CHARACTERS)
    except ValueError:  # an int of too many decimal digits
        return _shorten(json.dumps(values.encode(value)), _SHOWN_CHARACTERS)


def _shorten(text: str, most: int) -> str:
    text = text.encode("utf-8", "backslashreplace").decode()  # a lone surrogate has no place in a table
    return text if len(text) <= most else text[: most - 1] + "…"
