"""The suites of DebugBench's Python problems, made once by the scripts that the workflow runs."""

import json
import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest

from codeq import tables

ROOT = Path(__file__).resolve().parents[2]


def options(paths: dict[str, Path], *names: str) -> list[object]:
    return [part for name in names for part in (f"--{name}", paths[name])]


@pytest.fixture(scope="session")
def made(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Paths of the tables raw, problems and bugs, and of the public and the hidden tests and untested."""
    directory = tmp_path_factory.mktemp("debugbench")
    names = ("raw", "problems", "bugs", "tests", "untested", "hidden_tests", "hidden_untested")
    paths = {name: directory / f"{name}.parquet" for name in names}
    shards = sorted((shared / "debugbench" / "benchmark").glob("python3_*.json"))
    settings = json.dumps({"data": {"source": str(shards[0].parent)}})
    given: dict[str, list[object]] = {
        "raw": ["--source", *shards, "--raw", paths["raw"]],
        "problems": options(paths, "raw", "problems", "bugs"),
        "tests": options(paths, "raw", "problems", "tests", "untested"),
        "hidden_tests": options(paths, "raw", "problems", "tests", "hidden_tests", "hidden_untested"),
    }
    for script, arguments in given.items():
        command = [sys.executable, f"scripts/{script}.py", "--settings", settings, *map(str, arguments)]
        ended = subprocess.run(command, cwd=ROOT, check=False, capture_output=True, text=True)
        assert ended.returncode == 0, ended.stderr
    return paths


@pytest.fixture(scope="session")
def debugbench(made: dict[str, Path]) -> dict[str, pl.DataFrame]:
    """The tables by name, hidden tests among `tests`, those left out among `untested`."""
    found = {name: tables.read(name.removeprefix("hidden_"), path) for name, path in made.items()}
    for name in ("tests", "untested"):
        found[name] = pl.concat([found[name], found.pop(f"hidden_{name}")])
    return found
