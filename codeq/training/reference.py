"""Reference log-probabilities: computed once, stored in a table beside the pairs, never used when stale.

The reference is the policy that training starts from, so that its log-probabilities of the pairs do not change while
beta, learning rate or rank do. Each row carries a key of everything that determines them; `attach` refuses rows of
another key.
"""

import logging
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import polars as pl
import torch
from torch import Tensor
from torch.utils.data import DataLoader

from codeq import tables
from codeq.config import DpoSettings
from codeq.errors import TrainingError
from codeq.identity import digest
from codeq.models import tokenizers
from codeq.training.batches import COLUMNS, REFERENCE, PairCollator, dataset
from codeq.training.data import encode, hold_out, require
from codeq.training.logps import completion_logps, detach_head
from codeq.training.policy import load_model

logger = logging.getLogger("codeq.training")

# The settings on which the reference depends; the last two say which pairs share a batch, hence how sums are rounded.
SETTINGS = ("dtype", "max_length", "micro_batch_size", "eval_fraction")


def compute(pairs: pl.DataFrame, base: Path, settings: DpoSettings, policy: str, *, minimum: int = 1) -> pl.DataFrame:
    """The table `reference` of the table `pairs` under the policy in `base`, whose manifest has the digest `policy`.

    On a GPU if there is one. Raises TrainingError if a log-probability is not finite, or if fewer than `minimum`
    pairs are left when those that are too long are dropped.
    """
    tokenizer = tokenizers.load(base)
    encoded, dropped = encode(pairs, tokenizer, settings.max_length)
    require(encoded, minimum, dropped)
    parts = hold_out(encoded, settings.eval_fraction)
    device = "cuda" if torch.cuda.is_available() else "cpu"
    model = load_model(base, settings.dtype)
    head = detach_head(model).to(device)
    model.to(device).eval()

    @torch.no_grad()
    def score(batch: dict[str, Any]) -> Sequence[Tensor]:
        ids = [batch[name].to(device) for name in ("input_ids", "attention_mask", "completion_mask")]
        return completion_logps(model, head, *ids).logps.chunk(2)

    rows: list[dict[str, object]] = []
    for part in parts:
        chosen, rejected = score_all(part, settings.micro_batch_size, tokenizer.pad_token_id, score)
        rows += [
            {"pair_id": pair, "key": key(parts, settings, policy), "chosen": a, "rejected": b}
            for pair, a, b in zip(part["pair_id"], chosen, rejected, strict=True)
        ]
    return tables.frame("reference", rows)


def score_all(
    pairs: pl.DataFrame, size: int, padding: int, score: Callable[[dict[str, Any]], Sequence[Tensor]]
) -> tuple[list[float], list[float]]:
    """(chosen, rejected) log-probabilities of encoded pairs by `score`, in the micro-batches of training.

    Raises TrainingError naming the pairs where one is not finite.
    """
    loader = DataLoader(dataset(pairs), size, collate_fn=PairCollator(pad_token_id=padding))
    scores = [score(batch) for batch in loader]
    chosen, rejected = (torch.cat(parts).float().cpu() for parts in zip(*scores, strict=True))
    bad = ~(chosen.isfinite() & rejected.isfinite())
    if bad.any():
        names = pairs.filter(pl.Series(bad.numpy()))["pair_id"].to_list()
        raise TrainingError(
            f"step 0: {len(names)} of {pairs.height} pairs have reference log-probabilities that are NaN or "
            f"infinite ({_some(names)}): the weights of the policy are damaged; rebuild it"
        )
    return chosen.tolist(), rejected.tolist()


def key(parts: Sequence[pl.DataFrame], settings: DpoSettings, policy: str) -> str:
    """Digest of all that determines the reference: policy, settings, and the pairs' ids and token ids.

    The token ids stand for the tokeniser and the chat template; a pair that is too long is dropped, never cut.
    """
    chosen = {name: getattr(settings, name) for name in SETTINGS}
    return digest("reference", policy, chosen, [part.select(COLUMNS).rows() for part in parts])


def attach(
    parts: Sequence[pl.DataFrame], reference: pl.DataFrame, settings: DpoSettings, policy: str
) -> list[pl.DataFrame]:
    """Encoded pairs with the columns `ref_chosen_logps` and `ref_rejected_logps`. TrainingError if they are stale."""
    columns = dict(zip(("chosen", "rejected"), REFERENCE, strict=True))
    valid = reference.filter(pl.col("key") == key(parts, settings, policy)).rename(columns)
    joined = [part.join(valid.select("pair_id", *REFERENCE), on="pair_id", maintain_order="left") for part in parts]
    if any(after.height != before.height for after, before in zip(joined, parts, strict=True)):
        raise TrainingError(
            "the reference log-probabilities are stale: the policy, the pairs, the tokeniser or one of "
            f"{', '.join(f'dpo.{name}' for name in SETTINGS)} has changed since; run rule reference again"
        )
    return joined


def against_search(pairs: pl.DataFrame, tolerance: float) -> dict[str, float]:
    """How far the reference is from what the search stored when it sampled; nats per token of a completion.

    `pairs` are encoded and have their reference. Compared are completions of this round that are as many tokens as
    were sampled: not one that was cut off, whose end was never sampled.

    Raises TrainingError if the mean difference exceeds `tolerance`.
    """
    now = pairs.filter(pl.col("round") == pl.col("round").max())  # replayed pairs were sampled by another policy
    differences = pl.concat(
        now.filter(pl.col(f"{label}_ids").list.len() == pl.col(f"tokens_{label}")).select(
            ((pl.col(f"logprob_{label}") - pl.col(f"ref_{label}_logps")) / pl.col(f"tokens_{label}"))
            .abs()
            .alias("difference")
        )
        for label in ("chosen", "rejected")
    )["difference"].drop_nulls()
    if differences.is_empty():
        return {"reference/compared": 0.0}
    mean, largest = float(differences.mean()), float(differences.max())  # type: ignore[arg-type]
    logger.info(
        "reference against search: %d completions, nats per token: mean difference %.3g, largest %.3g",
        len(differences), mean, largest,
    )  # fmt: skip
    if not mean <= tolerance:
        worst = pairs.sort((pl.col("logprob_chosen") - pl.col("ref_chosen_logps")).abs(), descending=True)
        raise TrainingError(
            f"step 0: the log-probabilities that the search stored differ from the reference by {mean:.3g} nats per "
            f"token, more than dpo.reference_tolerance {tolerance:g} ({_some(worst['pair_id'].to_list())}): the pairs "
            "were sampled by another policy, with another prompt template or tokeniser. Rerun the search with this "
            "policy, or raise the tolerance"
        )
    return {
        "reference/compared": float(len(differences)),
        "reference/mean": mean,
        "reference/largest": largest,
        # Mostly texts that the tokeniser cuts into as many, but other tokens than the policy had sampled.
        "reference/beyond_tolerance": float((differences > tolerance).sum()),
    }


def _some(pairs: list[str]) -> str:
    return ", ".join(pairs[:16]) + (", ..." if len(pairs) > 16 else "")
