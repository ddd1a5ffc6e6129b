"""A long run of the sandbox, one program in twenty hostile: prints, as JSON, wrong verdicts and what has grown.

``python soak.py EXECUTIONS BACKEND CASES``. Tiny right and wrong programs, and the attacks of CASES in turn, are judged
by two workers. What the sandbox holds is measured when a tenth is done, and at the end.
"""

import contextlib
import json
import os
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from codeq import values
from codeq.config import SandboxSettings
from codeq.sandbox import Program, Sandbox, Test, image
from codeq.sandbox.cases import read_cases
from codeq.sandbox.speed import TASKS

WORKERS, TURN = 2, 20
BATCH = 100  # programs that wait at once: each takes memory of this process
ELSEWHERE = ("poison_check", "find_answer_files")  # the verdict depends on the machine: see `test_cases`
ADDITION = [
    Test(f"t{number}", "public", values.dumps(arguments), values.dumps(expected), "exact")
    for number, (arguments, expected) in enumerate((([1, 2], 3), ([0, 0], 0), ([-1, 1], 0)))
]


def below(pid: int) -> list[int]:
    """The living processes below a process, itself included."""
    found = [pid]
    for parent in found:  # goes on while the list grows
        try:
            tasks = list(Path(f"/proc/{parent}/task").iterdir())
            found += [int(child) for task in tasks for child in (task / "children").read_text().split()]
        except OSError:  # it just ended
            continue
    return found


def resident_mb(pid: int) -> float:
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGESIZE") / (1 << 20)


def servers(backend: str) -> list[int]:
    """The first process of each container that this process started and that there still is."""
    if backend == "process":
        return []
    with contextlib.closing(image.connect()) as docker:
        mine = docker.containers.list(all=True, filters={"name": f"codeq-sandbox-{os.getpid()}-"})
        return [container.attrs["State"]["Pid"] for container in mine]


def held(backend: str) -> dict[str, float]:
    """What this process and the workers hold while they are idle."""
    time.sleep(0.5)  # until each server has forked the process that waits for the next program
    processes = [pid for root in (os.getpid(), *servers(backend)) for pid in below(root)]
    readable = [pid for pid in processes if os.access(f"/proc/{pid}/fd", os.R_OK)]
    return {
        "host_mb": round(resident_mb(os.getpid()), 1),
        "servers_mb": round(sum(map(resident_mb, processes[1:])), 1),
        "processes": len(processes),
        "descriptors": sum(len(os.listdir(f"/proc/{pid}/fd")) for pid in readable),
        "containers": len(servers(backend)),
    }


def soak(executions: int, backend: str, cases: Path) -> dict[str, object]:
    attacks = [case for case in read_cases(cases) if not case.id.startswith("legit_") and case.id not in ELSEWHERE]
    asked = {task.entry_point: task.tests() for task in TASKS}
    settings = SandboxSettings.model_validate({"backend": backend, "workers": WORKERS, "test_timeout_s": 1.0})
    wrong: list[tuple[int, str, str]] = []

    with Sandbox(settings) as sandbox:

        def judge(number: int) -> None:
            if number % TURN == TURN - 1:
                case = attacks[number // TURN % len(attacks)]
                status = sandbox.judge(Program(case.code, "add", "function"), ADDITION).status
                if case.verdict(status) not in case.right:
                    wrong.append((number, case.id, status))
                return
            task = TASKS[number % len(TASKS)]
            right = number % 3 > 0
            code = task.code if right else task.code.replace("return", "return None, ")
            status = sandbox.judge(Program(code, task.entry_point, "method"), asked[task.entry_point]).status
            if status != ("pass" if right else "fail"):
                wrong.append((number, task.entry_point, status))

        started = time.monotonic()
        with ThreadPoolExecutor(WORKERS) as threads:
            for first in range(0, executions, BATCH):
                if first == executions // 10 // BATCH * BATCH:
                    before = held(backend)
                list(threads.map(judge, range(first, min(first + BATCH, executions))))
            after = held(backend)
        seconds = round(time.monotonic() - started, 1)
    return {
        "executions": executions,
        "hostile": executions // TURN,
        "seconds": seconds,
        "wrong": wrong,
        "before": before,
        "after": after,
        "left": len(below(os.getpid())) - 1 + len(servers(backend)),
    }


if __name__ == "__main__":
    print(json.dumps(soak(int(sys.argv[1]), sys.argv[2], Path(sys.argv[3]))))
