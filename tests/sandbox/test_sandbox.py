import os
import signal
import socket
import subprocess
import sys
import threading
import time
from concurrent.futures import CancelledError
from itertools import product

import pytest
from programs import Descendants, MakeTests, function, statuses

from codeq.config import SandboxSettings
from codeq.errors import DataError, SandboxError
from codeq.sandbox import Execution, Observation, Program, Sandbox, Test
from codeq.sandbox.process import ProcessWorker


def test_a_right_program_passes_and_is_described(sandbox: Sandbox, addition: list[Test]) -> None:
    verdict = sandbox.judge(function("def f(a, b):\n    return a + b\n"), addition)
    assert verdict.passed
    assert [result.test_id for result in verdict.results] == ["t0", "t1", "t2"]
    assert [result.returned for result in verdict.results] == ["3", "0", "0"]
    assert all(result.message is None for result in verdict.results)
    assert 0 < verdict.seconds < 2
    assert sum(result.seconds for result in verdict.results) <= verdict.seconds


def test_each_test_is_judged_and_the_first_failure_names_the_verdict(sandbox: Sandbox, make_tests: MakeTests) -> None:
    code = "def f(a):\n    if a == 1:\n        return [a]\n    return 1 // (a - 2)\n"
    verdict = sandbox.judge(function(code), make_tests(((1,), [1]), ((3,), 2), ((2,), 0)))
    assert verdict.status == "fail"
    assert statuses(verdict) == ["pass", "fail", "error"]
    assert verdict.results[1].returned == "1"
    assert verdict.results[2].message == "ZeroDivisionError: integer division or modulo by zero (line 4)"


def test_long_values_and_messages_are_shortened(sandbox: Sandbox, make_tests: MakeTests) -> None:
    code = "def f(a):\n    if a: return '\\ud800' * 1000\n    raise ValueError('\\udfff' * 100000)\n"
    verdict = sandbox.judge(function(code), make_tests(((1,), 1), ((0,), 1)))
    returned, message = verdict.results[0].returned, verdict.results[1].message
    assert returned is not None
    assert message is not None
    assert len(returned) == 200
    assert len(message) <= 520
    assert (returned + message).encode()  # no lone surrogate: the tables could not hold it


@pytest.mark.parametrize(
    ("code", "line"),
    [("def f(a):\n    return a +\n", 2), ("x = 1\n\x00", None), ("(" * 5000, None), ("if 1:\nx = 1\n", 2)],
)
def test_text_that_is_no_program_is_a_syntax_error(
    code: str, line: int | None, sandbox: Sandbox, make_tests: MakeTests
) -> None:
    verdict = sandbox.judge(function(code), make_tests(((1,), 1), ((2,), 2)))
    assert verdict.status == "syntax_error"
    assert statuses(verdict) == ["error", "error"]
    if line is not None:
        assert str(verdict.results[0].message).endswith(f"(line {line})")


@pytest.mark.parametrize(
    ("code", "entry_point", "kind"),
    [
        ("def g(a): return a", "f", "function"),
        ("", "gcd", "function"),  # in the prelude, but not the program's
        ("class Solution:\n    def g(self, a): return a", "f", "method"),
        ("def f(a): return a", "f", "method"),
        ("class Other: pass", "Stack", "operations"),
    ],
)
def test_a_missing_entry_point_is_named(
    code: str, entry_point: str, kind: str, sandbox: Sandbox, make_tests: MakeTests
) -> None:
    verdict = sandbox.judge(Program(code, entry_point, kind), make_tests(((1,), 1)))
    assert verdict.status == "missing_entry_point"
    assert entry_point in str(verdict.results[0].message)


def test_an_error_while_loading_is_every_tests_error(sandbox: Sandbox, addition: list[Test]) -> None:
    verdict = sandbox.judge(function("def f(a, b):\n    return a + b\nf(1, undefined)\n"), addition)
    assert verdict.status == "error"
    assert {result.message for result in verdict.results} == {"NameError: name 'undefined' is not defined (line 3)"}


def test_a_method_gets_a_new_solution_for_each_test(sandbox: Sandbox, make_tests: MakeTests) -> None:
    code = """class Solution:
    def __init__(self): self.seen = []
    def f(self, items: List[int]) -> int:
        self.seen += items
        return len(self.seen)
"""
    assert sandbox.judge(Program(code, "f", "method"), make_tests((([1, 2],), 2), (([3],), 1))).passed


