"""DPO from pairs to adapter: the kept checkpoint, the curve, and every way to stop."""

import json
import math
import re
import socket
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import tiny_policy
import torch
import trl.trainer.dpo_trainer
from peft import PeftModel

from codeq import tables
from codeq.config import DpoSettings
from codeq.errors import ModelError, TrainingError
from codeq.models import tokenizers
from codeq.training import checkpoints, dpo, logps, reference
from codeq.training.policy import load_model

LN2 = math.log(2)


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_policy.make(tmp_path_factory.mktemp("policy"))


@pytest.fixture(scope="module", autouse=True)
def one_thread() -> None:
    torch.set_num_threads(1)


SETTINGS = DpoSettings(
    lora_r=4, lora_alpha=8, learning_rate=5e-3, epochs=2, batch_size=4, micro_batch_size=2, eval_steps=3, beta=0.1,
    eval_fraction=0.2, max_length=512, patience=None,
)  # fmt: skip


def run(
    pairs: pl.DataFrame, base: Path, out: Path, settings: DpoSettings = SETTINGS, seed: int = 3, **options: Any
) -> pl.DataFrame:
    """Reference, then training, as the two rules do it."""
    table = reference.compute(pairs, base, settings, "policy")
    directory = out.with_name(out.name + "-checkpoints")
    return dpo.train(
        pairs, table, base, out, settings, seed, policy="policy", **{"checkpoint_directory": directory, **options}
    )


