"""Which files of a job travel to a machine without a shared directory, and back.

To the machine: the inputs and all they were made from, as their lineage records say, with the records; so a job finds
what it finds on a shared directory. Back: outputs, records and logs. A model's manifest stands for the files it names,
but those of the base model and of merged policies stay where they are: each machine makes them again
(scripts/restore.py). Journals and checkpoints stay as well: the job that goes on from them runs there. Files outside
results/ are no job's: what a study starts from must lie on each machine.
"""

import json
import os
import re
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

MANIFEST = "manifest.json"
MADE_AGAIN = ("scripts/base_model.py", "scripts/merge.py")


def properties(script: Path) -> dict[str, Any]:
    """What Snakemake says of a job in its script."""
    mark = "# properties = "
    lines = [line for line in script.read_text().splitlines() if line.startswith(mark)]
    return json.loads(lines[0].removeprefix(mark)) if lines else {}


def python(script: Path) -> str:
    """The Python that runs Snakemake in a job, and so has what CodeQ needs."""
    found = re.search(r"(\S+) -m snakemake ", script.read_text())
    return found[1] if found else sys.executable


def models(script: Path) -> list[str]:
    """The manifests of the models that a job reads."""
    inputs = properties(script).get("input", [])
    return [path for path in inputs if Path(path).name == MANIFEST and _travels(Path(path))]


def inputs(script: Path) -> list[Path]:
    """The inputs of a job and all they were made from."""
    found: dict[Path, None] = {}
    rest = [Path(path) for path in properties(script).get("input", [])]
    while rest:
        path = rest.pop()
        if path not in found and _travels(path):
            found |= dict.fromkeys([path, *_with(path)])
            rest += [Path(os.path.normpath(path.parent / entry["path"])) for entry in _record(path).get("inputs", [])]
    return list(found)


def logs(script: Path) -> list[Path]:
    """The logs of a job, and the benchmark that lies beside each."""
    return [Path(path).with_suffix(suffix) for path in properties(script).get("log", []) for suffix in (".log", ".tsv")]


def outputs(script: Path) -> list[Path]:
    """The outputs of a job and their records; once they are here, also what their manifests stand for."""
    made = [Path(path) for path in properties(script).get("output", [])]
    return [file for path in made for file in [path, *_with(path)]]


def _with(path: Path) -> Iterable[Path]:
    """What belongs to a file: its record and, if it is the manifest of a model that cannot be made again, the model."""
    yield _sidecar(path)
    if path.name == MANIFEST and path.exists() and _record(path).get("script") not in MADE_AGAIN:
        yield from (path.parent / name for name in json.loads(path.read_text())["files"])


def _record(path: Path) -> dict[str, Any]:
    sidecar = _sidecar(path)
    return json.loads(sidecar.read_text()) if sidecar.exists() else {}


def _sidecar(path: Path) -> Path:
    return path.with_name(f"{path.name}.lineage.json")


def _travels(path: Path) -> bool:
    return path.parts[:1] == ("results",)
