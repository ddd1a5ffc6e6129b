"""`codeq lineage diff`: the first cause for which two results are not the same."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from test_verification import make
from typer.testing import CliRunner

from codeq.cli import app
from codeq.errors import LineageError
from codeq.lineage import differences, record


def run(directory: Path, source: str = "rows", beta: float = 0.1, pairs: str = "pairs", seed: int = 0) -> Path:
    """A study of a source, a table of pairs, an adapter and a table of results; each holds what it was made from."""
    directory.mkdir(parents=True)
    (directory / "benchmark.json").write_text(source)
    raw = make(directory / "data" / "raw.parquet", source, directory / "benchmark.json")
    found = make(directory / "pairs.parquet", f"{pairs} of {source}", raw, pairs={"threshold": 0.2})
    adapter = directory / "adapter.bin"
    script = Path(__file__).resolve().parents[2] / "scripts" / "show.py"
    chosen = {"dpo": {"beta": beta, "lora": {"r": 32}}}
    with record(script=script, inputs={"pairs": found}, outputs={"adapter": adapter}, settings=chosen, seed=seed):
        adapter.write_text(f"{beta} {seed} on {found.read_text()}")
    make(directory / "rates.csv", f"rates of {adapter.read_text()}", adapter)
    return directory


def found(a: Path, b: Path) -> list[tuple[str, str, str]]:
    return [(each.path, each.kind, each.key) for each in differences(a, b)]


def edit(path: Path, change: dict[str, Any]) -> None:
    """Change a record by hand, as another machine or time would have written it."""
    sidecar = path.with_name(path.name + ".lineage.json")
    values = json.loads(sidecar.read_text())
    for key, value in change.items():
        values[key].update(value)
    sidecar.write_text(json.dumps(values))


def test_equal_runs_have_no_difference(tmp_path: Path) -> None:
    assert found(run(tmp_path / "a"), run(tmp_path / "b")) == []


def test_another_parameter_is_the_only_cause_of_all_that_follows(tmp_path: Path) -> None:
    a, b = run(tmp_path / "a"), run(tmp_path / "b", beta=0.2)
    (only,) = differences(a, b)
    assert (only.path, only.kind, only.key, only.a, only.b) == ("adapter.bin", "setting", "dpo.beta", "0.1", "0.2")
    assert differences(a / "rates.csv", b / "rates.csv") == [only]
    assert str(only) == "adapter.bin: setting dpo.beta: 0.1 in the first, 0.2 in the second"


def test_the_earliest_cause_comes_first(tmp_path: Path) -> None:
    a, b = run(tmp_path / "a"), run(tmp_path / "b", source="other rows", beta=0.2, seed=1)
    assert found(a / "rates.csv", b / "rates.csv") == [
        ("benchmark.json", "source", ""),
        ("adapter.bin", "seed", ""),
        ("adapter.bin", "setting", "dpo.beta"),
    ]


def test_code_and_packages_are_named(tmp_path: Path) -> None:
    a, b = run(tmp_path / "a"), run(tmp_path / "b", pairs="other pairs")
    edit(b / "pairs.parquet", {"packages": {"polars": "0.1"}})
    record_b = json.loads((b / "pairs.parquet.lineage.json").read_text())
    record_b["code"]["parts"]["codeq.preferences"] = "0" * 64
    (b / "pairs.parquet.lineage.json").write_text(json.dumps(record_b))
    causes = differences(a, b)
    assert [(each.kind, each.key) for each in causes] == [("code", "codeq.preferences"), ("package", "polars")]
    assert (causes[0].a, causes[0].b) == ("absent", "version 000000000000")
    assert causes[1].b == "0.1"


def test_what_nothing_explains_is_said(tmp_path: Path) -> None:
    assert found(run(tmp_path / "a"), run(tmp_path / "b", pairs="others")) == [
        ("pairs.parquet", "unexplained", "equal inputs, settings, seed, code and packages")
    ]


def test_a_file_in_one_run_only_is_named(tmp_path: Path) -> None:
    a, b = run(tmp_path / "a"), run(tmp_path / "b")
    make(b / "more.csv", "more", b / "rates.csv")
    assert found(a, b) == [("more.csv", "only in one", "")]


def test_a_file_without_a_record_is_an_error(tmp_path: Path) -> None:
    run(tmp_path / "a")
    with pytest.raises(LineageError, match="no record"):
        differences(tmp_path / "a" / "benchmark.json", tmp_path / "a" / "rates.csv")
    (tmp_path / "empty").mkdir()
    with pytest.raises(LineageError, match="no lineage records below it"):
        differences(tmp_path / "a", tmp_path / "empty")


def test_the_command_prints_the_first_cause_and_its_exit_code_tells(tmp_path: Path) -> None:
    a, b = run(tmp_path / "a"), run(tmp_path / "b", beta=0.2, source="other")
    runner = CliRunner()
    done = runner.invoke(app, ["lineage", "diff", str(a / "rates.csv"), str(b / "rates.csv")])
    assert done.exit_code == 1
    assert done.stdout.splitlines()[1].startswith("  benchmark.json: source: sha256 ")
    done = runner.invoke(app, ["lineage", "diff", "--json", str(a), str(b)])
    assert {each["key"] for each in json.loads(done.stdout)} == {"", "dpo.beta"}
    assert runner.invoke(app, ["lineage", "diff", str(a), str(a)]).exit_code == 0


@settings(max_examples=15, deadline=None)
@given(data=st.data(), size=st.integers(2, 6))
def test_in_random_graphs_the_causes_are_the_nodes_that_were_changed(
    data: st.DataObject, size: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Each file holds its setting and its inputs' contents: exactly the changed settings above it explain it."""
    edges = [data.draw(st.lists(st.integers(0, max(0, n - 1)), unique=True)) if n else [] for n in range(size)]
    changed = data.draw(st.sets(st.integers(0, size - 1)))
    runs = []
    for name, values in (("a", set()), ("b", changed)):
        directory = tmp_path_factory.mktemp(name)
        made: list[Path] = []
        for n in range(size):
            inputs = [made[m] for m in edges[n]]
            content = json.dumps([n, n in values, [path.read_text() for path in inputs]])
            made.append(make(directory / f"f{n}", content, *inputs, value=n in values))
        runs.append(directory)
    assert set(found(*runs)) == {(f"f{n}", "setting", "value") for n in changed}
    last = f"f{size - 1}"
    above, waiting = set(), [size - 1]
    while waiting:
        node = waiting.pop()
        above.add(node)
        waiting += edges[node]
    assert set(found(runs[0] / last, runs[1] / last)) == {(f"f{n}", "setting", "value") for n in changed & above}
