"""Jobs on machines that ssh reaches: submit, status and cancel for Snakemake's executor cluster-generic.

`machines.json` beside this file maps what rules ask for (machine="inference" | "training") to a machine; README.md
explains it.

A job has a directory below .snakemake/ssh: `script`, `log`, `process` (its id and start on its machine) and at the end
`exit`. All machines share it, or else it travels to and fro with the job's files. A job runs detached, so that a lost
connection ends nothing. Jobs wait on their machine for a GPU, or for a place, that nobody has locked; a lock ends with
its holder, however that ends.
"""

import contextlib
import fcntl
import os
import re
import secrets
import shlex
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import travel
from machines import HERE, apart, ask, bring, command, directory, machines, send, send_code, settings, translate, where

JOBS = Path(".snakemake/ssh")
START_SECONDS = 60  # within which a job must have begun


def main() -> None:
    act, *arguments = sys.argv[1:]
    {"submit": submit, "status": status, "cancel": cancel, "run": run}[act](*arguments)


def submit(machine: str, gpus: str, script: str) -> None:
    """Start a job, unless an earlier run of Snakemake left it running, and print its id."""
    there = settings(machine)
    if int(gpus) > there["gpus"]:
        sys.exit(f"{machine}: a job asks for {gpus} GPUs, but machines.json gives it {there['gpus']}")
    if left := running_for(Path(script)):
        print(left)
        return
    job = JOBS / f"{machine}-{time.strftime('%m%d-%H%M%S')}-{secrets.token_hex(3)}"
    job.mkdir(parents=True)
    (job / "machine").write_text(machine)
    (job / "script").write_text(Path(script).read_text())
    if apart(machine):
        # All files are there before the job begins: it need not wait for any.
        here = re.sub(r"--wait-for-files(-file)? .*?(?= --)", "", (job / "script").read_text())
        (job / "script").write_text(translate(here, machine))
        files = [job / "script", job / "machine", *travel.inputs(job / "script")]
        check(machine, send_code(machine))
        check(machine, send(machine, files, job / "files"))
    run_it = translate(shlex.join([sys.executable, str(HERE / "ssh_jobs.py"), "run", str(job), gpus]), machine)
    detached = f"(setsid {run_it} </dev/null >{shlex.quote(str(job / 'log'))} 2>&1 &)"
    check(machine, ask(machine, f"cd {shlex.quote(directory(machine))} && {detached}"))
    print(job.name)


def running_for(script: Path) -> str | None:
    """The job that still makes the outputs of a script, in the same way; ends with a message if in another way."""
    wanted = travel.properties(script)
    for job in (path.parent for path in JOBS.glob("*/script")):
        if (job / "exit").exists() or (job / "cancelled").exists():
            continue
        made = travel.properties(job / "script")
        if not made.get("output") or made["output"] != wanted.get("output"):
            continue
        if look(job, (job / "machine").read_text()) == "running":
            if all(made.get(part) == wanted.get(part) for part in ("rule", "wildcards", "input", "params")):
                return job.name
            sys.exit(
                f"job {job.name} makes {made['output'][0]} by other settings; wait for it, or {HERE}/cancel {job.name}"
            )
    return None


def check(machine: str, done: "subprocess.CompletedProcess[str]") -> None:
    """End with the reason why a job could not be brought to its machine, if so."""
    if done.returncode:
        why = done.stderr.strip()
        sys.exit(f"{where(machine)} cannot run a job: {why}. See that it is up, then run snakemake again")


def status(name: str) -> None:
    """Print ``running``, ``success`` or ``failed``; of a failure, say on stderr what is known."""
    job = JOBS / name
    machine = (job / "machine").read_text()
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
    """The exit status of a job that came to its end, ``running``, or what is wrong."""
    if apart(machine):
        done = bring(machine, [job / "process", job / "exit", job / "log"], job / "files")
        if done.returncode:
            return out_of_reach(job, machine, done.stderr)
    found = ended(job) or alive(job, machine)
    if found != "running" and apart(machine):
        # Outputs twice: the first time brings the manifests, which name more files.
        for files in (travel.logs, travel.outputs, travel.outputs) if found == "0" else (travel.logs,):
            done = bring(machine, files(job / "script"), job / "files")
            if done.returncode:
                return out_of_reach(job, machine, done.stderr)
    return found


def alive(job: Path, machine: str) -> str:
    """What has become of a job without an end: ``running``, or what is wrong."""
    if not (job / "process").exists():
        late = time.time() - job.stat().st_mtime > START_SECONDS
        return f"did not start within {START_SECONDS} s; see that {directory(machine)} is there" if late else "running"
    process, start = (job / "process").read_text().split()
    # The end is read last, on the machine: a process may end in between, and a shared directory lag behind.
    done = ask(machine, f"cd {shlex.quote(directory(machine))} && cat /proc/{process}/stat; cat {job / 'exit'}; true")
    if done.returncode:
        return out_of_reach(job, machine, done.stderr)
    (job / "unreachable").unlink(missing_ok=True)
    stat, _, end = done.stdout.rpartition("\n")
    if stat and started(stat) == start:
        return "running"
    return end or "was killed; run snakemake again"


def out_of_reach(job: Path, machine: str, why: str) -> str:
    """``running`` until a machine's patience is over, then what is wrong."""
    unreachable = job / "unreachable"
    if not unreachable.exists():
        unreachable.touch()
    away = time.time() - unreachable.stat().st_mtime
    if away < settings(machine)["patience_s"]:
        return "running"
    return f"its machine has been out of reach for {away:.0f} s ({why.strip()}); run snakemake again once it is back"


def cancel(*names: str) -> None:
    """End jobs with all their processes, in the background: Snakemake waits for two seconds only."""
    of: dict[str, list[str]] = {}
    for name in names:
        with contextlib.suppress(FileNotFoundError):
            of.setdefault((JOBS / name / "machine").read_text(), []).append(str(JOBS / name))
    for machine, jobs in of.items():
        ids = " ".join(f"{job}/process" for job in jobs)
        marks = " ".join(f"{job}/cancelled" for job in jobs)
        # The mark is for a job that has not begun.
        groups = f"cd {shlex.quote(directory(machine))} && touch {marks}; groups=$(sed 's/ .*//; s/^/-/' {ids})"
        subprocess.Popen(
            command(machine, f"{groups}; kill -TERM -- $groups; sleep 3; kill -KILL -- $groups"),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )


def run(name: str, gpus: str) -> None:
    """On its machine: wait for a place, run the job, write how it ended."""
    job = Path(name)
    machine = (job / "machine").read_text()
    with open("/proc/self/stat") as file:
        write(job / "process", f"{os.getpid()} {started(file.read())}")
    if (job / "cancelled").exists():
        return
    there = settings(machine)
    kind, most, wanted = ("gpu", there["gpus"], int(gpus)) if int(gpus) else ("job", there["jobs"], 1)
    with places(machine, kind, most, wanted) as mine:
        devices = ",".join(map(str, mine)) if kind == "gpu" else ""
        place = {"CUDA_VISIBLE_DEVICES": devices, "CODEQ_NODE": shlex.split(there["ssh"])[-1], "CODEQ_JOB": job.name}
        # The code of this directory, wherever its Python is.
        environment = {**os.environ, **place, "PYTHONPATH": os.getcwd()}
        script = ["sh", str(job / "script")]
        models = travel.models(job / "script") if any(map(apart, machines())) else []
        restore = [travel.python(job / "script"), "scripts/restore.py", *models]
        for line in (restore, script) if models else (script,):
            done = subprocess.run(line, env=environment, check=False)
            if done.returncode:
                break
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
