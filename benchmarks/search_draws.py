"""What the size of a batch and the number of threads do to what is drawn: the mini model samples the same requests.

The kernels of matrix products depend on both, so logits of equal prefixes differ in their last bits.
A draw is the inversion of a uniform by the cumulative distribution, hence it can differ where the uniform falls between
a boundary of one distribution and that of the other. The measure of those uniforms is the probability that a draw
differs; it is computed here from the logits of both runs, at every draw up to the first that does differ.
"""

from collections.abc import Sequence
from itertools import takewhile
from typing import Any
from unittest import mock

import torch
from mini_search import STUDY, policy

from codeq.identity import derive_seed
from codeq.models import SampleRequest, TokenIds, transformers_engine
from codeq.search.requests import Task

#: Sequences per batch and threads of a run, and which runs are compared.
RUNS = {"1": (1, 2), "8": (8, 2), "32": (32, 2), "32 by one thread": (32, 1)}
PAIRS = (("1", "8"), ("1", "32"), ("8", "32"), ("32", "32 by one thread"))
SEARCH = STUDY.search


def compare(tasks: Sequence[Task]) -> dict[str, Any]:
    """Sample the first expansion of every task at each batch size; say how the runs differ, by pairs."""
    requests = [
        SampleRequest(
            ({"role": "user", "content": task.buggy_code},),
            tuple(derive_seed("draws", task.bug_id, k) for k in range(SEARCH.candidates)),
            SEARCH.temperature,
            SEARCH.top_p,
            SEARCH.max_new_tokens,
        )
        for task in tasks
    ]
    seeds = [seed for request in requests for seed in request.seeds]
    runs = {name: _sample(requests, *run) for name, run in RUNS.items()}
    found = []
    for pair in PAIRS:
        (first, reference), (other, logits) = (runs[name] for name in pair)
        chances, shifts = [], []
        for seed, left, right in zip(seeds, first, other, strict=True):
            equal = len(list(takewhile(lambda ids: ids[0] == ids[1], zip(left, right, strict=False))))
            steps = min(equal + 1, len(left))  # the first draw that differs still follows equal tokens
            for uniform in transformers_engine.uniforms(seed, SEARCH.max_new_tokens)[:steps].tolist():
                one, two = reference[uniform].double(), logits[uniform].double()
                shifts.append(float((one - two).abs().max()))
                chances.append(_chance(one, two, SEARCH.temperature))
        found.append(
            {
                "batches": pair,
                "draws": len(chances),
                "differing_completions": sum(left != right for left, right in zip(first, other, strict=True)),
                "chance_per_draw": sum(chances) / len(chances),
                "largest_shift_of_a_logit": max(shifts),
            }
        )
    return {"completions": len(seeds), "pairs": found}


def _sample(requests: list[SampleRequest], size: int, threads: int) -> tuple[list[TokenIds], dict[float, torch.Tensor]]:
    """Token ids of every completion, and the logits of every draw by its uniform, in batches of `size` sequences.

    The batches are as large as the longest prompt permits, so the shorter ones go in batches of a few more.
    """
    torch.set_num_threads(threads)
    sizes = STUDY.model.model_copy(update={"batch_tokens": 1})
    longest = max(len(policy().render(request.prompt).token_ids) for request in requests)
    if size > 1:
        sizes = STUDY.model.model_copy(update={"batch_tokens": size * (longest + SEARCH.max_new_tokens)})
    engine = policy(STUDY.model_copy(update={"model": sizes}))
    seen: dict[float, torch.Tensor] = {}

    def invert(logits: torch.Tensor, temperature: float, top_p: float, uniform: torch.Tensor) -> torch.Tensor:
        seen.update(zip(uniform.tolist(), logits.float().clone(), strict=True))
        return drawn(logits, temperature, top_p, uniform)

    drawn = transformers_engine.invert
    with mock.patch.object(transformers_engine, "invert", invert):
        answers = engine.sample(requests)
    return [completion.token_ids for answer in answers for completion in answer], seen


def _chance(one: torch.Tensor, two: torch.Tensor, temperature: float) -> float:
    """The measure of the uniforms at which the two distributions give different ids."""
    ends = [torch.softmax(logits / temperature, -1).cumsum(-1) for logits in (one, two)]
    begins = [torch.nn.functional.pad(end[:-1], (1, 0)) for end in ends]
    return float(1 - (torch.minimum(*ends) - torch.maximum(*begins)).clamp(min=0).sum())


def markdown(draws: dict[str, Any]) -> str:
    lines = [
        f"What batch and threads do to what is drawn: {draws['completions']} completions of the mini model in float32,",
        "in batches of several sizes, by two threads unless it says one. The chance is the measure of the uniforms at",
        "which the logits of the two runs give different ids.",
        "",
        "| batches | draws | completions that differ | chance per draw | largest shift of a logit |",
        "| --- | ---: | ---: | ---: | ---: |",
    ]
    for each in draws["pairs"]:
        sizes = " and ".join(each["batches"])
        chances = f"{each['chance_per_draw']:.1e} | {each['largest_shift_of_a_logit']:.1e}"
        lines.append(f"| {sizes} | {each['draws']} | {each['differing_completions']} | {chances} |")
    return "\n".join(lines)
