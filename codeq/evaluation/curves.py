"""What a training curve says in a few numbers, as the report and the model cards quote it."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

import polars as pl

from codeq.errors import DataError

ACCURACY = "eval_rewards/accuracies"  # on held-out pairs; its best value chooses the checkpoint


@dataclass(frozen=True)
class Summary:
    """One training. A share or speed is None where the curve does not hold it, as in one of a single step."""

    pairs: int  # trained on
    held_out: int
    dropped: dict[str, int]  # by reason
    steps: int  # optimiser steps taken
    planned: int  # steps of the whole training: more than were taken where it stopped early
    first_loss: float
    last_loss: float
    best_step: int  # of the checkpoint that was kept
    best_accuracy: float  # its reward accuracy on held-out pairs, 0..1
    last_accuracy: float  # that of the last evaluation
    tokens_per_second: float | None  # median over steps
    peak_memory_gib: float | None
    reference: dict[str, float]  # how far the reference is from what the search stored, in nats per token

    @property
    def stopped_early(self) -> bool:
        """Whether training ended before its last step, for want of progress."""
        return self.steps < self.planned


def summary(curve: pl.DataFrame) -> Summary:
    """The numbers of a table `training_curve`. Raises DataError where one of them is missing."""
    start = dict(curve.filter(pl.col("step") == 0).select("metric", "value").iter_rows())
    loss, accuracy, best = (series(curve, name) for name in ("loss", ACCURACY, f"best/{ACCURACY}"))
    missing = sorted({"train_pairs", "eval_pairs", "max_steps"} - start.keys())
    missing += [name for name, rows in (("loss", loss), (ACCURACY, accuracy), (f"best/{ACCURACY}", best)) if not rows]
    if missing:
        raise DataError(f"table 'training_curve': no {', '.join(missing)}; rerun rule dpo")
    speed, memory = (list(series(curve, name).values()) for name in ("tokens_per_second", "peak_memory_gib"))
    return Summary(
        pairs=int(start["train_pairs"]),
        held_out=int(start["eval_pairs"]),
        dropped={name: int(count) for name, count in start.items() if name.startswith("dropped_")},
        steps=max(loss),
        planned=int(start["max_steps"]),
        first_loss=loss[min(loss)],
        last_loss=loss[max(loss)],
        best_step=next(iter(best)),
        best_accuracy=next(iter(best.values())),
        last_accuracy=accuracy[max(accuracy)],
        tokens_per_second=median(speed) if speed else None,
        peak_memory_gib=max(memory, default=None),
        reference={
            name.removeprefix("reference/"): value for name, value in start.items() if name.startswith("reference/")
        },
    )


def evaluations(curve: pl.DataFrame) -> list[dict[str, float | None]]:
    """One row per evaluation on held-out pairs: step, the training loss of that step, and the held-out metrics."""
    columns = {"train_loss": "loss", "loss": "eval_loss", "accuracy": ACCURACY, "margin": "eval_rewards/margins"}
    values = {name: series(curve, metric) for name, metric in columns.items()}
    return [{"step": step, **{name: row.get(step) for name, row in values.items()}} for step in values["accuracy"]]


def by_policy(names: Sequence[str], curves: Sequence[pl.DataFrame]) -> dict[tuple[str, int], pl.DataFrame]:
    """Curves by (policy, seed), from names such as "0/round-1" in the same order."""
    split = (name.split("/") for name in names)
    return {(policy, int(seed)): curve for (seed, policy), curve in zip(split, curves, strict=True)}


def series(curve: pl.DataFrame, metric: str) -> dict[int, float]:
    """Value by step of one metric, in the order of steps."""
    rows = curve.filter(pl.col("metric") == metric, pl.col("step") > 0).sort("step")
    return dict(rows.select("step", "value").iter_rows())
