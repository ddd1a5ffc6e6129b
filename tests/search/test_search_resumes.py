"""A search that is stopped goes on where it was, and a search in shards finds what one in one piece finds.

The real script with the mini model, in float32 on the CPU. Each run is a process of its own, forked from one
that has imported torch already: a kill takes a second, not ten.
"""

import json
import multiprocessing
import os
import random
import re
import runpy
import signal
import sys
import time
from collections.abc import Callable
from multiprocessing.process import BaseProcess
from pathlib import Path

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from codeq import journal, lineage, tables
from codeq.data.curriculum import records
from codeq.data.tasks import tasks

ROOT = Path(__file__).resolve().parents[2]
WEIGHTS = ROOT / "codeq" / "models" / "mini" / "weights"
BUGS = 60  # as many trees as 20 kills leave unfinished even on a quick machine
MEASURED = ["seconds", "peak_mb"]
SETTINGS = {
    "model": {"base": str(WEIGHTS), "prompt": "minimal", "dtype": "float32", "quantization": "none"},
    "sandbox": {"workers": 1, "timeout_s": 5.0, "test_timeout_s": 1.0},
    "search": {"candidates": 2, "rollouts": 2, "max_new_tokens": 40, "critic": "likelihood", "live_trees": 4},
}
FORKSERVER = multiprocessing.get_context("forkserver")
FORKSERVER.set_forkserver_preload(["transformers.models.qwen2.modeling_qwen2", "codeq.models.transformers_engine"])


def run_script(name: str, arguments: list[str], log: Path) -> None:
    """What the process does: lead a process group, log to a file, and be the script."""
    import torch

    os.setsid()
    torch.set_num_threads(1)
    os.dup2(os.open(log, os.O_CREAT | os.O_TRUNC | os.O_WRONLY), 2)
    script = ROOT / "scripts" / f"{name}.py"
    sys.argv = [str(script), *arguments]
    runpy.run_path(str(script), run_name="__main__")


class Study:
    """A directory with the tables of a small study, and runs of scripts in it."""

    def __init__(self, directory: Path) -> None:
        self.directory, self.log = directory, directory / "log"
        self.table, self.journal = directory / "trajectories.parquet", directory / "trajectories.journal"
        raw = records.raw(0, 1)
        bugs = records.bug_rows(raw)
        shortest = bugs.sort(pl.col("buggy_code").str.len_chars(), "bug_id").head(BUGS)
        split = shortest.select(
            "bug_id", "problem_id", pl.col("bug_id").alias("cluster_id"), pl.lit("train").alias("split")
        )
        problems, tests = records.problem_rows(raw), records.test_rows(raw)
        made = {"bugs": bugs, "splits": split, "tasks": tasks(bugs, problems, tests, shortest["bug_id"].to_list())}
        for name, table in made.items():
            tables.write(name, table, directory / f"{name}.parquet")

    def start(self, name: str, arguments: list[str]) -> BaseProcess:
        self.log.unlink(missing_ok=True)
        process = FORKSERVER.Process(target=run_script, args=[name, arguments, self.log])
        process.start()
        wait_for(self.log.exists, process)
        return process

    def search(self, shard: str = "1-of-1", table: Path | None = None, **changed: int) -> BaseProcess:
        settings = {**SETTINGS, "search": {**SETTINGS["search"], **changed}}
        arguments = ["--settings", json.dumps(settings), "--policy", str(WEIGHTS / "manifest.json")]
        arguments += ["--tasks", str(self.directory / "tasks.parquet"), "--shard", shard]
        arguments += ["--seed", "0", "--round", "1", "--split", "train"]
        arguments += ["--journal", str(self.journal), "--trajectories", str(table or self.table)]
        return self.start("search", arguments)

    def end(self, process: BaseProcess) -> str:
        """Wait for a run that nothing interrupts; what it logged."""
        process.join(300)
        logged = self.log.read_text()
        assert process.exitcode == 0, logged
        return logged

    def finished(self) -> int:
        """Whole lines in all journals."""
        return sum(path.read_bytes().count(b"\n") for path in self.journal.glob("*"))

    def stop(self, process: BaseProcess, number: signal.Signals, finished: int, delay: float = 0.0) -> None:
        """Signal the process and its children some seconds after so many trees have been finished."""
        wait_for(lambda: self.finished() >= finished, process)
        time.sleep(delay)
        assert process.is_alive(), "the search ended before it could be stopped: give it more bugs"
        os.killpg(process.pid, number)
        process.join(60)
        assert process.exitcode != 0


