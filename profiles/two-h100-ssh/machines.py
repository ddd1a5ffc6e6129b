"""The machines of machines.json: commands and files by ssh. Needs nothing but Python, ssh and rsync."""

import json
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
# A machine that is gone is noticed within half a minute, also in the middle of a command.
SSH = ["ssh", "-o", "BatchMode=yes", "-o", "ConnectTimeout=10"]
SSH += ["-o", "ServerAliveInterval=10", "-o", "ServerAliveCountMax=3"]
# What a clone is made of that a job needs.
CODE = ("codeq", "config", "profiles", "scripts", "workflow", "environment.yml", "pyproject.toml", "requirements.txt")


def machines() -> dict[str, dict[str, Any]]:
    """machines.json. Read anew at each call, which is a process of its own."""
    path = HERE / "machines.json"
    try:
        return json.loads(path.read_text())
    except (OSError, ValueError) as error:
        sys.exit(f"{path}: {error}; README.md beside it shows what must be there")


def settings(machine: str) -> dict[str, Any]:
    """What machines.json says of a machine; ends with a message if something is missing."""
    known = machines()
    missing = [key for key in ("ssh", "gpus", "jobs", "patience_s") if key not in known.get(machine, {})]
    if missing:
        sys.exit(
            f"{HERE / 'machines.json'}: machine {machine!r} has no {', '.join(missing)}; README.md says what each is"
        )
    return known[machine]


def apart(machine: str) -> bool:
    """Whether a machine has a directory of its own, to which files must travel."""
    return "directory" in settings(machine)


def directory(machine: str) -> str:
    """Where the clone lies on a machine."""
    return settings(machine).get("directory", os.getcwd())


def where(machine: str) -> str:
    return f"{shlex.split(settings(machine)['ssh'])[-1]} ({machine})"


def translate(text: str, machine: str) -> str:
    """The paths of this clone, in a command or a script, as they are on a machine."""
    return re.sub(rf"{re.escape(os.getcwd())}(?![\w.-])", lambda _: directory(machine), text)


def command(machine: str, line: str) -> list[str]:
    return [*SSH, *shlex.split(settings(machine)["ssh"]), line]


def ask(machine: str, line: str) -> "subprocess.CompletedProcess[str]":
    """Run a shell command on a machine; exit status 255 says that it cannot be reached."""
    return subprocess.run(command(machine, line), stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)


def send_code(machine: str) -> "subprocess.CompletedProcess[str]":
    """Make the code on a machine equal to that of this clone, so that a job runs what its record says."""
    there = [path for path in CODE if Path(path).exists()]
    return _rsync(machine, "--archive", "--delete", "--exclude=__pycache__", *there, _at(machine))


def send(machine: str, paths: Iterable[Path], log: Path) -> "subprocess.CompletedProcess[str]":
    """Copy files of this clone, named from its root, to a machine; missing ones are left out."""
    return _copy(machine, paths, log, "./", _at(machine))


def bring(machine: str, paths: Iterable[Path], log: Path) -> "subprocess.CompletedProcess[str]":
    """Copy files from a machine into this clone; missing ones are left out."""
    return _copy(machine, paths, log, _at(machine), "./")


def _copy(
    machine: str, paths: Iterable[Path], log: Path, source: str, target: str
) -> "subprocess.CompletedProcess[str]":
    options = ["--times", "--omit-dir-times", "--ignore-missing-args", "--files-from=-", f"--log-file={log}"]
    names = "".join(f"{path}\n" for path in paths)
    return _rsync(machine, *options, source, target, stdin=names)


def _rsync(machine: str, *arguments: str, stdin: str = "") -> "subprocess.CompletedProcess[str]":
    shell = shlex.join([*SSH, *shlex.split(settings(machine)["ssh"])[:-1]])
    line = ["rsync", "--rsh", shell, *arguments]
    return subprocess.run(line, input=stdin, capture_output=True, text=True, check=False)


def _at(machine: str) -> str:
    return f"{shlex.split(settings(machine)['ssh'])[-1]}:{directory(machine)}/"
