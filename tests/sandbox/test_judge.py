"""The judge and the reader of hostile lines, without a sandbox."""

import json
import time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from codeq import values
from codeq.sandbox import Execution, Observation, Test
from codeq.sandbox.judge import judge, observe
from codeq.sandbox.protocol import FRAME_BYTES, OUTPUT_BYTES, PRINTED_CHARACTERS, VERDICTS, read_printed

ANSWERS: list[Any] = [3, "three", [1, (2, "x")]]
TESTS = [Test(f"t{i}", "hidden", "[]", values.dumps(answer), "exact") for i, answer in enumerate(ANSWERS)]


def line(step: int, outcome: str, detail: object) -> bytes:
    return json.dumps([step, outcome, detail], separators=(",", ":")).encode() + b"\n"


LINES = [b"\n", line(0, "loaded", None)]
LINES += [line(i + 1, "value", values.encode(answer)) for i, answer in enumerate(ANSWERS)] + [line(4, "end", None)]
HONEST = b"".join(LINES)


def execution(frames: bytes, ended: str = "exited", exit_status: int = 0) -> Execution:
    cpu_seconds = (0.0, 0.1, 0.2, 0.3, 0.4)[: max(0, frames.count(b"\n") - 1)]
    return Execution(ended, exit_status, 0.5, (0.1,) * 4, frames, b"one\n\x1e\x1eunfinished", cpu_seconds, 20 << 20)


def statuses(run: Execution) -> tuple[str, list[str]]:
    verdict = judge(TESTS, run)
    return verdict.status, [result.status for result in verdict.results]


def test_a_pass_needs_every_line_the_end_and_exit_status_0() -> None:
    passed = ["pass"] * 3
    assert statuses(execution(HONEST)) == ("pass", passed)
    assert statuses(execution(HONEST, exit_status=1)) == ("error", passed)
    assert statuses(execution(HONEST, exit_status=-9)) == ("error", passed)
    assert statuses(execution(HONEST, "timeout", -9)) == ("timeout", passed)
    assert statuses(execution(HONEST, "output_limit", -9)) == ("output_limit", passed)
    assert statuses(execution(HONEST[:-1])) == ("error", passed)
    assert statuses(execution(b"".join(LINES[:-1]))) == ("error", passed)
    assert statuses(execution(HONEST + LINES[-1])) == ("error", passed)
    assert statuses(execution(HONEST[1:])) != ("pass", passed)


def test_what_did_not_arrive_is_put_down_to_how_the_process_ended() -> None:
    begun = b"".join(LINES[:3])
    assert statuses(execution(begun, "timeout", -9)) == ("timeout", ["pass", "timeout", "not_run"])
    assert statuses(execution(begun, exit_status=0)) == ("error", ["pass", "error", "not_run"])
    assert statuses(execution(begun, exit_status=-24)) == ("timeout", ["pass", "timeout", "not_run"])
    assert statuses(execution(b"", exit_status=-11)) == ("error", ["error", "not_run", "not_run"])
    assert judge(TESTS, execution(begun, exit_status=-11)).results[1].message == (
        "the process was killed by signal SIGSEGV"
    )


def test_a_failed_load_is_told_once_for_all_tests() -> None:
    syntax = line(0, "syntax_error", ["SyntaxError", "bad", 2])
    verdict = judge(TESTS, execution(b"\n" + syntax))
    assert verdict.status == "syntax_error"
    assert {(result.status, result.message) for result in verdict.results} == {("error", "SyntaxError: bad (line 2)")}
    assert statuses(execution(b"\n" + line(0, "missing", "no f"))) == ("missing_entry_point", ["error"] * 3)
    assert statuses(execution(b"\n" + line(0, "failed", ["MemoryError", "", None]))) == ("oom", ["oom"] * 3)


def test_what_was_printed_belongs_to_the_step_that_it_ends() -> None:
    verdict = judge(TESTS, execution(HONEST))
    assert [result.printed for result in verdict.results] == ["one\n", None, None]
    assert verdict.peak_mb == 20.0
    stopped = judge(TESTS, execution(b"".join(LINES[:2]), "timeout", -9))
    assert [result.printed for result in stopped.results] == [None] * 3


@pytest.mark.parametrize(
    ("data", "printed"),
    [
        (b"", [None, None, None]),
        (b"a\x1e", ["a", None, None]),
        (b"b\x1e\x1ec\x1ed", [None, "b", "c"]),
        (b"\x1e\x1e\x1e\x1e\x1ea", [None, None, None]),
        (b"a\x1e\x1e\x1e\x1eb\x1e", [None, None, None]),
        (b"\xff\x1e" + b"1234567890" * 50 + b"\x1e" + b"1234567890" * 50 + b"!\x1e", None),
    ],
)
def test_of_much_output_the_end_is_shown(data: bytes, printed: list[str | None] | None) -> None:
    found = read_printed(data, 3)
    if printed is None:
        printed = ["\ufffd", "1234567890" * 50, "…" + ("1234567890" * 50 + "!")[1 - PRINTED_CHARACTERS :]]
        assert {len(text) for text in found[1:] if text} == {PRINTED_CHARACTERS}
    assert found == printed


