"""The fork server inside the sandbox: one candidate at a time, each in a process of its own.

Started as ``python -s -S -P server.py SETTINGS`` with an empty environment but for a fixed hash
seed (what else a container's holds is removed). It holds the channel to the host, forks, watches,
measures and cleans up; it never runs a candidate's code, and never holds it: the forked child itself
reads the request, and what the child returned and printed stays in memory that no child inherits. So
no candidate can find another's code or values in the memory it starts with.

Protocol, on one stream: first a report (JSON) of what isolates; then, for each request (a header of
two little-endian 32-bit numbers, payload bytes and tests; then each test's limit of CPU seconds as a 64-bit
float; then the payload), a reply (a header of three such numbers, then the server's report, then the candidate's
lines and its output as they are). The report: how the candidate ended, its exit status, its seconds, its most bytes of
memory, and two 64-bit floats per step, the wall and the CPU time at its line. All of it is packed, not JSON: after each
fork, every page of memory that the server touches is copied, and this touches few.
"""

import _socket
import gc
import importlib
import importlib.util
import json
import mmap
import os
import select
import signal
import struct
import sys
import time
import types
import typing

_REQUEST, _REPLY, _START = struct.Struct("<II"), struct.Struct("<III"), struct.Struct("<I")
_REPORT = struct.Struct("<12sidQ")
_SETUP_SECONDS = 20.0
_PATIENCE = 5
_RESULT = 3  # the descriptor to which a candidate's process writes its lines
_REHEARSAL = {
    "code": "class Solution:\n    def f(self, a: int) -> float:\n        raise ValueError(a)\n",
    "entry_point": "f",
    "kind": "method",
    "parameters": ["ListNode"],
    "returns": "[]",
    "arguments": ['[[1,{"$":"float","v":"0.5"}]]'],
}


def _load(name: str, *parts: str) -> types.ModuleType:
    spec = importlib.util.spec_from_file_location(
        name, os.path.join(os.path.dirname(os.path.abspath(__file__)), *parts)
    )
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


