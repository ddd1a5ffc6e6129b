"""The docker backend: each fork server is the first process of a container of its own, which stays warm.

A container has no network, no writable path, no IPC, no more memory, processes and capabilities than the server
needs, and one way out: a unix socket that the host listens at in a directory of its own (0700) until the server
has connected. When the host hangs up, or dies, the server ends, and Docker removes the container with it. One that
was left all the same, by an owner that no longer lives, is found by its label and removed at the next start.
"""

import contextlib
import itertools
import json
import os
import secrets
import shutil
import socket
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from docker.errors import APIError, DockerException, NotFound
from docker.types import LogConfig, Mount, Ulimit

from codeq.config import SandboxSettings
from codeq.errors import SandboxError
from codeq.sandbox import image
from codeq.sandbox.protocol import WorkerLostError
from codeq.sandbox.worker import START_SECONDS, ServerWorker, server_settings

OWNER_LABEL = "codeq.sandbox.owner"
_CHANNEL = "/channel"
_DIRECTORY, _DIRECTORY_SECONDS = "codeq-sandbox-", 3600.0  # of a start: how its name begins; it is not used for so long
_SYSCTLS = {"kernel.shmmni": "0", "kernel.msgmni": "0", "fs.mqueue.queues_max": "0"}
_numbers = itertools.count(os.getpid() * 32)  # of containers: disjoint between owners that start fewer than these


class DockerWorker(ServerWorker):
    """One container with its fork server."""

    label = "docker"

    def __init__(self, settings: SandboxSettings, tag: str, base: str) -> None:
        """Start the container. Raises WorkerLostError when it, or its server, does not come up."""
        self._client = image.connect()
        self._container: Any = None
        try:
            with tempfile.TemporaryDirectory(prefix=_DIRECTORY) as directory, socket.socket(socket.AF_UNIX) as listener:
                path = Path(directory) / "channel"  # mounted itself: its directory stays closed
                _listen(listener, path)
                self._container = self._client.containers.create(tag, **_options(settings, path))
                self._container.start()
                channel, log = self._accept(listener), self._accept(listener)
            with log:
                super().__init__(settings, channel, log.makefile("rb", buffering=0))
        except (DockerException, OSError) as error:
            self.close()
            raise WorkerLostError(f"Docker: {error}") from error
        except BaseException:
            self.close()
            raise
        self.isolation["image"] = f"{tag} from {base}"

    @property
    def container_id(self) -> str:
        return str(self._container.id)

    def close(self) -> None:
        """Hang up, and see that the container is gone."""
        if hasattr(self, "_channel"):
            super().close()
        if self._container is not None:
            _remove(self._container)
        self._client.close()

    def _accept(self, listener: socket.socket) -> socket.socket:
        """The server's next connection, or the news that it will not come."""
        end = time.monotonic() + START_SECONDS
        listener.settimeout(1)
        while time.monotonic() < end:
            with contextlib.suppress(TimeoutError):
                return listener.accept()[0]
            try:
                self._container.reload()
            except NotFound:
                break
            if self._container.status == "exited":
                break
        raise WorkerLostError(f"the server in container {self._container.name} ended, or hung, before it connected")


def starter(settings: SandboxSettings) -> Callable[[], DockerWorker]:
    """What starts a worker, once there is an image and leftovers are gone. Raises SandboxError with the remedy."""
    tag, base = image.ensure()
    remove_leftovers()
    return lambda: DockerWorker(settings, tag, base)


def remove_leftovers() -> None:
    """Remove the containers of owners that no longer live, and the directories of those killed while they started."""
    for directory in Path(tempfile.gettempdir()).glob(f"{_DIRECTORY}*"):
        with contextlib.suppress(OSError):
            if time.time() - directory.stat().st_mtime > _DIRECTORY_SECONDS:
                shutil.rmtree(directory)
    with contextlib.closing(image.connect()) as client:
        try:
            for container in client.containers.list(all=True, ignore_removed=True, filters={"label": OWNER_LABEL}):
                if _is_dead(container.labels[OWNER_LABEL]):
                    _remove(container)
        except (DockerException, OSError) as error:
            raise SandboxError(f"Docker cannot list its containers: {error}; see `docker ps --all`") from error


def _listen(listener: socket.socket, path: Path) -> None:
    try:
        listener.bind(str(path))
    except OSError as error:
        raise SandboxError(f"{path}: {error}; set TMPDIR to a short path on this machine's disk") from error
    path.chmod(0o666)  # root in the container has no right to ignore modes
    listener.listen(2)


def _options(settings: SandboxSettings, path: Path) -> dict[str, Any]:
    """How a container is made."""
    number = next(_numbers)
    arguments = {**server_settings(settings), "socket": _CHANNEL, "packages": image.PACKAGES, "container": number}
    return {
        "command": [json.dumps(arguments)],
        "name": f"codeq-sandbox-{os.getpid()}-{secrets.token_hex(4)}",
        "labels": {OWNER_LABEL: _owner(os.getpid())},
        "auto_remove": True,
        "stop_signal": "SIGKILL",  # the first process of a container is deaf to SIGTERM
        "environment": {"PYTHONHASHSEED": "0"},  # equal programs iterate their sets in equal order
        "hostname": "sandbox",
        "user": "0:0",
        "working_dir": "/tmp",
        "mounts": [Mount(_CHANNEL, str(path), type="bind", read_only=True)],
        "network_mode": "none",
        "mem_limit": f"{settings.memory_mb}m",
        "memswap_limit": f"{settings.memory_mb}m",
        "pids_limit": 64,
        "read_only": True,
        "ipc_mode": "none",
        "log_config": LogConfig(type=LogConfig.types.NONE),
        "ulimits": [Ulimit(name="core", soft=0, hard=0)],
        "cap_drop": ["ALL"],
        "cap_add": ["SETUID", "SETGID", "KILL"],
        "security_opt": ["no-new-privileges"],
        "sysctls": _SYSCTLS,
    }


def _remove(container: Any) -> None:
    """Remove a container, or wait until Docker, which is at it, has."""
    try:
        container.remove(force=True)
    except APIError as error:
        if error.status_code == 409:
            with contextlib.suppress(DockerException, OSError):
                container.wait(condition="removed", timeout=image.TIMEOUT_S)
    except (DockerException, OSError):
        pass  # a daemon that is gone takes its containers along; else the next start finds them


def _owner(pid: int) -> str:
    """A process, told apart from every other that had or will have its id: boot, PID namespace, id, start."""
    boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    try:
        state, *rest = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        state, rest = "X", []
    start = "none" if state in "XZ" else rest[18]  # in clock ticks since the boot
    return f"{boot} {os.readlink('/proc/self/ns/pid')} {pid} {start}"


def _is_dead(owner: str) -> bool:
    """Whether the owner has ended; of another PID namespace only a restart of the machine tells."""
    boot, namespace, pid, _ = owner.split(" ")
    here_boot, here_namespace, *_ = here = _owner(int(pid)).split(" ")
    return boot != here_boot or (namespace == here_namespace and owner != " ".join(here))
