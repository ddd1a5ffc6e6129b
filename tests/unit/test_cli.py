"""The command line."""

import json
import re
import subprocess
import sys
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
