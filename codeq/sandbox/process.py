"""The process backend: the fork server as a local process, isolated as far as the machine permits."""

import contextlib
import json
import socket
import subprocess
import sys
import tempfile
from pathlib import Path

from codeq.config import SandboxSettings
from codeq.sandbox.protocol import (
    FRAME_BYTES,
    OUTPUT_BYTES,
    REPLY_HEADER,
    RESULT_BYTES,
    Execution,
    WorkerLost,
)

_SERVER = Path(__file__).parent / "server.py"
_START_SECONDS = 60.0  # Python and a few modules, on a busy machine
_GRACE_SECONDS = 60.0  # beyond the candidate's own limit, before a silent server counts as lost


class ProcessWorker:
    """One fork server. Start it in the thread that uses it: the server dies when that thread does."""

    label = "process"

    def __init__(self, settings: SandboxSettings) -> None:
        """Start the server. Raises WorkerLost, with what the server wrote, when it does not come up."""
        self._limit = settings.timeout_s + _GRACE_SECONDS
        self._log = tempfile.TemporaryFile()  # noqa: SIM115 - closed by close()
        self._channel, theirs = socket.socketpair()
        arguments = {
            "channel": theirs.fileno(),
            "memory_bytes": settings.memory_mb << 20,
            "test_timeout_s": settings.test_timeout_s,
            "timeout_s": settings.timeout_s,
            "output_bytes": OUTPUT_BYTES,
            "frame_bytes": FRAME_BYTES,
            "result_bytes": RESULT_BYTES,
        }
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-s", "-S", "-P", "-X", "utf8", str(_SERVER), json.dumps(arguments)],
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=self._log,
                cwd="/",
                env={"PYTHONHASHSEED": "0"},  # equal programs iterate their sets in equal order
                start_new_session=True,  # Ctrl-C is for the host, which then closes its workers
            )
        try:
            report, _ = self._receive(_START_SECONDS)
            self.isolation: dict[str, str] = json.loads(report)
        except WorkerLost:
            self.close()
            raise

    @property
    def pid(self) -> int:
        return self._process.pid

    def execute(self, request: bytes) -> Execution:
        """Run one request; see `codeq.sandbox.protocol.Worker`."""
        try:
            self._channel.settimeout(self._limit)
            self._channel.sendall(request)
        except OSError as error:
            raise WorkerLost(f"{error}{self._said()}") from error
        report, frames = self._receive(self._limit)
        said = json.loads(report)
        return Execution(said["ended"], said["exit_status"], said["seconds"], tuple(said["steps"]), frames)

    def close(self) -> None:
        """Kill the server; everything in it dies with it."""
        self._channel.close()
        self._process.kill()
        self._process.wait()
        self._log.close()

    def _receive(self, seconds: float) -> tuple[bytes, bytes]:
        try:
            self._channel.settimeout(seconds)
            report, frames = REPLY_HEADER.unpack(self._exactly(REPLY_HEADER.size))
            return self._exactly(report), self._exactly(frames)
        except OSError as error:
            raise WorkerLost(f"{error or type(error).__name__}{self._said()}") from error

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

    def _said(self) -> str:
        """The end of what the server wrote to its log."""
        with contextlib.suppress(subprocess.TimeoutExpired):  # let a dying server finish its last words
            self._process.wait(1)
        with contextlib.suppress(OSError, ValueError):
            self._log.seek(0)
            text = self._log.read().decode(errors="replace").strip()
            return f"; its log ends: {text[-2000:]}" if text else ""
        return ""
