"""Manifests, sidecars and traces."""

import hashlib
import json
import os
import shutil
import subprocess
from datetime import datetime
from importlib.metadata import version
from pathlib import Path

import pytest

from codeq.errors import LineageError
from codeq.lineage import (
    Node,
    code_version,
    manifest_digest,
    read_record,
    record,
    trace,
    verify_manifest,
    write_manifest,
)
from codeq.lineage.environment import git_state

REPOSITORY = Path(__file__).resolve().parents[2]


def sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


# Manifests


@pytest.fixture
def model(tmp_path: Path) -> Path:
    directory = tmp_path / "policy"
    (directory / "tokenizer").mkdir(parents=True)
    (directory / "model.safetensors").write_text("weights")
    (directory / "config.json").write_text("{}")
    (directory / "tokenizer/vocab.json").write_text("[]")
    return directory


def test_a_manifest_lists_every_model_file_by_name(model: Path) -> None:
    (model / ".cache").mkdir()
    (model / ".cache/download.lock").write_text("now")
    (model / ".snakemake_timestamp").write_text("now")
    (model / "manifest.json.lineage.json").write_text("{}")
    digest = write_manifest(model)
    text = (model / "manifest.json").read_text()
    assert json.loads(text)["files"] == {
        "config.json": {"bytes": 2, "sha256": sha256("{}")},
        "model.safetensors": {"bytes": 7, "sha256": sha256("weights")},
        "tokenizer/vocab.json": {"bytes": 2, "sha256": sha256("[]")},
    }
    assert list(json.loads(text)["files"]) == sorted(json.loads(text)["files"])
    assert digest == sha256(text) == manifest_digest(model) == manifest_digest(model / "manifest.json")
    verify_manifest(model)


def test_equal_models_have_equal_manifests(model: Path) -> None:
    first = write_manifest(model)
    other = shutil.copytree(model, model.parent / "copy")
    for path in other.rglob("*.json"):
        os.utime(path, (0, 0))
    assert write_manifest(other) == write_manifest(model) == first
    assert not list(model.rglob("*.partial"))


@pytest.mark.parametrize("text", ["Weights", "more weights"])
def test_a_changed_weight_file_is_named(model: Path, text: str) -> None:
    before = write_manifest(model)
    (model / "model.safetensors").write_text(text)
    with pytest.raises(LineageError, match=r"model\.safetensors: changed"):
        verify_manifest(model)
    assert write_manifest(model) != before
    verify_manifest(model)


def test_a_missing_file_is_named(model: Path) -> None:
    write_manifest(model)
    (model / "tokenizer/vocab.json").unlink()
    with pytest.raises(LineageError, match=r"tokenizer/vocab\.json: listed in .* but missing"):
        verify_manifest(model)


def test_a_missing_empty_or_malformed_manifest_is_an_error_with_a_remedy(model: Path, tmp_path: Path) -> None:
    for call in (manifest_digest, verify_manifest):
        with pytest.raises(LineageError, match=r"manifest\.json: no manifest; run the rule"):
            call(model)
    (model / "manifest.json").write_text('{"files": {"config.json": 1}}')
    with pytest.raises(LineageError, match="not a manifest"):
        verify_manifest(model)
    (tmp_path / "empty").mkdir()
    with pytest.raises(LineageError, match="no model files"):
        write_manifest(tmp_path / "empty")


# Records


@pytest.fixture
def script(tmp_path: Path) -> Path:
    path = tmp_path / "scripts" / "stage.py"
    path.parent.mkdir()
    path.write_text("from codeq import values\n")
    return path


