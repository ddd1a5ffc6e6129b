"""All findings: ask the machine, judge what it says."""

import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from codeq.config import load_study
from codeq.doctor import checks, probes
from codeq.doctor.checks import Finding, Profile


def findings(profile: str | None, configfile: Path | None) -> list[Finding]:
    """All findings for a profile and a study file; the profile's own, or the mini study, where none is given.

    Raises ConfigError where one of them cannot be read.
    """
    where, named = probes.read_profile(profile) if profile else (Profile(), None)
    study = load_study(configfile or Path(named or "config/mini.yaml"))
    with ThreadPoolExecutor() as threads:  # the slow ones wait for others, not for the processor
        model, data = threads.submit(probes.model, study.model), threads.submit(probes.data, study.data)
        docker, isolation = threads.submit(probes.docker), threads.submit(probes.isolation)
        slurm, gpus = threads.submit(probes.slurm), threads.submit(probes.gpus)
    packages = probes.installed()
    pins = Path(__file__).resolve().parents[2] / "requirements.txt"
    size = checks.weights(study.model.base, probes.weight_bytes(study.model.base))
    free, disk = probes.free_bytes(Path("results", study.name))
    here, in_docker = where.executor is None, study.sandbox.backend == "docker"
    return [
        checks.python(sys.version_info[:3]),
        *checks.packages(pins.read_text(), packages),
        model.result(),
        data.result(),
        checks.gpu(gpus.result(), size, where),
        checks.docker(docker.result(), here and in_docker),
        checks.isolation(isolation.result(), here and not in_docker),
        *checks.executor(where, packages),
        checks.slurm(slurm.result(), where),
        checks.disk(free, disk, size, study),
    ]
