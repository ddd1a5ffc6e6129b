"""What the benchmarks of search share: the mini study's bugs and policy, and clocks around engine and sandbox."""

import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from pathlib import Path

import polars as pl

from codeq import models
from codeq.config import Study, load_study
from codeq.data import tasks as data
from codeq.data.curriculum import records
from codeq.models import Completion, Engine, Messages, Rendered, SampleRequest
from codeq.sandbox import Program, Sandbox, Test, Verdict
from codeq.search import tasks as search
from codeq.search.requests import Task

ROOT = Path(__file__).resolve().parents[1]
STUDY = load_study(ROOT / "config" / "mini.yaml")


def policy(study: Study = STUDY, busy: Callable[[], int] | None = None) -> Engine:
    """The mini model, in the CPU's float32."""
    return models.load(study.model, ROOT / study.model.base, device="cpu", busy=busy)


def tasks(count: int, sandbox: Sandbox, seed: int = 0) -> list[Task]:
    """`count` bugs of the curriculum that fail a public test: the first of every problem, then the second, ..."""
    raw = records.raw(STUDY.data.seed, STUDY.data.bugs_per_function)
    bugs = records.bug_rows(raw)
    ranked = bugs.with_columns(pl.int_range(pl.len()).over("problem_id").alias("rank")).sort("rank", "problem_id")
    given = data.tasks(bugs, records.problem_rows(raw), records.test_rows(raw), bugs["bug_id"])
    task_of = {task.bug_id: task for task in search.tasks(given, round=1, seed=seed, policy="mini")}
    found: list[Task] = []
    for bug in ranked["bug_id"]:
        if len(found) == count:
            break
        task = task_of[bug]
        if not sandbox.judge(task.program(task.buggy_code), task.tests).passed:
            found.append(task)
    return found


class TimedEngine:
    """An engine that notes when it was busy, and what it made."""

    def __init__(self, engine: Engine) -> None:
        self.engine, self.policy = engine, engine.policy
        self.busy: list[tuple[float, float]] = []
        self.tokens = self.completions = 0

    def render(self, messages: Messages) -> Rendered:
        return self.engine.render(messages)

    def sample(self, requests: Sequence[SampleRequest]) -> list[list[Completion]]:
        begun = time.perf_counter()
        answers = self.engine.sample(requests)
        self.busy.append((begun, time.perf_counter()))
        self.completions += sum(map(len, answers))
        self.tokens += sum(len(completion.token_ids) for answer in answers for completion in answer)
        return answers

    def logprobs(self, items: Sequence[tuple[tuple[int, ...], tuple[int, ...]]]) -> list[float]:
        return self.engine.logprobs(items)


class TimedSandbox:
    """A sandbox that notes from when to when each program was in it."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox
        self.busy: list[tuple[float, float]] = []

    def submit(self, program: Program, tests: Sequence[Test]) -> "Future[Verdict]":
        begun = time.perf_counter()
        future = self.sandbox.submit(program, tests)
        future.add_done_callback(lambda _: self.busy.append((begun, time.perf_counter())))
        return future


def covered(intervals: Sequence[tuple[float, float]]) -> float:
    """Seconds in which at least one of the intervals holds."""
    total, until = 0.0, float("-inf")
    for begin, end in sorted(intervals):
        total += max(0.0, end - max(begin, until))
        until = max(until, end)
    return total
