"""The facts about this machine: each probe asks one part of it, briefly, and says why where there is no answer."""

import contextlib
import importlib.metadata
import re
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

import yaml

from codeq import lineage
from codeq.config import DataSettings, ModelSettings, SandboxSettings
from codeq.doctor.checks import Docker, Finding, Gpu, Profile, normal
from codeq.errors import ConfigError, DataError, LineageError, SandboxError

SECONDS = 3  # that a command, a daemon or a hub has to answer
_READ_WHOLE = 200_000_000  # bytes: larger models are compared with their manifest by size alone


def installed() -> dict[str, str]:
    """Versions of all installed packages, by normal name."""
    return {normal(each.metadata["Name"]): each.version for each in importlib.metadata.distributions()}


def read_profile(name: str) -> tuple[Profile, str | None]:
    """A Snakemake profile and the study file it names. Raises ConfigError where there is no such profile."""
    for directory in (Path(name), Path("profiles", name)):
        if (directory / "config.yaml").is_file():
            break
    else:
        raise ConfigError(f"{name}: no profile, neither {name}/config.yaml nor profiles/{name}/config.yaml is a file")
    try:
        values = yaml.safe_load((directory / "config.yaml").read_text()) or {}
    except yaml.YAMLError as error:
        raise ConfigError(f"{directory / 'config.yaml'}: not YAML: {error}") from error
    resources = [values.get("default-resources") or {}, *(values.get("set-resources") or {}).values()]
    named = {str(each["slurm_partition"]) for each in resources if "slurm_partition" in each}
    executor = values.get("executor")
    return Profile(None if executor == "local" else executor, tuple(sorted(named))), values.get("configfile")


def gpus() -> list[Gpu] | str:
    """The GPUs that both the driver and torch see."""
    query = ["nvidia-smi", "--query-gpu=name,memory.total,driver_version", "--format=csv,noheader,nounits"]
    lines = _run(query)
    if isinstance(lines, str):
        return f"no GPU: {lines}"
    import torch  # takes seconds, so only where there is a GPU

    if not torch.cuda.is_available():
        return f"the driver sees {lines[0]}, but torch {torch.__version__} does not: its build or the driver is too old"
    fields = [[field.strip() for field in line.split(",")] for line in lines]
    return [Gpu(name, int(memory) * 2**20, driver) for name, memory, driver in fields]


def slurm() -> list[str] | str:
    """The partitions that `sinfo` names."""
    lines = _run(["sinfo", "--noheader", "--format=%R"])
    return lines if isinstance(lines, str) else sorted(set(lines))


def docker() -> Docker | str:
    """What Docker says of itself and of the sandbox's image."""
    from docker.errors import DockerException, ImageNotFound

    from codeq.sandbox import image

    try:
        with contextlib.closing(image.connect(SECONDS)) as client:
            info = client.info()
            cgroups = str(info.get("CgroupVersion", "1")) if info.get("MemoryLimit") else "none"
            tag = image.tag()
            try:
                client.images.get(tag)
                present = True
            except ImageNotFound:
                present = False
            buildable = bool(client.images.list(image.REGISTRY_BASE)) or shutil.which("debootstrap") is not None
            return Docker(info["ServerVersion"], cgroups, tag, present, buildable)
    except (SandboxError, DockerException, OSError) as error:
        return str(error).split(". Start its daemon")[0]


def isolation() -> dict[str, str] | str:
    """What the process sandbox has in force once it is started."""
    from codeq.sandbox import Sandbox

    try:
        with Sandbox(SandboxSettings(workers=1)) as sandbox:
            return dict(sandbox.isolation)
    except SandboxError as error:
        return str(error)


def free_bytes(directory: Path) -> tuple[int, str]:
    """Free bytes on the disk of a directory that may not exist yet, and the part of its path that does."""
    there = next(path for path in (directory, *directory.absolute().parents) if path.exists())
    return shutil.disk_usage(there).free, str(there)