@pytest.fixture(scope="module")
def trained(base: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[pl.DataFrame, Path]:
    out = tmp_path_factory.mktemp("adapter")
    return run(tiny_policy.make_pairs(30), base, out), out


def steady(curve: pl.DataFrame) -> pl.DataFrame:
    """What equal trainings have in common: all but speed and memory."""
    return curve.filter(~pl.col("metric").is_in(dpo.MEASURED))


def series(curve: pl.DataFrame, metric: str) -> dict[int, float]:
    return dict(curve.filter(pl.col("metric") == metric).select("step", "value").iter_rows())


def test_training_learns_held_out_preferences_and_records_every_step(trained: tuple[pl.DataFrame, Path]) -> None:
    curve, _ = trained
    assert curve.schema == pl.Schema(tables.SCHEMAS["training_curve"])
    assert series(curve, "train_pairs") == {0: 25.0}
    assert series(curve, "eval_pairs") == {0: 5.0}
    assert series(curve, "dropped_too_long") == {0: 0.0}
    assert series(curve, "max_steps") == {0: 14.0}
    loss = series(curve, "loss")
    assert list(loss) == list(range(1, 15))  # 2 epochs of ceil(25 / 4) steps
    assert loss[1] == pytest.approx(LN2, abs=1e-6)
    assert loss[14] < 0.5
    accuracy = series(curve, dpo.BEST)
    assert list(accuracy) == [3, 6, 9, 12, 14]
    assert all((5 * value).is_integer() for value in accuracy.values())  # the mean over pairs, not over batches
    assert max(accuracy.values()) == 1.0
    rate = series(curve, "learning_rate")
    assert rate[1] == 0.0
    assert max(rate.values()) == rate[3] == SETTINGS.learning_rate


def test_the_kept_adapter_is_the_earliest_of_the_best(
    base: Path, trained: tuple[pl.DataFrame, Path], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    curve, _ = trained
    accuracy = series(curve, dpo.BEST)
    step = max(accuracy, key=lambda s: (accuracy[s], -s))
    assert series(curve, f"best/{dpo.BEST}") == {step: accuracy[step]}
    # A run whose accuracy is made to fall must keep its first checkpoint, not its last.
    adapters: dict[int, dict[str, torch.Tensor]] = {}

    def falling(self: Any, *arguments: Any, **options: Any) -> Any:
        output = trl.DPOTrainer.evaluation_loop(self, *arguments, **options)
        output.metrics[dpo.BEST] = 1.0 / self.state.global_step
        adapters[self.state.global_step] = {
            name: weight.detach().clone() for name, weight in self.model.named_parameters() if "lora_" in name
        }
        return output

    monkeypatch.setattr(dpo.Fp32LogitsDPOTrainer, "evaluation_loop", falling)
    run(tiny_policy.make_pairs(30), base, tmp_path, SETTINGS, seed=3)
    kept = PeftModel.from_pretrained(load_model(base, "bfloat16"), tmp_path)
    weights = {name: weight for name, weight in kept.named_parameters() if "lora_" in name}
    assert weights.keys() == adapters[3].keys()
    assert all(torch.equal(weight, adapters[3][name]) for name, weight in weights.items())
    assert not all(torch.equal(weight, adapters[14][name]) for name, weight in weights.items())


def test_equal_seeds_give_equal_bytes_and_other_seeds_do_not(
    base: Path, trained: tuple[pl.DataFrame, Path], tmp_path: Path
) -> None:
    curve, out = trained
    shuffled = tiny_policy.make_pairs(30).sample(fraction=1, shuffle=True, seed=5)
    again = run(shuffled, base, tmp_path / "again", SETTINGS, seed=3)
    assert steady(again).equals(steady(curve))
    names = sorted(path.name for path in out.iterdir())
    assert names == ["adapter_config.json", "adapter_model.safetensors"]
    assert all((out / name).read_bytes() == (tmp_path / "again" / name).read_bytes() for name in names)
    other = run(shuffled, base, tmp_path / "other", SETTINGS, seed=4)
    assert not steady(other).equals(steady(curve))


def test_the_adapter_is_as_configured_and_names_no_place(base: Path, trained: tuple[pl.DataFrame, Path]) -> None:
    _, out = trained
    config = json.loads((out / "adapter_config.json").read_text())
    assert (config["r"], config["lora_alpha"], config["lora_dropout"]) == (4, 8, 0.0)
    assert config["target_modules"] == sorted(SETTINGS.target_modules)
    assert str(base) not in (out / "adapter_config.json").read_text()


def test_adapter_dropout_is_not_switched_off(base: Path, trained: tuple[pl.DataFrame, Path], tmp_path: Path) -> None:
    settings = SETTINGS.model_copy(update={"lora_dropout": 0.5})
    curve = run(tiny_policy.make_pairs(30), base, tmp_path, settings, seed=3)
    assert series(curve, "loss")[1] == pytest.approx(LN2, abs=1e-6)
    assert series(curve, "loss")[14] > 1.05 * series(trained[0], "loss")[14]


def test_a_loss_that_is_not_finite_stops_and_saves_nothing(base: Path, tmp_path: Path) -> None:
    settings = SETTINGS.model_copy(update={"learning_rate": 1e30, "eval_steps": 100})
    with pytest.raises(
        TrainingError, match=r"step [2-4]: (loss is|the gradient is) (nan|inf|NaN).*dpo.learning_rate"
    ) as stop:
        run(tiny_policy.make_pairs(30), base, tmp_path / "out", settings, seed=0)
    assert re.search(r"pairs of the batch: (pair-\d+(, )?)+\. ", str(stop.value))
    assert "last good checkpoint is the policy itself" in str(stop.value)
    assert not (tmp_path / "out").exists()


def test_a_later_divergence_keeps_the_last_good_checkpoint(
    base: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A gradient that becomes NaN in step 5, as an overflow in the backward pass makes it."""
    backward = logps.TokenLogps.backward
    calls = []

    def poisoned(ctx: Any, *gradients: torch.Tensor) -> tuple[torch.Tensor, None, None]:
        calls.append(1)
        scale = math.nan if len(calls) == 9 else 1.0  # two micro-batches in each step
        return backward(ctx, gradients[0] * scale, *gradients[1:])

    monkeypatch.setattr(logps.TokenLogps, "backward", poisoned)
    with pytest.raises(
        TrainingError, match=r"step 5: the gradient is NaN or infinite; pairs of the batch: pair-\d+(, pair-\d+){3}\. "
    ) as stop:
        run(tiny_policy.make_pairs(30), base, tmp_path / "out")
    kept = Path(re.search(r"last good checkpoint is (.*)", str(stop.value))[1])
    assert kept.name == "checkpoint-3"
    assert checkpoints.state(kept.parent).global_step == 3
    PeftModel.from_pretrained(load_model(base, "bfloat16"), kept)
    assert not (tmp_path / "out").exists()


def test_a_parameter_that_is_not_finite_stops_before_it_is_saved(
    base: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    step = torch.optim.AdamW.step

    def poisoned(self: Any, *arguments: Any, **options: Any) -> Any:
        result = step(self, *arguments, **options)
        self.param_groups[0]["params"][0].data[0, 0] = math.inf
        return result

    monkeypatch.setattr(torch.optim.AdamW, "step", poisoned)
    with pytest.raises(
        TrainingError, match=r"step 1: a parameter of the adapter is NaN or infinite; pairs of the batch: pair-"
    ):
        run(tiny_policy.make_pairs(30), base, tmp_path / "out")
    assert not list(tmp_path.rglob("checkpoint-*"))


def test_reward_accuracy_under_chance_for_an_epoch_stops(
    base: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A gradient of the wrong sign: training prefers what is rejected."""
    backward = logps.TokenLogps.backward
    monkeypatch.setattr(logps.TokenLogps, "backward", lambda ctx, first, *rest: backward(ctx, -first, *rest))
    with pytest.raises(TrainingError, match=r"step 7: reward accuracy over epoch 1 is 0\.[0-2].*swapped") as stop:
        run(tiny_policy.make_pairs(30), base, tmp_path / "out")
    assert "checkpoint-6" in str(stop.value)
    assert not (tmp_path / "out").exists()


def test_a_reference_of_another_policy_stops_at_the_first_loss(base: Path, tmp_path: Path) -> None:
    pairs = tiny_policy.make_pairs(30)
    table = reference.compute(pairs, base, SETTINGS, "policy").with_columns(pl.col("chosen") - 40)
    with pytest.raises(TrainingError, match=r"step 1: the first loss is .*, not ln 2.*reference.parquet"):
        dpo.train(pairs, table, base, tmp_path / "out", SETTINGS, 3, policy="policy", checkpoint_directory=tmp_path)


def test_a_logger_that_is_not_installed_is_named(base: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(TrainingError, match=r"dpo.logger is 'trackio'.*pip install"):
        run(tiny_policy.make_pairs(30), base, tmp_path / "out", SETTINGS.model_copy(update={"logger": "trackio"}))


def test_a_logger_is_shown_the_curve_without_a_network(
    base: Path, trained: tuple[pl.DataFrame, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Trackio as it is, which keeps its runs in a local database; nothing else about the training changes."""
    asked: list[object] = []

    def connect(self: Any, address: object) -> None:
        asked.append(address)
        raise OSError("no network here")

    monkeypatch.setattr(socket.socket, "connect", connect)
    monkeypatch.setenv("TRACKIO_DIR", str(tmp_path / "trackio"))  # read when trackio is imported
    out = tmp_path / "round-1" / "adapter"
    curve = run(tiny_policy.make_pairs(30), base, out, SETTINGS.model_copy(update={"logger": "trackio"}))
    assert asked == []
    assert steady(curve).equals(steady(trained[0]))

    from trackio.sqlite_storage import SQLiteStorage

    (name,) = (record["name"] for record in SQLiteStorage.get_run_records("codeq"))
    assert name == str(tmp_path / "round-1")
    shown = {
        (row["train/global_step"], re.sub("^train/", "", re.sub("^eval/", "eval_", metric))): value
        for row in SQLiteStorage.get_logs("codeq", name)
        for metric, value in row.items()
    }
    logged = curve.filter(pl.col("step") > 0, ~pl.col("metric").str.starts_with("best/"))
    expected = {(step, metric): value for step, metric, value in logged.iter_rows()}
    assert len(expected) > 14 * 14  # steps, metrics
    assert {key: shown.get(key) for key in expected} == expected


def test_the_curve_holds_what_a_training_shows(trained: tuple[pl.DataFrame, Path]) -> None:
    curve, _ = trained
    names = ["loss", "grad_norm", "learning_rate", "entropy", "tokens", "pairs", *dpo.MEASURED]
    names += [f"rewards/{name}" for name in ("chosen", "rejected", "margins", "accuracies")]
    names += ["logps/chosen", "logps/rejected"]
    assert all(list(series(curve, name)) == list(range(1, 15)) for name in names)
    evaluated = ["eval_loss", "eval_entropy", dpo.BEST, "eval_rewards/margins", "eval_logps/chosen"]
    assert all(list(series(curve, name)) == [3, 6, 9, 12, 14] for name in evaluated)
    assert sum(series(curve, "pairs").values()) == 2 * 25
    assert set(series(curve, "rewards/accuracies").items()) >= {(1, 0.5), (2, 0.5)}  # ties: nothing has changed yet
    assert all(value > 0 for name in dpo.MEASURED for value in series(curve, name).values())
    assert (
        not curve["metric"]
        .str.contains("runtime|per_second|flos|epoch")
        .filter(curve["metric"] != "tokens_per_second")
        .any()
    )


def test_training_ends_early_after_evaluations_without_progress(base: Path, tmp_path: Path) -> None:
    curve = run(tiny_policy.make_pairs(30), base, tmp_path / "out", SETTINGS.model_copy(update={"patience": 1}))
    accuracy = series(curve, dpo.BEST)
    best = max(accuracy, key=lambda step: (accuracy[step], -step))
    after = [step for step in accuracy if step > best]
    assert len(after) == 1
    assert max(series(curve, "loss")) == after[0] < 14


def test_damaged_weights_stop_before_the_first_step(base: Path, tmp_path: Path) -> None:
    model = load_model(base, "bfloat16")
    model.model.layers[0].mlp.up_proj.weight.data[0, 0] = math.nan
    model.save_pretrained(tmp_path / "damaged")
    tokenizers.load(base).save_pretrained(tmp_path / "damaged")
    with pytest.raises(TrainingError, match=r"step 0: 25 of 25 pairs have reference log-probabilities that are NaN"):
        run(tiny_policy.make_pairs(30), tmp_path / "damaged", tmp_path / "out", SETTINGS, seed=0)
    assert not (tmp_path / "out").exists()


def test_an_unchanged_adapter_stops_and_saves_nothing(base: Path, tmp_path: Path) -> None:
    settings = SETTINGS.model_copy(update={"learning_rate": 1e-60})  # underflows float32
    with pytest.raises(TrainingError, match="unchanged"):
        run(tiny_policy.make_pairs(30), base, tmp_path / "out", settings, seed=0)
    assert not (tmp_path / "out").exists()


def test_a_directory_without_a_model_is_named(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="nowhere"):
        run(tiny_policy.make_pairs(30), tmp_path / "nowhere", tmp_path / "out", SETTINGS, seed=0)
