"""The docker backend: what its containers are, and that none is lost, kept or mistaken for a candidate's fault.

Every test that takes the fixture `sandbox`, here and in the other modules, runs on this backend too.
"""

import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from docker.errors import NotFound

from codeq.config import SandboxSettings
from codeq.errors import SandboxError
from codeq.sandbox import Program, Sandbox, Test, image
from codeq.sandbox import docker as backend

Change = Callable[..., None]
Descendants = Callable[..., set[int]]

PLAIN = Program("def add(a, b):\n    return a + b\n", "add", "function")
ENDLESS = Program("def add(a, b):\n    while True: pass\n", "add", "function")


def one(**limits: float) -> SandboxSettings:
    return SandboxSettings(backend="docker", workers=1, **limits)


def containers(docker: Any, owner: int) -> list[Any]:
    """All containers that a process started."""
    return docker.containers.list(all=True, filters={"name": f"codeq-sandbox-{owner}-"}, ignore_removed=True)


def state(docker: Any) -> list[Any]:
    """What changes when a container is restarted or replaced."""
    found = sorted(containers(docker, os.getpid()), key=lambda container: container.name)
    return [(each.id, each.attrs["RestartCount"], each.attrs["State"]["StartedAt"]) for each in found]


def gone(docker: Any, owner: int, seconds: float = 15) -> bool:
    end = time.monotonic() + seconds
    while containers(docker, owner):
        if time.monotonic() > end:
            return False
        time.sleep(0.1)
    return True


@pytest.fixture
def options(monkeypatch: pytest.MonkeyPatch) -> Change:
    """Changes how containers are made."""
    original = backend._options

    def change(**changes: object) -> None:
        monkeypatch.setattr(backend, "_options", lambda *arguments: {**original(*arguments), **changes})

    return change


@pytest.mark.slow
def test_every_case_gets_its_verdict_and_leaves_nothing_behind(
    docker: Any, shared: Path, addition: list[Test], settled: Descendants
) -> None:
    cases = {case["id"]: case for case in json.loads((shared / "sandbox" / "cases.json").read_text())}
    programs = {name: Program(case["code"], "add", "function") for name, case in cases.items()}
    assert len(cases) == 64
    with Sandbox(one(test_timeout_s=1.5)) as quick, Sandbox(one(test_timeout_s=30)) as slow:
        before = state(docker)
        assert len(before) == 2
        servers = [container.attrs["State"]["Pid"] for container in containers(docker, os.getpid())]
        for name, case in cases.items():
            sandbox = slow if case.get("timeout_s") else quick
            verdict = sandbox.judge(programs[name], addition)
            status = "error" if verdict.status in ("syntax_error", "missing_entry_point") else verdict.status
            assert status in {case["expect"], *(case.get("also_ok") or ())}, name
            if name == "fake_clock":
                assert verdict.seconds >= 1.2
            assert [len(settled(server, 1)) for server in servers] == [1, 1], name  # it waits for the next program
            for canary in (PLAIN, programs["poison_check"], programs["legit_200mb"]):
                assert sandbox.judge(canary, addition).passed, name
            assert state(docker) == before, name
    assert not containers(docker, os.getpid())


def test_a_container_is_what_was_asked_for(docker: Any, addition: list[Test]) -> None:
    with Sandbox(one()) as sandbox:
        assert sandbox.backend == "docker"
        assert sandbox.isolation["memory"] == "RLIMIT_AS and cgroup"
        assert sandbox.isolation["image"].startswith("codeq-sandbox:")
        container = containers(docker, os.getpid())[0]
        container.reload()
        host = container.attrs["HostConfig"]
    assert host["NetworkMode"] == host["IpcMode"] == host["LogConfig"]["Type"] == "none"
    assert host["Memory"] == host["MemorySwap"] == 512 << 20
    assert (host["PidsLimit"], host["ReadonlyRootfs"], host["Privileged"]) == (64, True, False)
    assert (host["CapDrop"], sorted(host["CapAdd"])) == (["ALL"], ["KILL", "SETGID", "SETUID"])
    assert host["SecurityOpt"] == ["no-new-privileges"]  # and so Docker's own filter of system calls
    assert host["Sysctls"] == {"kernel.shmmni": "0", "kernel.msgmni": "0", "fs.mqueue.queues_max": "0"}
    assert host["Ulimits"] == [{"Name": "core", "Soft": 0, "Hard": 0}]
    assert host.get("Tmpfs") is None
    assert [(mount["Target"], mount.get("ReadOnly")) for mount in host["Mounts"]] == [("/channel", True)]
    assert not Path(host["Mounts"][0]["Source"]).parent.exists()


