"""A Slurm cluster of two nodes on this host, made from the templates of profiles/two-h100/etc.

Everything lives in a mount namespace of its own, where /etc/slurm is the cluster's: what the
machine has at /etc/slurm, a cluster of its own included, is neither seen nor changed. Slurm's
programs, and all that submits jobs, are run through `Cluster.command`.
"""

import contextlib
import os
import re
import secrets
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil

TEMPLATES = Path(__file__).resolve().parents[2] / "profiles" / "two-h100" / "etc"
NODES = ("machine-a", "machine-b")
PROGRAMS = ("munged", "slurmctld", "slurmd", "unshare", "nsenter")
Submit = Callable[..., "subprocess.Popen[str]"]  # a checkout and arguments of Snakemake
MARK = "CODEQ_TEST_CLUSTER"  # in the environment of every job: which cluster it belongs to


def missing() -> str | None:
    """Why no cluster can be made here, None if one can."""
    absent = [name for name in PROGRAMS if shutil.which(name) is None]
    if absent:
        return f"no {', '.join(absent)}: apt-get install slurm-wlm munge"
    if os.geteuid():
        return "a cluster for tests needs root, for a mount namespace"
    tried = subprocess.run(["unshare", "--mount", "true"], capture_output=True, text=True, check=False)
    return f"no mount namespace: {tried.stderr.strip()}" if tried.returncode else None


def wait_until(condition: Callable[[], object], what: str, seconds: float = 30) -> None:
    """Look every tenth of a second. Raises TimeoutError."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise TimeoutError(f"after {seconds:.0f} s: {what}")
        time.sleep(0.1)


class Cluster:
    """A running cluster; its daemons' logs are in `directory`."""

    def __init__(self, directory: Path, namespace: int) -> None:
        self.directory = directory
        self.namespace = namespace
        self.daemons: dict[str, subprocess.Popen[bytes]] = {}

    def command(self, *arguments: str, cwd: Path | None = None) -> list[str]:
        """The command line that runs `arguments` in the cluster's namespace."""
        inside = ["sh", "-c", 'cd "$0" && exec "$@"', str(cwd or self.directory), *arguments]
        return ["nsenter", f"--target={self.namespace}", "--mount", *inside]

    def ask(self, *arguments: str) -> str:
        """What a command of Slurm prints."""
        done = subprocess.run(self.command(*arguments), capture_output=True, text=True, timeout=60, check=False)
        if done.returncode:
            raise RuntimeError(f"{' '.join(arguments)}: {done.stderr}")
        return done.stdout.strip()

    def start(self, name: str, *arguments: str) -> None:
        """Start a daemon that stays in the foreground."""
        with (self.directory / f"{name}.out").open("ab") as log:
            self.daemons[name] = subprocess.Popen(self.command(*arguments), stdout=log, stderr=log)

    def start_node(self, node: str) -> None:
        self.start(node, "slurmd", "-D", "-N", node)
        wait_until(lambda: self.state(node) in ("idle", "mixed"), f"{node} is {self.state(node)}")

    def state(self, node: str) -> str:
        return self.ask("sinfo", "--noheader", "--Node", f"--nodes={node}", "--format=%T")

    def jobs(self, node: str = "") -> list[psutil.Process]:
        """The live processes of jobs, of one node or of both."""
        found = []
        for process in psutil.process_iter():
            with contextlib.suppress(psutil.Error):
                environment = process.environ()
                here = environment.get(MARK) == str(self.directory) and "SLURMD_NODENAME" in environment
                if here and node in ("", environment["SLURMD_NODENAME"]):
                    found.append(process)
        return found

    def lose(self, node: str) -> None:
        """End a node as a power cut would: its daemon, the jobs' keepers and the jobs, all at once."""
        jobs = self.jobs(node)
        keepers = {parent for job in jobs if (parent := job.parent()) and parent.name().startswith("slurmstepd")}
        daemon = self.daemons.pop(node)
        daemon.kill()
        daemon.wait()
        for process in [*keepers, *jobs, *self.jobs(node)]:
            with contextlib.suppress(psutil.Error):
                process.kill()

    def stop(self) -> None:
        """End all jobs, then the daemons."""
        with contextlib.suppress(RuntimeError, subprocess.TimeoutExpired, TimeoutError):
            self.ask("scancel", "--user=root")
            wait_until(lambda: not self.jobs(), "jobs end", 20)
        for process in self.jobs():
            with contextlib.suppress(psutil.Error):
                process.kill()
        for daemon in reversed(self.daemons.values()):
            daemon.terminate()
            try:
                daemon.wait(20)
            except subprocess.TimeoutExpired:
                daemon.kill()
                daemon.wait()


