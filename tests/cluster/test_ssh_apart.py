"""The profile two-h100-ssh without a shared directory: Snakemake and both machines have a checkout each."""

import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from cluster import wait_until
from sshd import Jobs, Machine, name_machines, process_of, script, snakemake, ssh_jobs, state

from codeq.lineage import manifest_digest, read_record, verify_manifest

pytestmark = pytest.mark.slow
# Scripts; attempts are made by search.
INFERENCE = ("search", "evaluation", "tables", "rounds", "published", "plots", "report", "cards", "crate")
TRAINING = ("pairs", "reference", "dpo", "merge", "drift")
WEIGHTS = r"\bmodel(-\d+-of-\d+)?\.safetensors"  # of whole models; an adapter's are adapter_model.safetensors
RULE = {"input": ["results/in.txt"], "output": ["results/out.txt"], "log": ["results/logs/copy.log"]}


@pytest.fixture
def places(tmp_path: Path) -> dict[str, Path]:
    """The directories of machines A and B. Nothing is in them."""
    found = {"inference": tmp_path / "a", "training": tmp_path / "b"}
    for directory in found.values():
        directory.mkdir()
    return found


@pytest.fixture
def clone(prepared: Path, machines: dict[str, Machine], places: dict[str, Path]) -> Path:
    return name_machines(prepared, machines, **places)


@pytest.fixture
def jobs(clone: Path) -> Jobs:
    return ssh_jobs(clone)


@pytest.fixture
def job(clone: Path, tmp_path: Path) -> str:
    """A script as Snakemake writes it: its job copies a line of the input, once a journal says so."""
    (clone / "results" / "in.txt").write_text("first\nsecond\n")
    return script(
        tmp_path / "job.sh",
        f"# properties = {json.dumps(RULE)}",
        f"cd {clone} && mkdir -p results/logs && echo began >> results/logs/copy.log || exit 1",
        "test -e results/journal || { echo half > results/journal; sleep 60; }",
        "tail -n 1 results/in.txt > results/out.txt",
        "echo '{}' > results/out.txt.lineage.json",
    )


def crossed(clone: Path) -> str:
    """What rsync says it carried, of all jobs."""
    return "".join(path.read_text() for path in sorted((clone / ".snakemake" / "ssh").glob("*/files")))


def test_a_study_is_finished_and_no_weights_of_a_whole_model_travel(
    study: Path, clone: Path, places: dict[str, Path]
) -> None:
    changes = ["rounds=1", "evaluation={modes: [single_pass]}"]
    run = snakemake(clone, "--configfile", "config/small.yaml", "--config", *changes)
    output, _ = run.communicate(timeout=1200)
    assert run.returncode == 0, output[-6000:]

    results = Path("results/small")
    adapter, policy = (results / "seed-0" / "round-1" / kind for kind in ("adapter", "policy"))
    nodes = {}
    for sidecar in (clone / results).rglob("*.lineage.json"):
        record = read_record(sidecar.with_name(sidecar.name.removesuffix(".lineage.json")))
        assert record is not None
        nodes[Path(record["script"]).stem] = record["machine"].get("node")
    expected = dict.fromkeys(INFERENCE, "machine-a") | dict.fromkeys(TRAINING, "machine-b")
    assert {name: nodes[name] for name in expected} == expected
    for model in (adapter, policy):
        assert manifest_digest(clone / model) == manifest_digest(study.parents[1] / model)

    log = crossed(clone)
    assert re.search(WEIGHTS, log) is None
    assert "adapter_model.safetensors" in log
    verify_manifest(clone / adapter)
    assert not (clone / policy / "model.safetensors").exists()
    for place in places.values():  # A merged the policy again, B fetched the base
        verify_manifest(place / policy)
        verify_manifest(place / results / "base")
    said = [path.read_text() for path in (places["inference"] / ".snakemake" / "ssh").glob("*/log")]
    assert sum(f"{policy}: made again and verified" in text for text in said) == 1

    trace = ["lineage", "trace", "--json", str(results / "tables" / "fix_rates.csv")]
    traced = subprocess.run(
        [Path(sys.executable).with_name("codeq"), *trace], cwd=clone, capture_output=True, text=True, check=True
    )
    assert "raw.parquet" in traced.stdout
    assert '"CHANGED"' not in traced.stdout
    second = snakemake(clone, "-n", "--configfile", "config/small.yaml", "--config", *changes)
    assert "Nothing to be done" in second.communicate(timeout=120)[0]


