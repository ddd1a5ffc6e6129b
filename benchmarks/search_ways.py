"""Ways to search many bugs with one policy and one sandbox: CodeQ's driver, and what others do.

Each takes tasks, an engine and a sandbox, and runs until every tree is finished.
"""

from collections.abc import Sequence
from typing import Any

import torch
import treequest
from mini_search import STUDY, TimedEngine, TimedSandbox
from transformers import AutoModelForCausalLM

from codeq import prompts
from codeq.identity import derive_seed
from codeq.models import Completion, Engine, SampleRequest, TokenIds, tokenizers
from codeq.search import MODES
from codeq.search.driver import drive
from codeq.search.requests import Execute, Sample, Sampled, Search, Task

SEARCH, STYLE = STUDY.search, STUDY.model.prompt


class GenerateEngine:
    """The published way to sample: `model.generate` with `num_return_sequences`, one prompt at a time.

    It reports no log-probabilities, which spares it work that CodeQ's engine does.
    """

    def __init__(self, engine: Engine, source: str) -> None:
        self.policy, self.render = engine.policy, engine.render
        self.model = AutoModelForCausalLM.from_pretrained(source, dtype=torch.float32).eval()
        self.tokenizer = tokenizers.load(source)

    def sample(self, requests: Sequence[SampleRequest]) -> list[list[Completion]]:
        return [self._generate(request) for request in requests]

    @torch.inference_mode()
    def _generate(self, request: SampleRequest) -> list[Completion]:
        torch.manual_seed(request.seeds[0])
        prompt = torch.tensor([self.render(request.prompt).token_ids])
        sequences = self.model.generate(
            prompt,
            attention_mask=torch.ones_like(prompt),
            do_sample=True,
            temperature=request.temperature,
            top_p=request.top_p,
            top_k=0,
            max_new_tokens=request.max_new_tokens,
            num_return_sequences=len(request.seeds),
            pad_token_id=self.tokenizer.pad_token_id,
        )
        return [self._completion(ids) for ids in sequences[:, prompt.shape[1] :].tolist()]

    def _completion(self, ids: list[int]) -> Completion:
        end = self.tokenizer.eos_token_id
        stopped = end in ids
        shown = ids[: ids.index(end)] if stopped else ids
        return Completion(
            self.tokenizer.decode(shown),
            (*shown, end) if stopped else tuple(shown),
            "stop" if stopped else "length",
            0.0,
        )

    def logprobs(self, items: Sequence[tuple[TokenIds, TokenIds]]) -> list[float]:
        raise NotImplementedError("the published way asks for none")


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
                asked.append((search, search.send(answers)))  # type: ignore[arg-type]
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
