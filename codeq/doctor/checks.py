"""What the facts about a machine mean for a study on a profile. Pure: facts in, findings out."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from codeq.config import Study

GB = 10**9
ON_A_CPU = 2 * GB  # weights up to this size can be sampled from and trained without a GPU
# Beside its weights a policy needs room for activations, caches and the optimiser's state of the adapter.
GPU_FACTOR = 1.5
TABLES_BYTES = 1 * GB  # data, trees, logs and plots of a study
_DEVELOPMENT = "# Development"
_BYTES_PER_PARAMETER = 2  # models on a hub are bfloat16
_BILLIONS = re.compile(r"(\d+(?:\.\d+)?)[Bb](?![a-z])")

State = Literal["ok", "note", "warning", "failure"]


@dataclass(frozen=True)
class Finding:
    """One line: what was looked at, what was found, and what to do unless the state is "ok" or "note"."""

    subject: str
    state: State
    found: str
    remedy: str = ""


@dataclass(frozen=True)
class Profile:
    """What matters of a Snakemake profile: where its jobs run."""

    executor: str | None = None  # None: on this machine
    partitions: tuple[str, ...] = ()


@dataclass(frozen=True)
class Gpu:
    """A GPU as its driver describes it."""

    name: str
    memory_bytes: int
    driver: str


@dataclass(frozen=True)
class Docker:
    """A Docker that answers."""

    version: str
    cgroups: str  # "1", "2", or "none" where it cannot limit memory
    image: str
    present: bool
    buildable: bool


def normal(name: str) -> str:
    """A package's name as indexes compare it (PEP 503)."""
    return re.sub(r"[-_.]+", "-", name).lower()


def python(version: tuple[int, ...]) -> Finding:
    """Python 3.11, which the pins are for."""
    found = ".".join(map(str, version))
    if version[:2] == (3, 11):
        return Finding("python", "ok", found)
    return Finding("python", "failure", found, "install Python 3.11, then `make PYTHON=python3.11 .venv/ready`")


def pins(text: str) -> tuple[dict[str, str], dict[str, str]]:
    """Pinned versions in the text of requirements.txt: those the pipeline needs, and those of development."""
    parts: list[dict[str, str]] = []
    for part in text.partition(_DEVELOPMENT)[::2]:
        lines = (line.split("#")[0].strip() for line in part.splitlines())
        parts.append({normal(name): version for name, _, version in (line.partition("==") for line in lines if line)})
    return parts[0], parts[1]


def packages(text: str, installed: Mapping[str, str]) -> list[Finding]:
    """Installed versions against the pins; a local version such as 2.13.0+cpu is the pinned one."""
    needed, development = pins(text)
    remedy = "`pip install --requirement requirements.txt` in this environment"
    findings = []
    for name, pinned in {**needed, **development}.items():
        have = installed.get(name)
        if have is None:
            state: State = "failure" if name in needed else "note"
            findings.append(Finding("packages", state, f"{name} is missing; pinned is {pinned}", remedy))
        elif have.split("+")[0] != pinned:
            findings.append(Finding("packages", "warning", f"{name} {have}; pinned is {pinned}", remedy))
    return findings or [Finding("packages", "ok", f"{len(needed) + len(development)} as pinned")]


def weights(base: str, files: int | None) -> int | None:
    """Bytes of a policy's weights: `files` if it lies here, else by the size in its name; None if that says nothing."""
    if files is not None:
        return files
    named = _BILLIONS.search(base.rpartition("/")[2])
    return int(float(named[1]) * GB * _BYTES_PER_PARAMETER) if named else None


def gpu(gpus: Sequence[Gpu] | str, size: int | None, profile: Profile) -> Finding:
    """GPUs here, or why there are none, against a policy's `size` in bytes. Other machines' GPUs are not seen."""
    here = profile.executor is None
    needed = here and (size is None or size > ON_A_CPU)
    policy = "a policy of unknown size" if size is None else f"{size / GB:.1f} GB of weights"
    if isinstance(gpus, str):
        if needed:
            return Finding(
                "gpu",
                "failure",
                f"{gpus}; {policy} need one",
                "run where there is a GPU, or choose a smaller model.base, or a profile with machines that have one",
            )
        return Finding("gpu", "note", f"{gpus}; " + ("small enough for a CPU" if here else "jobs run elsewhere"))
    found = ", ".join(f"{each.name} {each.memory_bytes / GB:.0f} GB" for each in gpus) + f", driver {gpus[0].driver}"
    if needed and size is not None and max(each.memory_bytes for each in gpus) < GPU_FACTOR * size:
        remedy = f"use a GPU of {GPU_FACTOR * size / GB:.0f} GB or more, or choose a smaller model.base"
        return Finding("gpu", "failure", f"{found}: too small for {policy}", remedy)
    return Finding("gpu", "ok", found)


