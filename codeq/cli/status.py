"""`codeq status`: which jobs of a study are done, which have begun, and which are left."""

import re
import subprocess
import sys
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from codeq.errors import CodeqError, ConfigError


@dataclass(frozen=True)
class _Job:
    rule: str
    outputs: list[Path]
    log: Path
    benchmark: Path

    @property
    def begun(self) -> bool:
        """Whether it runs or was stopped: it has written to its log, and not come to its end, the benchmark."""
        if any(path.exists() for path in self.outputs) or not self.log.exists():
            return False
        return not self.benchmark.exists() or self.benchmark.stat().st_mtime < self.log.stat().st_mtime


def status(
    directory: Annotated[Path, typer.Argument(help="the study's directory, results/<name>")],
    configfile: Annotated[Path | None, typer.Option(help="study file [default: config/<name>.yaml]")] = None,
) -> None:
    """Say how far a study is, also while it runs: its jobs, and of begun searches the trees that are finished.

    Takes the time of a dry-run, a few seconds.
    """
    from codeq.config import load_study

    study = configfile or Path("config", f"{directory.resolve().name}.yaml")
    if (name := load_study(study).name) != directory.resolve().name:
        raise ConfigError(f"{study} is of study {name!r}, not of {directory}; give its own file with --configfile")
    with ThreadPoolExecutor() as threads:
        everything, left = threads.map(lambda options: _planned(study, *options), (("--forceall",), ()))
    begun = [job for job in left if job.begun]
    waiting = Counter(job.rule for job in left if not job.begun)
    done = len(everything) - len(left)
    typer.echo(f"{len(everything)} jobs: {done} done, {len(begun)} begun, {waiting.total()} left")
    for job in begun:
        age = time.time() - job.log.stat().st_mtime
        finished = trees(job.outputs[0])
        made = "" if finished is None else f", {finished} trees finished"
        typer.echo(f"begun  {job.rule} -> {job.outputs[0]}{made}; {job.log} was written {age:.0f} s ago")
    for rule, count in waiting.items():
        typer.echo(f"left   {rule} {count}")


def _planned(configfile: Path, *options: str) -> list[_Job]:
    """The jobs of a dry-run but for the target `all`, which makes nothing."""
    command = [sys.executable, "-m", "snakemake", "--dry-run", "--rerun-incomplete", "--configfile", str(configfile)]
    done = subprocess.run([*command, *options], capture_output=True, text=True, check=False)
    if done.returncode:
        raise CodeqError(f"snakemake cannot plan {configfile}:\n{done.stderr.strip()}")
    jobs = []
    for rule, block in re.findall(r"^(?:local)?rule (\w+):\n((?:    .*\n)+)", done.stdout, re.MULTILINE):
        said = dict(re.findall(r"^    (output|log|benchmark): (.*)$", block, re.MULTILINE))
        if rule != "all":
            outputs = [Path(path) for path in said["output"].split(", ")]
            jobs.append(_Job(rule, outputs, Path(said["log"]), Path(said["benchmark"])))
    return jobs


def trees(table: Path) -> int | None:
    """How many trees a begun search has finished; None if it has no journal."""
    from codeq import journal

    shard = "1-of-1"
    if divided := re.fullmatch(r"(.*)/shards/(\d+-of-\d+)/(.*)", table.as_posix()):
        # The journals of all shards lie where the whole table will.
        shard, table = divided[2], Path(divided[1], divided[3])
    path = table.with_suffix(".journal") / f"{shard}.jsonl"
    return len(journal.read(path)) if path.exists() else None
