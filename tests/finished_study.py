"""A finished small study in a checkout of its own, made once for all tests of the workflow, its rules and profiles.

Processes that test side by side have a copy each: a test may harm it for a while.
"""

import fcntl
import functools
import shutil
from pathlib import Path

import pytest
from planning import Snakemake, run_snakemake

ROOT = Path(__file__).resolve().parents[1]
KEPT = ("codeq", "config", "profiles", "scripts", "workflow", "pyproject.toml", "requirements.txt", "environment.yml")


@pytest.fixture(scope="session")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the project without results, as a new clone would be."""
    directory = tmp_path_factory.mktemp("checkout")
    for name in KEPT:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, directory / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, directory / name)
    (directory / "two-h100").symlink_to("profiles/two-h100")
    return directory


@pytest.fixture(scope="session")
def snakemake(checkout: Path) -> Snakemake:
    """Run Snakemake in the checkout."""
    return functools.partial(run_snakemake, checkout)


@pytest.fixture(scope="session")
def study(checkout: Path, tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Path:
    """results/small: the mini study in small, run from the raw rows to the report."""
    base = tmp_path_factory.getbasetemp()
    finished = (base if worker_id == "master" else base.parent) / "finished"
    with open(f"{finished}.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (finished / "results" / "small" / "ro-crate-metadata.json").exists():
            shutil.rmtree(finished, ignore_errors=True)  # of a process that failed here
            shutil.copytree(checkout, finished, symlinks=True, ignore=shutil.ignore_patterns("results", ".snakemake"))
            shutil.copy(ROOT / "tests" / "workflow" / "small.yaml", finished / "config" / "small.yaml")
            run_snakemake(finished, "--configfile", "config/small.yaml", "--cores", "2")
    for name in ("config", "results", ".snakemake"):
        shutil.copytree(finished / name, checkout / name, dirs_exist_ok=True)
    return checkout / "results" / "small"