class Server:
    def __init__(self, settings: dict[str, typing.Any]) -> None:
        self._channel = self._connect(settings)
        os.environ.clear()
        self._load_timeout, self._timeout = settings["test_timeout_s"], settings["timeout_s"]
        # `random` would seed itself in every forked process; a candidate's gets a seed of its own.
        register, os.register_at_fork = os.register_at_fork, lambda **_: None
        importlib.import_module("random")
        os.register_at_fork = register
        values, candidate = _load("values", "..", "values.py"), _load("candidate", "candidate.py")
        structures = _load("structures", "structures.py")
        isolation, filters = _load("isolation", "isolation.py"), _load("filters", "filters.py")
        # LeetCode offers this one package beside the standard library. Its files will be out of reach.
        sys.path.append(settings["packages"])
        importlib.import_module("sortedcontainers")
        sys.path.remove(settings["packages"])
        sink = os.open(os.devnull, os.O_WRONLY)
        self._null = os.open(os.devnull, os.O_RDONLY)
        self._isolation = isolation.enter(filters, int(settings["memory_bytes"]), settings.get("container"))
        candidate.prelude()
        self._harness = candidate.Harness(values, structures, _RESULT, int(settings["frame_bytes"]))
        # What Python sets up at first use (compile: a hundred types) is set up once, before the forks.
        candidate.Harness(values, structures, sink, int(settings["frame_bytes"])).run(_REHEARSAL)
        os.close(sink)
        self._lines, self._printed = Inbox(int(settings["result_bytes"])), Inbox(int(settings["output_bytes"]) + 1)
        isolation.trim()
        sys.argv[:] = ["candidate"]

    @staticmethod
    def _connect(settings: dict[str, typing.Any]) -> int:
        """The channel: inherited or, from a container, made, with a second connection for what goes to stderr."""
        if "channel" in settings:
            return int(settings["channel"])
        channel, log = _socket.socket(_socket.AF_UNIX), _socket.socket(_socket.AF_UNIX)
        for connection in (channel, log):
            connection.connect(settings["socket"])
        os.dup2(log.fileno(), 2)
        log.close()
        return channel.detach()

    def serve(self) -> None:
        """Answer requests until the host hangs up."""
        report = json.dumps(self._isolation.in_force).encode()
        _write(self._channel, _REPLY.pack(len(report), 0, 0) + report)
        gc.collect()
        gc.freeze()
        gc.disable()
        while True:
            # Forked and confined while the host is busy with the last verdict, it waits for its request.
            waiting = self._fork()
            header = _read(self._channel, _REQUEST.size)
            if not header:
                os.kill(waiting.pid, signal.SIGKILL)
                return
            size, tests = _REQUEST.unpack(header)
            self._answer(waiting, size, struct.unpack(f"<{tests}d", _read(self._channel, 8 * tests)))

    def _fork(self) -> "Waiting":
        self._isolation.next_candidate()
        killed_before = self._isolation.oom_kills()
        start_end, start = os.pipe()
        result, result_end = os.pipe()
        output, output_end = os.pipe()
        pid = os.fork()
        if pid == 0:
            self._be_candidate(start_end, result_end, output_end)
        for descriptor in (start_end, result_end, output_end):
            os.close(descriptor)
        return Waiting(pid, start, result, output, killed_before)

    def _answer(self, waiting: "Waiting", size: int, timeouts: tuple[float, ...]) -> None:
        self._lines.empty()
        self._printed.empty()
        watch = Watch(waiting.pid, waiting.result, waiting.output, self._lines, self._printed)
        try:
            os.write(waiting.start, _START.pack(size))
            os.close(waiting.start)
            ended = watch.run(self._channel, (self._load_timeout, *timeouts, self._load_timeout), self._timeout)
            _, status, used = os.wait4(waiting.pid, 0)
        finally:
            watch.close()
        self._sweep()
        status = os.waitstatus_to_exitcode(status)
        if not watch.marks:
            raise RuntimeError(f"a candidate's process could not be set up (exit status {status})")
        if ended == "exited" and self._isolation.oom_kills() > waiting.killed_before:
            ended = "oom"
        marks = [time for mark in watch.marks for time in mark]
        seconds = watch.ended_at - marks[0]
        report = _REPORT.pack(ended.encode(), status, seconds, used.ru_maxrss << 10) + struct.pack(
            f"<{len(marks)}d", *marks
        )
        _write(self._channel, _REPLY.pack(len(report), self._lines.filled, self._printed.filled) + report)
        self._lines.send(self._channel)
        self._printed.send(self._channel)

    def _be_candidate(self, start: int, result_end: int, output_end: int) -> None:
        """In the forked child: lock the doors, wait for a request, read and run it; never returns."""
        status = 1
        try:
            os.setsid()
            self._isolation.confine(int(self._timeout) + 5)
            request = json.loads(_read(self._channel, *_START.unpack(_read(start, _START.size))))
            for source, target in ((self._null, 0), (output_end, 1), (output_end, 2), (result_end, _RESULT)):
                os.dup2(source, target)
            os.closerange(_RESULT + 1, 1 << 16)
            gc.enable()
            os.write(_RESULT, b"\n")
            self._harness.run(request)
            status = 0
        except BaseException:
            sys.excepthook(*sys.exc_info())  # to the server's log while the process is being set up
        finally:
            os._exit(status)

    def _sweep(self) -> None:
        """Kill and reap whatever the candidate left."""
        if self._isolation.namespaces:
            try:
                os.kill(-1, signal.SIGKILL)  # everything in this PID namespace but PID 1
            except ProcessLookupError:
                return
            while True:
                try:
                    os.waitpid(-1, 0)
                except ChildProcessError:
                    return
        while children := _children():  # orphans become children of this process, a subreaper
            for child in children:
                os.kill(child, signal.SIGKILL)
            for child in children:
                os.waitpid(child, 0)


class Waiting(typing.NamedTuple):
    """A process forked for the next candidate, and the server's ends of its pipes."""

    pid: int
    start: int  # to it: how many bytes its request has
    result: int
    output: int
    killed_before: int  # processes killed for want of memory before it was forked


