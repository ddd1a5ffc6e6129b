"""DPO: exact log-probabilities and exact token ids."""

import copy
import math
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import tiny_policy
import torch
import trl.trainer.dpo_trainer
from peft import LoraConfig
from trl import DPOConfig, DPOTrainer

from codeq.config import DpoSettings
from codeq.errors import TrainingError
from codeq.identity import digest
from codeq.models import tokenizers
from codeq.training import dpo, logps, reference
from codeq.training.batches import FixedBatches, dataset
from codeq.training.data import encode, hold_out, require
from codeq.training.policy import load_model

LN2 = math.log(2)


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_policy.make(tmp_path_factory.mktemp("policy"))


@pytest.fixture(scope="module", autouse=True)
def one_thread() -> None:
    torch.set_num_threads(1)


def trainer(base: Path, out: Path, kind: type[DPOTrainer] = dpo.Fp32LogitsDPOTrainer, **options: Any) -> DPOTrainer:
    """A trainer on six pairs in one optimiser step, as `train` builds it but for `options`."""
    words = tokenizers.load(base)
    encoded, _ = encode(tiny_policy.make_pairs(6), words, 512)
    settings = {
        "output_dir": str(out),
        "per_device_train_batch_size": 3,
        "gradient_accumulation_steps": 2,
        "gradient_checkpointing": False,
        "num_train_epochs": 1,
        "precompute_ref_log_probs": True,
        "logging_steps": 1,
        "max_length": 512,
        "bf16": False,
        "report_to": "none",
        "save_strategy": "no",
        "disable_tqdm": True,
        "use_cpu": True,
    }
    return kind(
        options.pop("model", None) or load_model(base, "bfloat16"),
        args=DPOConfig(**{**settings, **options}),
        train_dataset=dataset(encoded),
        processing_class=words,
        peft_config=LoraConfig(r=4, target_modules=["q_proj", "up_proj"], task_type="CAUSAL_LM"),
    )


class Unpatched(DPOTrainer):
    """TRL's own log-probabilities on our token ids."""

    def _prepare_dataset(self, dataset: Any, *_: Any) -> Any:
        return dataset


def first_loss(made: DPOTrainer) -> float:
    made.train()
    return float(made.state.log_history[0]["loss"])


@pytest.mark.parametrize("precompute", [True, False])
@pytest.mark.parametrize("autocast", [True, False])
@pytest.mark.parametrize("checkpointing", [True, False])
def test_the_first_loss_in_bfloat16_is_ln_2(
    base: Path, tmp_path: Path, precompute: bool, autocast: bool, checkpointing: bool
) -> None:
    made = trainer(
        base, tmp_path, precompute_ref_log_probs=precompute, bf16=autocast, gradient_checkpointing=checkpointing
    )
    assert first_loss(made) == pytest.approx(LN2, abs=1e-6)


def test_the_first_loss_of_plain_trl_is_not_ln_2(base: Path, tmp_path: Path) -> None:
    """The defect this module exists for: bf16 logits, precomputed outside autocast."""
    assert abs(first_loss(trainer(base, tmp_path, Unpatched, bf16=True)) - LN2) > 1e-4


@pytest.mark.parametrize("precompute", [True, False])
def test_every_site_of_trl_takes_log_probabilities_from_float32(
    base: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, precompute: bool
) -> None:
    """Counts calls at the three sites; one that TRL adds or moves would use its own function, or miss ours."""
    seen: list[torch.dtype] = []
    original = logps._matmul

    def spy(*tensors: torch.Tensor) -> torch.Tensor:
        logits = original(*tensors)
        seen.append(logits.dtype)
        return logits

    monkeypatch.setattr(logps, "_matmul", spy)
    foreign: list[torch.dtype] = []
    original_of_trl = trl.trainer.dpo_trainer.selective_log_softmax

    def foreign_spy(logits: torch.Tensor, index: torch.Tensor) -> torch.Tensor:
        foreign.append(logits.dtype)
        return original_of_trl(logits, index)

    monkeypatch.setattr(trl.trainer.dpo_trainer, "selective_log_softmax", foreign_spy)
    made = trainer(base, tmp_path, precompute_ref_log_probs=precompute)
    assert len(seen) == (2 if precompute else 0)  # two micro-batches of three pairs
    made.train()
    assert len(seen) == 4  # policy and reference of two micro-batches
    assert set(seen) == {torch.float32}
    assert foreign == []
    # Plain TRL still takes them where ours are put in their place.
    trainer(base, tmp_path, Unpatched, precompute_ref_log_probs=precompute).train()
    assert len(foreign) == 4
    assert torch.bfloat16 in foreign


