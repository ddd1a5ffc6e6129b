"""Preference pairs to token ids, with the guards that keep bad pairs out of training.

The ids are exactly those of the search: the rendered prompt tokenised as it stands, then the raw
completion tokenised on its own (no token spans the border), then one end-of-sequence token.
"""

from collections.abc import Mapping
from typing import Any

import polars as pl

from codeq.errors import TrainingError
from codeq.identity import digest


def require(pairs: pl.DataFrame, minimum: int, dropped: Mapping[str, int] | None = None) -> None:
    """Raise TrainingError if there are fewer pairs than the study asks for; `dropped` are the counts of `encode`."""
    if pairs.height >= minimum:
        return
    left, remedy = "", ""
    if dropped and (dropped["dropped_too_long"] or dropped["dropped_inner_eos"]):
        left = (
            f" left after {dropped['dropped_too_long']} longer than dpo.max_length and {dropped['dropped_inner_eos']} "
            "with an end-of-sequence token inside a completion were dropped"
        )
        remedy = "raise dpo.max_length, lower search.max_new_tokens, "
    raise TrainingError(
        f"{pairs.height} preference pairs{left}, but pairs.minimum is {minimum}: {remedy}search more bugs, widen "
        "search.candidates or search.rollouts, lower pairs.threshold, or lower pairs.minimum"
    )


def encode(pairs: pl.DataFrame, tokenizer: Any, max_length: int) -> tuple[pl.DataFrame, dict[str, int]]:
    """Add the columns `prompt_ids`, `chosen_ids` and `rejected_ids` (lists of token ids).

    Returns the pairs that can be trained on, by length and then pair_id, and how many were dropped by reason:
    ``dropped_too_long`` (prompt + completion exceeds `max_length` tokens) and
    ``dropped_inner_eos`` (an end-of-sequence token inside a completion: it would teach to stop early).
    ``other_tokens`` counts those kept of which a completion is not as many tokens as the policy sampled: one text
    can be written in several ways, and training sees the tokenizer's.

    Raises TrainingError, naming pair and tree, if the ids of a prompt are not those of the search.
    """
    ids = {column: tokenizer(pairs[column].to_list(), add_special_tokens=False)["input_ids"] for column in _TEXTS}
    for prompt, pair, tree, expected in zip(
        ids["prompt"], *pairs.select("pair_id", "tree_id", "prompt_digest"), strict=True
    ):
        if digest(prompt) != expected:
            raise TrainingError(
                f"pair {pair} of tree {tree}: the tokenizer of the policy gives its prompt other ids than the search "
                "saw: policy and trajectories do not belong together. Rerun the search with this policy"
            )
    eos = tokenizer.eos_token_id
    encoded = pairs.with_columns(
        pl.Series("prompt_ids", ids["prompt"], dtype=_IDS),
        pl.Series("chosen_ids", [[*completion, eos] for completion in ids["chosen"]], dtype=_IDS),
        pl.Series("rejected_ids", [[*completion, eos] for completion in ids["rejected"]], dtype=_IDS),
    )
    completion = pl.max_horizontal(pl.col("chosen_ids").list.len(), pl.col("rejected_ids").list.len())
    length = pl.col("prompt_ids").list.len() + completion
    short = encoded.filter(length <= max_length).sort(length, "pair_id")
    single = short.filter(
        pl.all_horizontal(pl.col(column).list.count_matches(eos) == 1 for column in ("chosen_ids", "rejected_ids"))
    )
    other = single.filter(
        pl.any_horizontal(pl.col(f"{label}_ids").list.len() != pl.col(f"tokens_{label}") for label in _TEXTS[1:])
    )
    return single, {
        "dropped_too_long": encoded.height - short.height,
        "dropped_inner_eos": short.height - single.height,
        "other_tokens": other.height,
    }


def hold_out(pairs: pl.DataFrame, fraction: float) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Split off whole problems to choose the checkpoint on: (training pairs, held-out pairs).

    Problems are ordered by a hash of their id, so the same ones tend to be held out in every round
    and at every seed; at least one is held out. Raises TrainingError if fewer than two problems are left.
    """
    problems = sorted(pairs["problem_id"].unique(), key=lambda problem: digest("hold out", problem))
    if len(problems) < 2:
        raise TrainingError(
            f"preference pairs of {len(problems)} problem(s): choosing a checkpoint needs at least two, one of them "
            "held out. Search bugs of more problems, or lower pairs.threshold"
        )
    held = problems[: min(len(problems) - 1, max(1, round(fraction * len(problems))))]
    is_held = pl.col("problem_id").is_in(held)
    return pairs.filter(~is_held), pairs.filter(is_held)


_IDS = pl.List(pl.Int64)
_TEXTS = ("prompt", "chosen", "rejected")