def test_operations_are_called_in_turn_on_one_instance(sandbox: Sandbox, make_tests: MakeTests) -> None:
    code = """class MinStack:
    def __init__(self): self.items = []
    def push(self, x): self.items.append(x)
    def pop(self): return self.items.pop()
    def least(self): return min(self.items)
"""
    names = ["MinStack", "push", "push", "least", "pop", "least"]
    run = ([names, [[], [2], [1], [], [], []]], [None, None, None, 1, 1, 2])
    assert sandbox.judge(Program(code, "MinStack", "operations"), make_tests(run)).passed
    unknown = sandbox.judge(Program(code, "MinStack", "operations"), make_tests(([["MinStack", "top"], [[], []]], [])))
    assert unknown.results[0].message == "AttributeError: 'MinStack' object has no attribute 'top'"


def test_a_trusted_program_can_be_observed(sandbox: Sandbox) -> None:
    code = "def f(a):\n    return [1 // a, {1, 2}]\n"
    observed = sandbox.observe(function(code), ["[1]", "[0]", '[{"$":"float","v":"0.5"}]']).result()
    assert [(each.status, each.value) for each in observed] == [
        ("value", [1, {1, 2}]),
        ("error", None),
        ("value", [2.0, {1, 2}]),
    ]
    busy = "import time\ndef f(a):\n    while time.process_time() < a: pass\n    return a\n"
    first, second = sandbox.observe(function(busy), ["[1]", "[1]"]).result()
    assert 0.9 < first.seconds < 1.2  # CPU time
    assert second.seconds < 0.1
    assert sandbox.observe(function("def g(): pass"), ["[]"]).result() == [Observation("missing_entry_point", None)]
    with pytest.raises(DataError, match="arguments 1: not JSON"):
        sandbox.observe(function(code), ["[1]", "["])


def test_arguments_are_fresh_for_each_test(sandbox: Sandbox, make_tests: MakeTests) -> None:
    code = "def f(items):\n    items.append(1)\n    return items\n"
    assert sandbox.judge(function(code), make_tests((([],), [1]), (([],), [1]))).passed


def test_runs_are_repeatable(make_tests: MakeTests, sandbox: Sandbox) -> None:
    code = "def f():\n    return [random.random(), list({'a', 'b', 'c', 'd', 'e', 'f'})]\n"
    first = sandbox.judge(function(code), make_tests(((), 0)))
    with Sandbox(SandboxSettings(workers=1)) as another:
        assert first.results[0].returned == another.judge(function(code), make_tests(((), 0))).results[0].returned


def test_dataclasses_threads_and_deep_recursion_work(sandbox: Sandbox, make_tests: MakeTests) -> None:
    code = """from __future__ import annotations
import threading
from dataclasses import dataclass
@dataclass
class P:
    x: int
@lru_cache(None)
def deep(n):
    return 0 if n == 0 else 1 + deep(n - 1)
def f():
    done = []
    threads = [threading.Thread(target=done.append, args=(i,)) for i in range(8)]
    for t in threads: t.start()
    for t in threads: t.join()
    return [len(done), P(3).x, deep(20_000)]
"""
    verdict = sandbox.judge(function(code), make_tests(((), [8, 3, 20_000])))
    assert verdict.passed, verdict


def test_endless_recursion_is_an_error_with_its_line(sandbox: Sandbox, make_tests: MakeTests) -> None:
    verdict = sandbox.judge(function("def f(n):\n    return f(n + 1)\n"), make_tests(((0,), 0)))
    assert verdict.results[0].message == "RecursionError: maximum recursion depth exceeded (line 2)"


def test_after_three_overflows_of_the_stack_the_rest_is_not_run(sandbox: Sandbox, make_tests: MakeTests) -> None:
    code = "def f(n):\n    return n if n < 3 else f(n + 1)\n"
    verdict = sandbox.judge(function(code), make_tests(*(((n,), n) for n in range(9))))
    assert [result.status for result in verdict.results] == ["pass"] * 3 + ["error"] * 4 + ["not_run"] * 2
    assert verdict.results[5].message == "RecursionError: maximum recursion depth exceeded (line 2)"
    assert verdict.status == "error"


def forge(*lines: str) -> str:
    data = "".join(line + "\n" for line in lines)
    return f"import os\nos.write(3, {data.encode()!r})\n"


RIGHT = ['[0,"loaded",null]', '[1,"value",3]', '[2,"value",0]', '[3,"value",0]', '[4,"end",null]']


