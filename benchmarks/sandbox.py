"""Time CodeQ's sandbox and what others do, side by side: tiny programs in LeetCode's style with three tests each.

Every way of checking runs the same programs in two workers, in rounds that alternate; a figure is the median of the
rounds, and so is a ratio, of those within each round: a machine's speed may change from one to the next. EvalPlus comes
from PyPI into an environment that is thrown away. Its checker forks the process that calls it, so it is measured twice:
in a process that has loaded the checker alone, and in one that has loaded `evalplus.evaluate`, as its users' have.
"""

import argparse
import json
import shutil
import statistics
import subprocess
import sys
import tempfile
import venv
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any, Literal

from codeq.config import SandboxSettings
from codeq.lineage.environment import machine
from codeq.sandbox import Sandbox, image, speed

ROOT = Path(__file__).resolve().parents[1]
WORKERS, ROUNDS = 2, 9
IMPORTS = "from typing import List\nfrom collections import Counter\n"
PROCESS, DOCKER = "CodeQ, process backend", "CodeQ, docker backend"
EVALPLUS, CHECKER = "EvalPlus 0.3.1, evalplus.evaluate", "EvalPlus 0.3.1, untrusted_check alone"
COMMAND, CONTAINER = "python -c per program", "docker run per program"
#: Programs per round.
EXECUTIONS = {PROCESS: 1000, DOCKER: 1000, EVALPLUS: 300, CHECKER: 400, COMMAND: 100, CONTAINER: 12}
#: Reads tasks and a number, prints seconds and milliseconds; runs in the environment that has EvalPlus.
EVALPLUS_DRIVER = """
import json, sys, time
from concurrent.futures import ProcessPoolExecutor
from evalplus.eval import untrusted_check

def timed(task):
    started = time.perf_counter()
    status, _ = untrusted_check(
        "humaneval", task["code"], task["arguments"], task["entry_point"], task["expected"], 0, [0.01] * 3
    )
    assert status == "pass", (status, task)
    return (time.perf_counter() - started) * 1000

if __name__ == "__main__":
    tasks, executions, workers = json.load(sys.stdin)
    with ProcessPoolExecutor(workers) as pool:
        list(pool.map(timed, tasks * workers))
        started = time.perf_counter()
        found = list(pool.map(timed, (tasks[number % len(tasks)] for number in range(executions))))
        print(json.dumps({"seconds": time.perf_counter() - started, "milliseconds": found}))
"""

Measure = Callable[[int], speed.Speed]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--soak",
        type=int,
        default=0,
        help="also run so many programs, 5 %% of them attacks; without it, the report keeps its last soak",
    )
    parser.add_argument(
        "--cases",
        type=Path,
        default=ROOT.parent / "shared" / "sandbox" / "cases.json",
        help="the attacks of the soak (default: ../shared/sandbox/cases.json)",
    )
    parser.add_argument(
        "--report",
        type=Path,
        default=ROOT / "benchmarks" / "sandbox.json",
        help="JSON file to write; a Markdown one goes beside it",
    )
    args = parser.parse_args()
    notes: list[str] = []
    with ExitStack() as stack:
        work = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        ways = {name: stack.enter_context(way) for name, way in available(notes, work).items()}
        rounds = [{name: measure(EXECUTIONS[name]).rounded() for name, measure in ways.items()} for _ in range(ROUNDS)]
    figures = {
        name: {key: statistics.median(each[name][key] for each in rounds) for key in rounds[0][name]} for name in ways
    }
    before = json.loads(args.report.read_text())["soak"] if args.report.exists() else {}
    backends = ["process", *(["docker"] if DOCKER in ways else [])]
    report = {
        "machine": {key: machine()[key] for key in ("cpu", "cores")},
        "workers": WORKERS,
        "rounds": ROUNDS,
        "ways": figures,
        "ratios": {
            ours: {
                name: round(
                    statistics.median(each[ours]["per_second"] / each[name]["per_second"] for each in rounds), 1
                )
                for name in figures
                if name not in (PROCESS, DOCKER)
            }
            for ours in (PROCESS, DOCKER)
            if ours in figures
        },
        "soak": {backend: soak(args.soak, backend, args.cases) for backend in backends} if args.soak else before,
        "notes": notes,
    }
    args.report.write_text(json.dumps(report, indent=2) + "\n")
    args.report.with_suffix(".md").write_text(markdown(report))
    print(markdown(report))