def test_a_candidate_can_write_nowhere_and_has_no_environment(docker: Any, make_tests: Callable[..., Any]) -> None:
    code = """import os
def f():
    paths, written = [], []
    for directory, _, files in os.walk("/"):
        if not directory.startswith(("/proc", "/sys")):
            paths += [os.path.join(directory, name) for name in ("codeq_poison", *files)]
    for path in paths:
        if os.path.isfile(path) or not os.path.exists(path):
            try:
                with open(path, "a"): written.append(path)
            except OSError:
                pass
    return [len(paths) > 100, written, dict(os.environ)]
"""
    with Sandbox(one()) as sandbox:
        assert sandbox.judge(Program(code, "f", "function"), make_tests(((), [True, [], {}]))).passed


def test_no_two_candidates_share_a_user(docker: Any, make_tests: Callable[..., Any]) -> None:
    code = Program("import os, time\ndef f():\n    time.sleep(0.2)\n    return os.getuid()\n", "f", "function")
    with Sandbox(SandboxSettings(backend="docker", workers=2)) as sandbox:
        futures = [sandbox.submit(code, make_tests(((), 0))) for _ in range(6)]
        users = [int(str(future.result().results[0].returned)) for future in futures]
    assert len(set(users)) == 6
    assert min(users) >= 1 << 31
    assert len({user >> 10 for user in users}) == 2  # one range per container


def test_a_process_killed_for_want_of_memory_is_oom_and_its_server_lives(
    docker: Any, options: Change, addition: list[Test]
) -> None:
    """In a container smaller than the limit that a candidate is set, so that only the kernel can say no."""
    options(mem_limit="64m", memswap_limit="64m")
    code = "def add(a, b):\n    return a + b if (a, b) == (1, 2) else len('x' * (200 << 20))\n"
    with Sandbox(one()) as sandbox:
        before = state(docker)
        verdict = sandbox.judge(Program(code, "add", "function"), addition)
        assert verdict.status == "oom"
        assert [result.status for result in verdict.results] == ["pass", "oom", "not_run"]
        assert verdict.results[1].message == "the kernel killed the process for want of memory"
        assert sandbox.judge(PLAIN, addition).passed
        suicide = Program("import os\ndef add(a, b): os.kill(os.getpid(), 9)\n", "add", "function")
        assert sandbox.judge(suicide, addition).status == "error"
        assert state(docker) == before


@pytest.mark.parametrize("busy", [False, True])
def test_a_lost_container_is_replaced_once_and_the_verdict_is_right(
    busy: bool, docker: Any, addition: list[Test]
) -> None:
    slow = Program("import time\ndef add(a, b):\n    time.sleep(0.5)\n    return a + b\n", "add", "function")
    with Sandbox(one()) as sandbox:
        lost = containers(docker, os.getpid())[0]
        future = sandbox.submit(slow, addition) if busy else None
        time.sleep(0.3 if busy else 0)
        lost.remove(force=True)
        verdict = future.result() if future is not None else sandbox.judge(PLAIN, addition)
        assert verdict.passed
        assert [container.id for container in containers(docker, os.getpid())] != [lost.id]
    assert gone(docker, os.getpid(), 0)


def test_two_lost_containers_are_a_sandbox_error(docker: Any, addition: list[Test]) -> None:
    stop = threading.Event()

    def hunt() -> None:
        while not stop.wait(0.1):
            for container in containers(docker, os.getpid()):
                try:
                    container.kill()
                except Exception:
                    continue

    with Sandbox(one(test_timeout_s=25)) as sandbox:
        hunter = threading.Thread(target=hunt)
        future = sandbox.submit(ENDLESS, addition)
        hunter.start()
        try:
            with pytest.raises(SandboxError, match=r"two workers \(docker\)"):
                future.result(timeout=60)
        finally:
            stop.set()
            hunter.join()


OWNER = """
from codeq.config import SandboxSettings
from codeq.sandbox import Program, Sandbox, Test
with Sandbox(SandboxSettings(backend="docker", workers=2, test_timeout_s=30)) as sandbox:
    tests = [Test("t", "hidden", "[]", "0", "exact")]
    futures = [sandbox.submit(Program("while True: pass", "f", "function"), tests) for _ in range(2)]
    print("ready", flush=True)
    futures[0].result()
"""


