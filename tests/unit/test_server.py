import os
import shlex
import signal
import subprocess
import sys
import time
from pathlib import Path

import httpx2
import pytest

from codeq.errors import ModelError
from codeq.models import server
from codeq.models.server import Server

# Python's own file server: it answers /health with 404, which is an answer.
COMMAND = f"{sys.executable} -m http.server --bind 127.0.0.1 --directory $policy $port"


def gone(process: int) -> bool:
    """Whether a process has ended, or ends within ten seconds."""
    for _ in range(100):
        status = Path(f"/proc/{process}/stat")
        if not status.exists() or status.read_text().rpartition(")")[2].split()[0] == "Z":
            return True
        time.sleep(0.1)
    return False


def test_the_command_serves_the_directory_at_a_free_port(tmp_path: Path) -> None:
    directory = tmp_path / "a policy"
    directory.mkdir()
    (directory / "config.json").write_text("{}")
    first, second = Server(COMMAND, directory), Server(COMMAND, directory)
    assert first.url != second.url
    assert httpx2.get(f"{first.url}/config.json").text == "{}"
    assert first.ended() is None
    first.stop()
    assert gone(first.process.pid)
    assert "ended with status -15" in str(first.ended())
    number = second.process.pid
    del second
    assert gone(number)


def test_a_server_ends_with_a_job_that_is_killed(tmp_path: Path) -> None:
    code = (
        "import sys, time; from pathlib import Path; from codeq.models.server import Server\n"
        "server = Server(sys.argv[1], Path(sys.argv[2])); print(server.process.pid, flush=True); time.sleep(600)"
    )
    job = subprocess.Popen([sys.executable, "-c", code, COMMAND, str(tmp_path)], stdout=subprocess.PIPE, text=True)
    assert job.stdout is not None
    number = int(job.stdout.readline())
    os.kill(number, 0)
    job.send_signal(signal.SIGKILL)
    job.wait()
    job.stdout.close()
    assert gone(number)


def test_a_server_that_ignores_sigterm_is_killed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "STOP_S", 0.2)
    code = (
        "import signal, sys; from http.server import *; signal.signal(signal.SIGTERM, signal.SIG_IGN);"
        "HTTPServer(('127.0.0.1', int(sys.argv[1])), SimpleHTTPRequestHandler).serve_forever()"
    )
    stubborn = Server(f"{sys.executable} -c {shlex.quote(code)} $port $policy", tmp_path)
    stubborn.stop()
    assert gone(stubborn.process.pid)


@pytest.mark.parametrize(
    ("command", "message"),
    [
        ("no-such-program $policy $port", "no-such-program cannot be started .* give its full path"),
        ("sh -c 'exit 7' $policy $port", "the server ended with status 7; .* its command: sh -c 'exit 7' /"),
    ],
)
def test_a_command_that_does_not_serve_is_an_error_at_once(tmp_path: Path, command: str, message: str) -> None:
    with pytest.raises(ModelError, match=message):
        Server(command, tmp_path)


def test_a_server_that_never_answers_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "START_S", 0.5)
    with pytest.raises(ModelError, match=r"no answer at http://127.0.0.1:\d+/health after .* from sh -c"):
        Server("sh -c 'exec sleep 600' $policy $port", tmp_path)
