"""The stored reference: computed once, exact, refused when stale, and compared with what the search stored."""

import math
from pathlib import Path

import polars as pl
import pytest
import tiny_policy
import torch
from test_dpo_training import SETTINGS

from codeq import tables
from codeq.errors import TrainingError
from codeq.models import tokenizers
from codeq.training import reference
from codeq.training.data import encode, hold_out
from codeq.training.policy import load_model

PAIRS = tiny_policy.make_pairs(20)


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_policy.make(tmp_path_factory.mktemp("policy"))


@pytest.fixture(scope="module")
def table(base: Path) -> pl.DataFrame:
    return reference.compute(PAIRS, base, SETTINGS, "policy")


def parts(base: Path, pairs: pl.DataFrame = PAIRS) -> tuple[pl.DataFrame, pl.DataFrame]:
    encoded, _ = encode(pairs, tokenizers.load(base), SETTINGS.max_length)
    return hold_out(encoded, SETTINGS.eval_fraction)


def test_the_table_holds_the_log_probabilities_of_every_pair(base: Path) -> None:
    """Against float64 of the float32 model, one unpadded sequence at a time."""
    settings = SETTINGS.model_copy(update={"dtype": "float32"})
    table = reference.compute(PAIRS, base, settings, "policy")
    model = load_model(base, "float32").double().eval()
    joined = pl.concat(parts(base)).join(table.rename({"chosen": "a", "rejected": "b"}), on="pair_id")
    assert joined.height == PAIRS.height
    for row in joined.iter_rows(named=True):
        for label, column in (("chosen", "a"), ("rejected", "b")):
            ids = row["prompt_ids"] + row[f"{label}_ids"]
            with torch.no_grad():
                logps = model(torch.tensor([ids])).logits[0, :-1].log_softmax(-1)
            exact = logps[torch.arange(len(ids) - 1), ids[1:]][len(row["prompt_ids"]) - 1 :].sum().item()
            assert row[column] == pytest.approx(exact, rel=1e-5)


def test_a_stored_table_serves_again(base: Path, table: pl.DataFrame, tmp_path: Path) -> None:
    tables.write("reference", table, tmp_path / "reference.parquet")
    stored = tables.read("reference", tmp_path / "reference.parquet")
    settings = SETTINGS.model_copy(update={"beta": 0.5, "learning_rate": 1e-4, "lora_r": 8, "eval_steps": 7})
    training, held_out = reference.attach(parts(base), stored.reverse(), settings, "policy")
    values = {pair: (chosen, rejected) for pair, _, chosen, rejected in table.iter_rows()}
    for part, before in zip((training, held_out), parts(base), strict=True):
        assert part["pair_id"].equals(before["pair_id"])
        assert [values[pair] for pair in part["pair_id"]] == part.select(reference.REFERENCE).rows()


@pytest.mark.parametrize(
    "change", [{"max_length": 300}, {"dtype": "float32"}, {"micro_batch_size": 1}, {"eval_fraction": 0.3}]
)
def test_other_settings_make_it_stale(base: Path, table: pl.DataFrame, change: dict[str, object]) -> None:
    with pytest.raises(TrainingError, match=r"stale.*run rule reference again"):
        reference.attach(parts(base), table, SETTINGS.model_copy(update=change), "policy")


def test_another_policy_other_pairs_and_other_tokens_make_it_stale(base: Path, table: pl.DataFrame) -> None:
    with pytest.raises(TrainingError, match="stale"):
        reference.attach(parts(base), table, SETTINGS, "another policy")
    with pytest.raises(TrainingError, match="stale"):
        reference.attach(parts(base, PAIRS.head(19)), table, SETTINGS, "policy")
    longer = PAIRS.with_columns(chosen=pl.col("chosen") + " ")
    with pytest.raises(TrainingError, match="stale"):
        reference.attach(parts(base, longer), table, SETTINGS, "policy")


def compared(base: Path, table: pl.DataFrame, shift: float) -> pl.DataFrame:
    """Pairs with a reference, and a search that stored other values by `shift` nats per token.

    One completion was cut off, and one pair replayed from an earlier round, whose policy was another.
    """
    joined = pl.concat(reference.attach(parts(base), table, SETTINGS, "policy"))
    return joined.with_columns(
        logprob_chosen=pl.col("ref_chosen_logps") + shift * pl.col("chosen_ids").list.len(),
        logprob_rejected=pl.col("ref_rejected_logps") - pl.when(pl.col("pair_id") == "pair-4").then(500).otherwise(0),
        tokens_rejected=pl.col("tokens_rejected") - (pl.col("pair_id") == "pair-3").cast(pl.Int64),
        round=pl.when(pl.col("pair_id") == "pair-4").then(0).otherwise(1),
    )


def test_the_difference_from_the_search_is_reported(base: Path, table: pl.DataFrame) -> None:
    found = reference.against_search(compared(base, table, 0.1), tolerance=0.2)
    assert found["reference/compared"] == 2 * (PAIRS.height - 1) - 1
    assert found["reference/largest"] == pytest.approx(0.1)
    assert found["reference/mean"] == pytest.approx(0.1 * 19 / 37)


def test_single_completions_beyond_the_tolerance_are_counted(base: Path, table: pl.DataFrame) -> None:
    """One text that was sampled as other tokens than the tokeniser cuts it into is no other policy."""
    odd = compared(base, table, 0.0).with_columns(
        logprob_chosen=pl.col("logprob_chosen") - pl.when(pl.col("pair_id") == "pair-5").then(50.0).otherwise(0.0)
    )
    found = reference.against_search(odd, tolerance=0.2)
    assert found["reference/beyond_tolerance"] == 1
    assert found["reference/largest"] > 0.5 > 0.1 > found["reference/mean"] > 0


def test_a_search_by_another_policy_stops(base: Path, table: pl.DataFrame) -> None:
    with pytest.raises(
        TrainingError, match=r"differ from the reference by 1\.03 nats per token.*pair-.*another policy"
    ):
        reference.against_search(compared(base, table, 2.0), tolerance=0.2)
    with pytest.raises(TrainingError, match="nan nats"):
        reference.against_search(compared(base, table, math.nan), tolerance=0.2)


def test_pairs_without_stored_log_probabilities_are_not_compared(base: Path, table: pl.DataFrame) -> None:
    joined = pl.concat(reference.attach(parts(base), table, SETTINGS, "policy"))
    assert reference.against_search(joined, tolerance=0.2) == {"reference/compared": 0.0}
