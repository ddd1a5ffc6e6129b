"""The mini study on two machines under Slurm: where every job ran, and what ran at the same time."""

from datetime import datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from cluster import Submit

from codeq.lineage import read_record

pytestmark = pytest.mark.slow
TRAINING = ("pairs", "reference", "dpo", "merge", "drift")


@pytest.fixture(scope="module")
def finished(clone: Path, submit: Submit) -> Path:
    """results/mini, made by the profile two-h100; every job costs some seconds of Slurm, so one mode must do."""
    run = submit(clone, "--configfile", "config/mini.yaml", "--config", "evaluation={modes: [mcts]}")
    output, _ = run.communicate(timeout=2400)
    assert run.returncode == 0, output[-6000:]
    return clone / "results" / "mini"


@pytest.fixture(scope="module")
def records(finished: Path) -> dict[str, dict[str, Any]]:
    """The record of every output by its path below results/mini."""
    sidecars = finished.rglob("*.lineage.json")
    outputs = (sidecar.with_name(sidecar.name.removesuffix(".lineage.json")) for sidecar in sidecars)
    return {output.relative_to(finished).as_posix(): read_record(output) or {} for output in outputs}


def times(records: dict[str, dict[str, Any]], *parts: str) -> list[tuple[datetime, datetime]]:
    """Start and end of the runs that made the outputs whose path has one of the parts."""
    chosen = [record for path, record in records.items() if any(part in path for part in parts)]
    assert chosen, parts
    return [(datetime.fromisoformat(each["start"]), datetime.fromisoformat(each["end"])) for each in chosen]


def test_inference_ran_on_machine_a_and_training_on_machine_b(records: dict[str, dict[str, Any]]) -> None:
    nodes: dict[str, set[str]] = {}
    for record in records.values():
        nodes.setdefault(Path(record["script"]).stem, set()).add(record["machine"]["node"])
    assert {"search", "evaluation", *TRAINING} <= set(nodes)
    assert nodes == {script: {"machine-b" if script in TRAINING else "machine-a"} for script in nodes}


def test_every_job_has_a_number_of_its_own(records: dict[str, dict[str, Any]]) -> None:
    runs = {(record["machine"]["job"], record["run"]) for record in records.values()}
    assert len(runs) == len({job for job, _ in runs}) == len({run for _, run in runs})


def test_evaluation_of_round_1_overlaps_training_of_round_2(records: dict[str, dict[str, Any]]) -> None:
    evaluated = times(records, "attempts/round-1/", "evaluation/round-1/")
    trained = times(records, "seed-0/round-2/pairs", "seed-0/round-2/reference", "seed-0/round-2/adapter")
    seconds = [
        (min(a_end, b_end) - max(a_start, b_start)).total_seconds()
        for a_start, a_end in evaluated
        for b_start, b_end in trained
    ]
    assert max(seconds) > 1, sorted(seconds)


def test_jobs_that_need_the_gpu_of_a_machine_ran_one_after_another(records: dict[str, dict[str, Any]]) -> None:
    for parts in (
        ("trajectories.parquet", "attempts/"),
        ("reference.parquet", "adapter/manifest", "policy/manifest", "drift"),
    ):
        intervals = sorted(set(times(records, *parts)))
        assert all(end <= start for (_, end), (start, _) in pairwise(intervals))
