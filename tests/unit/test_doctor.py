"""`codeq doctor`: each fact is judged by what the study and the profile need, and each failure comes with a remedy."""

import json
import os
import shutil
from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner

from codeq.cli import app
from codeq.config import DataSettings, ModelSettings, Study
from codeq.doctor import checks, probes
from codeq.doctor.checks import GB, Docker, Finding, Gpu, Profile
from codeq.errors import ConfigError

ROOT = Path(__file__).resolve().parents[2]
WEIGHTS = ROOT / "codeq" / "models" / "mini" / "weights"
HERE, SLURM = Profile(), Profile("slurm", ("inference", "training"))
PINS = "# The pipeline\ntorch==2.13.0\nhuggingface_hub==2.4.0\n# Development\npytest==9.2.0  # tests\n"
INSTALLED = {"torch": "2.13.0+cpu", "huggingface-hub": "2.4.0", "pytest": "9.2.0"}
H100 = Gpu("NVIDIA H100", 85 * GB, "550.54")
DOCKER = Docker("20.10.24", "2", "codeq-sandbox:abc", present=True, buildable=False)
CLOSED = {"namespaces": "root", "network": "none", "files": "private read-only root", "writes": "none"}


def test_only_python_3_11_will_do() -> None:
    assert checks.python((3, 11, 7)) == Finding("python", "ok", "3.11.7")
    found = checks.python((3, 12, 1))
    assert (found.state, found.found) == ("failure", "3.12.1")
    assert "install Python 3.11" in found.remedy


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({}, [("ok", "3 as pinned")]),
        ({"torch": "2.12.0"}, [("warning", "torch 2.12.0; pinned is 2.13.0")]),
        ({"torch": None}, [("failure", "torch is missing; pinned is 2.13.0")]),
        ({"pytest": None}, [("note", "pytest is missing; pinned is 9.2.0")]),
        ({"huggingface-hub": None, "pytest": "8.0"}, [("failure", "huggingface-hub is"), ("warning", "pytest 8.0;")]),
    ],
)
def test_packages_are_compared_with_the_pins(change: dict[str, str | None], expected: list[tuple[str, str]]) -> None:
    installed = {name: version for name, version in {**INSTALLED, **change}.items() if version is not None}
    findings = checks.packages(PINS, installed)
    assert [found.state for found in findings] == [state for state, _ in expected]
    assert all(found.found.startswith(text) for found, (_, text) in zip(findings, expected, strict=True))
    assert all("pip install" in found.remedy for found in findings if found.state != "ok")


@pytest.mark.parametrize(
    ("base", "files", "size"),
    [
        ("Qwen/Qwen2.5-Coder-7B-Instruct", None, 14 * GB),
        ("Qwen/Qwen2.5-Coder-0.5B", None, GB),
        ("bigcode/starcoder", None, None),
        ("models/my-7B", 7_200_000, 7_200_000),
    ],
)
def test_weights_are_measured_or_read_from_the_name(base: str, files: int | None, size: int | None) -> None:
    assert checks.weights(base, files) == size


@pytest.mark.parametrize(
    ("gpus", "size", "profile", "state", "says"),
    [
        ("no GPU", 7_200_000, HERE, "note", "small enough for a CPU"),
        ("no GPU", 14 * GB, HERE, "failure", "14.0 GB of weights need one"),
        ("no GPU", None, HERE, "failure", "a policy of unknown size"),
        ("no GPU", 14 * GB, SLURM, "note", "jobs run elsewhere"),
        ([H100], 14 * GB, HERE, "ok", "NVIDIA H100 85 GB, driver 550.54"),
        ([H100], 70 * GB, HERE, "failure", "too small for 70.0 GB"),
    ],
)
def test_a_gpu_is_needed_for_a_large_policy_on_this_machine(
    gpus: list[Gpu] | str, size: int | None, profile: Profile, state: str, says: str
) -> None:
    found = checks.gpu(gpus, size, profile)
    assert (found.state, says in found.found) == (state, True)
    assert bool(found.remedy) == (state == "failure")
    assert "105 GB" in found.remedy or size != 70 * GB


@pytest.mark.parametrize(
    ("answer", "needed", "state", "remedy"),
    [
        (DOCKER, True, "ok", ""),
        ("Docker does not answer", True, "failure", "sandbox.backend: process"),
        ("Docker does not answer", False, "note", ""),
        (Docker("20", "2", "image", present=False, buildable=True), True, "warning", "make sandbox-image"),
        (Docker("20", "2", "image", present=False, buildable=False), True, "failure", "install debootstrap"),
        (Docker("20", "none", "image", present=True, buildable=True), True, "warning", "cgroupfs-mount"),
    ],
)
def test_docker_is_needed_where_candidates_run_in_it(
    answer: Docker | str, needed: bool, state: str, remedy: str
) -> None:
    found = checks.docker(answer, needed)
    assert found.state == state
    assert remedy in found.remedy


