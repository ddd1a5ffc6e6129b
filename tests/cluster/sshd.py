"""Two sshd on this host that stand for two machines, and calls of the profile two-h100-ssh."""

import contextlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from cluster import free_ports, wait_until

SSHD = "/usr/sbin/sshd"
PROFILE = "profiles/two-h100-ssh"
PATIENCE = 4
Jobs = Callable[..., "subprocess.CompletedProcess[str]"]  # arguments of ssh_jobs.py


@dataclass
class Machine:
    """One sshd; `arguments` of ssh lead to it."""

    arguments: str
    command: list[str]
    daemon: "subprocess.Popen[bytes] | None" = None

    def start(self) -> None:
        self.daemon = subprocess.Popen(self.command, stderr=subprocess.DEVNULL)
        there = ["ssh", *self.arguments.split(), "true"]
        wait_until(lambda: subprocess.run(there, capture_output=True, check=False).returncode == 0, "sshd answers")

    def stop(self) -> None:
        assert self.daemon is not None
        self.daemon.kill()
        self.daemon.wait()


def missing_ssh() -> str | None:
    """Why no two machines can be made here, None if they can."""
    if not os.access(SSHD, os.X_OK) or not shutil.which("ssh") or not shutil.which("rsync"):
        return "no sshd, ssh or rsync: apt-get install openssh-server rsync"
    return "another user's login needs root" if os.geteuid() else None


@contextlib.contextmanager
def sshds(directory: Path) -> Iterator[dict[str, Machine]]:
    """Machines A and B, by role, with keys of their own; nothing of the user's ssh is read or written."""
    Path("/run/sshd").mkdir(exist_ok=True)
    for name in ("host", "user"):
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(directory / name)], check=True)
    shutil.copy(directory / "user.pub", directory / "authorized")
    found, entries = {}, []
    for (role, host), port in zip(
        {"inference": "machine-a", "training": "machine-b"}.items(), free_ports(2), strict=True
    ):
        options = {
            "Port": port,
            "ListenAddress": "127.0.0.1",
            "HostKey": directory / "host",
            "AuthorizedKeysFile": directory / "authorized",
            "PidFile": "none",
            "StrictModes": "no",
            "UsePAM": "no",
            "PasswordAuthentication": "no",
            "PermitRootLogin": "yes",
        }
        (directory / host).write_text("".join(f"{key} {value}\n" for key, value in options.items()))
        entries.append(f"Host {host}\n  HostName 127.0.0.1\n  Port {port}\n")
        found[role] = Machine(f"-F {directory / 'config'} {host}", [SSHD, "-D", "-f", str(directory / host)])
    common = f"  IdentityFile {directory / 'user'}\n  IdentitiesOnly yes\n  LogLevel ERROR\n"
    common += f"  StrictHostKeyChecking no\n  UserKnownHostsFile {directory / 'known'}\n"
    (directory / "config").write_text("".join(entry + common for entry in entries))
    for machine in found.values():
        machine.start()
    try:
        yield found
    finally:
        for machine in found.values():
            machine.stop()


def name_machines(clone: Path, machines: dict[str, Machine], **directories: Path) -> Path:
    """Write these machines, with directories of their own if given, into the profile of a clone."""
    path = clone / PROFILE / "machines.json"
    known = json.loads(path.read_text())
    assert known.keys() == machines.keys()
    for role, machine in machines.items():
        known[role] |= {"ssh": machine.arguments, "patience_s": PATIENCE}
        if role in directories:
            known[role]["directory"] = str(directories[role])
    path.write_text(json.dumps(known))
    return clone


def ssh_jobs(clone: Path) -> Jobs:
    """Call ssh_jobs.py as Snakemake does."""

    def call(*arguments: str) -> "subprocess.CompletedProcess[str]":
        command = [sys.executable, f"{PROFILE}/ssh_jobs.py", *arguments]
        return subprocess.run(command, cwd=clone, capture_output=True, text=True, timeout=60, check=False)

    return call


def script(path: Path, *lines: str) -> str:
    path.write_text("\n".join(["#!/bin/sh", *lines, ""]))
    return str(path)


def state(jobs: Jobs, job: str) -> str:
    return jobs("status", job).stdout.strip()


def process_of(clone: Path, job: str) -> int:
    path = clone / ".snakemake" / "ssh" / job / "process"
    wait_until(path.exists, "the job runs")
    return int(path.read_text().split()[0])


def snakemake(clone: Path, *arguments: str) -> "subprocess.Popen[str]":
    # What a login gives on real machines; here both run on a checkout that is not installed.
    environment = {**os.environ, "PYTHONPATH": str(clone), "OMP_NUM_THREADS": "1"}
    soon = ["--seconds-between-status-checks", "2"]
    command = [sys.executable, "-m", "snakemake", "--profile", PROFILE, *soon, *arguments]
    return subprocess.Popen(
        command, cwd=clone, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
