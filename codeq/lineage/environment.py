"""The environment of a run: commit, package versions and machine."""

import functools
import importlib.metadata
import os
import platform
import subprocess
import sys
from pathlib import Path

# Packages whose version can change a result.
PACKAGES = (
    "accelerate",
    "bitsandbytes",
    "datasets",
    "datasketch",
    "numpy",
    "peft",
    "polars",
    "pyarrow",
    "safetensors",
    "scipy",
    "snakemake",
    "tokenizers",
    "torch",
    "transformers",
    "trl",
)

# What a scheduler tells a job about itself: the profile two-h100-ssh, Slurm.
SCHEDULER = {"node": ("CODEQ_NODE", "SLURMD_NODENAME"), "job": ("CODEQ_JOB", "SLURM_JOB_ID")}


def git_state(root: Path) -> dict[str, object] | None:
    """Commit and dirty flag of the checkout at `root`; None without git or outside a checkout."""
    if not (root / ".git").exists():
        return None
    try:
        # Without optional locks `status` writes nothing, so jobs at the same time do not disturb each other.
        commit, status = (
            subprocess.run(
                ["git", "--no-optional-locks", "-C", str(root), *arguments],
                capture_output=True,
                text=True,
                timeout=60,
                check=True,
            ).stdout.strip()
            for arguments in (["rev-parse", "HEAD"], ["status", "--porcelain"])
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return {"commit": commit, "dirty": bool(status)}


@functools.cache
def package_versions() -> dict[str, str]:
    """Versions of Python and of the installed PACKAGES, without importing them."""
    versions = {"python": platform.python_version()}
    for name in PACKAGES:
        try:
            versions[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    return versions


def machine() -> dict[str, object]:
    """Host, CPU, usable cores and GPUs, and in a job of two machines its node and id.

    GPUs only if the process has loaded torch already.
    """
    torch = sys.modules.get("torch")
    gpus = [torch.cuda.get_device_name(i) for i in range(torch.cuda.device_count())] if torch else []
    # A node is not always a host: several may run on one.
    place = {name: os.environ[key] for name, keys in SCHEDULER.items() for key in keys if key in os.environ}
    return {"hostname": platform.node(), "cpu": _cpu_model(), "cores": _usable_cores(), "gpus": gpus, **place}


def _cpu_model() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        lines = []
    models = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(models, platform.processor() or platform.machine())


def _usable_cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