def test_an_open_process_sandbox_is_a_warning_that_names_what_is_open() -> None:
    assert checks.isolation(CLOSED, True).state == "ok"
    found = checks.isolation({**CLOSED, "namespaces": "none", "network": "open", "files": "host"}, True)
    assert found.state == "warning"
    assert "network, files" in found.remedy
    assert checks.isolation("it does not start", True).state == "failure"
    assert checks.isolation("it does not start", False).state == "note"


def test_the_plugin_of_the_executor_must_be_installed() -> None:
    assert checks.executor(HERE, {}) == []
    assert checks.executor(SLURM, {"snakemake-executor-plugin-slurm": "2.8.0"})[0].state == "ok"
    assert checks.executor(SLURM, {})[0].remedy == "`pip install snakemake-executor-plugin-slurm`"


@pytest.mark.parametrize(
    ("partitions", "profile", "state", "says"),
    [
        (["inference", "training"], SLURM, "ok", "partitions inference, training"),
        (["inference", "debug"], SLURM, "failure", "the profile also names training"),
        ("sinfo is not installed", SLURM, "failure", "sinfo is not installed"),
        ("sinfo is not installed", HERE, "note", "uses none"),
    ],
)
def test_slurm_must_have_the_partitions_that_the_profile_names(
    partitions: list[str] | str, profile: Profile, state: str, says: str
) -> None:
    found = checks.slurm(partitions, profile)
    assert (found.state, says in found.found) == (state, True)


def test_disk_is_compared_with_a_policy_per_round_and_seed_the_base_and_the_tables() -> None:
    study = Study(name="x", rounds=2, seeds=(0, 1, 2))
    assert checks.disk(99 * GB, "/x", 14 * GB, study).state == "ok"  # 14 * 7 + 1
    found = checks.disk(99 * GB - 1, "/x", 14 * GB, study)
    assert (found.state, "takes about 99 GB" in found.found) == ("failure", True)


def command(directory: Path, name: str, text: str) -> None:
    """A program in `directory`, for a PATH that has nothing else."""
    (directory / name).write_text(f"#!/bin/sh\n{text}\n")
    (directory / name).chmod(0o755)


def test_partitions_are_what_sinfo_prints(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert probes.slurm() == "sinfo is not installed"
    command(tmp_path, "sinfo", "echo training; echo inference; echo training")
    assert probes.slurm() == ["inference", "training"]
    command(tmp_path, "sinfo", "echo 'sinfo: error: no controller' >&2; exit 1")
    assert probes.slurm() == "sinfo: error: no controller"


def test_a_command_that_hangs_is_not_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(probes, "SECONDS", 0.2)
    command(tmp_path, "sinfo", "while :; do :; done")
    assert probes.slurm() == "sinfo does not answer within 0.2 s"


def test_a_gpu_that_torch_does_not_see_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert probes.gpus() == "no GPU: nvidia-smi is not installed"
    command(tmp_path, "nvidia-smi", "echo 'NVIDIA H100, 81559, 550.54'")
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    assert "but torch" in str(probes.gpus())
    monkeypatch.setattr("torch.cuda.is_available", lambda: True)
    assert probes.gpus() == [Gpu("NVIDIA H100", 81559 * 2**20, "550.54")]


def test_docker_says_its_version_and_whether_the_image_is_there(docker: object) -> None:
    found = probes.docker()
    assert isinstance(found, Docker)
    assert found.present
    assert found.image.startswith("codeq-sandbox:")
    assert checks.docker(found, True).state == "ok"


def test_a_docker_that_does_not_answer_is_said(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/none.sock")
    assert str(probes.docker()).startswith("Docker does not answer")


def test_the_process_sandbox_says_what_is_in_force() -> None:
    found = probes.isolation()
    assert isinstance(found, dict)
    assert {"namespaces", "network", "files"} <= found.keys()


def test_the_partitions_and_the_study_of_the_shipped_profiles(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    assert probes.read_profile("two-h100") == (SLURM, "config/codeq.yaml")
    assert probes.read_profile("mini") == probes.read_profile("profiles/mini") == (HERE, "config/mini.yaml")
    with pytest.raises(ConfigError, match=r"profiles/none/config\.yaml"):
        probes.read_profile("none")


@pytest.fixture
def model(tmp_path: Path) -> Path:
    return shutil.copytree(WEIGHTS, tmp_path / "model")


def test_a_model_directory_must_agree_with_its_manifest(model: Path) -> None:
    settings = ModelSettings(base=str(model))
    assert probes.model(settings) == Finding("model", "ok", f"{model}, as in its manifest")
    weights = model / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-1] + b"x")
    found = probes.model(settings)
    assert (found.state, "model.safetensors: changed" in found.found) == ("failure", True)
    (model / "manifest.json").unlink()
    assert probes.model(settings).state == "ok"
    (model / "config.json").unlink()
    assert "holds no model" in probes.model(settings).found


def test_a_large_model_is_compared_by_size(model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(probes, "_READ_WHOLE", 1000)
    weights = model / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-1] + b"x")
    assert probes.model(ModelSettings(base=str(model))).found.endswith("(sizes)")
    weights.write_bytes(weights.read_bytes() + b"x")
    assert probes.model(ModelSettings(base=str(model))).state == "failure"


