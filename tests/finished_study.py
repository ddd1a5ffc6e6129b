"""A finished small study in a checkout of its own, made once for all tests of the workflow, its rules and profiles.

Processes that test side by side have a copy each: a test may harm it for a while.
"""

import fcntl
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from planning import Snakemake

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
    """Run Snakemake in the checkout with the interpreter of the tests; the output is text."""
    return snakemake_in(checkout)


def snakemake_in(checkout: Path) -> Snakemake:
    def run(*arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        environment = {**os.environ, "PYTHONPATH": str(checkout)}
        done = subprocess.run(
            [sys.executable, "-m", "snakemake", *arguments],
            cwd=checkout,
            env=environment,
            capture_output=True,
            text=True,
            timeout=900,
            check=False,
        )
        if check and done.returncode:
            logs = [f"--- {path}\n{path.read_text()[-1500:]}" for path in sorted(checkout.glob("results/*/**/*.log"))]
            pytest.fail(f"snakemake {' '.join(arguments)}:\n{done.stderr[-3000:]}\n" + "\n".join(logs))
        return done

    return run


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
            snakemake_in(finished)("--configfile", "config/small.yaml", "--cores", "2")
    for name in ("config", "results", ".snakemake"):
        shutil.copytree(finished / name, checkout / name, dirs_exist_ok=True)
    return checkout / "results" / "small"