def weight_bytes(base: str) -> int | None:
    """Bytes of the weights in a model directory; None where it is none."""
    directory = Path(base)
    return sum(path.stat().st_size for path in directory.glob("*.safetensors")) if directory.is_dir() else None


def model(settings: ModelSettings) -> Finding:
    """Whether policy 0 can be had: a directory that agrees with its manifest, or an id that the hub knows."""
    directory = Path(settings.base)
    if not directory.is_dir():
        return _on_hub("model", settings.base, settings.revision, "model.base")
    manifest = directory / "manifest.json"
    size = weight_bytes(settings.base)
    if not size or not (directory / "config.json").is_file():
        remedy = "download the model again, or set model.base to a directory with config.json and *.safetensors"
        return Finding("model", "failure", f"{directory} holds no model", remedy)
    if not manifest.is_file():
        return Finding("model", "ok", f"{directory}, without a manifest")
    try:
        lineage.verify_manifest(directory, contents=size <= _READ_WHOLE)
    except LineageError as error:
        remedy = "put the file back, or delete manifest.json if the change is meant"
        return Finding("model", "failure", str(error).partition("; rerun")[0], remedy)
    return Finding("model", "ok", f"{directory}, as in its manifest" + ("" if size <= _READ_WHOLE else " (sizes)"))


def data(settings: DataSettings) -> Finding:
    """Whether the benchmark can be had: built in, a directory of shards, or an id that the hub knows."""
    if settings.source == "curriculum":
        return Finding("data", "ok", "the curriculum is built in")
    directory = Path(settings.source)
    if not directory.is_dir():
        return _on_hub("data", settings.source, settings.revision, "data.source")
    from codeq.data import debugbench

    try:
        rows = len(debugbench.read_shards(directory, settings.language))
    except DataError as error:
        return Finding("data", "failure", str(error), "download the benchmark again, or correct data.source")
    return Finding("data", "ok", f"{directory}: {rows} rows of {settings.language}")


def _on_hub(subject: str, name: str, revision: str | None, key: str) -> Finding:
    """Whether the hub has a model or a data set and lets us fetch it."""
    if not re.fullmatch(r"[\w.-]+/[\w.-]+", name) or name.startswith("."):
        return Finding(subject, "failure", f"{name}: no such directory", f"set {key} to a directory or a hub id")
    import httpx2
    from huggingface_hub import HfApi
    from huggingface_hub.errors import HfHubHTTPError, HFValidationError

    api = HfApi()
    ask = api.model_info if subject == "model" else api.dataset_info
    try:
        found = ask(name, revision=revision, timeout=SECONDS)
    except (HfHubHTTPError, HFValidationError, httpx2.HTTPError, OSError) as error:
        why = (str(error).strip() or type(error).__name__).splitlines()[0]
        remedy = f"check the name and the connection, or download it elsewhere and set {key} to the directory"
        return Finding(subject, "failure", f"{name}: no such directory, and the hub gives none ({why})", remedy)
    if revision is None:
        remedy = f"pin it: set {subject}.revision to the commit, so that the study can be repeated"
        return Finding(subject, "warning", f"{name} on the hub, now at {found.sha}", remedy)
    return Finding(subject, "ok", f"{name} on the hub at {revision}")


def _run(command: Sequence[str]) -> list[str] | str:
    """The lines that a command prints, or why it prints none."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS, check=False)
    except FileNotFoundError:
        return f"{command[0]} is not installed"
    except subprocess.TimeoutExpired:
        return f"{command[0]} does not answer within {SECONDS} s"
    lines = [line.strip() for line in done.stdout.splitlines() if line.strip()]
    if done.returncode == 0 and lines:
        return lines
    said = (done.stderr or done.stdout).strip().splitlines() or ["it prints nothing"]
    return f"{command[0]}: {said[-1].removeprefix(command[0] + ': ')}"
