"""Time `codeq lineage verify` beside plain SHA-256 of the same bytes, and what records cost a study.

Writes recorded files of random bytes, verifies them, and hashes the same files with the command sha256sum, in a process
per core, and with hashlib, in one thread and in one per core. Then repeats, for every run that a finished study has
records of, what its record cost: hashing inputs and outputs, the code version, the state of git, the sidecars.
"""

import argparse
import json
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from codeq import lineage
from codeq.lineage import code_versions, environment
from codeq.lineage.files import SIDECAR, sidecar_of

ROOT = Path(__file__).resolve().parents[1]
CASES = {"many": (10_000, 100_000), "large": (20, 100_000_000)}  # files, bytes of each


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--study", type=Path, default=ROOT / "results" / "mini", help="a finished study")
    parser.add_argument("--scratch", type=Path, help="directory for the files (default: the system's)")
    parser.add_argument("--repeat", type=int, default=3, help="times each is run; the fastest counts (default: 3)")
    parser.add_argument(
        "--report",
        type=Path,
        default=ROOT / "benchmarks" / "lineage.json",
        help="JSON file to write; a Markdown one goes beside it",
    )
    args = parser.parse_args()
    report: dict[str, Any] = {"study": args.study.name, **cost(args.study)}
    for name, (files, size) in CASES.items():
        with tempfile.TemporaryDirectory(prefix="codeq-lineage-", dir=args.scratch) as scratch:
            paths = recorded_files(Path(scratch), files, size)
            report[name] = {"files": files, "bytes": files * size, **measured(Path(scratch), paths, args.repeat)}
    host = environment.machine()
    report["machine"] = {key: host[key] for key in ("cpu", "cores")}
    args.report.write_text(json.dumps(report, indent=2) + "\n")
    args.report.with_suffix(".md").write_text(markdown(report))
    print(markdown(report))


def recorded_files(directory: Path, files: int, size: int) -> list[Path]:
    """Files of random bytes, each made from the one before it; their records are as long as a real one."""
    first = directory / "0.bin"
    with lineage.record(script=ROOT / "scripts" / "search.py", inputs={}, outputs={"made": first}, settings={}):
        first.write_bytes(os.urandom(size))
    template = lineage.read_record(first)
    assert template is not None
    paths, entry = [first], template["output"]
    for number in range(1, files):
        path = directory / str(number // 100) / f"{number}.bin"
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(os.urandom(size))
        source = {**entry, "name": "source", "path": os.path.relpath(paths[-1], path.parent), "recorded": True}
        entry = {**entry, "sha256": lineage.file_digest(path), "path": path.name}
        text = json.dumps({**template, "output": entry, "inputs": [source]}, indent=1, sort_keys=True)
        sidecar_of(path).write_text(text)
        paths.append(path)
    return paths


def measured(directory: Path, paths: list[Path], repeat: int) -> dict[str, float]:
    """Seconds of each way, all from a warm page cache."""

    def verify() -> None:
        done = lineage.verify(directory)
        assert (done.files, done.faults) == (len(paths), ())

    def sha256(threads: int) -> None:
        with ThreadPoolExecutor(threads) as pool:
            for _ in pool.map(lineage.file_digest, paths):
                pass

    cores = os.cpu_count() or 1
    together = str(max(1, len(paths) // (4 * cores)))
    command = ["xargs", "-0", "-P", str(cores), "-n", together, "sha256sum"]
    names = b"\0".join(os.fsencode(path) for path in paths)
    verify()
    ways: dict[str, Callable[[], object]] = {
        "verify": verify,
        "sha256": lambda: sha256(1),
        "sha256_parallel": lambda: sha256(cores),
        "sha256sum": lambda: subprocess.run(command, input=names, stdout=subprocess.DEVNULL, check=True),
    }
    return {name: round(fastest(way, repeat), 3) for name, way in ways.items()}


def fastest(way: Callable[[], object], repeat: int) -> float:
    times = []
    for _ in range(repeat):
        started = time.perf_counter()
        way()
        times.append(time.perf_counter() - started)
    return min(times)


def cost(study: Path) -> dict[str, float]:
    """Seconds that the runs of a study took, and seconds that recording them takes, done again on a copy."""
    with tempfile.TemporaryDirectory(prefix="codeq-lineage-") as scratch:
        copy = Path(scratch) / "results" / study.name
        shutil.copytree(study, copy)
        runs: dict[str, list[Path]] = {}
        found = {}
        for sidecar in sorted(copy.rglob(f"*{SIDECAR}")):
            path = sidecar.with_name(sidecar.name.removesuffix(SIDECAR))
            record = found[path] = lineage.read_record(path)
            runs.setdefault(record["run"], []).append(path)
        seconds = records = 0.0
        for outputs in runs.values():
            record = found[outputs[0]]
            inputs = [Path(os.path.normpath(outputs[0].parent / entry["path"])) for entry in record["inputs"]]
            # What each script's process does once.
            environment.package_versions.cache_clear()
            code_versions._parse.cache_clear()
            started = time.perf_counter()
            with lineage.record(
                script=ROOT / record["script"],
                inputs={"input": [path for path in inputs if path.exists()]},
                outputs={"output": outputs},
                settings=record["settings"],
            ):
                pass
            records += time.perf_counter() - started
            for path in outputs:
                if path.name == "manifest.json":
                    started = time.perf_counter()
                    lineage.write_manifest(path.parent)
                    records += time.perf_counter() - started
            seconds += record["seconds"]
    return {"runs": len(runs), "run_seconds": round(seconds, 2), "record_seconds": round(records, 2)}


def markdown(report: dict[str, Any]) -> str:
    host = report["machine"]
    lines = [
        f"On {host['cores']} cores of an {host['cpu']}, from a warm page cache:\n",
        "| | `codeq lineage verify` | sha256sum, one per core | hashlib, one thread | hashlib, one per core |",
        "| --- | ---: | ---: | ---: | ---: |",
    ]
    for name in CASES:
        case = report[name]
        lines.append(
            f"| {case['files']:,} files, {case['bytes'] / 1e9:.1f} GB | {case['verify']:.2f} s |"
            f" {case['sha256sum']:.2f} s | {case['sha256']:.2f} s | {case['sha256_parallel']:.2f} s |"
        )
    share = report["record_seconds"] / (report["run_seconds"] + report["record_seconds"])
    lines.append(
        f"\nThe {report['runs']} runs of the study `{report['study']}` took {report['run_seconds']:.0f} s,"
        f" their records {report['record_seconds']:.1f} s: {100 * share:.2f} % (asked: under 2 %).\n"
    )
    return "\n".join(lines)


if __name__ == "__main__":
    main()
