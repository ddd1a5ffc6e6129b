"""A Slurm cluster of two nodes, and Snakemake run in it with the profile two-h100; two machines that ssh reaches."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from cluster import MARK, Cluster, Submit, missing, running
from needed import required
from sshd import Machine, missing_ssh, sshds

SOON = Path(__file__).with_name("slurm_soon.py")


@pytest.fixture(scope="package")
def slurm() -> Iterator[Cluster]:
    """The cluster, up while the tests run; a test that harms it mends it."""
    reason = missing()
    if reason:
        if required("slurm"):
            pytest.fail(f"CODEQ_REQUIRE asks for Slurm: {reason}")
        pytest.skip(reason)
    with running() as cluster:
        yield cluster


@pytest.fixture(scope="session")
def clone(checkout: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkout without results for the studies of the cluster."""
    directory = tmp_path_factory.mktemp("cluster") / "clone"
    ignored = shutil.ignore_patterns("results", ".snakemake", "__pycache__")
    return Path(shutil.copytree(checkout, directory, symlinks=True, ignore=ignored))


@pytest.fixture
def prepared(study: Path, tmp_path: Path) -> Path:
    """The finished small study without what the search and all after it made."""
    ignored = shutil.ignore_patterns("seed-0", "tables", "plots", "report.html", ".snakemake", "__pycache__")
    return Path(shutil.copytree(study.parents[1], tmp_path / "clone", symlinks=True, ignore=ignored))


@pytest.fixture(scope="package")
def submit(slurm: Cluster) -> Iterator[Submit]:
    """Start `snakemake --profile two-h100 ...` in a checkout; its output is one text."""
    started = []

    def start(checkout: Path, *arguments: str) -> "subprocess.Popen[str]":
        environment = {**os.environ, "PYTHONPATH": str(checkout), "OMP_NUM_THREADS": "1", MARK: str(slurm.directory)}
        command = [sys.executable, str(SOON), "--profile", "two-h100", *arguments]
        process = subprocess.Popen(
            slurm.command(*command, cwd=checkout),
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.wait()


@pytest.fixture(scope="session")
def machines(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Machine]]:
    """The machines "inference" and "training"; a test that stops one starts it again."""
    reason = missing_ssh()
    if reason:
        if required("slurm"):
            pytest.fail(f"CODEQ_REQUIRE asks for the tests of the cluster: {reason}")
        pytest.skip(reason)
    with sshds(tmp_path_factory.mktemp("ssh")) as found:
        yield found
