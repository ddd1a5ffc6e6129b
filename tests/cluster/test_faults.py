"""What happens under Slurm when a job, a machine or the disk fails: nothing finished is lost, a rerun completes.

Each test runs the search of the small study again, in a copy of it that has all data, and compares
what comes of it with the study that ran undisturbed, without Slurm.
"""

import contextlib
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import polars as pl
import pytest
from cluster import Cluster, Submit, wait_until
from polars.testing import assert_frame_equal

from codeq import journal, tables

pytestmark = pytest.mark.slow
RUN = "results/small/seed-0"
TREES = f"{RUN}/round-1/trajectories.parquet"
PAIRS = f"{RUN}/round-1/pairs.parquet"
ATTEMPTS = f"{RUN}/attempts/base/single_pass.parquet"
# Few trees at once, so that they end one after another; no result depends on it.
SLOWLY = ("--configfile", "config/small.yaml", "--config", "search={live_trees: 6}")


@pytest.fixture
def clone(prepared: Path) -> Path:
    return prepared


def journaled(directory: Path) -> int:
    """How many trees are in the journal of the search."""
    files = (directory / TREES.replace(".parquet", ".journal")).glob("*")
    return sum(len(journal.read(file)) for file in files)


def wait_for_trees(run: "subprocess.Popen[str]", directory: Path) -> None:
    """Until the search is in the middle."""
    wait_until(lambda: run.poll() is not None or journaled(directory) >= 2, "the search has finished trees", 120)
    if run.poll() is not None:
        pytest.fail(run.communicate()[0][-4000:])


def comparable(path: Path) -> pl.DataFrame:
    """A table of trees without what was measured. Log-probabilities differ by 1e-5: other batches round otherwise."""
    results = pl.col("results").list.eval(pl.element().struct.with_fields(seconds=pl.lit(0.0)))
    return tables.read("trajectories", path).with_columns(results).drop("seconds", "peak_mb", strict=False)


def assert_same_trees(study: Path, directory: Path, table: str = TREES) -> None:
    """The table equals that of the undisturbed study."""
    ours, theirs = (comparable(root / table) for root in (directory, study.parents[1]))
    assert_frame_equal(ours, theirs, check_exact=False, rel_tol=0, abs_tol=1e-4)


def finish(run: "subprocess.Popen[str]", directory: Path, code: int) -> str:
    output, _ = run.communicate(timeout=600)
    assert run.returncode == code, output[-4000:]
    return output


def taken(directory: Path) -> int:
    """How many trees the last search took from the journal."""
    logged = (directory / RUN / "logs" / "search-1.log").read_text()
    found = re.search(r"(\d+) of \d+ trees are in the journal", logged)
    return int(found[1]) if found else 0


def kill(slurm: Cluster) -> None:
    scripts = [job for job in slurm.jobs("machine-a") if "scripts/search.py" in job.cmdline()]
    assert scripts
    for script in scripts:
        script.kill()


@pytest.mark.parametrize(
    ("harm", "said"),
    [(kill, "FAILED"), (lambda slurm: slurm.lose("machine-a"), "NODE_FAIL")],
    ids=["killed", "machine lost"],
)
def test_a_job_that_dies_fails_by_name_and_its_trees_are_kept(harm, said, slurm, submit: Submit, study, clone) -> None:
    run = submit(clone, TREES, *SLOWLY)
    wait_for_trees(run, clone)
    harm(slurm)
    output = finish(run, clone, 1)
    assert f"SLURM status is: '{said}'" in output
    assert "Error in rule search" in output
    assert f"{RUN}/logs/search-1.log" in output
    kept = journaled(clone)
    assert kept >= 2
    assert not (clone / TREES).exists()

    if said == "NODE_FAIL":
        slurm.start_node("machine-a")
    finish(submit(clone, TREES, *SLOWLY), clone, 0)
    assert taken(clone) == kept
    assert_same_trees(study, clone)


def test_a_drained_machine_finishes_its_job_and_the_other_goes_on(slurm, submit: Submit, study, clone) -> None:
    run = submit(clone, PAIRS, *SLOWLY)
    wait_for_trees(run, clone)
    slurm.ask("scontrol", "update", "NodeName=machine-a", "State=DRAIN", "Reason=test")
    try:
        # Of one run, either job might come first.
        later = submit(clone, ATTEMPTS, "--nolock", *SLOWLY)
        wait_until(lambda: (clone / f"{PAIRS}.lineage.json").exists(), "pairs are made", 120)
        assert slurm.state("machine-a").startswith("drain")
        pending = ("squeue", "--noheader", "--states=pending", "--format=%P")
        wait_until(lambda: slurm.ask(*pending) == "inference", "the job for machine-a is in the queue", 60)
        assert not (clone / ATTEMPTS).exists()
        assert later.poll() is None
    finally:
        slurm.ask("scontrol", "update", "NodeName=machine-a", "State=RESUME")
    finish(run, clone, 0)
    finish(later, clone, 0)
    assert_same_trees(study, clone)
    assert_same_trees(study, clone, ATTEMPTS)
    pairs = [tables.read("pairs", root / PAIRS)["pair_id"].to_list() for root in (clone, study.parents[1])]
    assert pairs[0] == pairs[1]


@pytest.fixture
def small_disk(slurm: Cluster, clone: Path) -> Iterator[Path]:
    """The clone as the cluster sees it: what the search writes is on a disk of 16 MB."""
    (clone / RUN).mkdir()
    mounted = slurm.command("mount", "-t", "tmpfs", "-o", "size=16m", "tmpfs", str(clone / RUN))
    subprocess.run(mounted, check=True)
    yield Path(f"/proc/{slurm.namespace}/root{clone}")
    subprocess.run(slurm.command("umount", str(clone / RUN)), check=True)


def test_a_full_disk_is_named_and_trees_are_kept(slurm, submit: Submit, study, clone, small_disk: Path) -> None:
    run = submit(clone, TREES, *SLOWLY)
    wait_for_trees(run, small_disk)
    ballast = small_disk / RUN / "ballast"
    with contextlib.suppress(OSError), ballast.open("wb", buffering=0) as file:
        while True:
            file.write(bytes(4096))
    output = finish(run, clone, 1)
    assert "Error in rule search" in output
    assert "No space left on device" in output
    kept = journaled(small_disk)
    assert kept >= 2

    ballast.unlink()
    finish(submit(clone, TREES, *SLOWLY), clone, 0)
    assert taken(small_disk) == kept
    assert_same_trees(study, small_disk)