@pytest.mark.parametrize(
    "code",
    [
        forge(*RIGHT) + "def f(a, b): return 99",  # then the honest lines come a second time
        forge(*RIGHT) + "def f(a, b): return a + b",
        forge(*RIGHT, RIGHT[-1]) + "os._exit(0)",
        forge(*RIGHT[:-1]) + "os._exit(0)",  # no end
        forge(*RIGHT) + "os._exit(1)",
        forge(*RIGHT) + "os.kill(os.getpid(), 9)",
        forge(*RIGHT) + "while True: pass",
        forge("", *RIGHT) + "os._exit(0)",
        forge(RIGHT[0], RIGHT[2], RIGHT[1], *RIGHT[3:]) + "os._exit(0)",
        forge(RIGHT[0], '[1,"value",true]', *RIGHT[2:]) + "os._exit(0)",
        forge(RIGHT[0], '[1,"pass",3]', *RIGHT[2:]) + "os._exit(0)",
        forge(RIGHT[0], '[1, "value", 3]', *RIGHT[2:]) + "os._exit(0)",
        forge('{"passed":true}') + "os._exit(0)",
        "import os\nos.dup2(1, 3)\ndef f(a, b): return a + b",
    ],
)
def test_forged_lines_are_no_pass(code: str, sandbox: Sandbox, addition: list[Test]) -> None:
    assert sandbox.judge(function(code), addition).status in ("error", "fail", "timeout")


def test_expected_values_do_not_enter(monkeypatch: pytest.MonkeyPatch, make_tests: MakeTests) -> None:
    sent: list[bytes] = []
    execute = ProcessWorker.execute

    def listen(worker: ProcessWorker, request: bytes) -> Execution:
        sent.append(request)
        return execute(worker, request)

    monkeypatch.setattr(ProcessWorker, "execute", listen)
    with Sandbox(SandboxSettings(workers=1)) as sandbox:
        assert sandbox.judge(function("def f(a): return 'the answ' + 'er'"), make_tests((([7],), "the answer"))).passed
    assert len(sent) == 1
    assert b"[[7]]" in sent[0]
    assert b"answer" not in sent[0]


def test_a_candidate_inherits_nothing_of_the_one_before(sandbox: Sandbox, make_tests: MakeTests) -> None:
    """Its code, its arguments, what it returned and what it printed are in no page of the next one's memory."""
    marks = ["code" + "-mark-7d1c", "argument" + "-mark-7d1c", "value" + "-mark-7d1c"]
    body = "print(a.replace('argument', 'output'))\n    return a.replace('argument', 'value')"
    first = f"def f(a):\n    '{marks[0]}'\n    {body}\n"
    assert sandbox.judge(function(first), make_tests(((marks[1],), marks[2]))).passed
    search = """import ctypes
ctypes.CDLL(None).prctl(4, 1, 0, 0, 0)  # dumpable: may read its own memory
def f(control):
    found = set()
    with open("/proc/self/maps") as maps, open("/proc/self/mem", "rb", 0) as memory:
        for line in maps:
            region, rights, *rest = line.split()
            if "r" in rights and "[v" not in line:
                start, end = (int(part, 16) for part in region.split("-"))
                try:
                    memory.seek(start)
                    data = memory.read(end - start)
                except (OSError, ValueError, OverflowError):
                    continue
                found |= set(re.findall(rb"(code|argument|value|output|control)[-]mark[-]7d1c", data))
    return sorted(word.decode() for word in found)
"""
    if sandbox.isolation["namespaces"] == "none":
        pytest.skip("/proc is closed to candidates where there is no private root")
    verdict = sandbox.judge(function(search), make_tests((("control" + "-mark-7d1c",), ["control"])))
    assert verdict.passed, verdict


def test_the_network_is_cut(sandbox: Sandbox, make_tests: MakeTests) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
        with socket.create_connection(("127.0.0.1", port)):
            listening.accept()[0].close()  # out here, one can connect
        code = """import socket
def f(port):
    try: socket.create_connection(("127.0.0.1", port), 1).close()
    except OSError: return "cut"
    return "connected"
"""
        assert sandbox.judge(function(code), make_tests(((port,), "cut"))).passed


def test_files_of_the_machine_are_out_of_reach(sandbox: Sandbox, make_tests: MakeTests) -> None:
    code = """import os
def f(path):
    try: return open(path).read(1)
    except OSError: return "closed"
"""
    if sandbox.isolation["files"] == "host":
        pytest.skip("neither namespaces nor Landlock are permitted here")
    assert sandbox.judge(function(code), make_tests(((os.path.abspath(__file__),), "closed"))).passed


@pytest.mark.parametrize(
    "code",
    [
        "import os\ndef f():\n    while True:\n        try: os.fork()\n        except OSError: pass\n",
        "import os, subprocess\ndef f():\n    subprocess.Popen(['/bin/sleep', '100'])\n",
        "import threading, time\ndef f():\n    while True:\n        try: threading.Thread(target=time.sleep, args=(99,)).start()\n        except Exception: pass\n",  # noqa: E501
    ],
)
def test_bombs_leave_no_process(code: str, make_tests: MakeTests, settled: Descendants) -> None:
    before = settled(os.getpid())
    with Sandbox(SandboxSettings(workers=1, test_timeout_s=0.5)) as sandbox:
        idle = settled(os.getpid())
        assert sandbox.judge(function(code), make_tests(((), 0))).status in ("timeout", "error", "oom")
        left = settled(os.getpid(), len(idle))
        assert len(left) == len(idle)
        assert len(idle - left) == 1  # the one that ran; another waits in its place
        assert sandbox.judge(function("def f(): return 0"), make_tests(((), 0))).passed
    assert settled(os.getpid()) == before


