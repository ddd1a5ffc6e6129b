"""The numbers that a report and a card quote are those of the training curve."""

import polars as pl
import pytest
from test_plots import curve

from codeq.errors import DataError
from codeq.evaluation import curves


def test_the_summary_of_a_training_that_ran_to_its_end() -> None:
    found = curves.summary(curve())
    assert (found.pairs, found.held_out, found.dropped) == (400, 40, {"dropped_too_long": 3, "dropped_inner_eos": 0})
    assert (found.steps, found.planned, found.stopped_early) == (10, 10, False)
    assert (found.first_loss, found.last_loss) == pytest.approx((0.69, 0.6))
    assert (found.best_step, found.best_accuracy, found.last_accuracy) == (5, 0.75, 0.55)
    assert found.tokens_per_second == pytest.approx(1055.0)  # median of 1010, 1020, ..., 1100
    assert found.peak_memory_gib == pytest.approx(2.0)
    assert found.reference == {"compared": 80.0, "mean": 0.01, "largest": 0.3, "beyond_tolerance": 1.0}


def test_a_training_that_stopped_early_took_fewer_steps_than_planned() -> None:
    shortened = curve().with_columns(
        value=pl.when(pl.col("metric") == "max_steps").then(25.0).otherwise("value")
    )  # fmt: skip
    found = curves.summary(shortened)
    assert (found.steps, found.planned, found.stopped_early) == (10, 25, True)


def test_each_evaluation_stands_with_the_training_loss_of_its_step() -> None:
    first, last = curves.evaluations(curve())
    assert first == pytest.approx({"step": 5, "train_loss": 0.65, "loss": 0.69, "accuracy": 0.75, "margin": 0.1})
    assert last == pytest.approx({"step": 10, "train_loss": 0.6, "loss": 0.69, "accuracy": 0.55, "margin": 0.1})


def test_a_curve_without_speed_says_so() -> None:
    bare = curve().filter(~pl.col("metric").is_in(["tokens_per_second", "peak_memory_gib"]))
    assert (curves.summary(bare).tokens_per_second, curves.summary(bare).peak_memory_gib) == (None, None)


@pytest.mark.parametrize("metric", ["loss", "train_pairs", "max_steps", "eval_rewards/accuracies"])
def test_a_curve_that_lacks_a_number_is_refused(metric: str) -> None:
    with pytest.raises(DataError, match=f"no {metric}; rerun rule dpo"):
        curves.summary(curve().filter(pl.col("metric") != metric))


def test_curves_are_named_by_seed_and_policy() -> None:
    first, second = curve(), curve(0.02)
    found = curves.by_policy(["0/round-1", "12/round-10"], [first, second])
    assert list(found) == [("round-1", 0), ("round-10", 12)]
    assert found["round-10", 12].equals(second)
