"""A training that is killed goes on from its last checkpoint, and ends as one that was not."""

import itertools
import json
import multiprocessing
import os
import random
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import tiny_policy
import torch
import transformers
from test_dpo_training import SETTINGS, run, series, steady

from codeq import lineage, tables
from codeq.training import checkpoints, reference, stops

ROOT = Path(__file__).resolve().parents[2]
# Adapter dropout makes every step depend on the state of the random numbers.
FP32 = SETTINGS.model_copy(update={"dtype": "float32", "lora_dropout": 0.1})


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tiny_policy.make(tmp_path_factory.mktemp("policy"))
    lineage.write_manifest(directory)
    return directory


def training(base: Path, out: Path, kill_at: int) -> None:
    """In a process of its own: train, and die by SIGKILL at event `kill_at` (from 1), if there are so many.

    Events are the beginnings of optimiser steps and the middle of writing each file of a checkpoint.
    """
    torch.set_num_threads(1)
    events = itertools.count(1)

    def event(half_written: Path | None = None) -> None:
        if next(events) == kill_at:
            if half_written:
                half_written.write_bytes(half_written.read_bytes()[: half_written.stat().st_size // 2])
            os.kill(os.getpid(), signal.SIGKILL)

    def wrap(owner: Any, name: str, path_at: int | None) -> None:
        original = getattr(owner, name)

        def wrapped(*arguments: Any, **options: Any) -> Any:
            result = original(*arguments, **options)
            event(None if path_at is None else Path(arguments[path_at]))
            return result

        setattr(owner, name, wrapped)

    wrap(stops.Stops, "on_step_begin", None)
    wrap(torch, "save", 1)
    wrap(transformers.TrainerState, "save_to_json", 1)
    run(tiny_policy.make_pairs(30), base, out, FP32).write_parquet(out / "curve.parquet")


@pytest.mark.parametrize("seed", [0, 1])
def test_a_training_killed_at_any_moment_ends_as_an_unbroken_one(base: Path, tmp_path: Path, seed: int) -> None:
    processes = multiprocessing.get_context("forkserver")
    processes.set_forkserver_preload(["codeq.training.dpo"])
    rng = random.Random(seed)
    kills = [rng.randint(1, 14) for _ in range(4)]
    starts = []
    for kill_at in [*kills, 0]:
        state = next(map(checkpoints.state, (tmp_path / "out-checkpoints").glob("*")), None)
        starts.append(state.global_step if state else 0)
        child = processes.Process(target=training, args=(base, tmp_path / "out", kill_at))
        child.start()
        child.join(120)
        assert child.exitcode == (-signal.SIGKILL if kill_at else 0)
        assert (tmp_path / "out").exists() == (kill_at == 0)
    assert starts == sorted(starts)
    assert starts[-1] > 0  # the last run really went on
    unbroken = run(tiny_policy.make_pairs(30), base, tmp_path / "unbroken", FP32)
    assert steady(pl.read_parquet(tmp_path / "out" / "curve.parquet")).equals(steady(unbroken))
    for name in ("adapter_model.safetensors", "adapter_config.json"):
        assert (tmp_path / "out" / name).read_bytes() == (tmp_path / "unbroken" / name).read_bytes()


def test_a_training_that_ended_early_is_not_trained_further(
    base: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = SETTINGS.model_copy(update={"patience": 1})
    curve = run(tiny_policy.make_pairs(30), base, tmp_path / "out", settings)
    monkeypatch.setattr(stops.Stops, "on_step_begin", lambda *_, **__: pytest.fail("trained"))
    again = run(
        tiny_policy.make_pairs(30),
        base,
        tmp_path / "again",
        settings,
        checkpoint_directory=tmp_path / "out-checkpoints",
    )
    assert again.equals(curve)


def test_another_training_never_goes_on_from_these_checkpoints(base: Path, tmp_path: Path) -> None:
    pairs, short = tiny_policy.make_pairs(12), SETTINGS.model_copy(update={"epochs": 1})
    others: list[dict[str, Any]] = [
        {},
        {"settings": short.model_copy(update={"beta": 0.2})},
        {"settings": short.model_copy(update={"lora_r": 2})},
        {"seed": 4},
        {"conditions": {"code": "other"}},
    ]
    for count, other in enumerate(others, start=1):
        run(pairs, base, tmp_path / "out", **{"settings": short, **other})
        assert len(list((tmp_path / "out-checkpoints").iterdir())) == count
    run(pairs, base, tmp_path / "out", short)
    assert len(list((tmp_path / "out-checkpoints").iterdir())) == len(others)


def test_two_processes_train_as_one_does_with_the_same_batch(base: Path, tmp_path: Path) -> None:
    """By the script itself, which launches them; gloo on a CPU. Gradients are summed in another order."""
    pairs = tiny_policy.make_pairs(32, problems=8)
    policy = lineage.manifest_digest(base)
    settings = SETTINGS.model_copy(update={"dtype": "float32", "epochs": 1, "learning_rate": 1e-3})
    tables.write("pairs", pairs, tmp_path / "pairs.parquet")
    tables.write("reference", reference.compute(pairs, base, settings, policy), tmp_path / "reference.parquet")
    values = {"dpo": settings.model_dump(mode="json"), "pairs": {"minimum": 1}}
    made = subprocess.run(
        [
            sys.executable, ROOT / "scripts" / "dpo.py", "--settings", json.dumps(values),
            "--pairs", tmp_path / "pairs.parquet", "--reference", tmp_path / "reference.parquet",
            "--policy", base / "manifest.json", "--seed", "3", "--processes", "2",
            "--checkpoints", tmp_path / "checkpoints", "--adapter", tmp_path / "two" / "manifest.json",
            "--curve", tmp_path / "curve.parquet",
        ],
        env={**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"},
        capture_output=True, text=True, timeout=150,
    )  # fmt: skip
    assert made.returncode == 0, made.stderr[-3000:]
    two = tables.read("training_curve", tmp_path / "curve.parquet")
    one = run(pairs, base, tmp_path / "one", settings)
    assert series(two, "loss")[1] == pytest.approx(0.693147, abs=1e-6)
    assert series(two, "pairs") == series(one, "pairs")
    assert series(two, "loss") == pytest.approx(series(one, "loss"), rel=1e-3)
    assert series(two, "eval_rewards/margins") == pytest.approx(series(one, "eval_rewards/margins"), rel=0.05)
    assert not (tmp_path / "checkpoints").exists()
    lineage.verify_manifest(tmp_path / "two")