def test_a_killed_server_is_replaced_once(addition: list[Test], descendants: Descendants) -> None:
    program = function("def f(a, b):\n    return a + b\n")
    before = descendants(os.getpid())
    with Sandbox(SandboxSettings(workers=1)) as sandbox:
        for server in descendants(os.getpid()) - before:
            os.kill(server, signal.SIGKILL)
        assert sandbox.judge(program, addition).passed


def test_two_lost_servers_are_a_sandbox_error(make_tests: MakeTests, descendants: Descendants) -> None:
    before, stop = descendants(os.getpid()), threading.Event()

    def hunt() -> None:
        while not stop.wait(0.05):
            hunted = descendants(os.getpid()) - before
            # All stop before one dies: a server that saw its candidate die first would tell of it.
            for blow, process in product((signal.SIGSTOP, signal.SIGKILL), hunted):
                try:
                    os.kill(process, blow)
                except ProcessLookupError:
                    continue

    with Sandbox(SandboxSettings(workers=1, test_timeout_s=25)) as sandbox:
        hunter = threading.Thread(target=hunt)
        future = sandbox.submit(function("import time\ndef f(): time.sleep(20)"), make_tests(((), 0)))
        hunter.start()
        try:
            with pytest.raises(SandboxError, match="two workers"):
                future.result(timeout=30)
        finally:
            stop.set()
            hunter.join()


def test_a_server_that_does_not_start_is_a_sandbox_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/bin/false")
    with pytest.raises(SandboxError, match="does not start"):
        Sandbox(SandboxSettings(workers=2))


def test_closing_ends_what_runs_and_what_waits(make_tests: MakeTests, descendants: Descendants) -> None:
    before = descendants(os.getpid())
    started = time.monotonic()
    with pytest.raises(KeyboardInterrupt), Sandbox(SandboxSettings(workers=1, test_timeout_s=30)) as sandbox:  # noqa: PT012
        sleeping = function("import time\ndef f(): time.sleep(25)")
        futures = [sandbox.submit(sleeping, make_tests(((), None))) for _ in range(3)]
        time.sleep(0.3)
        raise KeyboardInterrupt
    assert time.monotonic() - started < 10
    for future in futures:
        with pytest.raises((SandboxError, CancelledError)):
            future.result(timeout=0)
    assert descendants(os.getpid()) == before
    with pytest.raises(SandboxError, match="closed"):
        sandbox.submit(sleeping, make_tests(((), None)))


def test_the_workers_die_with_their_owner(descendants: Descendants) -> None:
    code = """import sys
from codeq.config import SandboxSettings
from codeq.sandbox import Program, Sandbox, Test
sandbox = Sandbox(SandboxSettings(workers=2, test_timeout_s=30))
tests = [Test("t", "hidden", "[]", "0", "exact")]
futures = [sandbox.submit(Program("while True: pass", "f", "function"), tests) for _ in range(2)]
print("ready", flush=True)
futures[0].result()
"""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, env=environment) as owner:
        assert owner.stdout is not None
        assert owner.stdout.readline() == b"ready\n"
        time.sleep(0.2)
        servers = descendants(owner.pid)
        assert len(servers) >= 3
        owner.kill()
    deadline = time.monotonic() + 5
    while any(os.path.exists(f"/proc/{pid}") for pid in servers) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not [pid for pid in servers if os.path.exists(f"/proc/{pid}")]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"comparison": "roughly"}, "unknown comparison 'roughly'"),
        ({"expected": "{"}, "test 't0'"),
        ({"expected": "1" * 5000}, "test 't0'"),
        ({"arguments": "3"}, "arguments 0: the arguments are not a list"),
        ({"arguments": "[1"}, "entry point 'f', arguments 0: not JSON"),
    ],
)
def test_a_malformed_test_is_a_data_error(change: dict[str, str], message: str, sandbox: Sandbox) -> None:
    row = {"test_id": "t0", "visibility": "hidden", "arguments": "[1]", "expected": "1", "comparison": "exact"}
    with pytest.raises(DataError, match=message):
        sandbox.submit(function("def f(a): return a"), [Test(**{**row, **change})])
    with pytest.raises(DataError, match="no tests"):
        sandbox.submit(function("def f(a): return a"), [])
    with pytest.raises(DataError, match="unknown kind"):
        sandbox.submit(Program("", "f", "script"), [Test(**row)])
