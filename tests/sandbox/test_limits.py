"""What a candidate may use, and what is told of it: time, memory and output."""

import dataclasses
import os

import pytest
from programs import MakeTests, function, statuses

from codeq.config import SandboxSettings
from codeq.sandbox import Sandbox
from codeq.sandbox.protocol import OUTPUT_BYTES


def test_the_first_test_out_of_time_is_the_last_to_run(make_tests: MakeTests) -> None:
    code = "def f(a):\n    while a == 1: pass\n    return a\n"
    with Sandbox(SandboxSettings(workers=1, test_timeout_s=0.4)) as sandbox:
        verdict = sandbox.judge(function(code), make_tests(((0,), 0), ((1,), 1), ((2,), 2)))
        loading = sandbox.judge(function("while True: pass"), make_tests(((0,), 0), ((1,), 1)))
    assert verdict.status == loading.status == "timeout"
    assert statuses(verdict) == ["pass", "timeout", "not_run"]
    assert statuses(loading) == ["timeout", "not_run"]
    assert 0.39 <= verdict.results[1].seconds < 3


def test_the_whole_candidate_has_a_limit_too(make_tests: MakeTests) -> None:
    code = "import time\ndef f(a):\n    time.sleep(0.4)\n    return a\n"
    with Sandbox(SandboxSettings(workers=1, test_timeout_s=0.9, timeout_s=1.0)) as sandbox:
        verdict = sandbox.judge(function(code), make_tests(*(((i,), i) for i in range(4))))
    assert verdict.status == "timeout"
    assert verdict.results[0].status == "pass"
    assert verdict.results[3].status == "not_run"
    assert 0.99 <= verdict.seconds < 3


def test_a_test_is_limited_in_cpu_time_and_a_waiting_one_in_wall_time(make_tests: MakeTests) -> None:
    code = "import time\ndef f(wait):\n    time.sleep(wait)\n    return wait\n"
    with Sandbox(SandboxSettings(workers=1, test_timeout_s=0.3)) as sandbox:
        waiting = sandbox.judge(function(code), make_tests(((0.8,), 0.8), ((0.8,), 0.8), ((30,), 30), ((0,), 0)))
    assert statuses(waiting) == ["pass", "pass", "timeout", "not_run"]  # five times 0.3 s and a second
    assert 2.4 <= waiting.results[2].seconds < 6


def test_a_sandbox_tells_how_many_workers_are_at_work(make_tests: MakeTests) -> None:
    slow = function("import time\ndef f(a):\n    time.sleep(0.5)\n    return a\n")
    with Sandbox(SandboxSettings(workers=2)) as sandbox:
        assert sandbox.executing == 0
        running = [sandbox.submit(slow, make_tests(((1,), 1))) for _ in range(3)]
        assert sandbox.executing == 2  # the third waits
        running[0].result(), running[1].result()
        assert sandbox.executing == 1
        running[2].result()
        assert sandbox.judge(function("def f(a): return 1"), make_tests(((1,), 1))).passed
        assert sandbox.executing == 0


def test_a_busy_machine_rejects_no_right_program(make_tests: MakeTests) -> None:
    """Four at once on one processor: each test is within its limit in CPU time, and beyond it in wall time."""
    code = """import time
def f(a):
    end = time.process_time() + 0.2
    while time.process_time() < end: pass
    return a
"""
    processors = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(processors)})  # of this thread, and of those that it starts
    try:
        with Sandbox(SandboxSettings(workers=4, test_timeout_s=0.5)) as sandbox:
            running = [sandbox.submit(function(code), make_tests(((1,), 1), ((2,), 2))) for _ in range(4)]
            verdicts = [future.result() for future in running]
    finally:
        os.sched_setaffinity(0, processors)
    assert all(verdict.passed for verdict in verdicts)
    assert max(result.seconds for verdict in verdicts for result in verdict.results) > 0.5