def docker(answer: Docker | str, needed: bool) -> Finding:
    """A Docker, or why none answers; needed where candidates run in it on this machine."""
    if isinstance(answer, str):
        if not needed:
            return Finding("docker", "note", f"{answer}; not needed here")
        remedy = "start its daemon and let this user use it (`docker version`), or set sandbox.backend: process"
        return Finding("docker", "failure", answer, remedy)
    found = f"{answer.version}, cgroups {answer.cgroups}, image {answer.image} "
    if not answer.present:
        if answer.buildable or not needed:
            state: State = "warning" if needed else "note"
            return Finding("docker", state, found + "is not built yet", "`make sandbox-image` builds it now")
        remedy = "install debootstrap, or let Docker reach a registry; then `make sandbox-image`; or `docker load` it"
        return Finding("docker", "failure", found + "is missing and nothing here to build it from", remedy)
    if needed and answer.cgroups == "none":
        remedy = "mount cgroups (package cgroupfs-mount) and restart Docker; until then memory is limited by process"
        return Finding("docker", "warning", found + "is there", remedy)
    return Finding("docker", "ok", found + "is there")


def isolation(in_force: Mapping[str, str] | str, needed: bool) -> Finding:
    """What the process sandbox closes on this machine, or why it does not start."""
    if isinstance(in_force, str):
        remedy = "set sandbox.backend: docker, or see what the message says of this machine"
        return Finding("isolation", "failure" if needed else "note", in_force, remedy)
    found = ", ".join(f"{layer} {how}" for layer, how in in_force.items())
    open_layers = [layer for layer in ("network", "files", "writes") if in_force.get(layer) in ("open", "host")]
    if open_layers and needed:
        remedy = (
            f"candidates are not kept from: {', '.join(open_layers)}. Permit user namespaces "
            "(`sysctl kernel.unprivileged_userns_clone=1`) or use a kernel with Landlock (5.13), "
            "or set sandbox.backend: docker"
        )
        return Finding("isolation", "warning", found, remedy)
    return Finding("isolation", "ok" if needed else "note", found)


def executor(profile: Profile, installed: Mapping[str, str]) -> list[Finding]:
    """The plugin that a profile's executor is."""
    if profile.executor is None:
        return []
    name = f"snakemake-executor-plugin-{profile.executor}"
    if name in installed:
        return [Finding("executor", "ok", f"{name} {installed[name]}")]
    return [Finding("executor", "failure", f"{name} is missing", f"`pip install {name}`")]


def slurm(partitions: Sequence[str] | str, profile: Profile) -> Finding:
    """The partitions of a Slurm that answers, or why none does, against those that the profile names."""
    needed = profile.executor == "slurm"
    if isinstance(partitions, str):
        if not needed:
            return Finding("slurm", "note", f"{partitions}; this profile uses none")
        remedy = "start slurmctld, or run this where `sinfo` answers, or choose another profile"
        return Finding("slurm", "failure", partitions, remedy)
    found = f"partitions {', '.join(partitions) or 'none'}"
    missing = [name for name in profile.partitions if name not in partitions]
    if needed and missing:
        remedy = "add them to slurm.conf, or name yours with slurm_partition in the profile"
        return Finding("slurm", "failure", f"{found}; the profile also names {', '.join(missing)}", remedy)
    return Finding("slurm", "ok", found)


def disk(free: int, where: str, size: int | None, study: Study) -> Finding:
    """Free bytes where results go, against an estimate: the base, a policy per round and seed, and the tables."""
    need = int((size or 0) * (1 + study.rounds * len(study.seeds)) + TABLES_BYTES)
    found = f"{free / GB:.0f} GB free at {where}; this study takes about {need / GB:.0f} GB"
    if size is None:
        found += " and its models, whose size is not known"
    if free < need:
        return Finding("disk", "failure", found, "free some space, or let results/ be a link to a larger disk")
    return Finding("disk", "ok", found)
