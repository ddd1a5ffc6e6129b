import io
import logging
import re
from collections.abc import Iterator, Sequence
from concurrent.futures import Future

import pytest
from fake_search import FakeEngine, FakeSandbox, task
from rich.console import Console

from codeq import progress
from codeq.config import SearchSettings
from codeq.errors import ModelError, SandboxError
from codeq.models import Completion, SampleRequest
from codeq.sandbox import Program, Test, Verdict
from codeq.search import MODES
from codeq.search.driver import drive
from codeq.search.requests import Search
from codeq.search.trajectory import rows

SETTINGS = SearchSettings(candidates=3, rollouts=5, depth=3)


def searches(count: int, mode: str = "mcts", config: SearchSettings = SETTINGS) -> Iterator[Search]:
    return (MODES[mode](task(f"bug-{i}"), config, "instruct", False) for i in range(count))


def table(live_trees: int, delay: float, seed: int, mode: str) -> list[dict[str, object]]:
    with FakeSandbox(delay, seed) as sandbox:
        trees = list(drive(searches(24, mode), FakeEngine(), sandbox, live_trees))
    trees.sort(key=lambda tree: tree.task.bug_id)
    return [{**row, "seconds": None} for tree in trees for row in rows(tree, 0.5)]


@pytest.mark.parametrize("mode", list(MODES))
def test_trees_do_not_depend_on_company_or_on_arrival_order(mode: str) -> None:
    alone = table(1, 0.0, 0, mode)
    assert len({row["tree_id"] for row in alone}) == 24
    for live_trees, delay, seed in ((3, 0.004, 1), (24, 0.004, 2), (1000, 0.002, 3)):
        assert table(live_trees, delay, seed, mode) == alone


def test_requests_of_live_trees_share_engine_calls() -> None:
    engine = FakeEngine()
    with FakeSandbox() as sandbox:
        trees = list(drive(searches(100), engine, sandbox, 80))
    asked = sum(engine.calls)
    rollouts = sum(len({node.rollout for node in tree.rewrites}) for tree in trees)
    assert asked >= rollouts  # every expansion, and the critic's requests
    assert engine.calls[0] == 40  # half of the live trees; the others go next, while these execute
    assert asked / len(engine.calls) > 20


def test_few_trees_are_not_divided() -> None:
    engine = FakeEngine()
    with FakeSandbox(0.004) as sandbox:
        list(drive(searches(24, "best_of_n"), engine, sandbox, 24))
    assert engine.calls == [24] * SETTINGS.rollouts


class CountingSandbox(FakeSandbox):
    """Notes how many verdicts the driver had outstanding at most."""

    def __init__(self) -> None:
        super().__init__(0.001)
        self.open = self.most = 0

    def submit(self, program: Program, tests: Sequence[Test]) -> "Future[Verdict]":
        self.open += 1
        self.most = max(self.most, self.open)
        future = super().submit(program, tests)
        future.add_done_callback(lambda _: setattr(self, "open", self.open - 1))
        return future


def test_live_trees_bound_what_is_in_flight_and_what_is_started() -> None:
    started = []

    def stream() -> Iterator[Search]:
        for i, search in enumerate(searches(30)):
            started.append(i)
            yield search

    with CountingSandbox() as sandbox:
        run = drive(stream(), FakeEngine(), sandbox, 4)
        next(run)
        assert len(started) <= 8
        assert len(list(run)) == 29
    assert sandbox.most <= 4 * SETTINGS.candidates


class ForgetfulEngine(FakeEngine):
    def sample(self, requests: Sequence[SampleRequest]) -> list[list[Completion]]:
        answers = super().sample(requests)
        return [*answers[:-1], answers[-1][:-1]]


def test_a_lost_completion_stops_the_run() -> None:
    with FakeSandbox() as sandbox, pytest.raises(ModelError, match="11 completions where 12 were asked for"):
        list(drive(searches(4), ForgetfulEngine(), sandbox, 4))


class BrokenSandbox(FakeSandbox):
    def submit(self, program: Program, tests: Sequence[Test]) -> "Future[Verdict]":
        def fail() -> Verdict:
            raise SandboxError("no worker left")

        return self.pool.submit(fail)


def test_a_broken_sandbox_stops_the_run() -> None:
    with BrokenSandbox() as sandbox, pytest.raises(SandboxError, match="no worker left"):
        list(drive(searches(4), FakeEngine(), sandbox, 4))


def test_a_terminal_shows_a_bar_with_rates(monkeypatch: pytest.MonkeyPatch) -> None:
    screen = io.StringIO()
    monkeypatch.setattr(progress, "Console", lambda stderr: Console(file=screen, force_terminal=True, width=120))
    items = progress.track(
        range(1, 5), 4, "counting", lambda n: n % 2 == 0, noun="numbers", adjective="even", work=lambda n: {"units": n}
    )
    assert list(items) == [1, 2, 3, 4]
    shown = screen.getvalue()
    assert "4/4" in shown
    assert re.search(r"counting, 2 even, [\d,]+ units/s", shown)


def test_progress_passes_every_tree_on_and_says_how_many_are_solved(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    with FakeSandbox() as sandbox:
        found = drive(searches(12), FakeEngine(), sandbox, 5)
        trees = list(
            progress.track(
                found,
                12,
                "search",
                lambda tree: tree.solved,
                noun="trees",
                adjective="solved",
                work=lambda tree: {"tokens": tree.tokens, "executions": tree.executions},
            )
        )
    solved = sum(tree.first_solved_rollout is not None for tree in trees)
    assert 0 < solved <= 12
    line = next(message for message in caplog.messages if "12 of 12" in message)
    said = re.fullmatch(
        rf"search: 12 of 12 trees, {solved} solved, ([\d,]+) tokens/s, ([\d,]+) executions/s, \d+ s", line
    )
    assert said is not None, line
    tokens, executions = (int(rate.replace(",", "")) for rate in said.groups())
    assert tokens / executions == pytest.approx(
        sum(tree.tokens for tree in trees) / sum(tree.executions for tree in trees), rel=0.02
    )
    assert any(message.startswith("12 trees, ") for message in caplog.messages)