@given(st.lists(st.text(st.characters(exclude_characters="\x1e", codec="utf-8"), max_size=12), max_size=6))
def test_output_comes_back_as_it_was_printed(texts: list[str]) -> None:
    data, silent = b"", 0
    for text in texts:
        silent += 1
        if text:
            data, silent = data + text.encode() + b"\x1e" * silent, 0
    assert read_printed(data + b"unfinished", len(texts)) == [text or None for text in texts]


def test_reading_much_output_takes_no_time() -> None:
    for data in (b"x" * OUTPUT_BYTES, b"x\x1e" * (OUTPUT_BYTES // 2), b"\x1e" * OUTPUT_BYTES):
        started = time.process_time()
        assert len(read_printed(data, 100)) == 100
        assert time.process_time() - started < 5  # hours, were it quadratic


@given(st.lists(st.binary(max_size=4) | st.just(b"\x1e")).map(b"".join), st.integers(0, 4))
def test_any_output_can_be_read(data: bytes, steps: int) -> None:
    assert len(read_printed(data, steps)) == steps


def test_an_observation_is_a_value_or_how_the_program_failed() -> None:
    found = [Observation("value", answer, (number + 1) / 10) for number, answer in enumerate(ANSWERS)]
    assert observe(3, execution(HONEST)) == found
    cut = execution(b"".join(LINES[:3]), "timeout", -9)
    assert observe(3, cut) == [found[0], Observation("timeout", None), Observation("not_run", None)]
    raised = [*LINES[:2], line(1, "error", ["MemoryError", "", 1]), line(2, "unsupported", "a type"), LINES[4]]
    assert [each.status for each in observe(3, execution(b"".join(raised)))] == ["oom", "fail", "value"]
    missing = b"\n" + line(0, "missing", "no f")
    assert observe(2, execution(missing)) == [Observation("missing_entry_point", None)] * 2


def test_a_line_too_long_is_not_read() -> None:
    answer = "x" * FRAME_BYTES
    tests = [Test("t", "hidden", "[]", values.dumps(answer), "exact")]
    frames = b"\n" + line(0, "loaded", None) + line(1, "value", answer) + line(2, "end", None)
    assert judge(tests, execution(frames)).status == "error"


@settings(max_examples=2000, deadline=None)
@given(st.binary(max_size=300), st.sampled_from(["exited", "timeout", "output_limit"]), st.integers(-64, 255))
def test_random_bytes_never_crash_the_judge_and_never_pass(data: bytes, ended: str, status: int) -> None:
    for frames in (data, b"\n" + data, b"".join(LINES[:2]) + data):
        verdict = judge(TESTS, execution(frames, ended, status))
        assert verdict.status in VERDICTS
        assert not verdict.passed
        assert len(verdict.results) == 3


@st.composite
def mutations(draw: st.DrawFn) -> bytes:
    """The honest lines with bytes changed, put in or taken out."""
    data = bytearray(HONEST)
    at = draw(st.integers(0, len(data) - 1))
    until = at + draw(st.integers(0, 2))
    data[at:until] = draw(st.binary(max_size=2) | st.sampled_from([b" ", b"0", b"-", b'"', b"[", b"\n", b"1e0"]))
    return bytes(data)


@settings(max_examples=2000, deadline=None)
@given(mutations() | st.lists(st.sampled_from(LINES), max_size=8).map(b"".join))
def test_mutated_lines_never_crash_the_judge_and_never_pass(data: bytes) -> None:
    verdict = judge(TESTS, execution(data))
    assert verdict.passed == (data == HONEST)


@pytest.mark.parametrize(
    "detail",
    [
        b"NaN",
        b"1e999",
        b"9" * 5000,
        b"[" * 100_000,
        b'{"$":"int","v":"0x' + b"f" * 100_000 + b'"}',
        b'{"$":"set","v":[[]]}',
        b'{"$":"dict","v":[1]}',
        b'{"$":"dict","v":[[1,2],[1,3]]}',
        b'{"$":"float","v":"x"}',
        b'{"$":[],"v":0}',
        b'"\xff"',
        b'"\\ud800"',
        b"\x00",
    ],
)
def test_odd_values_are_read_without_a_crash_and_are_no_pass(detail: bytes) -> None:
    frames = LINES[0] + LINES[1] + b'[1,"value",' + detail + b"]\n" + b"".join(LINES[3:])
    assert not judge(TESTS, execution(frames)).passed
