"""How long a dry-run takes that plans 10 rounds, each a search in 64 shards, and evaluations in 6 modes.

    python benchmarks/dag.py [--repeats 3]

Writes benchmarks/dag.json and dag.md. Each run is a process of its own, in a copy of the project without results:
"dry-run" is `snakemake -n`, which prints every job; "planned" the same with `--quiet`, which prints their numbers.
"""

import argparse
import json
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from itertools import product
from pathlib import Path

from codeq.lineage.environment import machine

ROOT = Path(__file__).resolve().parents[1]
MODES = "modes: [single_pass, best_of_n, line_edits, refine, mcts_no_critic, mcts]"
STUDIES = {
    "each search in 64 shards": ("rounds=10", "search={shards: 64}", f"evaluation={{{MODES}}}"),
    "each evaluation as well": ("rounds=10", "search={shards: 64}", f"evaluation={{shards: 64, {MODES}}}"),
}
RUNS = {"dry-run": (), "planned": ("--quiet", "rules")}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=3, help="runs of each kind (default: 3)")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as directory:
        for name in ("codeq", "config", "scripts", "workflow", "environment.yml"):
            source, copy = ROOT / name, Path(directory, name)
            shutil.copytree(source, copy) if source.is_dir() else shutil.copy(source, copy)
        seconds: dict[str, dict[str, list[float]]] = {study: {run: [] for run in RUNS} for study in STUDIES}
        jobs = {}
        for _, (study, config), (run, options) in product(range(args.repeats), STUDIES.items(), RUNS.items()):
            started = time.monotonic()
            done = subprocess.run(
                [sys.executable, "-m", "snakemake", "-n", *options, "--config", *config],
                cwd=directory,
                env={**os.environ, "PYTHONPATH": directory},
                capture_output=True,
                text=True,
                check=True,
            )
            seconds[study][run].append(round(time.monotonic() - started, 1))
            if total := re.search(r"^total +(\d+)$", done.stdout, re.MULTILINE):
                jobs[study] = int(total[1])
    host = machine()
    report = {
        "machine": {key: host[key] for key in ("cpu", "cores")},
        "load of the machine": round(os.getloadavg()[0], 1),
        "jobs": jobs,
        "seconds": seconds,
    }
    target = ROOT / "benchmarks" / "dag.json"
    target.write_text(json.dumps(report, indent=2) + "\n")
    rows = [
        f"| {study} | {jobs[study]} | {run} | {round(statistics.median(each), 1)} | {min(each)} |"
        for study, runs in seconds.items()
        for run, each in runs.items()
    ]
    shown = "\n".join(
        [
            "# Dry-run of a large study",
            "",
            f"10 rounds, 6 modes. {host['cores']} cores of {host['cpu']}, load {report['load of the machine']}; "
            f"{args.repeats} runs each, by `benchmarks/dag.py`.",
            "",
            "| study | jobs | run | median, s | quickest, s |",
            "| --- | ---: | --- | ---: | ---: |",
            *rows,
        ]
    )
    target.with_suffix(".md").write_text(shown + "\n")
    print(shown)


if __name__ == "__main__":
    main()
