"""The profile two-h100-ssh for real: two sshd on this host stand for the two machines."""

import json
import os
import signal
import subprocess
import time
from pathlib import Path

import pytest
from cluster import wait_until
from sshd import PATIENCE, PROFILE, Jobs, Machine, name_machines, process_of, script, snakemake, ssh_jobs, state

from codeq.lineage import manifest_digest, read_record

pytestmark = pytest.mark.slow
SEARCHED = "results/small/seed-0/round-1/trajectories.parquet"


@pytest.fixture
def clone(prepared: Path, machines: dict[str, Machine]) -> Path:
    """A checkout that both machines share."""
    return name_machines(prepared, machines)


@pytest.fixture
def jobs(clone: Path) -> Jobs:
    return ssh_jobs(clone)


def test_a_round_searches_on_machine_a_trains_on_machine_b_and_gives_the_same_policy(study: Path, clone: Path) -> None:
    policy = "results/small/seed-0/round-1/policy/manifest.json"
    run = snakemake(clone, policy, "--configfile", "config/small.yaml")
    output, _ = run.communicate(timeout=1200)
    assert run.returncode == 0, output[-6000:]
    nodes = {}
    for sidecar in (clone / "results/small/seed-0").rglob("*.lineage.json"):
        record = read_record(sidecar.with_name(sidecar.name.removesuffix(".lineage.json")))
        assert record is not None
        nodes[Path(record["script"]).stem] = record["machine"]["node"]
    assert nodes == {"search": "machine-a", **dict.fromkeys(("pairs", "reference", "dpo", "merge"), "machine-b")}
    assert manifest_digest(clone / policy) == manifest_digest(study.parents[1] / policy)


def test_a_gpu_has_one_job_at_a_time_and_jobs_without_one_do_not_wait(jobs, clone: Path, tmp_path: Path) -> None:
    def timed(name: str) -> str:
        stamp = f'echo "$(date +%s.%N) ${{CUDA_VISIBLE_DEVICES-unset}}" >> {tmp_path / name}'
        return script(tmp_path / f"{name}.sh", stamp, "sleep 8", stamp)

    names = {name: jobs("submit", "training", gpus, timed(name)) for name, gpus in (("a", "1"), ("b", "1"), ("c", "0"))}
    ids = {name: done.stdout.strip() for name, done in names.items()}
    wait_until(lambda: all(state(jobs, job) == "success" for job in ids.values()), "jobs end", 60)
    stamps = {name: [line.split(" ") for line in (tmp_path / name).read_text().splitlines()] for name in ids}
    times = {name: [float(time) for time, _ in lines] for name, lines in stamps.items()}
    assert {device for name in ("a", "b") for _, device in stamps[name]} == {"0"}
    assert {device for _, device in stamps["c"]} == {""}
    first, second = sorted((times["a"], times["b"]))
    assert first[1] <= second[0]
    assert times["c"][0] < second[0]


def test_more_gpus_than_a_machine_has_are_refused(jobs, tmp_path: Path) -> None:
    done = jobs("submit", "training", "2", script(tmp_path / "s", "true"))
    assert done.returncode == 1
    assert "training: a job asks for 2 GPUs, but machines.json gives it 1" in done.stderr


def test_machines_that_are_not_described_are_named(jobs, clone: Path, tmp_path: Path) -> None:
    described = clone / PROFILE / "machines.json"
    for text, said in (
        ('{"inference": {}}', "machine 'training' has no ssh, gpus, jobs, patience_s"),
        ('{"training": {"ssh": "b", "gpus": 1, "jobs": 4}}', "machine 'training' has no patience_s"),
        ("{", "machines.json: Expecting property name"),
    ):
        described.write_text(text)
        done = jobs("submit", "training", "1", script(tmp_path / "s", "true"))
        assert done.returncode == 1
        assert said in done.stderr
        assert "Traceback" not in done.stderr


def test_a_job_that_fails_or_is_killed_is_named(jobs, clone: Path, tmp_path: Path) -> None:
    failing = jobs("submit", "training", "0", script(tmp_path / "f", "exit 3")).stdout.strip()
    wait_until(lambda: state(jobs, failing) == "failed", "the job fails", 20)
    assert f"job {failing} on machine-b (training): 3" in jobs("status", failing).stderr
    killed = jobs("submit", "training", "0", script(tmp_path / "k", "sleep 60")).stdout.strip()
    process = process_of(clone, killed)
    assert state(jobs, killed) == "running"
    os.killpg(process, signal.SIGKILL)
    wait_until(lambda: state(jobs, killed) == "failed", "the kill is seen", 20)
    said = jobs("status", killed).stderr
    assert f"job {killed} on machine-b (training): was killed; run snakemake again; its log is " in said


def test_cancelled_jobs_leave_no_process(jobs, clone: Path, tmp_path: Path) -> None:
    job = jobs("submit", "inference", "1", script(tmp_path / "s", "sleep 61 & sleep 62")).stdout.strip()
    process = process_of(clone, job)
    began = time.monotonic()
    subprocess.run([f"{PROFILE}/cancel", job], cwd=clone, check=True)
    assert time.monotonic() - began < 2
    wait_until(lambda: not alive(process), "the group ends", 15)
    assert state(jobs, job) == "failed"


