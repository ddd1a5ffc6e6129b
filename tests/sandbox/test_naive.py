"""What the published attacks do to a naive checker: a case that harms none would prove nothing.

The checker (`naive`) runs in a cage: namespaces of its own without a network, a root of 32 MB, 1 GB of memory per
process (6 GB for the attack that takes 4), an unprivileged uid. Each attack comes between two right programs and two
more.
"""

import contextlib
import json
import os
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

CHECKER = Path(__file__).with_name("naive.py").read_text()
PYTHON = "/usr/bin/python3"  # not the virtual environment's, which the cage does not hold
UID = 1_500_000_000  # nobody's, and none that the sandbox gives to candidates
CAGE = """
set -e
mount -t tmpfs -o size=32m,mode=0755 none /mnt
cd /mnt
mkdir -p usr proc dev/shm tmp run var/tmp var/run root work
mount --rbind /usr usr
for directory in bin sbin lib lib32 lib64; do
  if [ -e /$directory ]; then ln -s usr/$directory $directory; fi
done
mount -t proc proc proc
touch dev/null
mount --bind /dev/null dev/null
chroot /mnt sh -c 'cd /work; "$0" -c "$1"; exit $?' "$0" "$1"
exit $?
"""
BEFORE, AFTER = ("legit_plain", "legit_solution_class"), ("poison_check", "legit_200mb")  # canaries
HANG_SECONDS, MOST_SECONDS = 2.0, 60.0
MOST_BYTES = 8 << 20

#: The attacks by the harm that they do.
HARMS = {
    "a wrong program passes": (
        *("exit0_toplevel", "exit0_in_call", "os_exit0_toplevel", "atexit_sentinel", "partial_then_exit"),
        *("syntax_error", "missing_function", "eq_always_true", "int_subclass_eq", "mock_any", "str_for_int"),
        *("bool_for_int", "patch_json", "frame_hunt", "settrace", "sentinel_stdout", "find_answer_files"),
        *("read_parent_mem", "mem_bomb", "mem_bomb_700mb"),
    ),
    "the checker hangs": (
        *("busy_loop", "busy_loop_import", "sleep_forever", "ignore_signals", "regex_hang", "mem_bomb_touch"),
        *("fork_bomb", "recursion"),
    ),
    "the checker is flooded": ("huge_result", "stdout_flood", "exc_message_huge"),
    "the program breaks out": ("escape_uid", "network", "disk_fill"),
    "the next programs fail": ("poison_files", "fd_exhaust"),
    "the next programs are not judged": (
        *("kill_self", "segfault", "async_def", "self_reference", "huge_int", "patch_builtins", "close_fds"),
        *("kill_parent", "daemon_survivor", "read_stdin"),
    ),
    "the time is wrong": ("fake_clock",),
}
GIB = 1 << 30


def in_cage(programs: list[dict[str, str]], seconds: float, memory: int = GIB) -> tuple[str, str, str]:
    """How the checker ended (exited, hung or flooded; then its exit status), what it wrote, and its errors."""
    limits = [f"--as={memory}", "--core=0"]
    as_nobody: dict[str, Any] = {}
    if os.getuid() == 0:
        as_nobody = {"user": UID, "group": UID, "extra_groups": []}
        limits.append("--nproc=48")  # of this uid
    spaces = ("--map-root-user", "--mount", "--pid", "--fork", "--kill-child", "--net", "--ipc", "--uts")
    with tempfile.TemporaryFile() as requests, tempfile.TemporaryFile() as errors:
        requests.write("".join(json.dumps(program) + "\n" for program in programs).encode())
        requests.seek(0)
        checker = subprocess.Popen(
            ["prlimit", *limits, "unshare", *spaces, "sh", "-c", CAGE, PYTHON, CHECKER],
            stdin=requests,
            stdout=subprocess.PIPE,
            stderr=errors,
            cwd="/",
            env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin"},
            start_new_session=True,
            **as_nobody,
        )
        started = time.monotonic()
        clock = threading.Timer(seconds, checker.kill)
        clock.start()
        assert checker.stdout is not None
        with checker, checker.stdout as stream:
            written = stream.read(MOST_BYTES)
            checker.kill() if len(written) == MOST_BYTES else checker.wait()
        clock.cancel()
        errors.seek(0)
        ended = f"exited {checker.returncode}"
        if checker.returncode == -9:
            ended = "flooded" if len(written) == MOST_BYTES else "hung"
            assert ended == "flooded" or time.monotonic() - started >= seconds
        return ended, written.decode(errors="replace"), errors.read().decode(errors="replace")