def test_log_probabilities_equal_an_independent_float64_sum(base: Path, tmp_path: Path) -> None:
    """Against log_softmax in float64 of the float32 model, one unpadded sequence at a time."""
    made = trainer(base, tmp_path, model=load_model(base, "float32"))
    plain = load_model(base, "float32").eval()
    for row in made.train_dataset:
        for label in ("chosen", "rejected"):
            ids = row["prompt_ids"] + row[f"{label}_ids"]
            with torch.no_grad():
                logits = plain(torch.tensor([ids])).logits[0].double()
            token_logps = logits[:-1].log_softmax(-1)[torch.arange(len(ids) - 1), ids[1:]]
            expected = token_logps[len(row["prompt_ids"]) - 1 :].sum().item()
            assert row[f"ref_{label}_logps"] == pytest.approx(expected, rel=1e-5)


def test_another_max_length_never_reuses_stale_reference_log_probabilities(base: Path, tmp_path: Path) -> None:
    lengths = [512, 40, 512]
    references = []
    for length in lengths:
        made = trainer(base, tmp_path, max_length=length)
        references.append(made.train_dataset["ref_chosen_logps"][:])
        assert first_loss(made) == pytest.approx(LN2, abs=1e-6)
    assert references[0] == references[2] != references[1]  # 40 tokens really cut something off
    assert not list(tmp_path.rglob("*.npz"))


def test_a_policy_without_adapter_is_refused(base: Path, tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match="peft_config"):
        dpo.Fp32LogitsDPOTrainer(load_model(base, "bfloat16"), args=DPOConfig(str(tmp_path), bf16=False))


def test_fixed_batches_shuffle_blocks_and_keep_their_members() -> None:
    sampler = FixedBatches(11, 3, seed=1)
    epochs = []
    for epoch in range(6):
        sampler.set_epoch(epoch)
        order = list(sampler)
        assert order == list(sampler)
        assert sorted(order) == list(range(11))
        assert len(sampler) == 11
        blocks = [tuple(order[i : i + 3]) for i in range(0, 11, 3)]
        assert set(blocks) == {(0, 1, 2), (3, 4, 5), (6, 7, 8), (9, 10)}
        assert blocks[-1] == (9, 10)
        epochs.append(tuple(blocks))
    assert len(set(epochs)) > 1


# Data


def test_the_trainer_sees_the_prompt_as_rendered_and_one_end_of_sequence(base: Path, tmp_path: Path) -> None:
    words = tokenizers.load(base)
    pairs = tiny_policy.make_pairs(6)
    made = trainer(base, tmp_path)
    seen: list[dict[str, torch.Tensor]] = []
    compute = made.compute_loss

    def spy(model: Any, inputs: dict[str, torch.Tensor], *rest: Any, **options: Any) -> Any:
        seen.append(copy.deepcopy(inputs))
        return compute(model, inputs, *rest, **options)

    made.compute_loss = spy
    made.train()
    got = set()
    for batch in seen:
        for ids, present, completion in zip(
            batch["input_ids"], batch["attention_mask"], batch["completion_mask"], strict=True
        ):
            kept = ids[present.bool()].tolist()
            length = int(completion.sum())
            got.add((tuple(kept[:-length]), tuple(kept[-length:])))
    bug, fix, end = (words.convert_tokens_to_ids(token) for token in ("<bug>", "<fix>", "<end>"))
    expected = {
        (
            tuple(words(pair["prompt"], add_special_tokens=False)["input_ids"]),
            (*words(pair[label], add_special_tokens=False)["input_ids"], end),
        )
        for pair in pairs.iter_rows(named=True)
        for label in ("chosen", "rejected")
    }
    assert got == expected
    assert all(prompt[0] == bug and prompt[-1] == fix and prompt.count(bug) == 1 for prompt, _ in got)
    assert all(completion.count(end) == 1 for _, completion in got)


def test_no_token_spans_the_border_of_prompt_and_completion(base: Path) -> None:
    words = tokenizers.load(base)
    ids = words("retu")["input_ids"]
    pairs = tiny_policy.make_pairs(1).with_columns(
        prompt=pl.lit("retu"), prompt_digest=pl.lit(digest(ids)), chosen=pl.lit("rn")
    )
    encoded, _ = encode(pairs, words, 512)
    row = encoded.row(0, named=True)
    assert len(words("return")["input_ids"]) < len(row["prompt_ids"] + row["chosen_ids"]) - 1
    assert words.decode(row["prompt_ids"]) == "retu"
    assert words.decode(row["chosen_ids"]) == "rn<end>"


