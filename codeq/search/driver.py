"""The driver: many searches at once, over one engine and one sandbox.

It keeps up to `live_trees` searches going. What they ask of the model is gathered into large engine calls;
what they ask of the sandbox runs meanwhile. An engine call takes at most half of the live trees, so that
the other half can be in the sandbox, and waits until a quarter of them ask, unless the sandbox is idle. Small
calls waste the model, so it takes up to 32 trees, and waits for as many, however few are alive. The number
of live trees bounds everything in flight, hence memory.

Searches share nothing and every completion has its own seed, so a tree does not depend on which trees it
lived with or on the order in which verdicts arrived, but for rounding in the engine; only the order in which
trees are yielded does.
"""

import logging
import time
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future
from queue import SimpleQueue
from typing import Any, Protocol

from codeq.errors import ModelError
from codeq.models import Engine
from codeq.sandbox import Program, Test, Verdict
from codeq.search.requests import Answer, Execute, Request, Sample, Sampled, Search
from codeq.search.tree import Tree

log = logging.getLogger(__name__)

_SMALL_CALL = 32  # trees: with four candidates each, a batch that keeps a model busy


class Judge(Protocol):
    """The part of a sandbox that the driver uses."""

    def submit(self, program: Program, tests: Sequence[Test]) -> "Future[Verdict]": ...


class _Live:
    """A search under way, and the answers to the requests it waits for."""

    def __init__(self, search: Search) -> None:
        self.search = search
        self.samples: list[tuple[int, Sample]] = []  # not yet put to the engine, with their place in answers
        self.answers: list[Answer | None] = []
        self.missing = 0


def drive(searches: Iterable[Search], engine: Engine, sandbox: Judge, live_trees: int) -> Iterator[Tree]:
    """Run the searches and yield each tree as it finishes.

    Raises ModelError when the engine loses a request, and whatever engine or sandbox raise.
    """
    run = _Run(engine, sandbox)
    waiting = iter(searches)
    started = time.perf_counter()
    try:
        while True:
            while len(run.live) < live_trees and (search := next(waiting, None)) is not None:
                run.start(search)
            while run.finished:
                yield run.finished.popleft()
            if not run.live:
                break
            enough = max(_SMALL_CALL, len(run.live) // 4)
            asked = run.asking and (run.executing == 0 or len(run.asking) >= enough)
            if asked:
                run.sample(max(_SMALL_CALL, (len(run.live) + 1) // 2))
            run.collect(wait=not asked)
        run.report(time.perf_counter() - started)
    finally:
        for live in run.live:
            live.search.close()


class _Run:
    """The state of one `drive`: who is live, who asks the engine, what the sandbox owes."""

    def __init__(self, engine: Engine, sandbox: Judge) -> None:
        self.engine, self.sandbox = engine, sandbox
        self.live: set[_Live] = set()
        self.asking: deque[_Live] = deque()
        self.finished: deque[Tree] = deque()
        self.executing = 0
        self.verdicts: SimpleQueue[tuple[_Live, int, Future[Verdict]]] = SimpleQueue()
        self.trees = self.completions = self.tokens = 0
        self.sampling = self.idle = 0.0  # seconds in the engine, and waiting for the sandbox alone

    def start(self, search: Search) -> None:
        live = _Live(search)
        self.live.add(live)
        self._advance(live, None)

    def _advance(self, live: _Live, answers: Sequence[Any] | None) -> None:
        """Let a search go on with its answers, and take in what it asks next."""
        requests: Sequence[Request] = ()
        while not requests:  # an empty batch is answered at once
            try:
                requests = live.search.send(answers)  # type: ignore[arg-type]
            except StopIteration as stop:
                self.live.remove(live)
                self.finished.append(stop.value)
                self.trees += 1
                return
            answers = ()
        live.answers, live.missing = [None] * len(requests), len(requests)
        for place, request in enumerate(requests):
            if isinstance(request, Execute):
                self.executing += 1
                future = self.sandbox.submit(request.program, request.tests)
                future.add_done_callback(
                    lambda done, live=live, place=place: self.verdicts.put((live, place, done))  # type: ignore[misc]
                )
            else:
                live.samples.append((place, request))
        if live.samples:
            self.asking.append(live)

    def _answer(self, live: _Live, place: int, answer: Answer) -> None:
        live.answers[place] = answer
        live.missing -= 1
        if live.missing == 0:
            self._advance(live, live.answers)

    def sample(self, trees: int) -> None:
        """Put everything that up to `trees` searches ask of the model to the engine in one call."""
        asking = [self.asking.popleft() for _ in range(min(trees, len(self.asking)))]
        asked = [(live, place, request) for live in asking for place, request in live.samples]
        for live in asking:
            live.samples = []
        begun = time.perf_counter()
        answers = self.engine.sample([request for _, _, request in asked])
        seconds = time.perf_counter() - begun
        if [len(answer) for answer in answers] != [len(request.seeds) for _, _, request in asked]:
            wanted = sum(len(request.seeds) for _, _, request in asked)
            raise ModelError(f"the engine answered {sum(map(len, answers))} completions where {wanted} were asked for")
        counts = [sum(len(completion.token_ids) for completion in answer) for answer in answers]
        total = sum(counts)
        self.sampling += seconds
        self.completions += sum(map(len, answers))
        self.tokens += total
        for (live, place, request), answer, count in zip(asked, answers, counts, strict=True):
            share = seconds * count / total
            self._answer(live, place, Sampled(self.engine.render(request.prompt), tuple(answer), share))

    def collect(self, wait: bool) -> None:
        """Take in every verdict that has arrived; with `wait`, at least one."""
        while self.executing and (wait or not self.verdicts.empty()):
            begun = time.perf_counter()
            live, place, future = self.verdicts.get()
            self.idle += time.perf_counter() - begun
            wait = False
            self.executing -= 1
            self._answer(live, place, future.result())

    def report(self, seconds: float) -> None:
        log.info(
            "%d trees, %d completions, %d tokens in %.1f s: %.0f tokens/s; engine %.0f %%, waiting for sandbox %.0f %%",
            *(self.trees, self.completions, self.tokens, seconds),
            *(self.tokens / seconds, 100 * self.sampling / seconds, 100 * self.idle / seconds),
        )