def harm(ended: str, written: str) -> str:
    """What an attack did, from how the checker ended and what it wrote after the canaries."""
    if ended in ("hung", "flooded"):
        return {"hung": "the checker hangs", "flooded": "the checker is flooded"}[ended]
    found: dict[str, dict[str, Any]] = {}
    forged = False
    for line in written.splitlines():
        with contextlib.suppress(ValueError):
            report = json.loads(line)
            if isinstance(report, dict):
                forged |= report.get("passed") is True and "id" not in report
                found[report.get("id", "")] = report
    case = found.get("attack", {})
    if case.get("passed") or forged or (not case and ended == "exited 0"):
        return "the time is wrong" if case.get("seconds", 1) <= 0 else "a wrong program passes"
    if any(str(value).startswith(("ESCAPED", "NET", "WROTE")) for value in case.get("values", ())):
        return "the program breaks out"
    after = [found.get(name, {}).get("passed") for name in AFTER]
    if None in after:
        return "the next programs are not judged"
    return "none" if all(after) else "the next programs fail"


def alive() -> list[int]:
    """The living processes of the cage's uid."""
    found = []
    for entry in Path("/proc").iterdir():
        with contextlib.suppress(OSError):  # it just ended
            if entry.name.isdigit() and entry.stat().st_uid == UID and ") Z " not in (entry / "stat").read_text():
                found.append(int(entry.name))
    return found


def available() -> int:
    """Bytes of memory that the machine has to spare."""
    lines = dict(line.split(":") for line in Path("/proc/meminfo").read_text().splitlines())
    return int(lines["MemAvailable"].split()[0]) << 10


@pytest.fixture(scope="module")
def published(shared: Path) -> dict[str, dict[str, Any]]:
    return {case["id"]: case for case in json.loads((shared / "sandbox" / "cases.json").read_text())}


@pytest.fixture(scope="module")
def attack(published: dict[str, dict[str, Any]]) -> Callable[[str, float, int], str]:
    """Run an attack between canaries; the harm it did."""
    before, after = ([{"id": name, "code": published[name]["code"]} for name in names] for names in (BEFORE, AFTER))
    ended, written, errors = in_cage([*before, *after], MOST_SECONDS)
    if not written:
        pytest.skip(f"no cage for the naive checker can be made here ({ended}): {errors.strip()[-200:]}")
    reports = [json.loads(line) for line in written.splitlines()]
    assert [report["passed"] for report in reports] == [True] * 4, reports  # of itself it is right
    assert ended == "exited 0"

    def run(name: str, seconds: float, memory: int) -> str:
        programs = [*before, {"id": "attack", "code": published[name]["code"]}, *after]
        ended, written, _ = in_cage(programs, seconds, memory)
        first = [json.loads(line) for line in written.split("\n", 2)[:2]]
        assert [report["passed"] for report in first] == [True] * 2
        return harm(ended, written.split("\n", 2)[2])

    return run


@pytest.mark.parametrize(("name", "expected"), [(name, harm) for harm, names in HARMS.items() for name in names])
def test_every_attack_harms_a_naive_checker(name: str, expected: str, attack: Callable[[str, float, int], str]) -> None:
    if name == "fork_bomb" and os.getuid() != 0:
        pytest.skip("only root can give it a uid of its own, and so a limit of processes")
    memory = 6 * GIB if name == "mem_bomb" else GIB
    if memory > available():
        pytest.skip("less than 6 GB of memory is free")
    assert attack(name, HANG_SECONDS if expected == "the checker hangs" else MOST_SECONDS, memory) == expected
    deadline = time.monotonic() + 10
    while alive() and time.monotonic() < deadline:
        time.sleep(0.01)
    assert not alive()


def test_every_published_attack_is_tried(published: dict[str, dict[str, Any]]) -> None:
    tried = [name for names in HARMS.values() for name in names]
    assert len(tried) == len(set(tried)) == 47
    assert set(tried) == {name for name, case in published.items() if case["kind"] == "attack"}