@pytest.mark.parametrize("ending", [signal.SIGKILL, signal.SIGINT])
def test_nothing_is_left_of_an_owner_that_is_ended(
    ending: signal.Signals, docker: Any, descendants: Descendants
) -> None:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    with subprocess.Popen(
        [sys.executable, "-c", OWNER], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=environment
    ) as owner:
        assert owner.stdout is not None
        assert owner.stdout.readline() == b"ready\n"
        time.sleep(0.3)
        running = containers(docker, owner.pid)
        assert len(running) == 2
        processes = {container.attrs["State"]["Pid"] for container in running}
        processes |= set().union(*map(descendants, processes))
        owner.send_signal(ending)
        owner.wait(30)
    assert gone(docker, owner.pid)
    assert not [pid for pid in processes if os.path.exists(f"/proc/{pid}")]


def test_a_start_removes_what_dead_owners_left_and_nothing_else(docker: Any, addition: list[Test]) -> None:
    with subprocess.Popen(["sleep", "60"]) as living, subprocess.Popen(["sleep", "0"]) as dead:
        labels = {name: backend._owner(process.pid) for name, process in (("living", living), ("dead", dead))}
        dead.wait()
        labels["elsewhere"] = labels["dead"].replace("pid:[", "pid:[9")
        labels["before the restart"] = f"0{labels['living']}"
        tag, _ = image.ensure()
        left = {
            name: docker.containers.create(tag, labels={backend.OWNER_LABEL: label}) for name, label in labels.items()
        }
        try:
            with Sandbox(one()) as sandbox:
                assert sandbox.judge(PLAIN, addition).passed
            found = {container.id for container in docker.containers.list(all=True)}
            assert {name for name, container in left.items() if container.id in found} == {"living", "elsewhere"}
        finally:
            living.kill()
            for container in left.values():
                try:
                    container.remove(force=True)
                except NotFound:
                    continue


def test_old_directories_of_starts_are_removed(docker: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    for name in ("codeq-sandbox-old", "codeq-sandbox-new", "other"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "channel").touch()
    for name in ("codeq-sandbox-old", "other"):
        os.utime(tmp_path / name, (0, 0))
    with Sandbox(one()):
        assert {path.name for path in tmp_path.iterdir()} == {"codeq-sandbox-new", "other"}


def test_without_docker_the_error_names_the_remedy(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/docker.sock")
    with pytest.raises(SandboxError, match=r"Docker does not answer: .*Start its daemon .* backend 'process'"):
        Sandbox(one())


def test_a_docker_that_stops_is_a_sandbox_error(
    docker: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, addition: list[Test]
) -> None:
    with Sandbox(one(test_timeout_s=20)) as sandbox:
        future = sandbox.submit(ENDLESS, addition)
        time.sleep(0.3)
        monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/docker.sock")
        containers(docker, os.getpid())[0].kill()
        with pytest.raises(SandboxError, match="Docker does not answer"):
            future.result(timeout=30)


def test_an_image_that_cannot_be_had_is_a_sandbox_error(docker: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(image, "_REPOSITORY", "codeq-sandbox-none")
    monkeypatch.setattr(image, "_registry_base", lambda client: None)
    monkeypatch.setattr("shutil.which", lambda *arguments, **named: None)
    with pytest.raises(SandboxError, match=r"no debootstrap.*make sandbox-image.*docker save.*backend 'process'"):
        Sandbox(one())


def test_a_server_that_does_not_start_says_why(docker: Any, options: Change) -> None:
    options(command=['{"socket": "/channel"}'])
    with pytest.raises(SandboxError, match=r"does not start: the server ended; its log ends: (.|\n)*KeyError"):
        Sandbox(one())
    options(entrypoint=["/nowhere"])
    with pytest.raises(SandboxError, match=r"does not start: Docker: .*/nowhere"):
        Sandbox(one())
    for remove in (True, False):
        options(entrypoint=["python3.11", "-c", "import time; time.sleep(0.5)"], auto_remove=remove)
        with pytest.raises(SandboxError, match=r"does not start: the server in container .* before it connected"):
            Sandbox(one())
    assert gone(docker, os.getpid(), 0)
