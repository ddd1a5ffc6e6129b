"""The driver's own cost: trees with an instant engine and an instant sandbox, that is, everything but these two.

    python benchmarks/search_cost.py 1000

prints trees, seconds and peak memory as JSON. What a stage does with a finished tree (its rows) is part of it.
"""

import json
import sys
import time
from collections.abc import Sequence
from concurrent.futures import Future
from pathlib import Path

from codeq import values
from codeq.config import SearchSettings
from codeq.models import Completion, Messages, Rendered, SampleRequest, TokenIds
from codeq.sandbox import Program, Test, TestResult, Verdict
from codeq.search import MODES
from codeq.search.driver import drive
from codeq.search.requests import Task
from codeq.search.trajectory import rows

ROLLOUTS = 20
TESTS = tuple(Test(f"test-{x}", "public", values.dumps([x]), values.dumps(x + 1), "exact") for x in range(3))
LINES = "\n".join(f"    y{n} = x + {n}" for n in range(20))


def tasks(count: int) -> list[Task]:
    """Bugs that differ in their id alone."""
    code = f"def f(x):\n{LINES}\n    return x"
    return [
        Task(f"bug-{n}", f"problem-{n}", code, "f", "function", (), "", "Add one.", TESTS, 1, 0, "instant")
        for n in range(count)
    ]


class InstantEngine:
    """Programs of twenty lines, each its own, none of them a fix, so that every tree takes all its rollouts."""

    policy = "instant"

    def render(self, messages: Messages) -> Rendered:
        return Rendered(messages[-1]["content"], (1,) * 200, "digest")

    def sample(self, requests: Sequence[SampleRequest]) -> list[list[Completion]]:
        return [
            [Completion(f"def f(x):\n{LINES}\n    return {seed}", (1,) * 100, "stop", -50.0) for seed in request.seeds]
            for request in requests
        ]

    def logprobs(self, items: Sequence[tuple[TokenIds, TokenIds]]) -> list[float]:
        raise NotImplementedError("no search asks for them")


class InstantSandbox:
    """Fails every program at once."""

    def submit(self, program: Program, tests: Sequence[Test]) -> "Future[Verdict]":
        results = tuple(TestResult(test.test_id, "fail", "0", None, None, 0.0) for test in tests)
        future: Future[Verdict] = Future()
        future.set_result(Verdict("fail", results, 0.0))
        return future


def peak_kib() -> int:
    """Peak resident memory of this program; `getrusage` would count that of the process which started it."""
    status = Path("/proc/self/status").read_text()
    return int(next(line.split()[1] for line in status.splitlines() if line.startswith("VmHWM")))


def main() -> None:
    count = int(sys.argv[1])
    settings = SearchSettings(rollouts=ROLLOUTS, critic="likelihood")
    searches = (MODES["mcts"](task, settings, "instruct", False) for task in tasks(count))
    started, used, nodes = time.perf_counter(), time.process_time(), 0
    for tree in drive(searches, InstantEngine(), InstantSandbox(), settings.live_trees):
        nodes += len(rows(tree, settings.alpha))
    found = {
        "trees": count,
        "rollouts": ROLLOUTS,
        "nodes": nodes,
        "seconds": round(time.perf_counter() - started, 2),
        "cpu_seconds": round(time.process_time() - used, 2),
        "peak_mib": peak_kib() // 1024,
    }
    print(json.dumps(found))


if __name__ == "__main__":
    main()
