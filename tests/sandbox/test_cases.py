"""The published attacks and legitimate programs, on this machine and on machines that permit less."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import codeq.sandbox
from codeq.config import SandboxSettings
from codeq.sandbox import Program, Sandbox, Test

PLAIN = Program("def add(a, b):\n    return a + b\n", "add", "function")
#: Verdicts that the process backend cannot get right, by what closes the file system; the package's
#: docstring gives each one's reason.
DIFFERENCES: dict[str, dict[str, set[str]]] = {
    "private read-only root": {},
    "Landlock": {"poison_check": {"error"}, "find_answer_files": {"error"}},
    "host": {"poison_check": {"error"}, "find_answer_files": {"timeout", "oom"}},
}
WAITS = {
    "busy_loop",
    "busy_loop_import",
    "sleep_forever",
    "ignore_signals",
    "regex_hang",
    "fork_bomb",
    "mem_bomb_touch",
}


@pytest.fixture(scope="module")
def cases(shared: Path) -> list[dict[str, Any]]:
    return json.loads((shared / "sandbox" / "cases.json").read_text())


def difference(case: dict[str, Any], status: str) -> str | None:
    """The verdict where it is none that the case allows."""
    coarse = "error" if status in ("syntax_error", "missing_entry_point") else status
    return None if coarse in {case["expect"], *(case.get("also_ok") or ())} else status


def differences_are_the_documented_ones(found: dict[str, str], files: str) -> None:
    documented = DIFFERENCES[files]
    assert found.keys() == documented.keys()
    assert all(status in documented[name] for name, status in found.items()), found
    for name in documented:
        assert f"``{name}``" in (codeq.sandbox.__doc__ or "")


@pytest.mark.slow
def test_every_case_gets_its_verdict_and_leaves_nothing_behind(
    cases: list[dict[str, Any]], addition: list[Test], settled: Callable[..., set[int]]
) -> None:
    found = {}
    assert len(cases) == 64
    before = settled(os.getpid())
    quick = SandboxSettings(workers=1, test_timeout_s=1.5)
    patient = SandboxSettings(workers=1, test_timeout_s=30)
    with Sandbox(quick) as sandbox, Sandbox(patient) as slow:
        servers = idle = settled(os.getpid())
        for judge in (sandbox, slow):
            assert judge.judge(PLAIN, addition).passed
        servers = servers & settled(os.getpid())
        assert len(idle) == len(servers) + 2  # in each sandbox one process waits for a program
        for case in cases:
            judge = slow if case.get("timeout_s") else sandbox
            verdict = judge.judge(Program(case["code"], "add", "function"), addition)
            if (status := difference(case, verdict.status)) is not None:
                found[case["id"]] = status
            if case["id"] == "fake_clock":
                assert verdict.seconds >= 1.2
                assert all(result.seconds >= 0.39 for result in verdict.results)
            assert verdict.passed == (case["expect"] == "pass" and case["id"] not in found), case["id"]
            assert judge.judge(PLAIN, addition).passed, case["id"]
            left = settled(os.getpid(), len(idle))
            assert servers < left, case["id"]  # not even the server was replaced
            assert len(left) == len(idle), case["id"]
        differences_are_the_documented_ones(found, sandbox.isolation["files"])
    assert settled(os.getpid()) == before


@pytest.mark.parametrize(
    ("rights", "namespaces"),
    [("user", None), ("namespaces", "none"), ("user,namespaces,landlock", "none")],
)
def test_no_attack_passes_where_the_machine_permits_less(
    rights: str, namespaces: str | None, cases: list[dict[str, Any]], addition: list[Test]
) -> None:
    """`rights` are given up first; see `confined`. Cases that only wait for the clock are left out."""
    chosen = {case["id"]: case for case in cases if case["id"] not in WAITS and not case.get("timeout_s")}
    tests = [vars(test) for test in addition]
    run = subprocess.run(
        [sys.executable, str(Path(__file__).parent / "confined.py"), rights],
        input=json.dumps([{"id": name, "code": case["code"], "tests": tests} for name, case in chosen.items()]),
        capture_output=True,
        text=True,
        timeout=300,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)},
    )
    assert run.returncode == 0, run.stderr
    isolation, *rows = map(json.loads, run.stdout.splitlines())
    if namespaces is not None:
        assert isolation["namespaces"] == namespaces
    assert isolation["network"] == "none"
    assert isolation["writes"] == "none"
    assert [row["id"] for row in rows] == list(chosen)
    assert {row["canary"] for row in rows} == {"pass"}
    passed = {row["id"] for row in rows if row["status"] == "pass"}
    assert passed <= {name for name, case in chosen.items() if case["expect"] == "pass"}
    verdicts = {row["id"]: difference(chosen[row["id"]], row["status"]) for row in rows}
    found = {name: status for name, status in verdicts.items() if status is not None}
    differences_are_the_documented_ones(found, isolation["files"])