def test_a_hub_that_cannot_be_reached_is_a_failure_with_a_way_round(monkeypatch: pytest.MonkeyPatch) -> None:
    import httpx2

    def refuse(*arguments: object, **options: object) -> None:
        raise httpx2.ConnectError("no route")

    monkeypatch.setattr("huggingface_hub.HfApi.model_info", refuse)
    monkeypatch.setattr("huggingface_hub.HfApi.dataset_info", refuse)
    for found, key in (
        (probes.model(ModelSettings(base="some/model")), "model.base"),
        (probes.data(DataSettings(source="some/data")), "data.source"),
    ):
        assert (found.state, "no route" in found.found) == ("failure", True)
        assert f"set {key} to the directory" in found.remedy


def test_a_missing_directory_is_not_taken_for_a_hub_id() -> None:
    for base in ("../models/none", "./none", "/models/none", "none"):
        found = probes.model(ModelSettings(base=base))
        assert (found.state, found.found) == ("failure", f"{base}: no such directory")


def test_a_benchmark_is_built_in_or_a_directory_of_shards(tmp_path: Path, shared: Path) -> None:
    assert probes.data(DataSettings(source="curriculum")).state == "ok"
    found = probes.data(DataSettings(source=str(shared / "debugbench" / "benchmark")))
    assert found.found.endswith(": 1414 rows of python3")
    empty = probes.data(DataSettings(source=str(tmp_path)))
    assert (empty.state, "no shard python3_SUBTYPE.json" in empty.found) == ("failure", True)


def test_the_mini_study_lacks_nothing_here(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    result = CliRunner().invoke(app, ["doctor", "--profile", "profiles/mini"])
    assert result.exit_code == 0, result.stdout
    assert "ok      packages" in result.stdout
    assert "failure" not in result.stdout


def test_what_a_study_needs_and_the_machine_lacks_is_a_failure_with_a_remedy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No Slurm and no Docker can be found, the model is missing: all are named, with exit code 1."""
    monkeypatch.chdir(ROOT)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/none.sock")
    study = {"name": "x", "data": {"source": "curriculum"}, "model": {"base": str(tmp_path / "none")}}
    (tmp_path / "study.yaml").write_text(yaml.safe_dump({**study, "sandbox": {"backend": "docker"}}))
    arguments = ["doctor", "--configfile", str(tmp_path / "study.yaml")]
    result = CliRunner().invoke(app, [*arguments, "--json"])
    assert result.exit_code == 1
    found = {each["subject"]: each for each in json.loads(result.stdout)}
    assert {name for name, each in found.items() if each["state"] == "failure"} == {"model", "gpu", "docker"}
    assert found["slurm"]["state"] == "note"
    shown = CliRunner().invoke(app, [*arguments, "--profile", "two-h100"])
    assert shown.exit_code == 1
    assert "failure slurm     sinfo is not installed" in shown.stdout
    assert f"{'':<18}-> start slurmctld" in shown.stdout
    assert "note    docker" in shown.stdout  # candidates run on other machines


def test_the_file_system_of_results_that_do_not_exist_yet_is_their_parents(tmp_path: Path) -> None:
    free, where = probes.free_bytes(tmp_path / "results" / "none")
    assert where == str(tmp_path)
    assert free == pytest.approx(os.statvfs(tmp_path).f_bavail * os.statvfs(tmp_path).f_frsize, rel=0.01)
