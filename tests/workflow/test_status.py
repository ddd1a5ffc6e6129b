"""`codeq status` of a finished study, and of one that is at work."""

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from codeq.cli import app
from codeq.cli.status import trees
from codeq.journal import Journal

JOBS = 50  # of the small study: two rounds, three modes


def status(checkout: Path, *arguments: str) -> Any:
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(checkout)
        patch.setenv("PYTHONPATH", str(checkout))  # the Snakemake that it calls reads the code there
        return CliRunner().invoke(app, ["status", *arguments])


def test_of_a_finished_study_everything_is_done(study: Path, checkout: Path) -> None:
    done = status(checkout, "results/small")
    assert (done.exit_code, done.stdout) == (0, f"{JOBS} jobs: {JOBS} done, 0 begun, 0 left\n")


def test_of_a_study_at_work_begun_jobs_are_named_with_their_trees(study: Path, checkout: Path, tmp_path: Path) -> None:
    """The second round is not there: its search runs, is seen, and is seen again after it was stopped."""
    clone = tmp_path / "clone"
    shutil.copytree(checkout, clone, symlinks=True)
    shutil.rmtree(clone / "results/small/seed-0/round-2")
    table = "results/small/seed-0/round-2/trajectories.parquet"
    command = [sys.executable, "-m", "snakemake", "--configfile", "config/small.yaml", "--cores", "1", table]
    environment = {**os.environ, "PYTHONPATH": str(clone)}
    with subprocess.Popen(
        command, cwd=clone, env=environment, stderr=subprocess.DEVNULL, start_new_session=True
    ) as run:
        journal = clone / "results/small/seed-0/round-2/trajectories.journal/1-of-1.jsonl"
        until = time.monotonic() + 120
        while not (journal.exists() and journal.read_bytes().count(b"\n") >= 2):
            assert time.monotonic() < until
            assert run.poll() is None
            time.sleep(0.1)
        os.killpg(run.pid, signal.SIGSTOP)  # as it is, while it is looked at
        working = status(clone, "results/small")
        os.killpg(run.pid, signal.SIGKILL)
    trees = journal.read_bytes().count(b"\n")
    for seen in (working, status(clone, "results/small")):
        assert seen.exit_code == 0, seen.output
        first, begun, *left = seen.stdout.splitlines()
        waiting = sum(int(line.split()[2]) for line in left)
        assert first == f"{JOBS} jobs: {JOBS - 1 - waiting} done, 1 begun, {waiting} left"
        log = "results/small/seed-0/logs/search-2.log"
        assert re.fullmatch(rf"begun  search -> {table}, {trees} trees finished; {log} was written \d+ s ago", begun)
        rules = {line.split()[1]: int(line.split()[2]) for line in left}
        training = ("pairs", "reference", "dpo", "merge", "drift")
        assert {name: rules[name] for name in training} == dict.fromkeys(training, 1)
        assert rules["attempts"] == rules["evaluation"] == 3
        assert "raw" not in rules


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (
            ("results/small", "--configfile", "config/mini.yaml"),
            "config/mini.yaml is of study 'mini', not of results/small",
        ),
        (("results/none",), "config/none.yaml"),
    ],
)
def test_a_study_file_that_does_not_fit_is_named(study: Path, checkout: Path, arguments: tuple[str], said: str) -> None:
    done = status(checkout, *arguments)
    assert done.exit_code == 1
    assert said in done.output


def test_a_shard_counts_the_trees_of_its_own_journal(tmp_path: Path) -> None:
    journals = tmp_path / "seed-0" / "attempts" / "base" / "mcts.journal"
    for shard, count in (("1-of-2", 3), ("2-of-2", 1)):
        with Journal(journals / f"{shard}.jsonl") as journal:
            for number in range(count):
                journal.append(str(number), [])
    table = Path("attempts", "base", "mcts.parquet")
    found = [trees(tmp_path / "seed-0" / "shards" / shard / table) for shard in ("1-of-2", "2-of-2")]
    assert (found, trees(tmp_path / "seed-0" / table)) == ([3, 1], None)