def test_pairs_beyond_max_length_are_dropped_and_counted(base: Path) -> None:
    words = tokenizers.load(base)
    pairs = tiny_policy.make_pairs(12, words=16)
    everything, none = encode(pairs, words, 10_000)
    assert none == {"dropped_too_long": 0, "dropped_inner_eos": 0, "other_tokens": 0}
    assert everything.height == 12
    lengths = [
        len(row["prompt_ids"]) + max(len(row["chosen_ids"]), len(row["rejected_ids"]))
        for row in everything.iter_rows(named=True)
    ]
    assert lengths == sorted(lengths)
    kept, dropped = encode(pairs, words, lengths[4])
    assert kept["pair_id"].to_list() == everything["pair_id"].to_list()[: kept.height]
    assert dropped["dropped_too_long"] == sum(length > lengths[4] for length in lengths) > 0


def test_a_completion_that_contains_end_of_sequence_is_dropped_and_counted(base: Path) -> None:
    pairs = tiny_policy.make_pairs(3).with_columns(
        rejected=pl.when(pl.col("pair_id") == "pair-1").then(pl.lit("x <end> y")).otherwise("rejected")
    )
    kept, dropped = encode(pairs, tokenizers.load(base), 512)
    assert set(kept["pair_id"]) == {"pair-0", "pair-2"}
    assert dropped["dropped_inner_eos"] == 1


def test_a_prompt_with_other_ids_than_in_the_search_is_refused(base: Path) -> None:
    pairs = tiny_policy.make_pairs(3).with_columns(
        prompt_digest=pl.when(pl.col("pair_id") == "pair-1").then(pl.lit(digest([1, 2]))).otherwise("prompt_digest")
    )
    with pytest.raises(TrainingError, match=r"pair pair-1 of tree tree-1: .* other ids than the search"):
        encode(pairs, tokenizers.load(base), 512)


def test_a_completion_that_was_sampled_in_other_tokens_is_counted(base: Path) -> None:
    pairs = tiny_policy.make_pairs(3).with_columns(
        tokens_rejected=pl.col("tokens_rejected") + (pl.col("pair_id") == "pair-2")
    )
    kept, counts = encode(pairs, tokenizers.load(base), 512)
    assert kept.height == 3
    assert counts["other_tokens"] == 1


def test_whole_problems_are_held_out_whatever_the_order_of_rows() -> None:
    pairs = tiny_policy.make_pairs(40, problems=10)
    training, held = hold_out(pairs, 0.3)
    assert held["problem_id"].n_unique() == 3
    assert training["problem_id"].n_unique() == 7
    assert training.height + held.height == 40
    assert set(hold_out(pairs.sample(fraction=1, shuffle=True, seed=1), 0.3)[1]["pair_id"]) == set(held["pair_id"])
    assert hold_out(pairs.filter(pl.col("problem_id").is_in(["problem-1", "problem-2"])), 0.9)[0].height == 4


def test_one_problem_or_too_few_pairs_stop_the_study() -> None:
    with pytest.raises(TrainingError, match="at least two"):
        hold_out(tiny_policy.make_pairs(5, problems=1), 0.1)
    require(tiny_policy.make_pairs(5), 5)
    with pytest.raises(TrainingError, match=r"5 preference pairs, but pairs.minimum is 6"):
        require(tiny_policy.make_pairs(5), 6)


def test_too_few_pairs_are_counted_after_those_that_cannot_be_trained_on_are_dropped(
    base: Path, tmp_path: Path
) -> None:
    """Of nine pairs, two are too long and one ends early: six are left for the reference and for training alike."""
    pairs = tiny_policy.make_pairs(9, words=4).with_columns(
        chosen=pl.when(pl.col("pair_id").is_in(["pair-1", "pair-2"]))
        .then(pl.lit("x + y " * 60))
        .otherwise("chosen"),
        rejected=pl.when(pl.col("pair_id") == "pair-3").then(pl.lit("x <end> y")).otherwise("rejected"),
    )  # fmt: skip
    settings = DpoSettings(max_length=120, micro_batch_size=1)
    table = reference.compute(pairs, base, settings, "policy", minimum=6)
    assert table.height == 6
    said = (
        r"^6 preference pairs left after 2 longer than dpo\.max_length and 1 with an end-of-sequence token inside a "
        r"completion were dropped, but pairs\.minimum is 7: raise dpo\.max_length, .*lower pairs\.minimum$"
    )
    with pytest.raises(TrainingError, match=said):
        reference.compute(pairs, base, settings, "policy", minimum=7)
    out, checkpoints = tmp_path / "out", tmp_path / "checkpoints"
    with pytest.raises(TrainingError, match=said):
        dpo.train(pairs, table, base, out, settings, 0, policy="policy", minimum=7, checkpoint_directory=checkpoints)
    assert not out.exists()
    assert not checkpoints.exists()
