"""A scripted policy and judge for searches: programs `f(x) = x + n`, of which n = 1 is the fix."""

import hashlib
import random
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor

from codeq import values
from codeq.identity import digest
from codeq.models import Completion, Messages, Rendered, SampleRequest
from codeq.sandbox import Program, Test, TestResult, Verdict
from codeq.search.requests import Task

TESTS = tuple(
    Test(f"test-{x}", "public", values.dumps([x]), values.dumps(x + 1), "exact") for x in (1, 5)
)  # f(1) == 2, f(5) == 6


def program(n: int) -> str:
    return f"def f(x):\n    return x + {n}"


def task(bug_id: str = "bug-0", seed: int = 0, tests: tuple[Test, ...] = TESTS) -> Task:
    return Task(bug_id, "add-one", program(0), "f", "function", (), "", "Add one.", tests, 1, seed, "policy-digest")


def completion(text: str, finish_reason: str = "stop", logprob: float = -2.0) -> Completion:
    return Completion(text, tuple(text.encode()) or (0,), finish_reason, logprob)


def verdict(code: str, tests: Sequence[Test]) -> Verdict:
    """What running the code in this process says: the fakes write harmless code only."""
    scope: dict[str, Callable[[int], int]] = {}
    exec(code, scope)
    if "f" not in scope:
        unrun = tuple(TestResult(test.test_id, "not_run", None, "no f", None, 0.0) for test in tests)
        return Verdict("missing_entry_point", unrun, 0.01)
    results = []
    for test in tests:
        (x,) = values.loads(test.arguments)
        returned = scope["f"](x)
        status = "pass" if returned == values.loads(test.expected) else "fail"
        results.append(TestResult(test.test_id, status, repr(returned), None, None, 0.001))
    return Verdict("pass" if all(r.status == "pass" for r in results) else "fail", tuple(results), 0.01)


class FakeEngine:
    """Answers from a hash of prompt and seed alone; a share of replies is junk, cut off or a repetition."""

    policy = "policy-digest"

    def __init__(self) -> None:
        self.calls: list[int] = []

    def render(self, messages: Messages) -> Rendered:
        text = "\n".join(f"{message['role']}: {message['content']}" for message in messages)
        return Rendered(text, tuple(text.encode()), digest(text))

    def sample(self, requests: Sequence[SampleRequest]) -> list[list[Completion]]:
        self.calls.append(len(requests))
        return [[self._reply(request.prompt, seed) for seed in request.seeds] for request in requests]

    def logprobs(self, items: Sequence[tuple[tuple[int, ...], tuple[int, ...]]]) -> list[float]:
        raise NotImplementedError

    def _reply(self, prompt: Messages, seed: int) -> Completion:
        text = f"{prompt[-1]['content']}{seed}"
        rng = random.Random(hashlib.sha256(text.encode()).digest())
        if "Rate the proposed version" in prompt[-1]["content"]:
            good = f'{{"correctness": {rng.random():.2f}, "clarity": 0.5, "plausibility": 1, "rationale": "so"}}'
            return completion(good if rng.random() < 0.8 else "I like it")
        kind = rng.random()
        if "CODE_ACTION" in prompt[0]["content"]:
            edit = f"EDIT {rng.randint(1, 3)}\n    return x + {rng.randint(-1, 2)}"
            action = rng.choice([edit, edit, "DELETE 2", "INSERT 0\n# so", "RUN_TESTS", "RUN_TESTS", "PRAY"])
            return completion(f"PLAN: so\nTHOUGHT: so\nCODE_ACTION: {action}", "length" if kind < 0.1 else "stop")
        if kind < 0.1:
            return completion("def f(x:\n    return x")
        if kind < 0.2:
            return completion(program(1), "length")
        if kind < 0.25:
            return completion("")
        return completion(program(rng.randint(-3, 3)), logprob=-rng.random() * 30)


class FakeSandbox:
    """Judges in threads after random delays, so that verdicts arrive out of order."""

    def __init__(self, delay: float = 0.0, seed: int = 0) -> None:
        self.pool, self.delay, self.rng = ThreadPoolExecutor(4), delay, random.Random(seed)
        self.executed: list[str] = []

    def submit(self, program: Program, tests: Sequence[Test]) -> "Future[Verdict]":
        self.executed.append(program.code)
        wait = self.rng.random() * self.delay

        def judge() -> Verdict:
            time.sleep(wait)
            return verdict(program.code, tests)

        return self.pool.submit(judge)

    def __enter__(self) -> "FakeSandbox":
        return self

    def __exit__(self, *exception: object) -> None:
        self.pool.shutdown()
