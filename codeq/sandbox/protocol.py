"""What crosses the sandbox's wall, and the types a verdict is made of.

To the sandbox goes a request: code, entry point and arguments; never an expected value. Back comes an
`Execution`: what the server measured, and the bytes the candidate's process wrote. Those bytes are
hostile until `read_frames` has checked them: one JSON line ``[step, outcome, detail]`` per step, where
step 0 loads the program, steps 1..n are the tests and step n + 1 is the end. What the candidate printed
decides nothing: `read_printed` gives it to readers.
"""

import json
import re
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from codeq import values

PASS, FAIL, ERROR, TIMEOUT, OOM, OUTPUT_LIMIT, NOT_RUN = (
    "pass",
    "fail",
    "error",
    "timeout",
    "oom",
    "output_limit",
    "not_run",
)
SYNTAX_ERROR, MISSING_ENTRY_POINT = "syntax_error", "missing_entry_point"
#: How one test can end.
STATUSES = (PASS, FAIL, ERROR, TIMEOUT, OOM, OUTPUT_LIMIT, NOT_RUN)
#: How one candidate can end.
VERDICTS = (PASS, FAIL, TIMEOUT, OOM, ERROR, SYNTAX_ERROR, MISSING_ENTRY_POINT, OUTPUT_LIMIT)

KINDS = ("function", "method", "operations")
FRAME_BYTES = 1 << 20  # the longest line a candidate may return for one test
RESULT_BYTES = 4 << 20  # all its lines together
OUTPUT_BYTES = 4 << 20  # what it may print
MESSAGE_CHARACTERS = PRINTED_CHARACTERS = 500
# What a step printed, then a mark for itself and for each silent step before it.
_MARK, _STEP_OUTPUT = b"\x1e", re.compile(rb"([^\x1e]+)(\x1e+)")
REFERENCE_TIMES = 10  # a program may take so many times as long on a test as the slowest reference

REQUEST_HEADER = struct.Struct("<II")  # bytes of the payload, number of tests
REPLY_HEADER = struct.Struct("<III")  # bytes of the server's report, of the candidate's frames, of its output
REPORT = struct.Struct("<12sidQ")  # how it ended, exit status, seconds, most bytes of memory; `MARK`s follow
MARK = struct.Struct("<2d")  # wall and CPU time: the process was ready, then each line


@dataclass(frozen=True)
class Program:
    """A candidate. `kind` says how `entry_point` is called:

    ``function``: ``entry_point(*arguments)``; ``method``: ``Solution().entry_point(*arguments)``;
    ``operations``: the arguments are ``[names, argument_lists]``: the class ``names[0]`` (the entry
    point) is made with ``*argument_lists[0]``, then each method is called in turn; the value is the
    list of what they returned, ``None`` first for the constructor.

    `parameters` names the type of each argument and `returns` that of the result, in LeetCode's words
    (`structures.BUILDERS` and `READERS`); without them, values go in and come out as they are. Operations
    take plain arguments, and `returns` is then the type of the list of what the methods returned.
    """

    code: str
    entry_point: str
    kind: str
    parameters: tuple[str, ...] = ()
    returns: str = ""


@dataclass(frozen=True)
class Test:
    """One row of the tests table; `arguments` (a list) and `expected` are `codeq.values` text.

    `reference_seconds` is the CPU time that the slowest reference took; 0 where it is not known.
    """

    __test__ = False  # not a pytest class

    test_id: str
    visibility: str
    arguments: str
    expected: str
    comparison: str  # one of `comparisons.COMPARISONS`
    reference_seconds: float = 0.0


@dataclass(frozen=True)
class TestResult:
    """How one test ended: a status of `STATUSES`; `returned` and `message` are shortened for reading.

    `printed` is the end of what the program wrote to stdout and stderr during the test, None for nothing and
    where the test did not come to its end: what a killed process wrote depends on when it was killed.
    `seconds` is wall time, while the limit of one test is CPU time.
    """

    __test__ = False

    test_id: str
    status: str
    returned: str | None
    message: str | None
    printed: str | None
    seconds: float


@dataclass(frozen=True)
class Observation:
    """What a program did with one list of arguments: the value it returned, or a status of `STATUSES` instead."""

    status: str  # "value", or how it failed
    value: object
    seconds: float = 0.0  # CPU time, where there is a value


@dataclass(frozen=True)
class Verdict:
    """How a candidate ended: a status of `VERDICTS`, its tests in order, and what was measured from outside.

    `seconds` are wall time. `peak_mb` is the most memory, in MiB, that its process held at once, the interpreter's
    own (about 15) included; None where no process was started. The tests share it: they run in one process.
    """

    status: str
    results: tuple[TestResult, ...]
    seconds: float
    peak_mb: float | None = None

    @property
    def passed(self) -> bool:
        return self.status == PASS


