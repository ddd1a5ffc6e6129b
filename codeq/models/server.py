"""A server process of one policy: started by a job, ended with it."""

import ctypes
import logging
import os
import shlex
import signal
import socket
import subprocess
import sys
import time
import weakref
from pathlib import Path
from string import Template

import httpx2

from codeq.errors import ModelError

log = logging.getLogger(__name__)

START_S = 1800.0  # the longest wait for a server: loading weights, compiling kernels
STOP_S = 30.0  # between SIGTERM and SIGKILL

_libc = ctypes.CDLL(None)
_PR_SET_PDEATHSIG = 1


class Server:
    """Run `command` for the policy in `directory` until this object, or this process, is gone.

    In the command, $policy becomes the directory and $port a free port. What the server prints goes to
    stderr. It is a process group of its own, which `stop` ends; should this process be killed, the kernel ends
    the server (Linux: when the thread that started it dies, so start it in the main thread).
    """

    def __init__(self, command: str, directory: Path) -> None:
        """Start the server and wait until it answers. Raises ModelError if it ends first or takes START_S seconds."""
        self.name = str(directory.resolve())  # the model's name in every request
        port = _free_port()
        self.url = f"http://127.0.0.1:{port}"
        words = [Template(word).safe_substitute(policy=self.name, port=port) for word in shlex.split(command)]
        self._command = shlex.join(words)
        log.info("starting %s", self._command)
        try:
            self.process = subprocess.Popen(
                words,
                stdin=subprocess.DEVNULL,
                stdout=sys.stderr,
                start_new_session=True,
                preexec_fn=lambda: _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM),
            )
        except OSError as error:
            raise ModelError(
                f"model.serve: {words[0]} cannot be started ({error.strerror}); install it or give its full path"
            ) from error
        self.stop = weakref.finalize(self, _stop, self.process)
        self._wait()

    def ended(self) -> str | None:
        """How the process ended, or None while it runs."""
        status = self.process.poll()
        if status is None:
            return None
        return f"the server ended with status {status}; what it printed stands in the log; its command: {self._command}"

    def _wait(self) -> None:
        deadline = time.monotonic() + START_S
        while time.monotonic() < deadline:
            if ended := self.ended():
                raise ModelError(f"model.serve: {ended}")
            try:
                if httpx2.get(f"{self.url}/health", timeout=10, trust_env=False).status_code < 500:
                    return
            except httpx2.TransportError:
                pass
            time.sleep(0.2)
        self.stop()
        raise ModelError(f"model.serve: no answer at {self.url}/health after {START_S:.0f} s from {self._command}")


def _free_port() -> int:
    """A port that was free a moment ago; should another take it, the server cannot start, which is an error."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _stop(process: subprocess.Popen[bytes]) -> None:
    """End the process group of a server."""
    for number, patience in ((signal.SIGTERM, STOP_S), (signal.SIGKILL, None)):
        try:
            os.killpg(process.pid, number)
            process.wait(patience)
        except ProcessLookupError:
            return
        except subprocess.TimeoutExpired:
            continue
