"""The sandbox in the long run, and after its owner was killed. `benchmarks/sandbox.py --soak` runs 20,000."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

SCRIPT = Path(__file__).with_name("soak.py")


def soak(executions: int, backend: str, shared: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, str(SCRIPT), str(executions), backend, str(shared / "sandbox" / "cases.json")],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)},
    )


@pytest.mark.slow
@pytest.mark.parametrize("backend", ["process", "docker"])
def test_verdicts_stay_right_and_nothing_grows(backend: str, shared: Path, request: pytest.FixtureRequest) -> None:
    if backend == "docker":
        request.getfixturevalue("docker")
    with soak(1000, backend, shared) as run:
        found = json.loads(run.communicate(timeout=300)[0])
    assert run.returncode == 0
    assert (found["executions"], found["hostile"], found["wrong"]) == (1000, 50, [])
    before, after = found["before"], found["after"]
    assert after["host_mb"] - before["host_mb"] < 16
    assert after["servers_mb"] - before["servers_mb"] < 8
    for what in ("processes", "descriptors", "containers"):
        assert after[what] == before[what]
    assert found["left"] == 0


def test_of_a_killed_soak_nothing_is_alive_and_the_next_one_is_clean(
    shared: Path, descendants: Callable[[int], set[int]]
) -> None:
    with soak(100_000, "process", shared) as run:
        deadline = time.monotonic() + 30
        while len(descendants(run.pid)) < 2 and time.monotonic() < deadline:
            time.sleep(0.01)
        time.sleep(1)
        mine = descendants(run.pid)
        assert len(mine) >= 2
        run.kill()
    while any(Path(f"/proc/{pid}").exists() for pid in mine) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert not [pid for pid in mine if Path(f"/proc/{pid}").exists()]
    with soak(100, "process", shared) as again:
        assert json.loads(again.communicate(timeout=60)[0])["wrong"] == []