def test_a_sidecar_says_what_was_made_from_what_by_which_code(tmp_path: Path, script: Path) -> None:
    source = tmp_path / "raw" / "shard.json"
    source.parent.mkdir()
    source.write_text("[1]")
    output = tmp_path / "results" / "mini" / "bugs.parquet"
    output.parent.mkdir(parents=True)
    with record(
        script=str(script),
        inputs={"shards": [source]},
        outputs={"bugs": output},
        settings={"b": 1, "a": (2, 3)},
        seed=7,
    ) as run:
        output.write_text("bugs")
        run.note("isolation", {"network": False})

    text = Path(f"{output}.lineage.json").read_text()
    assert str(tmp_path) not in text
    found = json.loads(text)
    assert found == read_record(output)
    assert found["output"] == {
        "name": "bugs",
        "path": "bugs.parquet",
        "sha256": sha256("bugs"),
        "bytes": 4,
        "kind": "table",
    }
    assert found["inputs"] == [
        {
            "name": "shards",
            "path": "../../raw/shard.json",
            "sha256": sha256("[1]"),
            "bytes": 3,
            "kind": "file",
            "recorded": False,
        }
    ]
    assert found["settings"] == {"a": [2, 3], "b": 1}
    assert list(found["settings"]) == ["a", "b"]
    assert (found["seed"], found["script"], found["notes"]) == (7, "stage.py", {"isolation": {"network": False}})
    assert found["code"]["version"] == code_version(script, REPOSITORY)
    assert set(found["code"]["parts"]) == {"__main__", "codeq", "codeq.values"}
    assert found["packages"]["polars"] == version("polars")
    assert found["machine"]["cores"] >= 1
    assert found["machine"]["hostname"]
    start, end = (datetime.fromisoformat(found[key]) for key in ("start", "end"))
    assert start.utcoffset() is not None
    assert abs((end - start).total_seconds() - found["seconds"]) < 0.1


def test_a_script_of_the_repository_is_named_by_its_path_there(tmp_path: Path) -> None:
    output = tmp_path / "x"
    with record(script=__file__, inputs={}, outputs={"x": output}, settings={}):
        output.write_text("x")
    found = read_record(output)
    assert found is not None
    assert found["script"] == "tests/unit/test_lineage.py"


def test_every_output_gets_a_sidecar_of_the_same_run(tmp_path: Path, script: Path, model: Path) -> None:
    with record(script=script, inputs={}, outputs={"policy": model, "curve": tmp_path / "curve"}, settings={}):
        (tmp_path / "curve").write_text("1")
        digest = write_manifest(model)
    policy, curve = read_record(model / "manifest.json"), read_record(tmp_path / "curve")
    assert policy is not None
    assert curve is not None
    assert (policy["output"]["sha256"], policy["output"]["kind"]) == (digest, "model")
    assert policy["run"] == curve["run"]


def test_a_failed_run_leaves_no_sidecar_not_even_an_old_one(tmp_path: Path, script: Path) -> None:
    output = tmp_path / "x"
    with record(script=script, inputs={}, outputs={"x": output}, settings={}):
        output.write_text("x")
    assert read_record(output) is not None

    def fail() -> None:
        with record(script=script, inputs={}, outputs={"x": output}, settings={}):
            assert read_record(output) is None
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert [path.name for path in tmp_path.iterdir() if path.is_file()] == ["x"]