class Inbox:
    """What came out of a pipe, up to a number of bytes, in memory that a forked process does not inherit."""

    def __init__(self, size: int) -> None:
        self._room = mmap.mmap(-1, size)
        self._room.madvise(mmap.MADV_DONTFORK)
        self.filled = self._counted = 0

    @property
    def full(self) -> bool:
        return self.filled == len(self._room)

    def empty(self) -> None:
        self.filled = self._counted = 0

    def read(self, descriptor: int) -> bool:
        """Take what has arrived, as far as there is room; False at the end of the stream."""
        with memoryview(self._room) as room:
            while self.filled < len(room):
                try:
                    count = os.readv(descriptor, [room[self.filled :]])
                except BlockingIOError:
                    return True
                if not count:
                    return False
                self.filled += count
        return True

    def new_lines(self, most: int) -> int:
        """How many lines, of up to so many, have ended since the last call."""
        count = 0
        while count < most and (end := self._room.find(b"\n", self._counted, self.filled)) >= 0:
            count, self._counted = count + 1, end + 1
        return count

    def send(self, channel: int) -> None:
        with memoryview(self._room) as room:
            _write(channel, room[: self.filled])


class Watch:
    """The server's eyes on one candidate: its end, its lines, its output and the clocks."""

    def __init__(self, pid: int, result: int, output: int, lines: Inbox, printed: Inbox) -> None:
        self._pid, self._result, self._output = pid, result, output
        self._lines, self._printed = lines, printed
        self._process = os.pidfd_open(pid)
        self._cpu_clock = ~pid << 3 | 2  # of all its threads: CPUCLOCK_SCHED, see clock_getcpuclockid(3)
        self.marks: list[tuple[float, float]] = []  # wall and CPU time at each line; the first: the process was ready
        self.ended_at = 0.0
        os.set_blocking(result, False)
        os.set_blocking(output, False)

    def run(self, channel: int, timeouts: tuple[float, ...], timeout: float) -> str:
        """Wait for the end, or bring it about: ``exited``, ``timeout`` or ``output_limit``.

        Each step has its limit of CPU time in `timeouts`, so that a slow candidate is no slower on a busy
        machine; one that waits instead ends after `_PATIENCE` times as much wall time and a second. All of
        the candidate may take `timeout` seconds of wall time.
        """
        poll = select.poll()
        # In this order: what was printed before a line was written is seen no later than the line.
        for descriptor in (self._process, self._result, self._output):
            poll.register(descriptor, select.POLLIN)
        poll.register(channel, 0)  # the host hanging up
        most = len(timeouts) + 1
        ended = ""
        started = time.monotonic()
        left = _SETUP_SECONDS
        while not ended:
            events = dict(poll.poll(left * 1000 + 1))
            if channel in events:
                os.kill(self._pid, signal.SIGKILL)
                os._exit(0)
            now, cpu = time.monotonic(), time.clock_gettime(self._cpu_clock)
            gone = self._process in events  # then what it wrote last is still in the pipes
            if (gone or self._result in events) and not self._lines.read(self._result) and not gone:
                poll.unregister(self._result)
            if (gone or self._output in events) and not self._printed.read(self._output) and not gone:
                poll.unregister(self._output)
            self.marks += [(now, cpu)] * self._lines.new_lines(most - len(self.marks))
            if self._lines.full or self._printed.full:
                ended = "output_limit"
            elif gone:
                ended = "exited"
            else:
                left = started + _SETUP_SECONDS - now
                if self.marks:
                    limit = timeouts[min(len(self.marks), len(timeouts)) - 1]
                    last_wall, last_cpu = self.marks[-1]
                    wall = min(last_wall + _PATIENCE * limit + 1, self.marks[0][0] + timeout) - now
                    left = min(wall, last_cpu + limit - cpu)
                if left <= 0:
                    ended = "timeout"
        self.ended_at = time.monotonic()
        if ended != "exited":
            os.kill(self._pid, signal.SIGKILL)
        return ended

    def close(self) -> None:
        for descriptor in (self._process, self._result, self._output):
            os.close(descriptor)


def _children() -> list[int]:
    with open(f"/proc/self/task/{os.getpid()}/children") as file:
        return [int(pid) for pid in file.read().split()]


def _read(descriptor: int, size: int) -> bytes:
    """Exactly so many bytes; none at the end of the stream."""
    data = b""
    while len(data) < size:
        part = os.read(descriptor, size - len(data))
        if not part:
            return b""
        data += part
    return data


def _write(descriptor: int, data: "bytes | memoryview") -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]


if __name__ == "__main__":
    Server(json.loads(sys.argv[1])).serve()
