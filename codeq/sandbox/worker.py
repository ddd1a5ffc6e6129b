"""The host's side of one fork server, whatever started it: requests out, executions back."""

import contextlib
import io
import itertools
import json
import select
import socket
import time

from codeq.config import SandboxSettings
from codeq.sandbox.protocol import (
    FRAME_BYTES,
    MARK,
    OUTPUT_BYTES,
    REPLY_HEADER,
    REPORT,
    RESULT_BYTES,
    Execution,
    WorkerLostError,
)

START_SECONDS = 60.0  # Python and a few modules, on a busy machine
_GRACE_SECONDS = 60.0  # beyond the candidate's own limit, before a silent server counts as lost
_LAST_WORDS_SECONDS = 1.0  # for a dying server


def server_settings(settings: SandboxSettings) -> dict[str, object]:
    """What every server is told when it is started."""
    return {
        "memory_bytes": settings.memory_mb << 20,
        "test_timeout_s": settings.test_timeout_s,
        "timeout_s": settings.timeout_s,
        "output_bytes": OUTPUT_BYTES,
        "frame_bytes": FRAME_BYTES,
        "result_bytes": RESULT_BYTES,
    }


class ServerWorker:
    """A server at the other end of a stream. Each backend starts it, and makes sure of its end, in its own way."""

    def __init__(self, settings: SandboxSettings, channel: socket.socket, log: io.RawIOBase) -> None:
        """Await the server. Raises WorkerLostError, with what it wrote to `log`, if it does not come up."""
        self._limit = settings.timeout_s + _GRACE_SECONDS
        self._channel, self._log = channel, log
        report, *_ = self._receive(START_SECONDS)
        self.isolation: dict[str, str] = json.loads(report)

    def execute(self, request: bytes) -> Execution:
        """Run one request; see `codeq.sandbox.protocol.Worker`."""
        try:
            self._channel.settimeout(self._limit)
            self._channel.sendall(request)
        except OSError as error:
            raise self._lost(error) from error
        report, frames, printed = self._receive(self._limit)
        ended, exit_status, seconds, peak_bytes = REPORT.unpack_from(report)
        walls, cpus = zip(*MARK.iter_unpack(report[REPORT.size :]), strict=True)
        return Execution(
            ended=ended.rstrip(b"\0").decode(),
            exit_status=exit_status,
            seconds=round(seconds, 6),
            step_seconds=_differences(walls),
            cpu_seconds=_differences(cpus),
            frames=frames,
            printed=printed,
            peak_bytes=peak_bytes,
        )

    def kill(self) -> None:
        """Hang up, at which the server ends with everything in it; safe while another thread waits for a reply."""
        with contextlib.suppress(OSError):
            self._channel.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """Hang up and let go of the connection."""
        self.kill()
        self._channel.close()
        self._log.close()

    def _receive(self, seconds: float) -> list[bytes]:
        """The server's report, the candidate's frames and its output."""
        try:
            self._channel.settimeout(seconds)
            return [self._exactly(size) for size in REPLY_HEADER.unpack(self._exactly(REPLY_HEADER.size))]
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
        """The reason, with the last words of the server."""
        reason, said = str(error) or type(error).__name__, b""
        end = time.monotonic() + _LAST_WORDS_SECONDS
        while select.select([self._log], [], [], max(0.0, end - time.monotonic()))[0]:
            if not (part := self._log.read(1 << 16)):
                break
            said += part
        text = said.decode(errors="replace").strip()
        return WorkerLostError(f"{reason}; its log ends: {text[-2000:]}" if text else reason)


def _differences(times: tuple[float, ...]) -> tuple[float, ...]:
    return tuple(round(after - before, 6) for before, after in itertools.pairwise(times))