def test_what_each_test_printed_is_told(sandbox: Sandbox, make_tests: MakeTests) -> None:
    code = """import os, sys
print("loading")
def f(a):
    if a != 1: print("given", a)
    if a == 2: raise ValueError("two")
    if a == 3: print("x" * 9000, end="e")
    if a == 4:
        print("to stderr", file=sys.stderr)
        sys.stdout = None
    return a
"""
    verdict = sandbox.judge(function(code), make_tests(*(((i,), i) for i in range(6))))
    printed = [result.printed for result in verdict.results]
    assert printed == ["given 0\n", None, "given 2\n", "…" + "x" * 498 + "e", "to stderr\ngiven 4\n", None]
    assert statuses(verdict) == ["pass", "pass", "error", "pass", "pass", "pass"]


def test_what_a_killed_test_printed_is_left_out(sandbox: Sandbox, make_tests: MakeTests) -> None:
    """It depends on the moment at which it was killed; what was printed before does not."""
    code = "def f(a):\n    print('given', a)\n    while a: print('again')\n    return a\n"
    verdict = sandbox.judge(function(code), make_tests(((0,), 0), ((1,), 1)))
    assert [(result.status, result.printed) for result in verdict.results] == [
        ("pass", "given 0\n"),
        ("output_limit", None),
    ]


def test_the_memory_of_a_candidate_is_measured_from_outside(sandbox: Sandbox, make_tests: MakeTests) -> None:
    tests = make_tests(((0,), 0))
    small = sandbox.judge(function("def f(a): return a"), tests).peak_mb
    large = sandbox.judge(function("def f(a): return len(bytearray(100 << 20)) * 0"), tests).peak_mb
    assert small is not None
    assert large is not None
    assert 5 < small < 40
    assert 99 < large - small < 110


def test_a_slow_reference_gives_more_time(make_tests: MakeTests) -> None:
    code = """import time
def f(seconds):
    end = time.process_time() + seconds
    while time.process_time() < end: pass
    return seconds
"""
    (test,) = make_tests(((0.6,), 0.6))
    patient = dataclasses.replace(test, reference_seconds=0.1)
    with Sandbox(SandboxSettings(workers=1, test_timeout_s=0.3)) as sandbox:
        assert sandbox.judge(function(code), [test]).status == "timeout"
        assert sandbox.judge(function(code), [patient, patient]).passed
        assert statuses(sandbox.judge(function(code), [patient, test])) == ["pass", "timeout"]


def test_two_large_results_among_a_hundred_fit(sandbox: Sandbox, make_tests: MakeTests) -> None:
    large = [[-(10**9) + number for number in range(start, start + 20_000)] for start in (0, 5)]
    tests = make_tests(*(((items,), items) for items in large), *((([i],), [i]) for i in range(98)))
    assert sandbox.judge(function("def f(items):\n    return items\n"), tests).passed


def test_memory_is_limited_as_configured(make_tests: MakeTests) -> None:
    code = "def f(mib):\n    return len(bytearray(mib << 20)) >> 20\n"
    with Sandbox(SandboxSettings(workers=1, memory_mb=256)) as sandbox:
        verdict = sandbox.judge(function(code), make_tests(((100,), 100), ((300,), 300), ((10,), 10)))
    assert verdict.status == "oom"
    assert statuses(verdict) == ["pass", "oom", "pass"]


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (f"print('x' * {OUTPUT_BYTES // 2})", "pass"),
        (f"print('x' * {OUTPUT_BYTES + (1 << 16)})", "output_limit"),
        ("return 'x' * (2 << 20)", "output_limit"),
        ("return [['x' * 500] * 100] * 100", "output_limit"),
        ("return 1 << (1 << 23)", "output_limit"),
        ("return [0] * (2 << 20)", "output_limit"),
        ("import os\n    while True: os.write(3, b'x' * 1000)", "output_limit"),
        ("import os\n    while True: os.write(3, b'\\n' * 1000)", "output_limit"),
    ],
)
def test_output_is_limited(body: str, status: str, sandbox: Sandbox, make_tests: MakeTests) -> None:
    verdict = sandbox.judge(function(f"def f():\n    {body}\n"), make_tests(((), None)))
    assert verdict.status == status