@dataclass(frozen=True)
class Execution:
    """What the server says of one candidate, and the bytes that the candidate wrote.

    `ended` is ``exited``, ``timeout``, ``oom`` or ``output_limit``; `exit_status` the exit status, or minus the
    signal; `step_seconds` and `cpu_seconds` the wall and CPU time of each step whose line arrived; `peak_bytes` the
    resident memory at its highest; `frames` and `printed` hostile bytes.
    """

    ended: str
    exit_status: int
    seconds: float
    step_seconds: tuple[float, ...]
    frames: bytes
    printed: bytes = b""
    cpu_seconds: tuple[float, ...] = ()
    peak_bytes: int = 0


@dataclass(frozen=True)
class Frame:
    """One checked line: `detail` is a decoded value, an error ``(type, message, line)``, a text or None."""

    outcome: str
    detail: object


class WorkerLostError(Exception):
    """A worker died, hung or spoke nonsense: the machine's fault, never the candidate's."""


class Worker(Protocol):
    """One place where one candidate at a time is executed; every backend is made of these."""

    label: str

    @property
    def isolation(self) -> dict[str, str]:
        """What separates a candidate from the machine here, by layer."""

    def execute(self, request: bytes) -> Execution:
        """Run one request of `write_request`. Raises WorkerLostError; the worker is then of no more use."""

    def kill(self) -> None:
        """End the worker and everything it runs, at once; safe while another thread is in `execute`."""

    def close(self) -> None:
        """End it as `kill` does, wait, and let go of its resources; also after WorkerLostError."""


def write_request(program: Program, arguments: Sequence[str], limits: Sequence[float]) -> bytes:
    """The bytes that ask a worker to run a program on these lists of arguments (`codeq.values` text).

    `limits` are the CPU seconds that each may take.
    """
    request = {
        "code": program.code,
        "entry_point": program.entry_point,
        "kind": program.kind,
        "parameters": program.parameters,
        "returns": program.returns,
        "arguments": list(arguments),
    }
    payload = json.dumps(request).encode()
    return REQUEST_HEADER.pack(len(payload), len(arguments)) + struct.pack(f"<{len(arguments)}d", *limits) + payload


def read_printed(data: bytes, steps: int) -> list[str | None]:
    """The end of what each of so many steps printed, None for nothing; what follows the last mark is left out."""
    printed: list[str | None] = [None] * steps
    step = 0
    whole = data[: data.rfind(_MARK) + 1]  # each text in it ends with a mark, so that one look at each byte suffices
    for found in _STEP_OUTPUT.finditer(whole):
        step += len(found[2])
        if step > steps:
            break
        printed[step - 1] = _tail(found[1])
    return printed


def _tail(data: bytes) -> str:
    text = data[-4 * PRINTED_CHARACTERS :].decode(errors="replace")
    whole = len(data) <= 4 * PRINTED_CHARACTERS and len(text) <= PRINTED_CHARACTERS
    return text if whole else "…" + text[1 - PRINTED_CHARACTERS :]


def read_frames(data: bytes, tests: int) -> tuple[list[Frame], bool]:
    """The frames of the steps in order, and whether they are complete.

    Complete means: every step once and in order, the end last, and not a byte more. Reading stops at
    the first line that is not, byte for byte, what the sandbox writes for the step that is due.
    """
    frames: list[Frame] = []
    ready, *lines = data.split(b"\n")  # the first line, empty, only says that the process was ready
    cut_off = lines.pop() if lines else b""
    for line in lines:
        frame = _read_frame(line, len(frames), tests)
        if frame is None:
            return frames, False
        frames.append(frame)
        if frame.outcome in ("syntax_error", "missing", "failed"):
            break
    return frames, not ready and not cut_off and len(frames) == tests + 2 == len(lines)


def _read_frame(line: bytes, step: int, tests: int) -> Frame | None:
    """One line, or None unless it is exactly what the sandbox writes for this step."""
    if len(line) > FRAME_BYTES or step > tests + 1:
        return None
    try:
        data = json.loads(line)
        if type(data) is not list or len(data) != 3 or data[0] != step or type(data[0]) is not int:
            return None
        outcome, detail = data[1], data[2]
        if json.dumps(data, separators=(",", ":")).encode() != line:
            return None
        if outcome == "value" and 0 < step <= tests:
            value = values.decode(detail)
            return Frame(outcome, value) if values.encode(value) == detail else None
    except (ValueError, RecursionError, TypeError):  # UnsupportedValue and UnicodeDecodeError are ValueErrors
        return None
    allowed: tuple[str, ...]
    if step == 0:
        allowed = ("loaded", "syntax_error", "missing", "failed")
    else:
        allowed = ("error", "unsupported", "oversize") if step <= tests else ("end",)
    if outcome not in allowed:
        return None
    if outcome in ("syntax_error", "failed", "error"):
        return Frame(outcome, tuple(detail)) if _is_error(detail) else None
    if outcome in ("missing", "unsupported"):
        return Frame(outcome, detail) if type(detail) is str else None
    return Frame(outcome, None) if detail is None else None


def _is_error(detail: object) -> bool:
    return (
        type(detail) is list
        and len(detail) == 3
        and type(detail[0]) is str
        and type(detail[1]) is str
        and (detail[2] is None or type(detail[2]) is int)
    )