def test_a_killed_job_is_named_and_goes_on_from_what_it_left_on_its_machine(
    jobs: Jobs, job: str, clone: Path, places: dict[str, Path]
) -> None:
    killed = jobs("submit", "training", "0", job).stdout.strip()
    wait_until((places["training"] / "results" / "journal").exists, "the journal is begun")
    assert state(jobs, killed) == "running"
    os.killpg(process_of(clone, killed), signal.SIGKILL)
    wait_until(lambda: state(jobs, killed) == "failed", "the kill is seen", 20)
    said = jobs("status", killed)
    assert f"job {killed} on machine-b (training): was killed; run snakemake again; its log is " in said.stderr
    assert (clone / "results" / "logs" / "copy.log").read_text() == "began\n"
    assert not (clone / "results" / "journal").exists()

    again = jobs("submit", "training", "0", job).stdout.strip()
    wait_until(lambda: state(jobs, again) == "success", "the job ends")
    assert (clone / "results" / "out.txt").read_text() == "second\n"
    assert (clone / "results" / "out.txt.lineage.json").read_text() == "{}\n"
    assert not (places["inference"] / "results").exists()


def test_results_wait_on_their_machine_while_it_is_out_of_reach(
    jobs: Jobs, job: str, machines: dict[str, Machine], clone: Path, places: dict[str, Path], tmp_path: Path
) -> None:
    (places["training"] / "results").mkdir()
    (places["training"] / "results" / "journal").touch()
    running = jobs("submit", "training", "0", job).stdout.strip()
    machines["training"].stop()
    try:
        wait_until((places["training"] / ".snakemake" / "ssh" / running / "exit").exists, "the job ends")
        assert state(jobs, running) == "running"
        refused = jobs("submit", "training", "0", script(tmp_path / "other.sh", "true"))
        assert refused.returncode == 1
        assert "machine-b (training) cannot run a job: " in refused.stderr
    finally:
        machines["training"].start()
    assert state(jobs, running) == "success"
    assert (clone / "results" / "out.txt").read_text() == "second\n"


def test_a_job_cancelled_at_once_leaves_no_process(jobs: Jobs, job: str, places: dict[str, Path]) -> None:
    """Nothing has been brought back yet that says which process it is."""
    name = jobs("submit", "training", "0", job).stdout.strip()
    assert jobs("cancel", name).returncode == 0
    wait_until(lambda: state(jobs, name) == "failed", "the job is ended", 20)
    process = places["training"] / ".snakemake" / "ssh" / name / "process"
    group = process.read_text().split()[0]
    wait_until(lambda: not subprocess.run(["pgrep", "-g", group], capture_output=True, check=False).stdout, "it ends")


def test_a_job_that_fails_brings_its_log_and_no_output(jobs: Jobs, clone: Path, tmp_path: Path) -> None:
    failing = script(
        tmp_path / "failing.sh",
        f"# properties = {json.dumps(RULE | {'input': []})}",
        f"cd {clone} && mkdir -p results/logs && echo why > results/logs/copy.log && echo part > results/out.txt",
        "exit 3",
    )
    name = jobs("submit", "inference", "1", failing).stdout.strip()
    wait_until(lambda: state(jobs, name) == "failed", "the job fails")
    assert f"job {name} on machine-a (inference): 3" in jobs("status", name).stderr
    assert (clone / "results" / "logs" / "copy.log").read_text() == "why\n"
    assert not (clone / "results" / "out.txt").exists()


def test_code_that_is_edited_reaches_the_machine_before_its_job(jobs: Jobs, clone: Path, tmp_path: Path) -> None:
    (clone / "codeq" / "edited.py").write_text("WORD = 'new'\n")
    words = {"output": ["results/word"], "input": [], "log": []}
    line = f'{sys.executable} -c \'import codeq.edited as e; open("results/word", "w").write(e.WORD + e.__file__)\''
    asked = script(tmp_path / "s.sh", f"# properties = {json.dumps(words)}", f"cd {clone}; mkdir -p results; {line}")
    name = jobs("submit", "inference", "0", asked).stdout.strip()
    wait_until(lambda: state(jobs, name) == "success", "the job ends")
    assert (clone / "results" / "word").read_text() == f"new{tmp_path / 'a' / 'codeq' / 'edited.py'}"