def wait_for(condition: Callable[[], bool], process: BaseProcess) -> None:
    deadline = time.monotonic() + 120
    while not condition():
        assert process.is_alive(), "the process ended early"
        assert time.monotonic() < deadline
        time.sleep(0.002)


def taken(logged: str) -> int:
    """How many trees a run took from the journal; it searched all the others, and no more."""
    return int(re.search(r"(\d+) of \d+ trees are in the journal", logged)[1])


def searched(logged: str) -> int:
    return int(re.search(r"(\d+) trees, \d+ completions", logged)[1])


def comparable(path: Path) -> pl.DataFrame:
    """The table without what was measured. Log-probabilities differ by 1e-5: other batches round otherwise."""
    results = pl.col("results").list.eval(pl.element().struct.with_fields(seconds=pl.lit(0.0)))
    return tables.read("trajectories", path).with_columns(results).drop(MEASURED, strict=False)


@pytest.fixture
def study(tmp_path: Path) -> Study:
    return Study(tmp_path)


@pytest.fixture(scope="module")
def unbroken(tmp_path_factory: pytest.TempPathFactory) -> pl.DataFrame:
    study = Study(tmp_path_factory.mktemp("unbroken"))
    logged = study.end(study.search())
    assert (taken(logged), searched(logged)) == (0, BUGS)
    assert not study.journal.exists()
    return comparable(study.table)


@pytest.mark.slow
def test_a_search_killed_at_20_moments_searches_no_finished_tree_again(study: Study, unbroken: pl.DataFrame) -> None:
    rng = random.Random(5)
    file = study.journal / "1-of-1.jsonl"
    for _ in range(20):
        before = study.finished()
        process = study.search(live_trees=rng.choice([2, 3, 8]))
        study.stop(process, signal.SIGKILL, before + rng.choice([0, 0, 1, 2]), rng.uniform(0, 0.1))
        logged = study.log.read_text()
        assert "in the journal" not in logged or taken(logged) == before
        if file.exists():
            assert len(journal.read(file)) == study.finished()  # no key twice: nothing was searched twice
            with file.open("ab") as torn:  # as if the machine had failed too
                torn.write(b'0f0f0f0f ["half a li'[: rng.randrange(20)])
    before = study.finished()
    assert 10 < before < BUGS
    logged = study.end(study.search())
    assert (taken(logged), searched(logged)) == (before, BUGS - before)
    assert_frame_equal(comparable(study.table), unbroken, abs_tol=1e-4)
    assert not study.journal.exists()


@pytest.mark.slow
def test_a_search_stopped_by_its_scheduler_goes_on_in_shards_which_join_to_the_same_table(
    study: Study, unbroken: pl.DataFrame
) -> None:
    study.stop(study.search(), signal.SIGTERM, 6)
    alone = study.finished()
    parts = [study.directory / "shards" / shard / "trajectories.parquet" for shard in ("1-of-2", "2-of-2")]
    first = study.end(study.search("1-of-2", parts[0]))
    study.stop(study.search("2-of-2", parts[1]), signal.SIGINT, BUGS // 2 + 4)
    before = study.finished()
    second = study.end(study.search("2-of-2", parts[1]))
    assert taken(first) + searched(first) == taken(second) + searched(second) == BUGS // 2
    assert alone + searched(first) < before
    assert before + searched(second) == BUGS  # each tree was searched once
    assert study.journal.exists()

    study.end(
        study.start(
            "gather",
            ["--shards", *map(str, parts), "--journal", str(study.journal), "--trajectories", str(study.table)],
        )
    )
    assert not study.journal.exists()
    assert_frame_equal(comparable(study.table), unbroken, abs_tol=1e-4)
    traced = lineage.trace(study.table)
    assert [node.path for node in traced.inputs] == parts
    assert {node.name for node in traced.inputs[0].inputs} == {"tasks", "policy"}
    assert {node.status for shard in traced.inputs for node in (traced, shard, *shard.inputs)} == {"ok"}


def test_a_shard_given_twice_is_refused(study: Study) -> None:
    rows = [dict.fromkeys(tables.SCHEMAS["trajectories"]) | {"tree_id": name, "bug_id": name} for name in "ab"]
    shards = [study.directory / "1.parquet", study.directory / "2.parquet"]
    tables.write("trajectories", tables.frame("trajectories", rows[:1]), shards[0])
    tables.write("trajectories", tables.frame("trajectories", rows), shards[1])
    process = study.start(
        "gather",
        ["--shards", *map(str, shards), "--journal", str(study.journal), "--trajectories", str(study.table)],
    )
    process.join(60)
    assert process.exitcode == 1
    assert "a tree is in two shards; delete them and search again" in study.log.read_text()
    assert not study.table.exists()