@contextlib.contextmanager
def running() -> Iterator[Cluster]:
    """A cluster that is up; ended, with its jobs and its files, on exit."""
    directory = Path(tempfile.mkdtemp(prefix="codeq-slurm-"))
    directory.chmod(0o755)  # munged wants its socket to be accessible
    (directory / "etc").mkdir()
    (directory / "state").mkdir()
    configure(directory)
    hold = 'mount --bind "$0" /etc/slurm && echo ready && exec sleep infinity'
    namespace = subprocess.Popen(
        ["unshare", "--mount", "--propagation=private", "sh", "-c", hold, str(directory / "etc")],
        stdout=subprocess.PIPE,
    )
    cluster = Cluster(directory, namespace.pid)
    try:
        assert namespace.stdout is not None
        assert namespace.stdout.readline() == b"ready\n"
        munge = [f"--{name}-file={directory / name}" for name in ("key", "pid", "seed")]
        cluster.start("munged", "munged", "--foreground", f"--socket={directory / 'munge'}", *munge)
        wait_until((directory / "munge").exists, f"munged makes {directory / 'munge'}")
        cluster.start("slurmctld", "slurmctld", "-D", "-i")
        for node in NODES:
            cluster.start_node(node)
        yield cluster
    finally:
        cluster.stop()
        namespace.kill()
        namespace.wait()
        shutil.rmtree(directory)


def configure(directory: Path) -> None:
    """The templates with the names, ports, paths and device of this host, and the key of munge.

    What the templates say of sizes, GPUs, partitions and scheduling stays; `config_overrides` lets
    a small host stand for two large machines.
    """
    host = socket.gethostname().partition(".")[0]
    controller, *nodes = free_ports(1 + len(NODES))
    text = (TEMPLATES / "slurm.conf").read_text()
    text = text.replace("SlurmctldHost=machine-a", f"SlurmctldHost={host}(127.0.0.1)\nSlurmctldPort={controller}")
    text = text.replace("SlurmUser=slurm", "SlurmUser=root")
    text = text.replace("/var/lib/slurm/slurmctld", f"{directory}/state")
    text = text.replace("/var/lib/slurm/slurmd", f"{directory}/%n").replace("slurmd.log", "slurmd-%n.log")
    text = text.replace("/var/log/slurm", str(directory))
    for node, port in zip(NODES, nodes, strict=True):
        place = f"NodeName={node} NodeHostname={host} NodeAddr=127.0.0.1 Port={port} "
        text = text.replace(f"NodeName={node} ", place)
    own = {
        "AuthInfo": f"socket={directory / 'munge'}",
        "SlurmdParameters": "config_overrides",
        "SlurmctldPidFile": directory / "slurmctld.pid",
        "SlurmdPidFile": directory / "slurmd-%n.pid",
    }
    text += "".join(f"{name}={value}\n" for name, value in own.items())
    # A minute of silence is long for a test.
    text = re.sub(r"SlurmdTimeout=\d+", "SlurmdTimeout=10", text)
    (directory / "etc" / "slurm.conf").write_text(text)
    gres = (TEMPLATES / "gres.conf").read_text().replace("/dev/nvidia0", "/dev/zero")
    (directory / "etc" / "gres.conf").write_text(gres)
    (directory / "key").write_bytes(secrets.token_bytes(128))
    (directory / "key").chmod(0o400)


def free_ports(count: int) -> list[int]:
    """Ports that nobody listens on."""
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]
