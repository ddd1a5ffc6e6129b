"""Whatever bytes a candidate's process writes: the host reads them without an exception, and nothing forged passes."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, event, example, given, settings
from hypothesis import strategies as st

from codeq import values
from codeq.sandbox import STATUSES, VERDICTS, Execution, Test, Verdict
from codeq.sandbox.comparisons import COMPARISONS
from codeq.sandbox.judge import judge, observe
from codeq.sandbox.protocol import read_frames

ANSWERS: list[Any] = [3, [1, 2.5, "é"], (True, None)]
TESTS = [Test(f"t{number}", "hidden", "[]", values.dumps(answer), "exact") for number, answer in enumerate(ANSWERS)]


def line(step: object, outcome: object, detail: object) -> bytes:
    return json.dumps([step, outcome, detail], separators=(",", ":")).encode() + b"\n"


LINES = [
    b"\n",
    line(0, "loaded", None),
    *(line(number, "value", values.encode(answer)) for number, answer in enumerate(ANSWERS, start=1)),
    line(len(ANSWERS) + 1, "end", None),
]
HONEST = b"".join(LINES)


def tries(number: int) -> settings:
    return settings(max_examples=number, deadline=None, suppress_health_check=list(HealthCheck))


def verdict(
    frames: bytes,
    ended: str = "exited",
    exit_status: int = 0,
    seconds: tuple[float, ...] = (0.1,) * (len(ANSWERS) + 2),
    printed: bytes = b"",
) -> Verdict:
    """The verdict on such an execution, after the checks that every verdict must stand."""
    times = (0.1,) * (len(ANSWERS) + 2)
    execution = Execution(ended, exit_status, sum(seconds), seconds, frames, printed, times)
    found = judge(TESTS, execution)
    assert found.status in VERDICTS
    assert [result.test_id for result in found.results] == [test.test_id for test in TESTS]
    assert all(result.status in STATUSES and result.seconds >= 0 for result in found.results)
    shown = [str(part) for result in found.results for part in (result.returned, result.message, result.printed)]
    assert max(map(len, shown)) < 600
    assert "".join(shown).encode()  # no lone surrogate
    assert len(observe(len(TESTS), execution)) == len(TESTS)
    return found


bytes_or_lines = st.binary(max_size=300) | st.lists(st.binary(max_size=40), max_size=8).map(b"\n".join)


@tries(4000)
@given(bytes_or_lines, st.booleans())
def test_random_bytes_never_pass(noise: bytes, after_an_honest_start: bool) -> None:
    frames, complete = read_frames(noise, len(TESTS))
    assert not complete
    assert len(frames) <= len(TESTS) + 2
    assert not verdict(b"".join(LINES[:3]) + noise if after_an_honest_start else noise).passed


def drop(data: bytes, at: int, more: bytes) -> bytes:
    return data[:at] + data[at + 1 + len(more) :]


def insert(data: bytes, at: int, more: bytes) -> bytes:
    return data[:at] + more + data[at:]


def overwrite(data: bytes, at: int, more: bytes) -> bytes:
    return data[:at] + more + data[at + len(more) :]


def flip(data: bytes, at: int, more: bytes) -> bytes:
    return data[:at] + bytes([data[at] ^ 1 << len(more) % 8]) + data[at + 1 :]


def cut(data: bytes, at: int, more: bytes) -> bytes:
    return data[:at]


def repeat(data: bytes, at: int, more: bytes) -> bytes:
    return data[:at] + data[max(0, at - 1 - len(more)) :]


def by_lines(data: bytes, at: int, more: bytes) -> bytes:
    """Exchange a line with another."""
    lines = data.split(b"\n")
    one, other = at % len(lines), len(more) % len(lines)
    lines[one], lines[other] = lines[other], lines[one]
    return b"\n".join(lines)


#: Pieces of what the sandbox writes and of what a JSON reader may take for the same.
pieces = st.sampled_from(
    [
        *(
            b" ",
            b"\n",
            b"\r",
            b"\t",
            b"0",
            b"-0",
            b"1",
            b"3",
            b"3.0",
            b"true",
            b"null",
            b"NaN",
            b"1e999",
            b'"',
            b"\\u0000",
        ),
        *(
            b"[",
            b"]",
            b"{",
            b"}",
            b",",
            b'"value"',
            b'"end"',
            b'"error"',
            b'{"$":"int","v":"0x3"}',
            b"\xff",
            b"\xef\xbb\xbf",
        ),
        *LINES,
    ]
)
mutations = st.tuples(
    st.sampled_from([drop, insert, overwrite, flip, cut, repeat, by_lines]),
    st.integers(0, len(HONEST) - 1),
    pieces | st.binary(max_size=4),
)


@pytest.mark.slow
@tries(6000)
@given(st.lists(mutations, min_size=1, max_size=4))
@example([(insert, 0, b"")])
def test_a_mutated_stream_never_passes(steps: list[tuple[Callable[[bytes, int, bytes], bytes], int, bytes]]) -> None:
    data = HONEST
    for mutate, at, more in steps:
        data = mutate(data, at % max(1, len(data)), more) if data else more
    event("unchanged" if data == HONEST else "changed")
    assert verdict(data).passed == (data == HONEST)


@tries(1000)
@given(
    st.sampled_from(["exited", "timeout", "output_limit"]),
    st.integers(-70, 255),
    st.lists(st.floats(0, 100), max_size=len(TESTS) + 3).map(tuple),
    bytes_or_lines | st.lists(st.binary(max_size=40), max_size=8).map(b"\x1e".join),
)
def test_an_honest_stream_passes_only_with_an_honest_end(
    ended: str, exit_status: int, seconds: tuple[float, ...], printed: bytes
) -> None:
    assert verdict(HONEST, ended, exit_status, seconds, printed).passed == (ended == "exited" and exit_status == 0)


scalars = st.none() | st.booleans() | st.integers() | st.integers(-(2**80), 2**80) | st.floats() | st.text(max_size=5)
json_values = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(["$", "v", "a"]), inner, max_size=3)
        | st.fixed_dictionaries(
            {"$": st.sampled_from(["int", "float", "tuple", "set", "frozenset", "dict", "list"]), "v": inner}
        )
    ),
    max_leaves=8,
)
outcomes = st.sampled_from(
    ["loaded", "value", "end", "error", "failed", "syntax_error", "missing", "unsupported", "oversize", "pass"]
)
errors = st.tuples(st.text(max_size=900), st.text(max_size=900), st.none() | st.integers()).map(list)
forged_lines = st.builds(line, st.integers(-1, 6) | scalars, outcomes | scalars, errors | json_values)


@tries(1500)
@given(st.lists(st.tuples(outcomes, errors | json_values), max_size=6), st.lists(forged_lines, max_size=3))
def test_well_formed_lines_that_say_anything_else_never_pass(said: list[tuple[str, object]], more: list[bytes]) -> None:
    in_order = [line(step, outcome, detail) for step, (outcome, detail) in enumerate(said)]
    data = b"".join([b"\n", *in_order, *more])
    assert verdict(data).passed == (data == HONEST)
    begun = b"".join(LINES[:2]) + b"".join(line(step, *rest) for step, rest in enumerate(said, start=1))
    assert verdict(begun).passed == (begun == HONEST)


plain_values = st.recursive(
    scalars | st.integers(0, 3),
    lambda inner: (
        st.lists(inner, max_size=5)
        | st.lists(inner, max_size=3).map(tuple)
        | st.dictionaries(st.integers() | st.text(max_size=2), inner, max_size=3)
        | st.frozensets(st.integers() | st.text(max_size=2), max_size=3)
    ),
    max_leaves=12,
)
#: Arguments and an expected value, as the comparisons find them in a suite.
ASKED: dict[str, tuple[list[Any], Any]] = {
    "exact": ([], [1]),
    "float": ([], [1.5, {"a": 2.0}, (1.0, 3)]),
    "any_order": ([], [[1], [2, 3], "x"]),
    "any_of": ([], [[1], [2]]),
    "balanced_search_tree": ([[1, 2, 3]], []),
    "chain_of_pairs": ([[[1, 2], [2, 3]]], []),
    "points_in_circle": ([["Solution", "randPoint", "randPoint"], [[1.0, 0.0, 0.0], [], []]], None),
}
nearly_right = st.one_of(
    st.lists(st.none() | st.integers(0, 4) | plain_values, max_size=7),
    st.lists(st.lists(st.integers(0, 3) | plain_values, min_size=2, max_size=2), max_size=3),
    st.lists(st.lists(st.floats() | plain_values, min_size=2, max_size=2), min_size=2, max_size=2).map(
        lambda points: [None, *points]
    ),
    st.tuples(st.floats() | st.integers(), plain_values, plain_values).map(list),
)


@pytest.mark.parametrize("comparison", sorted(COMPARISONS))
@tries(500)
@given(returned=plain_values | nearly_right)
def test_every_comparison_bears_every_value(comparison: str, returned: object) -> None:
    arguments, expected = ASKED[comparison]
    test = Test("t", "hidden", values.dumps(arguments), values.dumps(expected), comparison)
    frames = [b"\n", line(0, "loaded", None), line(1, "value", values.encode(returned)), line(2, "end", None)]
    found = judge([test], Execution("exited", 0, 0.0, (), b"".join(frames)))
    assert found.status in ("pass", "fail")
    event(found.status)
