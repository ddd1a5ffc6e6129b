"""The judge: compares what came out of the sandbox with what was expected, outside of it."""

import json
import math
import signal
from collections import Counter
from collections.abc import Callable, Sequence

from codeq import values
from codeq.errors import DataError
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
    Program,
    Test,
    TestResult,
    Verdict,
    read_frames,
)

_SHOWN_CHARACTERS = 200


def float_close(returned: object, expected: object) -> bool:
    """Equal but for rounding: where a float is expected, a number within 1e-5, or 1e-9 of its size.

    1e-5 is LeetCode's tolerance ("answers within 10^-5 of the actual answer will be accepted"). An int
    may stand for a float, not the reverse; infinities equal only themselves, NaN only NaN; everything
    that is not a float must be the same exactly.
    """
    if type(expected) is float and type(returned) in (int, float):
        try:
            number = float(returned)  # type: ignore[arg-type]
        except OverflowError:
            return False
        if math.isnan(expected) or math.isnan(number):
            return math.isnan(expected) and math.isnan(number)
        return math.isclose(number, expected, rel_tol=1e-9, abs_tol=1e-5)
    if type(returned) is not type(expected):
        return False
    if isinstance(expected, (list, tuple)):
        assert isinstance(returned, (list, tuple))
        return len(returned) == len(expected) and all(map(float_close, returned, expected))
    if isinstance(expected, dict):
        assert isinstance(returned, dict)
        keys = values.same(set(returned), set(expected))
        return keys and all(float_close(returned[key], expected[key]) for key in expected)
    return values.same(returned, expected)


def any_order(returned: object, expected: object) -> bool:
    """Two lists of the same elements, exactly typed, in whatever order; inner lists keep theirs."""
    if type(returned) is not list or type(expected) is not list:
        return values.same(returned, expected)
    return Counter(map(values.canonical, returned)) == Counter(map(values.canonical, expected))


COMPARISONS: dict[str, Callable[[object, object], bool]] = {
    "exact": values.same,
    "float": float_close,
    "any_order": any_order,
}


def check(program: Program, tests: Sequence[Test]) -> None:
    """Raise DataError, naming the test, where a question is malformed: that is never the candidate's fault."""
    if program.kind not in KINDS:
        raise DataError(f"entry point {program.entry_point!r}: unknown kind {program.kind!r}; use one of {KINDS}")
    if not tests:
        raise DataError(f"entry point {program.entry_point!r}: no tests to judge by; a program must have at least one")
    for test in tests:
        if test.comparison not in COMPARISONS:
            raise DataError(
                f"test {test.test_id!r}: unknown comparison {test.comparison!r}; use one of {sorted(COMPARISONS)}"
            )
        try:
            values.loads(test.expected)
            arguments = values.loads(test.arguments)
        except values.UnsupportedValue as error:
            raise DataError(f"test {test.test_id!r}: {error}; arguments and expected must be values text") from error
        if type(arguments) is not list:
            raise DataError(f"test {test.test_id!r}: the arguments are not a list: {test.arguments[:80]}")


def judge(tests: Sequence[Test], execution: Execution) -> Verdict:
    """The verdict on one execution.

    Pass needs every line exactly once and in order, each with the right value and type, the end
    line, exit status 0, and no kill. The status is that of the first test that did not pass.
    """
    frames, complete = read_frames(execution.frames, len(tests))
    seconds = execution.step_seconds[1:]
    if frames and frames[0].outcome != "loaded":
        status, message = _load_failure(frames[0])
        test_status = status if status == OOM else ERROR
        results = tuple(TestResult(test.test_id, test_status, None, message, 0.0) for test in tests)
        return Verdict(status, results, execution.seconds)
    answered = frames[1 : len(tests) + 1]
    ending, why = _ending(execution)
    rows = []
    for index, test in enumerate(tests):
        spent = seconds[index] if index < len(seconds) else 0.0
        if index < len(answered):
            status, returned, reason = _judge_test(test, answered[index])
            rows.append(TestResult(test.test_id, status, returned, reason, spent))
        elif index == len(answered):
            spent = max(0.0, round(execution.seconds - sum(execution.step_seconds[: index + 1]), 6))
            rows.append(TestResult(test.test_id, ending, None, why, spent))
        else:
            rows.append(TestResult(test.test_id, NOT_RUN, None, None, 0.0))
    status = next((row.status for row in rows if row.status != PASS), PASS)
    if status == PASS and not (complete and execution.ended == "exited" and execution.exit_status == 0):
        status = ending
    return Verdict(status, tuple(rows), execution.seconds)


def _judge_test(test: Test, frame: Frame) -> tuple[str, str | None, str | None]:
    """Status, shown value and message of one answered test."""
    if frame.outcome == "value":
        right = COMPARISONS[test.comparison](frame.detail, values.loads(test.expected))
        return PASS if right else FAIL, _show(frame.detail), None
    if frame.outcome == "unsupported":
        return FAIL, None, _shorten(str(frame.detail), MESSAGE_CHARACTERS)
    if frame.outcome == "oversize":
        return OUTPUT_LIMIT, None, "the returned value is too large"
    return _error(frame.detail)


def _error(detail: object) -> tuple[str, None, str]:
    assert isinstance(detail, tuple)
    name, text, line = detail
    message = _shorten(f"{name}: {text}" if text else name, MESSAGE_CHARACTERS)
    return OOM if name == "MemoryError" else ERROR, None, message if line is None else f"{message} (line {line})"


def _load_failure(frame: Frame) -> tuple[str, str]:
    """Verdict and message of a program that could not be loaded."""
    if frame.outcome == "missing":
        return MISSING_ENTRY_POINT, _shorten(str(frame.detail), MESSAGE_CHARACTERS)
    status, _, message = _error(frame.detail)
    return (SYNTAX_ERROR if frame.outcome == "syntax_error" else status), message


def _ending(execution: Execution) -> tuple[str, str]:
    """Status and reason of a program that stopped before all was said."""
    if execution.ended == "timeout" or execution.exit_status == -signal.SIGXCPU:
        return TIMEOUT, "the time limit was exceeded"
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
        return _shorten(repr(value), _SHOWN_CHARACTERS)
    except ValueError:  # an int of too many decimal digits
        return _shorten(json.dumps(values.encode(value)), _SHOWN_CHARACTERS)


def _shorten(text: str, most: int) -> str:
    text = text.encode("utf-8", "backslashreplace").decode()  # a lone surrogate has no place in a table
    return text if len(text) <= most else text[: most - 1] + "…"
