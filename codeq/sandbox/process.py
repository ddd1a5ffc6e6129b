"""The process backend: the fork server as a local process, isolated as far as the machine permits."""

import contextlib
import json
import socket
import subprocess
import sys
from pathlib import Path

import sortedcontainers

from codeq.config import SandboxSettings
from codeq.sandbox.protocol import (
    FRAME_BYTES,
    OUTPUT_BYTES,
    REPLY_HEADER,
    RESULT_BYTES,
    Execution,
    WorkerLostError,
)

_SERVER = Path(__file__).parent / "server.py"
_START_SECONDS = 60.0  # Python and a few modules, on a busy machine
_GRACE_SECONDS = 60.0  # beyond the candidate's own limit, before a silent server counts as lost


class ProcessWorker:
    """One fork server. Start it in the thread that uses it: the server dies when that thread does."""

    label = "process"

    def __init__(self, settings: SandboxSettings) -> None:
        """Start the server. Raises WorkerLostError, with what the server wrote, when it does not come up."""
        self._limit = settings.timeout_s + _GRACE_SECONDS
        self._channel, theirs = socket.socketpair()
        arguments = {
            "channel": theirs.fileno(),
            "memory_bytes": settings.memory_mb << 20,
            "test_timeout_s": settings.test_timeout_s,
            "timeout_s": settings.timeout_s,
            "output_bytes": OUTPUT_BYTES,
            "frame_bytes": FRAME_BYTES,
            "result_bytes": RESULT_BYTES,
            "packages": str(Path(sortedcontainers.__file__).parents[1]),
        }
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-s", "-S", "-P", "-X", "utf8", str(_SERVER), json.dumps(arguments)],
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                cwd="/",
                env={"PYTHONHASHSEED": "0"},  # equal programs iterate their sets in equal order
                start_new_session=True,  # Ctrl-C is for the host, which then closes its workers
            )
        assert self._process.stderr is not None
        self._log = self._process.stderr
        report, _ = self._receive(_START_SECONDS)
        self.isolation: dict[str, str] = json.loads(report)

    @property
    def pid(self) -> int:
        return self._process.pid

    def execute(self, request: bytes) -> Execution:
        """Run one request; see `codeq.sandbox.protocol.Worker`."""
        try:
            self._channel.settimeout(self._limit)
            self._channel.sendall(request)
        except OSError as error:
            raise self._lost(error) from error
        report, frames = self._receive(self._limit)
        said = json.loads(report)
        return Execution(said["ended"], said["exit_status"], said["seconds"], tuple(said["steps"]), frames)

    def kill(self) -> None:
        """Kill the server, and with it everything in it; safe while another thread waits for a reply."""
        self._process.kill()
        with contextlib.suppress(OSError):
            self._channel.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """Kill the server and let go of everything."""
        self.kill()
        self._process.wait()
        self._log.close()
        self._channel.close()

    def _receive(self, seconds: float) -> tuple[bytes, bytes]:
        try:
            self._channel.settimeout(seconds)
            report, frames = REPLY_HEADER.unpack(self._exactly(REPLY_HEADER.size))
            return self._exactly(report), self._exactly(frames)
        except OSError as error:
            raise self._lost(error) from error

    def _exactly(self, size: int) -> bytes:
        data = bytearray(size)
        with memoryview(data) as room:
            filled = 0
            while filled < size:
                count = self._channel.recv_into(room[filled:])
                if not count:
                    raise ConnectionError("the server ended")
                filled += count
        return bytes(data)

    def _lost(self, error: OSError) -> WorkerLostError:
        """End the worker; the reason, with the last words of the server."""
        with contextlib.suppress(subprocess.TimeoutExpired):  # let a dying server finish them
            self._process.wait(1)
        self._process.kill()
        said = self._log.read().decode(errors="replace").strip()
        reason = str(error) or type(error).__name__
        return WorkerLostError(f"{reason}; its log ends: {said[-2000:]}" if said else reason)