def test_an_output_that_was_not_written_is_an_error_and_leaves_no_sidecar(tmp_path: Path, script: Path) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    with (
        pytest.raises(LineageError, match=r"second: 'b', output of stage\.py, cannot be read"),
        record(script=script, inputs={}, outputs={"a": first, "b": second}, settings={}),
    ):
        first.write_text("1")
    assert read_record(first) is None


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"inputs": {"bugs": Path("nothing.parquet")}}, r"nothing\.parquet: 'bugs', input of stage\.py"),
        ({"inputs": {"x": Path("x")}}, "both an input and an output"),
        ({"settings": {"path": Path("x")}}, "settings: not plain JSON"),
        ({"settings": {"rate": float("nan")}}, "settings: not plain JSON"),
    ],
)
def test_wrong_declarations_stop_a_run_before_it_starts(
    tmp_path: Path, script: Path, monkeypatch: pytest.MonkeyPatch, arguments: dict[str, object], message: str
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("x").write_text("x")
    declared = {"inputs": {}, "outputs": {"x": Path("x")}, "settings": {}, **arguments}
    with pytest.raises(LineageError, match=message), record(script=script, **declared):
        pytest.fail("the body ran")


def test_the_state_of_git_is_that_of_the_checkout(tmp_path: Path) -> None:
    assert git_state(tmp_path) is None

    def git(*arguments: str) -> str:
        identity = ["-c", "user.name=a", "-c", "user.email=a@b"]
        command = ["git", "-C", str(tmp_path), *identity, *arguments]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()

    git("init", "-q")
    assert git_state(tmp_path) is None, "no commit yet"
    git("commit", "-q", "--allow-empty", "-m", "first")
    assert git_state(tmp_path) == {"commit": git("rev-parse", "HEAD"), "dirty": False}
    (tmp_path / "new.py").touch()
    assert git_state(tmp_path) == {"commit": git("rev-parse", "HEAD"), "dirty": True}


def test_a_machine_without_git_has_no_commit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / ".git").mkdir()
    monkeypatch.setenv("PATH", "")
    assert git_state(tmp_path) is None


# Traces


@pytest.fixture
def results(tmp_path: Path, script: Path) -> Path:
    """raw -> bugs and tests -> policy (a model) -> report, which reads the tests too."""
    results = tmp_path / "results" / "mini"
    results.mkdir(parents=True)
    (results / "raw.json").write_text("[1]")
    policy = results / "models" / "policy"
    policy.mkdir(parents=True)

    def make(name: str, inputs: dict[str, Path | list[Path]], output: Path, **settings: object) -> None:
        with record(script=script, inputs=inputs, outputs={name: output}, settings=settings, seed=1):
            if name == "policy":
                (policy / "model.safetensors").write_text("weights")
                write_manifest(policy)
            else:
                output.write_text(name)

    raw, bugs, tests = results / "raw.json", results / "bugs.parquet", results / "tests.parquet"
    make("bugs", {"raw": raw}, bugs)
    make("tests", {"raw": raw}, tests)
    make("policy", {"data": [bugs, tests]}, policy / "manifest.json", beta=0.1)
    make("report", {"policy": policy, "tests": tests}, results / "report.html")
    return results


def nodes(node: Node) -> dict[str, str]:
    """File name -> status of every node."""
    return {node.path.name: node.status} | {k: v for source in node.inputs for k, v in nodes(source).items()}


ALL_OK = dict.fromkeys(["report.html", "manifest.json", "bugs.parquet", "tests.parquet", "raw.json"], "ok")


def test_a_trace_leads_down_to_the_raw_source(results: Path) -> None:
    root = trace(results / "report.html")
    assert nodes(root) == ALL_OK
    policy, tests = root.inputs
    assert policy.record is not None
    assert (policy.name, policy.record["settings"]) == ("policy", {"beta": 0.1})
    bugs, data = policy.inputs
    assert bugs.path == results / "bugs.parquet"
    assert bugs.sha256 == sha256("bugs")
    assert data.path == tests.path
    raw = bugs.inputs[0]
    assert (raw.path, raw.record, raw.lost, raw.inputs) == (results / "raw.json", None, False, ())
    assert data.inputs[0] is raw, "shared files share one node"


