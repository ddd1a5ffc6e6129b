"""The process backend: the fork server as a local process, isolated as far as the machine permits."""

import io
import json
import socket
import subprocess
import sys
from pathlib import Path
from typing import cast

import sortedcontainers

from codeq.config import SandboxSettings
from codeq.sandbox.worker import ServerWorker, server_settings

_SERVER = Path(__file__).parent / "server.py"


class ProcessWorker(ServerWorker):
    """One fork server. Start it in the thread that uses it: the server dies when that thread does."""

    label = "process"

    def __init__(self, settings: SandboxSettings) -> None:
        """Start the server. Raises WorkerLostError, with what the server wrote, when it does not come up."""
        channel, theirs = socket.socketpair()
        arguments = {
            **server_settings(settings),
            "channel": theirs.fileno(),
            "packages": str(Path(sortedcontainers.__file__).parents[1]),
        }
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-s", "-S", "-P", "-X", "utf8", str(_SERVER), json.dumps(arguments)],
                bufsize=0,
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                cwd="/",
                env={"PYTHONHASHSEED": "0"},  # equal programs iterate their sets in equal order
                start_new_session=True,  # Ctrl-C is for the host, which then closes its workers
            )
        try:
            super().__init__(settings, channel, cast(io.RawIOBase, self._process.stderr))
        except BaseException:
            self.close()
            raise

    @property
    def pid(self) -> int:
        return self._process.pid

    def kill(self) -> None:
        """Kill the server, and with it everything in it; safe while another thread waits for a reply."""
        self._process.kill()
        super().kill()

    def close(self) -> None:
        """Kill the server and let go of everything."""
        super().close()
        self._process.wait()