def test_ctrl_c_ends_the_jobs_with_all_their_processes(clone: Path) -> None:
    run, group = search_begun(clone)
    run.send_signal(signal.SIGINT)
    output, _ = run.communicate(timeout=60)
    assert run.returncode == 1, output[-3000:]
    wait_until(lambda: not alive(group), "the jobs end", 30)


def test_a_killed_snakemake_leaves_its_jobs_and_the_next_run_waits_for_them(clone: Path) -> None:
    run, group = search_begun(clone)
    run.kill()
    run.communicate(timeout=60)
    assert alive(group)
    os.killpg(group, signal.SIGSTOP)  # lest it ends before the next run begins
    unlocked = snakemake(clone, "--unlock", "--configfile", "config/small.yaml")
    assert unlocked.wait(timeout=60) == 0
    again = snakemake(clone, SEARCHED, "--configfile", "config/small.yaml")
    (only,) = (clone / ".snakemake" / "ssh").iterdir()
    logs = clone / ".snakemake" / "log"
    said = f"with external jobid '{only.name}'"
    wait_until(lambda: sum(said in path.read_text() for path in logs.iterdir()) == 2, "the job is waited for", 60)
    os.killpg(group, signal.SIGCONT)
    output, _ = again.communicate(timeout=300)
    assert again.returncode == 0, output[-3000:]
    assert list((clone / ".snakemake" / "ssh").iterdir()) == [only]
    assert (clone / SEARCHED).exists()
    assert not alive(group)


def test_a_job_is_not_started_where_another_still_makes_the_same_file(jobs, clone: Path, tmp_path: Path) -> None:
    def asked(name: str, beta: float, output: str = "results/x") -> subprocess.CompletedProcess[str]:
        said = {"rule": "dpo", "output": [output], "params": {"beta": beta}}
        return jobs(
            "submit", "training", "0", script(tmp_path / name, f"# properties = {json.dumps(said)}", "sleep 60")
        )

    first = asked("a", 0.1).stdout.strip()
    process = process_of(clone, first)
    assert asked("b", 0.1).stdout.strip() == first
    other = asked("c", 0.2)
    assert other.returncode == 1
    assert f"job {first} makes results/x by other settings; wait for it, or " in other.stderr
    elsewhere = asked("d", 0.2, "results/y").stdout.strip()
    assert elsewhere != first
    for job in (process, process_of(clone, elsewhere)):
        os.killpg(job, signal.SIGKILL)
    wait_until(lambda: state(jobs, first) == "failed", "the kill is seen", 20)
    again = asked("c", 0.2).stdout.strip()
    assert again not in ("", first)
    os.killpg(process_of(clone, again), signal.SIGKILL)


def search_begun(clone: Path) -> tuple["subprocess.Popen[str]", int]:
    """A run whose only job searches, and the group of that job's processes."""
    run = snakemake(clone, SEARCHED, "--configfile", "config/small.yaml")
    jobs = clone / ".snakemake" / "ssh"
    wait_until(lambda: jobs.is_dir() and any(jobs.iterdir()), "a job is submitted", 60)
    (job,) = jobs.iterdir()
    wait_until((clone / SEARCHED).with_suffix(".journal").exists, "the search begins", 90)
    return run, process_of(clone, job.name)


def alive(group: int) -> str:
    """The processes of a group, one a line."""
    return subprocess.run(["pgrep", "-g", str(group)], capture_output=True, text=True, check=False).stdout


def test_a_machine_out_of_reach_for_a_while_fails_nothing_and_for_long_its_jobs(
    jobs, machines: dict[str, Machine], clone: Path, tmp_path: Path
) -> None:
    job = jobs("submit", "training", "0", script(tmp_path / "s", "sleep 60")).stdout.strip()
    process = process_of(clone, job)
    machines["training"].stop()
    try:
        assert state(jobs, job) == "running"
        refused = jobs("submit", "training", "0", str(tmp_path / "s"))
        assert refused.returncode == 1
        assert "machine-b (training) cannot run a job: " in refused.stderr
        assert jobs("submit", "inference", "0", script(tmp_path / "t", "true")).returncode == 0
        machines["training"].start()
        assert state(jobs, job) == "running"
        machines["training"].stop()
        assert state(jobs, job) == "running"
        wait_until(lambda: state(jobs, job) == "failed", "patience ends", PATIENCE + 10)
        assert "its machine has been out of reach for" in jobs("status", job).stderr
    finally:
        machines["training"].daemon.poll() is None or machines["training"].start()
        os.killpg(process, signal.SIGKILL)


def test_when_a_machine_is_lost_the_run_names_it_and_the_other_goes_on(
    machines: dict[str, Machine], clone: Path
) -> None:
    """Without the training machine, attempts on the inference machine are made all the same."""
    attempts = "results/small/seed-0/attempts/base/single_pass.parquet"
    pairs = "results/small/seed-0/round-1/pairs.parquet"
    machines["training"].stop()
    try:
        run = snakemake(clone, attempts, pairs, "--configfile", "config/small.yaml")
        output, _ = run.communicate(timeout=300)
    finally:
        machines["training"].start()
    assert run.returncode == 1
    assert "machine-b (training) cannot run a job" in output
    assert (clone / attempts).exists()
    assert (clone / pairs).with_name("trajectories.parquet").exists()
    assert not (clone / pairs).exists()