def test_a_model_directory_is_traced_by_its_manifest(results: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(results)
    assert trace(Path("models/policy")).path == results / "models/policy/manifest.json"


def test_a_trace_survives_copying_the_results_elsewhere(results: Path, tmp_path: Path) -> None:
    moved = shutil.copytree(results, tmp_path / "archive" / "deep" / "study")
    shutil.rmtree(results)
    root = trace(moved / "report.html")
    assert nodes(root) == ALL_OK
    assert root.inputs[0].path == moved / "models/policy/manifest.json"


def test_a_trace_works_through_a_symbolic_link_to_the_results(results: Path, tmp_path: Path) -> None:
    link = tmp_path / "results" / "link"
    link.symlink_to(shutil.move(results, tmp_path / "disk"))
    assert nodes(trace(link / "report.html")) == ALL_OK


def test_a_changed_input_is_marked_and_the_rest_is_not(results: Path) -> None:
    (results / "raw.json").write_text("[2]")
    assert nodes(trace(results / "report.html")) == {**ALL_OK, "raw.json": "CHANGED"}


def test_a_missing_input_is_marked_and_its_own_inputs_still_shown(results: Path) -> None:
    (results / "bugs.parquet").unlink()
    assert nodes(trace(results / "report.html")) == {**ALL_OK, "bugs.parquet": "missing"}


def test_an_input_remade_since_is_marked_for_those_who_read_the_old_one(results: Path, script: Path) -> None:
    bugs = results / "bugs.parquet"
    with record(script=script, inputs={}, outputs={"bugs": bugs}, settings={}):
        bugs.write_text("other bugs")
    assert trace(bugs).status == "ok"
    assert nodes(trace(results / "report.html"))["bugs.parquet"] == "CHANGED"


def test_a_file_replaced_under_its_record_is_marked(results: Path) -> None:
    (results / "report.html").write_text("better numbers")
    assert trace(results / "report.html").status == "CHANGED"


def test_an_input_whose_record_is_gone_is_no_source(results: Path) -> None:
    (results / "bugs.parquet.lineage.json").unlink()
    bugs = trace(results / "report.html").inputs[0].inputs[0]
    assert (bugs.status, bugs.lost, bugs.inputs) == ("ok", True, ())


def test_a_file_without_a_record_is_an_error_with_a_remedy(results: Path) -> None:
    with pytest.raises(LineageError, match=r"raw\.json: exists but has no record .* rerun the rule"):
        trace(results / "raw.json")
    with pytest.raises(LineageError, match=r"nothing: does not exist and has no record"):
        trace(results / "nothing")


@pytest.mark.parametrize("text", ["{", "[]", '{"format": 0}'])
def test_an_unreadable_record_is_an_error_that_names_it(results: Path, text: str) -> None:
    (results / "bugs.parquet.lineage.json").write_text(text)
    with pytest.raises(LineageError, match=r"bugs\.parquet\.lineage\.json: .*rerun the rule"):
        trace(results / "report.html")


def test_records_that_lead_in_a_circle_are_an_error(results: Path) -> None:
    sidecar = results / "bugs.parquet.lineage.json"
    values = json.loads(sidecar.read_text())
    values["inputs"][0]["path"] = "report.html"
    sidecar.write_text(json.dumps(values))
    with pytest.raises(LineageError, match="leads back to itself"):
        trace(results / "report.html")


def test_a_wide_and_deep_history_is_traced_in_linear_time(tmp_path: Path) -> None:
    layers, width = 25, 6  # 6**25 paths lead from the top to the bottom
    below: list[Path] = []
    for layer in range(layers):
        files = [tmp_path / f"{layer}-{index}" for index in range(width)]
        for path in files:
            path.write_text(path.name)
            entry = {"name": "x", "sha256": sha256(path.name), "path": path.name}
            inputs = [{**entry, "sha256": sha256(p.name), "path": p.name, "recorded": True} for p in below]
            Path(f"{path}.lineage.json").write_text(json.dumps({"format": 1, "output": entry, "inputs": inputs}))
        below = files
    seen: set[Node] = set()
    frontier = [trace(below[0])]
    while frontier:
        node = frontier.pop()
        if node not in seen:
            seen.add(node)
            frontier += node.inputs
    assert len(seen) == 1 + (layers - 1) * width
    assert {node.status for node in seen} == {"ok"}
