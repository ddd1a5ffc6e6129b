"""The crate of a finished study: valid by the profile's validator, and complete by the study's own records."""

import json
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest
import rocrate
from rocrate.rocrate import ROCrate
from typer.testing import CliRunner

from codeq import crate
from codeq.cli import app
from codeq.lineage import read_record, trace, verify

# In an environment of its own: it needs an older rich than import-linter does.
VALIDATOR = "roc-validator==0.13.0"
CONTEXT = Path(rocrate.__file__).parent / "data" / "ro-crate.jsonld"


@pytest.fixture(scope="session")
def validator(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The Python of an environment that has the validator."""
    directory = tmp_path_factory.mktemp("validator")
    subprocess.run([sys.executable, "-m", "venv", directory], check=True)
    python = directory / "bin" / "python"
    subprocess.run([python, "-m", "pip", "install", "--quiet", VALIDATOR], check=True, timeout=600)
    return python


def validate(python: Path, directory: Path) -> list[str]:
    script = Path(__file__).with_name("validate_crate.py")
    done = subprocess.run(
        [python, script, directory, CONTEXT], capture_output=True, text=True, timeout=600, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def by_id(study: Path) -> dict[str, dict[str, Any]]:
    return {entity["@id"]: entity for entity in json.loads((study / crate.METADATA).read_text())["@graph"]}


def ids(value: object) -> set[str]:
    return {entry["@id"] for entry in (value if isinstance(value, list) else [value])}


def records(study: Path) -> dict[str, dict[str, Any]]:
    """Every record but those of the crate's own files, by its file."""
    own = {crate.METADATA, *crate.workflow_files()}
    paths = [path.with_name(path.name.removesuffix(".lineage.json")) for path in study.rglob("*.lineage.json")]
    return {
        name: found
        for path in paths
        if (name := path.relative_to(study).as_posix()) not in own and (found := read_record(path)) is not None
    }


def test_the_crate_of_a_study_is_valid(study: Path, validator: Path) -> None:
    assert validate(validator, study) == ["passed"]


def test_the_validator_finds_a_crate_without_its_runs(study: Path, validator: Path, tmp_path: Path) -> None:
    """That the test above can fail."""
    document = json.loads((study / crate.METADATA).read_text())
    document["@graph"] = [entity for entity in document["@graph"] if entity["@type"] != "CreateAction"]
    (tmp_path / crate.METADATA).write_text(json.dumps(document))
    found = validate(validator, tmp_path)
    assert found[-1] == "failed"
    assert any("ControlAction must reference the action" in line for line in found)


def test_every_run_of_a_script_is_an_action_with_its_files_settings_and_times(study: Path) -> None:
    entities, found = by_id(study), records(study)
    runs = {f"#{record['run']}" for record in found.values()}
    actions = {identifier for identifier, entity in entities.items() if entity["@type"] == "CreateAction"}
    assert actions == {*runs, "#workflow-run"}
    assert len({record["script"] for record in found.values()}) > 12
    for name, record in found.items():
        action = entities[f"#{record['run']}"]
        assert name in ids(action["result"])
        assert entities[name]["sha256"] == record["output"]["sha256"]
        assert (action["startTime"], action["endTime"]) == (record["start"], record["end"])
        assert action["instrument"] == {"@id": record["script"]}
        assert entities[record["script"]]["version"] == record["code"]["version"]
        used = [entities[identifier] for identifier in ids(action["object"])]
        assert {e["sha256"] for e in used if "sha256" in e} == {entry["sha256"] for entry in record["inputs"]}
        assert entities[action["location"]["@id"]]["name"] == record["machine"]["hostname"]
    pairs = found["seed-0/round-1/adapter/manifest.json"]
    values = {entities[i].get("name"): entities[i].get("value") for i in ids(entities[f"#{pairs['run']}"]["object"])}
    assert (values["dpo.learning_rate"], values["seed"]) == ("0.0001", "0")


def test_the_engine_steps_and_parameters_stand_as_the_profile_asks(study: Path) -> None:
    entities = by_id(study)
    [organised] = [entity for entity in entities.values() if entity["@type"] == "OrganizeAction"]
    controls = [entities[identifier] for identifier in ids(organised["object"])]
    assert organised["result"] == {"@id": "#workflow-run"}
    assert {entity["@type"] for entity in controls} == {"ControlAction"}
    for control in controls:
        step, action = entities[control["instrument"]["@id"]], entities[control["object"]["@id"]]
        assert step["workExample"] == action["instrument"]
    main = entities[entities["./"]["mainEntity"]["@id"]]
    assert main["@id"] == "workflow/Snakefile"
    assert {entities[i]["name"] for i in ids(main["step"])} >= {"search", "pairs", "dpo", "merge", "report"}
    assert "seed-0/round-1/pairs.parquet" in ids(entities["#dpo-input-pairs"]["workExample"])


def test_every_file_of_the_study_is_part_of_the_crate(study: Path) -> None:
    entities = by_id(study)
    parts = ids(entities["./"]["hasPart"])
    on_disk = {path.relative_to(study).as_posix() for path in study.rglob("*") if path.is_file()}
    own = {crate.METADATA, f"{crate.METADATA}.lineage.json", *(f"{n}.lineage.json" for n in crate.workflow_files())}
    logs = {name for name in on_disk if "logs/" in name or "/." in name}
    assert on_disk - parts - own - logs == set()
    assert parts <= on_disk


def test_the_crate_is_made_from_the_last_results_and_again_to_the_same_bytes(study: Path) -> None:
    record = read_record(study / crate.METADATA)
    assert record is not None
    last = {Path(entry["path"]).as_posix() for entry in record["inputs"]}
    assert {"report.html", "seed-0/round-1/policy/README.md", "data/audit.md"} <= last
    assert "data/raw.parquet" not in last
    before = (study / crate.METADATA).read_bytes()
    done = CliRunner().invoke(app, ["lineage", "crate", str(study)])
    assert done.exit_code == 0
    assert (study / crate.METADATA).read_bytes() == before
    assert verify(study).faults == ()


def test_a_zipped_crate_is_read_back_and_traced(study: Path, tmp_path: Path) -> None:
    done = CliRunner().invoke(app, ["lineage", "crate", "--zip", str(study)])
    assert done.exit_code == 0
    packed = study.with_name("small.crate.zip")
    with zipfile.ZipFile(packed) as archive:
        archive.extractall(tmp_path / "copy")
    packed.unlink()
    assert {entity.id for entity in ROCrate(tmp_path / "copy").data_entities} == {
        entity.id for entity in ROCrate(study).data_entities
    }
    assert trace(tmp_path / "copy" / "tables" / "fix_rates.csv").status == "ok"
    checked = verify(tmp_path / "copy")
    assert checked.faults == ()
    # The mini model and the published figures are part of CodeQ, not of a study.
    assert [path.name for path in checked.absent] == ["manifest.json", "published.yaml"]
