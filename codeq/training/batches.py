"""Pairs as the batches of a trainer: which pairs go together, in which order, and how they are padded."""

import random
from collections.abc import Iterator
from typing import Any

import polars as pl
import torch
from datasets import Dataset
from trl.trainer.dpo_trainer import DataCollatorForPreference

COLUMNS = ["pair_id", "prompt_ids", "chosen_ids", "rejected_ids"]
REFERENCE = ["ref_chosen_logps", "ref_rejected_logps"]


def dataset(pairs: pl.DataFrame) -> Dataset:
    """Encoded pairs (`codeq.training.data.encode`), with their reference log-probabilities where they have them."""
    columns = [*COLUMNS, *(column for column in REFERENCE if column in pairs.columns)]
    return Dataset.from_dict(pairs.select(columns).to_dict(as_series=False))


class PairCollator(DataCollatorForPreference):  # type: ignore[misc]
    """TRL's padded batch, first all chosen, then all rejected sequences, and the list `pair_id`."""

    def torch_call(self, examples: list[dict[str, Any]]) -> dict[str, Any]:
        return {**super().torch_call(examples), "pair_id": [example["pair_id"] for example in examples]}


class FixedBatches(torch.utils.data.Sampler[int]):
    """Indices 0..length-1 in blocks of `size` neighbours; each epoch shuffles the blocks, never their members.

    The rounding of a sequence's log-probability depends on the padding of its batch. With fixed blocks the
    reference is computed on the very batches of training, and neighbours of similar length waste little
    padding. A last, shorter block stays last.
    """

    def __init__(self, length: int, size: int, seed: int) -> None:
        self.length, self.size, self.seed, self.epoch = length, size, seed, 0

    def set_epoch(self, epoch: int) -> None:
        self.epoch = epoch

    def __len__(self) -> int:
        return self.length

    def __iter__(self) -> Iterator[int]:
        full = self.length // self.size
        order = random.Random(f"{self.seed} {self.epoch}").sample(range(full), full)
        for block in [*order, full]:
            yield from range(block * self.size, min((block + 1) * self.size, self.length))
