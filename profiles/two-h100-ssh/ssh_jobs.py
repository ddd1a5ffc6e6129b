"""Jobs on machines that ssh reaches: submit, status and cancel for Snakemake's executor cluster-generic.

`machines.json` beside this file maps what rules ask for (machine="inference" | "training") to a machine: the arguments
of ssh that lead to it, its GPUs, how many jobs without a GPU it runs at once, and for how many seconds it may be out of
reach before its jobs count as failed.

A job has a directory below .snakemake/ssh, which all machines share: `script`, `log`, `process` (its id and start on
its machine) and at the end `exit`. It runs detached, so that a lost connection ends nothing. Jobs wait on their machine
for a GPU, or for a place, that nobody has locked; a lock ends with its holder, however that ends. It needs nothing but
Python.
"""

import contextlib
import fcntl
import json
import os
import secrets
import shlex
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
JOBS = Path(".snakemake/ssh")
START_SECONDS = 60  # within which a job must have begun
SSH = ["ssh", "-o", "BatchMode=yes", "-o", "ConnectTimeout=10"]


def main() -> None:
    command, *arguments = sys.argv[1:]
    {"submit": submit, "status": status, "cancel": cancel, "run": run}[command](*arguments)


def submit(machine: str, gpus: str, script: str) -> None:
    """Start a job and print its id."""
    there = machines()[machine]
    if int(gpus) > there["gpus"]:
        sys.exit(f"{machine}: a job asks for {gpus} GPUs, but machines.json gives it {there['gpus']}")
    job = JOBS / f"{machine}-{time.strftime('%m%d-%H%M%S')}-{secrets.token_hex(3)}"
    job.mkdir(parents=True)
    shutil.copy(script, job / "script")
    (job / "machine").write_text(machine)
    run_it = shlex.join([sys.executable, str(HERE / "ssh_jobs.py"), "run", str(job), gpus])
    log = shlex.quote(str(job / "log"))
    detached = f"cd {shlex.quote(os.getcwd())} && (setsid {run_it} </dev/null >{log} 2>&1 &)"
    done = ask(machine, detached)
    if done.returncode:
        sys.exit(
            f"{where(machine)} cannot run a job: {done.stderr.strip()}. See that it is up, then run snakemake again"
        )
    print(job.name)


def status(name: str) -> None:
    """Print ``running``, ``success`` or ``failed``; of a failure, say on stderr what is known."""
    job = JOBS / name
    machine = (job / "machine").read_text()
    if (found := ended(job)) is None:
        found = look(job, machine)
    if found == "running":
        print("running")
    elif found == "0":
        print("success")
    else:
        print(f"job {name} on {where(machine)}: {found}; its log is {job / 'log'}", file=sys.stderr)
        print("failed")


def ended(job: Path) -> str | None:
    """The exit status of a job that came to its end, None for any other."""
    try:
        return (job / "exit").read_text()
    except FileNotFoundError:
        return None


def look(job: Path, machine: str) -> str:
    """What has become of a job without an end: ``running``, or what is wrong."""
    if not (job / "process").exists():
        late = time.time() - job.stat().st_mtime > START_SECONDS
        return f"did not start within {START_SECONDS} s" if late else "running"
    process, start = (job / "process").read_text().split()
    done = ask(machine, f"cat /proc/{process}/stat || true")
    unreachable = job / "unreachable"
    if done.returncode:
        if not unreachable.exists():
            unreachable.touch()
        away = time.time() - unreachable.stat().st_mtime
        if away < machines()[machine]["patience_s"]:
            return "running"
        why = done.stderr.strip()
        return f"its machine has been out of reach for {away:.0f} s ({why}); run snakemake again once it is back"
    unreachable.unlink(missing_ok=True)
    if done.stdout and started(done.stdout) == start:
        return "running"
    time.sleep(1)  # a shared directory may lag behind
    return ended(job) or "was killed; run snakemake again"


def cancel(*names: str) -> None:
    """End jobs with all their processes, in the background: Snakemake waits for two seconds only."""
    groups: dict[str, list[str]] = {}
    for name in names:
        with contextlib.suppress(FileNotFoundError):
            process = (JOBS / name / "process").read_text().split()[0]
            groups.setdefault((JOBS / name / "machine").read_text(), []).append(f"-{process}")
    for machine, processes in groups.items():
        these = " ".join(processes)
        kill = f"kill -TERM -- {these}; sleep 3; kill -KILL -- {these}"
        command = [*SSH, *shlex.split(machines()[machine]["ssh"]), kill]
        subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )


def run(directory: str, gpus: str) -> None:
    """On its machine: wait for a place, run the job, write how it ended."""
    job = Path(directory)
    machine = (job / "machine").read_text()
    with open("/proc/self/stat") as file:
        write(job / "process", f"{os.getpid()} {started(file.read())}")
    there = machines()[machine]
    kind, most, wanted = ("gpu", there["gpus"], int(gpus)) if int(gpus) else ("job", there["jobs"], 1)
    with places(machine, kind, most, wanted) as mine:
        devices = ",".join(map(str, mine)) if kind == "gpu" else ""
        place = {"CUDA_VISIBLE_DEVICES": devices, "CODEQ_NODE": shlex.split(there["ssh"])[-1], "CODEQ_JOB": job.name}
        done = subprocess.run(["sh", str(job / "script")], env={**os.environ, **place}, check=False)
    write(job / "exit", str(done.returncode))


@contextlib.contextmanager
def places(machine: str, kind: str, most: int, wanted: int) -> Iterator[list[int]]:
    """Wait until so many of a machine's GPUs or places are free, and hold them; gives their numbers."""
    folder = Path(tempfile.gettempdir()) / f"codeq-{os.getuid()}"
    folder.mkdir(mode=0o700, exist_ok=True)
    while True:
        with contextlib.ExitStack() as stack:
            # One job at a time looks, so that two that want several do not take one each and wait for ever.
            fcntl.flock(stack.enter_context((folder / f"{machine}-{kind}").open("w")), fcntl.LOCK_EX)
            held = {}
            for number in range(most):
                file = (folder / f"{machine}-{kind}-{number}").open("w")
                try:
                    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    held[number] = file
                except BlockingIOError:
                    file.close()
                if len(held) == wanted:
                    break
        if len(held) == wanted:
            break
        for file in held.values():
            file.close()
        time.sleep(1)
    yield list(held)
    for file in held.values():
        file.close()


def machines() -> dict[str, dict[str, Any]]:
    """machines.json. Read anew at each call, which is a process of its own."""
    return json.loads((HERE / "machines.json").read_text())


def where(machine: str) -> str:
    return f"{shlex.split(machines()[machine]['ssh'])[-1]} ({machine})"


def ask(machine: str, command: str) -> "subprocess.CompletedProcess[str]":
    """Run a shell command on a machine; exit status 255 says that it cannot be reached."""
    line = [*SSH, *shlex.split(machines()[machine]["ssh"]), command]
    return subprocess.run(line, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)


def started(stat: str) -> str:
    """When a process started, in clock ticks since the boot, from its /proc/PID/stat."""
    return stat.rpartition(")")[2].split()[19]


def write(path: Path, text: str) -> None:
    """Whole or not at all."""
    part = path.with_name(path.name + ".part")
    part.write_text(text)
    part.replace(path)


if __name__ == "__main__":
    main()