def available(notes: list[str], directory: Path) -> dict[str, Any]:
    """A context manager that gives a `Measure`, for each way that this machine has.

    What is missing is added to `notes`. EvalPlus is installed into the directory.
    """
    ways = {PROCESS: sandbox("process"), COMMAND: commands([sys.executable, "-I", "-c"])}
    venv.create(directory, with_pip=True)
    python = str(directory / "bin" / "python")
    install = [python, "-m", "pip", "install", "-q", "--disable-pip-version-check", "evalplus==0.3.1"]
    if subprocess.run(install, capture_output=True, timeout=900).returncode:
        notes.append("EvalPlus could not be installed from PyPI, so it was not measured.")
    else:
        ways |= {EVALPLUS: evalplus(python, "import evalplus.evaluate\n"), CHECKER: evalplus(python, "")}
    if shutil.which("docker") is None or subprocess.run(["docker", "info"], capture_output=True, timeout=60).returncode:
        notes.append("Docker does not answer, so nothing of it was measured.")
    else:
        run = ["docker", "run", "--rm", "--network", "none", "-m", "512m", "--entrypoint", "python3.11"]
        ways |= {DOCKER: sandbox("docker"), CONTAINER: commands([*run, image.ensure()[0], "-I", "-c"])}
    return ways


@contextmanager
def sandbox(backend: Literal["process", "docker"]) -> Iterator[Measure]:
    with Sandbox(SandboxSettings(backend=backend, workers=WORKERS)) as running:
        judge = speed.judging(running)
        yield lambda executions: speed.measure(judge, executions, WORKERS)


@contextmanager
def commands(command: list[str]) -> Iterator[Measure]:
    """One new process or container per program, which checks itself: its exit status is the verdict."""

    def execute(task: speed.Task) -> None:
        calls = zip(task.arguments, task.expected, strict=True)
        checks = "".join(f"assert Solution().{task.entry_point}(*{given!r}) == {due!r}\n" for given, due in calls)
        subprocess.run([*command, f"{IMPORTS}{task.code}\n{checks}"], check=True, capture_output=True, timeout=60)

    yield lambda executions: speed.measure(execute, executions, WORKERS)


@contextmanager
def evalplus(python: str, loaded: str) -> Iterator[Measure]:
    """EvalPlus' checker, called by that Python in two processes that have run `loaded` first."""
    tasks = [
        {**asdict(task), "code": f"{IMPORTS}{task.code}\n{task.entry_point} = Solution().{task.entry_point}\n"}
        for task in speed.TASKS
    ]

    def measure(executions: int) -> speed.Speed:
        asked = json.dumps([tasks, executions, WORKERS])
        command = [python, "-c", loaded + EVALPLUS_DRIVER]
        run = subprocess.run(command, input=asked, stdout=subprocess.PIPE, text=True, check=True, timeout=600)
        found = json.loads(run.stdout)
        return speed.Speed(found["seconds"], tuple(found["milliseconds"]))

    yield measure


def soak(executions: int, backend: str, cases: Path) -> dict[str, Any]:
    script = ROOT / "tests" / "sandbox" / "soak.py"
    command = [sys.executable, str(script), str(executions), backend, str(cases)]
    found: dict[str, Any] = json.loads(subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout)
    return found


def markdown(report: dict[str, Any]) -> str:
    host = report["machine"]
    lines = [
        f"Tiny programs with three tests each, on {host['cores']} cores of an {host['cpu']}, "
        f"{report['workers']} workers, median of {report['rounds']} rounds:",
        "",
        "| way | programs per second | median | 99th percentile |",
        "| --- | ---: | ---: | ---: |",
    ]
    for name, figure in report["ways"].items():
        lines.append(f"| {name} | {figure['per_second']:.1f} | {figure['p50_ms']:.1f} ms | {figure['p99_ms']:.1f} ms |")
    lines.append("")
    for ours, ratios in report["ratios"].items():
        against = ", ".join(f"{ratio:.1f} times {name}" for name, ratio in ratios.items())
        lines.append(f"- {ours}: {against}")
    for backend, found in report["soak"].items():
        before, after = found["before"], found["after"]
        grown = ", ".join(f"{key} {before[key]:g} → {after[key]:g}" for key in before)
        lines.append(
            f"- {found['executions']} programs, {found['hostile']} of them attacks, on the {backend} backend in "
            f"{found['seconds']:.0f} s: {len(found['wrong'])} wrong verdicts; held after a tenth and at the end: "
            f"{grown}"
        )
    lines += [f"- {note}" for note in report["notes"]]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    main()
