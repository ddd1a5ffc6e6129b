"""Ways to search many bugs with one policy and one sandbox: CodeQ's driver, and what others do.

Each takes tasks, an engine and a sandbox, and runs until every tree is finished.
"""

from collections.abc import Sequence
from typing import Any

import treequest
from mini_search import STUDY, TimedEngine, TimedSandbox

from codeq import prompts
from codeq.identity import derive_seed
from codeq.models import SampleRequest
from codeq.search import MODES
from codeq.search.driver import drive
from codeq.search.requests import Execute, Sample, Sampled, Search, Task

SEARCH, STYLE = STUDY.search, STUDY.model.prompt


def driver(tasks: Sequence[Task], engine: TimedEngine, sandbox: TimedSandbox) -> None:
    """CodeQ: all trees live."""
    _drive(tasks, engine, sandbox, SEARCH.live_trees)


def one_tree_at_a_time(tasks: Sequence[Task], engine: TimedEngine, sandbox: TimedSandbox) -> None:
    """The published loop: sample the candidates of one node, run them, select the next node."""
    _drive(tasks, engine, sandbox, 1)


def _drive(tasks: Sequence[Task], engine: TimedEngine, sandbox: TimedSandbox, live_trees: int) -> None:
    searches = (MODES["mcts"](task, SEARCH, STYLE, False) for task in tasks)
    for _ in drive(searches, engine, sandbox, live_trees):
        pass


def lockstep(tasks: Sequence[Task], engine: TimedEngine, sandbox: TimedSandbox) -> None:
    """Waves as in rStar-Math: one batch over all trees, all verdicts, the next wave."""
    live: list[tuple[Search, Sequence[Any] | None]] = [
        (MODES["mcts"](task, SEARCH, STYLE, False), None) for task in tasks
    ]
    while live:
        asked = []
        for search, answers in live:
            try:
                asked.append((search, search.send(answers)))
            except StopIteration:
                continue
        samples = [request for _, requests in asked for request in requests if isinstance(request, Sample)]
        futures = [
            sandbox.submit(request.program, request.tests)
            for _, requests in asked
            for request in requests
            if isinstance(request, Execute)
        ]
        completions = iter(engine.sample(samples) if samples else [])
        verdicts = iter([future.result() for future in futures])
        live = [
            (
                search,
                [
                    next(verdicts)
                    if isinstance(request, Execute)
                    else Sampled(engine.render(request.prompt), tuple(next(completions)), 0.0)
                    for request in requests
                ],
            )
            for search, requests in asked
        ]


def ask_batch(tasks: Sequence[Task], engine: TimedEngine, sandbox: TimedSandbox) -> None:
    """TreeQuest's StandardMCTS: `ask_batch` of every tree, one call of the engine, all verdicts, `tell`.

    TreeQuest batches within one tree; the batch over all of them is ours, to its advantage. Its trees have no
    depth limit and run equal programs again.
    """
    algorithm = treequest.StandardMCTS(samples_per_action=SEARCH.candidates, exploration_weight=SEARCH.exploration)
    states = [algorithm.init_tree() for _ in tasks]
    for rollout in range(SEARCH.rollouts):
        asked = [algorithm.ask_batch(state, SEARCH.candidates, ["rewrite"])[1] for state in states]
        requests = [
            SampleRequest(
                prompts.rewrite(STYLE, task.buggy_code, (), trials[0].parent_state),
                tuple(derive_seed("treequest", task.bug_id, rollout, k) for k in range(len(trials))),
                SEARCH.temperature,
                SEARCH.top_p,
                SEARCH.max_new_tokens,
            )
            for task, trials in zip(tasks, asked, strict=True)
        ]
        replies = [
            [
                prompts.parse_rewrite(completion.text).code if completion.finish_reason == "stop" else ""
                for completion in answer
            ]
            for answer in engine.sample(requests)
        ]
        futures = [
            [sandbox.submit(task.program(code), task.tests) for code in codes]
            for task, codes in zip(tasks, replies, strict=True)
        ]
        for state, trials, codes, verdicts in zip(states, asked, replies, futures, strict=True):
            for trial, code, verdict in zip(trials, codes, verdicts, strict=True):
                algorithm.tell(state, trial.trial_id, (code, float(verdict.result().passed)))
