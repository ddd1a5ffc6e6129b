"""The command line."""

import json
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner

from codeq.cli import app
from codeq.lineage import record


@pytest.fixture
def results(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """raw.json -> bugs -> table, which reads the bugs twice."""
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "results"
    folder.mkdir()
    Path("raw.json").write_text("[1]")
    bugs, table = folder / "bugs.parquet", folder / "a [bold] table.csv"
    for name, inputs, output, seed in (
        ("bugs", {"raw": Path("raw.json")}, bugs, 3),
        ("table", {"bugs": [bugs, bugs]}, table, None),
    ):
        with record(script=__file__, inputs=inputs, outputs={name: output}, settings={"name": name}, seed=seed):
            output.write_text(name)
    return folder


def invoke(*arguments: str) -> tuple[int, str, str]:
    result = CliRunner().invoke(app, list(arguments))
    return result.exit_code, result.stdout, result.stderr


def test_trace_prints_the_tree_and_describes_a_shared_file_once(results: Path) -> None:
    code, output, _ = invoke("lineage", "trace", "results/a [bold] table.csv")
    assert code == 0
    lines = output.splitlines()
    assert lines[0].startswith("table results/a [bold] table.csv ok ")
    assert re.fullmatch(r"tests/unit/test_cli\.py · code [0-9a-f]{12} · 20\S+ · [\d.]+ s · .+", lines[1].rstrip())
    assert lines[2].rstrip() == '{"name": "table"}'
    assert re.match(r"├── bugs results/bugs\.parquet ok [0-9a-f]{12}$", lines[3].rstrip())
    assert " · seed 3 · " in lines[4]
    assert re.match(r"│   └── raw raw\.json ok [0-9a-f]{12} \(source\)$", lines[6].rstrip())
    assert re.match(r"└── bugs results/bugs\.parquet ok [0-9a-f]{12} \(above\)$", lines[7].rstrip())
    assert len(lines) == 8


def test_trace_names_changed_and_lost_files(results: Path) -> None:
    Path("raw.json").write_text("[2]")
    assert re.search(
        r"raw raw\.json CHANGED [0-9a-f]{12} \(source\)", invoke("lineage", "trace", "results/bugs.parquet")[1]
    )
    (results / "bugs.parquet.lineage.json").unlink()
    output = invoke("lineage", "trace", "results/a [bold] table.csv")[1]
    assert re.search(r"bugs results/bugs\.parquet ok [0-9a-f]{12} \(record lost\)", output)


def test_trace_prints_the_same_as_json(results: Path) -> None:
    code, output, _ = invoke("lineage", "trace", "--json", "results/a [bold] table.csv")
    tree = json.loads(output)
    assert code == 0
    assert (tree["path"], tree["status"], tree["origin"]) == ("results/a [bold] table.csv", "ok", "made")
    assert tree["settings"] == {"name": "table"}
    first, second = tree["inputs"]
    assert (first["seed"], first["machine"]["gpus"]) == (3, [])
    assert [source["origin"] for source in first["inputs"]] == ["source"]
    assert (second["sha256"], second["above"], "inputs" in second) == (first["sha256"], True, False)


def test_an_error_is_one_line_on_stderr_and_exit_code_1(results: Path) -> None:
    code, output, error = invoke("lineage", "trace", "raw.json")
    assert (code, output) == (1, "")
    assert error.startswith("Error: ")
    assert "raw.json: exists but has no record" in error
    assert error.count("\n") == 1


ADDITION = {
    "entry_point": "add",
    "kind": "function",
    "tests": [{"arguments": [1, 2], "expected": 3}, {"arguments": [0.5, 1], "expected": 1.5}],
}
RIGHT, WRONG = "def add(a, b): return a + b", "def add(a, b): return a - b"


@pytest.fixture
def run_cases(tmp_path: Path) -> Callable[[object, object], tuple[int, str, str]]:
    """`codeq sandbox run` on a problem and cases."""

    def run(problem: object, cases: object) -> tuple[int, str, str]:
        files = tmp_path / "problem.json", tmp_path / "cases.json"
        for file, data in zip(files, (problem, cases), strict=True):
            file.write_text(data if isinstance(data, str) else json.dumps(data))
        return invoke("sandbox", "run", "--problem", str(files[0]), "--cases", str(files[1]))

    return run


RunCases = Callable[[object, object], tuple[int, str, str]]


def test_sandbox_run_prints_a_line_per_case_in_order(run_cases: RunCases) -> None:
    slow = "import time\ndef add(a, b):\n    if a == 1:\n        end = time.process_time() + 2.2\n"
    slow += "        while time.process_time() < end: pass\n    return a + b\n"
    cases = [
        {"id": "right", "code": RIGHT, "expect": "pass"},
        {"id": "wrong", "code": WRONG, "expect": "error", "also_ok": ["fail"], "note": "of any kind"},
        {"id": "no syntax", "code": "def add(a, b)", "expect": "error", "also_ok": None},
        {"id": "no syntax, in one word", "code": "def add(a, b)", "expect": "syntax_error"},
        {"id": "slow", "code": slow, "expect": "timeout"},
        {"id": "as slow, with more time", "code": slow, "expect": "pass", "timeout_s": 20},
    ]
    code, output, error = run_cases(ADDITION, cases)
    lines = [json.loads(line) for line in output.splitlines()]
    assert [line["id"] for line in lines] == [case["id"] for case in cases]
    assert [line["verdict"] for line in lines] == ["pass", "fail", "error", "syntax_error", "timeout", "pass"]
    assert all(line["right"] for line in lines)
    assert 0 < lines[0]["seconds"] < 2
    assert 2.2 <= lines[5]["seconds"] < 20
    assert (code, error) == (0, "")


def test_sandbox_run_ends_with_exit_code_1_when_one_verdict_differs(run_cases: RunCases) -> None:
    cases = [{"id": f"{n}", "code": code, "expect": "pass"} for n, code in enumerate((WRONG, RIGHT))]
    code, output, error = run_cases(ADDITION, cases)
    assert [json.loads(line)["right"] for line in output.splitlines()] == [False, True]
    assert (code, error) == (1, "1 of 2 cases got another verdict than they expect\n")


def test_sandbox_run_knows_leetcodes_structures(run_cases: RunCases) -> None:
    problem = {
        "entry_point": "reverse",
        "kind": "method",
        "parameters": ["ListNode"],
        "returns": "ListNode",
        "comparison": "any_order",
        "tests": [{"arguments": [[1, 2]], "expected": [2, 1]}],
    }
    case = {"id": "a", "code": "class Solution:\n    def reverse(self, head): return head", "expect": "pass"}
    assert run_cases(problem, [case])[0] == 0
    assert run_cases({**problem, "comparison": "exact"}, [case])[0] == 1


@pytest.mark.parametrize(
    ("problem", "cases", "message"),
    [
        ("{", [], "problem.json: cannot be read"),
        ([], [], "problem.json is a list, not an object"),
        ({"kind": "function", "tests": []}, [], "problem.json: no key 'entry_point'; give a text"),
        ({**ADDITION, "tests": []}, [], "problem.json: entry point 'add': no tests"),
        ({**ADDITION, "tests": [{"arguments": [1, 2]}]}, [], "problem.json, test 0: no key 'expected'"),
        ({**ADDITION, "tests": [3]}, [], "problem.json, test 0 is a whole number, not an object"),
        ({**ADDITION, "kind": "macro"}, [], "problem.json: entry point 'add': unknown kind 'macro'"),
        ({**ADDITION, "parameters": [["Tree"]]}, [], "a name in 'parameters' is a list, not a text"),
        ({**ADDITION, "comparison": "close"}, [], "unknown comparison 'close'"),
        (ADDITION, {}, "cases.json is an object, not a list"),
        (ADDITION, [], "cases.json: there are no cases"),
        (ADDITION, [{"id": "a", "expect": "pass"}], "cases.json, case 'a': no key 'code'; give a text"),
        (ADDITION, [{"id": "a", "code": "", "expect": "good"}], "case 'a': unknown verdict 'good'; use one of pass,"),
        (ADDITION, [{"id": "a", "code": "", "expect": "pass", "timeout_s": 0}], "case 'a': 'timeout_s' is 0; give"),
        (ADDITION, [{"id": "a", "code": "", "expect": "pass"}] * 2, "case 'a': this id was used before"),
    ],
)
def test_sandbox_run_names_the_place_in_a_bad_file(
    problem: object, cases: object, message: str, run_cases: RunCases
) -> None:
    code, output, error = run_cases(problem, cases)
    assert (code, output) == (1, "")
    assert message in error


def test_sandbox_bench_prints_what_it_measured() -> None:
    code, output, _ = invoke("sandbox", "bench", "--executions", "40", "--workers", "1")
    measured = json.loads(output)
    assert code == 0
    assert [measured[key] for key in ("backend", "workers", "executions")] == ["process", 1, 40]
    assert measured["per_second"] > 5
    assert 0 < measured["p50_ms"] <= measured["p99_ms"]


def test_help_lists_the_commands_and_loads_nothing_heavy() -> None:
    probe = (
        "import sys\nfrom codeq.cli import app\n"
        "try: app(['--help'])\n"
        "except SystemExit as end: code = end.code\n"
        "heavy = {'torch', 'transformers', 'polars', 'pyarrow', 'altair', 'pydantic', 'numpy'} & set(sys.modules)\n"
        "print('END', code, sorted(heavy))"
    )
    output = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, check=True).stdout
    assert output.splitlines()[-1] == "END 0 []"
    assert "lineage" in output
    assert "sandbox" in output
