"""`codeq lineage verify`: the records against the disk."""

import shutil
from pathlib import Path

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from codeq.cli import app
from codeq.errors import LineageError
from codeq.lineage import Fault, invalidate, record, verify, write_manifest
from codeq.lineage.verification import Kind

SCRIPT = Path(__file__).resolve().parents[2] / "scripts" / "show.py"


def make(path: Path, text: str, *inputs: Path, **options: object) -> Path:
    """A file with its record, as a rule makes it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with record(script=SCRIPT, inputs={"source": inputs}, outputs={"made": path}, settings=options, seed=None):
        path.write_text(text)
    return path


@pytest.fixture
def study(tmp_path: Path) -> Path:
    """raw -> pairs -> a model of two files -> table, besides what has no records."""
    directory = tmp_path / "results" / "study"
    (tmp_path / "benchmark.json").write_text("[]")
    raw = make(directory / "data" / "raw.parquet", "rows", tmp_path / "benchmark.json")
    pairs = make(directory / "round-1" / "pairs.parquet", "pairs", raw)
    policy = directory / "round-1" / "policy"
    policy.mkdir()
    manifest = policy / "manifest.json"
    with record(script=SCRIPT, inputs={"pairs": pairs}, outputs={"merged": manifest}, settings={}, seed=None):
        (policy / "model.safetensors").write_text("weights")
        (policy / "config.json").write_text("{}")
        write_manifest(policy)
    make(directory / "tables" / "rates.csv", "rates", manifest)
    for name in ("logs/dpo.log", "round-1/trajectories.journal/1-of-1", "round-1/checkpoints/a/state", ".hidden"):
        (directory / name).parent.mkdir(parents=True, exist_ok=True)
        (directory / name).write_text("unrecorded")
    return directory


def kinds(faults: tuple[Fault, ...], directory: Path) -> list[tuple[str, str]]:
    return [(fault.kind, fault.path.relative_to(directory).as_posix()) for fault in faults]


def test_an_untouched_study_has_no_faults(study: Path) -> None:
    done = verify(study)
    assert done.faults == done.absent == ()
    assert done.files == 7  # four outputs, two files of the model, one source
    assert done.bytes == sum(
        path.stat().st_size
        for path in [*study.rglob("*.parquet"), *study.rglob("policy/*"), study.parents[1] / "benchmark.json"]
        if not path.name.endswith(".lineage.json")
    ) + len("rates")


def test_a_copy_elsewhere_is_as_good_and_sources_that_are_not_there_are_named(study: Path, tmp_path: Path) -> None:
    copy = shutil.copytree(study, tmp_path / "elsewhere" / "deep" / "study")
    done = verify(copy)
    assert done.faults == ()
    assert [path.name for path in done.absent] == ["benchmark.json"]


@pytest.mark.parametrize(
    ("name", "kind", "remade"),
    [
        ("data/raw.parquet", "changed", "data/raw.parquet"),
        ("round-1/policy/model.safetensors", "changed", "round-1/policy/manifest.json"),
        ("tables/rates.csv", "changed", "tables/rates.csv"),
    ],
)
def test_one_flipped_byte_is_found_and_said_once(study: Path, name: str, kind: Kind, remade: str) -> None:
    data = bytearray((study / name).read_bytes())
    data[2] ^= 1
    (study / name).write_bytes(data)
    done = verify(study)
    assert kinds(done.faults, study) == [(kind, name)]
    assert invalidate(done.faults) == [study / remade]
    assert not (study / remade).exists()
    assert not (study / f"{remade}.lineage.json").exists()


def test_a_flipped_verdict_in_a_table_is_found(tmp_path: Path) -> None:
    path = tmp_path / "trajectories.parquet"
    table = pl.DataFrame({"node_id": ["a", "b"], "verdict": ["pass", "fail"]})
    with record(script=SCRIPT, inputs={}, outputs={"made": path}, settings={}, seed=None):
        table.write_parquet(path)
    assert verify(tmp_path).faults == ()
    table.with_columns(verdict=pl.lit("pass")).write_parquet(path)
    assert kinds(verify(tmp_path).faults, tmp_path) == [("changed", "trajectories.parquet")]


def test_missing_files_orphans_and_damaged_records_are_named(study: Path) -> None:
    (study / "data" / "raw.parquet").unlink()
    (study / "round-1" / "policy" / "config.json").unlink()
    (study / "round-1" / "policy" / "extra.bin").write_text("?")
    (study / "tables" / "rates.csv.lineage.json").write_text('{"format"')
    (study / "tables" / "other.csv").write_text("?")
    assert kinds(verify(study).faults, study) == [
        ("missing", "data/raw.parquet"),
        ("missing", "round-1/policy/config.json"),
        ("orphan", "round-1/policy/extra.bin"),
        ("orphan", "tables/other.csv"),
        ("unreadable", "tables/rates.csv.lineage.json"),
    ]


def test_a_file_that_cannot_be_read_is_named(study: Path) -> None:
    (study / "data" / "raw.parquet").unlink()
    (study / "data" / "raw.parquet").mkdir()
    assert kinds(verify(study).faults, study) == [("unreadable", "data/raw.parquet")]


def test_what_was_made_from_something_remade_since_is_stale(study: Path) -> None:
    make(study / "data" / "raw.parquet", "other rows", study.parents[1] / "benchmark.json")
    assert kinds(verify(study).faults, study) == [("stale", "round-1/pairs.parquet")]
    (study.parents[1] / "benchmark.json").write_text("[1]")
    assert kinds(verify(study).faults, study) == [("stale", "data/raw.parquet"), ("stale", "round-1/pairs.parquet")]


def test_an_unreadable_manifest_is_named(study: Path) -> None:
    (study / "round-1" / "policy" / "manifest.json").write_text("{}")
    named = kinds(verify(study).faults, study)
    assert ("unreadable", "round-1/policy/manifest.json") in named
    assert ("changed", "round-1/policy/manifest.json") in named


def test_a_directory_without_records_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(LineageError, match=r"no lineage records below it; give the directory of a study"):
        verify(tmp_path)


def test_the_command_names_the_faults_and_its_exit_code_tells(study: Path) -> None:
    runner = CliRunner()
    assert runner.invoke(app, ["lineage", "verify", str(study)]).exit_code == 0
    (study / "tables" / "rates.csv").write_text("other rates")
    done = runner.invoke(app, ["lineage", "verify", "--invalidate", str(study)])
    assert done.exit_code == 1
    assert "changed: " in done.stdout
    assert "tables/rates.csv: sha256 " in done.stdout
    assert "removed " in done.stdout
    assert not (study / "tables" / "rates.csv").exists()


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data(), size=st.integers(2, 6))
def test_whatever_is_damaged_is_named_and_nothing_else(
    data: st.DataObject, size: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Random graphs of files, some of them damaged: compared with the list of what was done to them."""
    directory = tmp_path_factory.mktemp("graph")
    files: list[Path] = []
    for number in range(size):
        inputs = data.draw(st.lists(st.sampled_from(files), unique=True)) if files else []
        files.append(make(directory / f"f{number}", f"content {number}", *inputs))
    expected = set()
    for path in data.draw(st.lists(st.sampled_from(files), unique=True)):
        damage = data.draw(st.sampled_from(["changed", "missing"]))
        expected.add((damage, path.name))
        path.write_text("damaged") if damage == "changed" else path.unlink()
    for number in range(data.draw(st.integers(0, 2))):
        (directory / f"orphan{number}").write_text("")
        expected.add(("orphan", f"orphan{number}"))
    found = verify(directory).faults
    assert set(kinds(found, directory)) == expected
    assert len(found) == len(expected)
    assert {path.name for path in invalidate(found)} == {name for kind, name in expected if kind != "orphan"}
