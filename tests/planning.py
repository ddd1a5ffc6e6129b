"""What the workflow tests share: how Snakemake is run, and how a plan is read."""

import functools
import json
import os
import re
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Callable
from pathlib import Path

FORKS = Path(__file__).with_name("snakemake_forks.py")
Snakemake = Callable[..., subprocess.CompletedProcess[str]]


def run_snakemake(checkout: Path, *arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
    """Run Snakemake in a checkout, with its code and the interpreter of the tests."""
    with tempfile.TemporaryDirectory() as directory:
        printed = [Path(directory, name) for name in ("stdout", "stderr")]
        call = {
            "directory": str(checkout),
            "environment": {**os.environ, "PYTHONPATH": str(checkout)},
            "arguments": arguments,
            **{path.name: str(path) for path in printed},
        }
        forks = _forks()
        assert forks.stdin is not None
        assert forks.stdout is not None
        forks.stdin.write(json.dumps(call) + "\n")
        forks.stdin.flush()
        done = subprocess.CompletedProcess(
            ["snakemake", *arguments], int(forks.stdout.readline()), *[path.read_text() for path in printed]
        )
    if check:
        logs = "\n".join(f"--- {path}\n{path.read_text()[-1500:]}" for path in checkout.glob("results/**/*.log"))
        assert done.returncode == 0, f"{' '.join(done.args)}:\n{done.stderr[-3000:]}\n{logs}"
    return done


@functools.cache
def _forks() -> "subprocess.Popen[str]":
    """Ends with the process that calls it."""
    return subprocess.Popen([sys.executable, FORKS], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def planned(output: str) -> Counter[str]:
    """Jobs by rule, from the table "Job stats" of a dry-run."""
    table = output.split("Job stats:")[1].split("total")[0]
    return Counter({name: int(count) for name, count in re.findall(r"^(\w+)\s+(\d+)$", table, re.MULTILINE)})
