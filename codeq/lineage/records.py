"""Records: the sidecar that every output gets from the script that made it."""

import contextlib
import json
import os
import time
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from codeq.errors import LineageError
from codeq.identity import content_id, digest
from codeq.lineage.code_versions import code_digests
from codeq.lineage.environment import git_state, machine, package_versions
from codeq.lineage.files import MANIFEST, SIDECAR, file_digest, sidecar_of, subject, write_json

FORMAT = 1
ROOT = Path(__file__).resolve().parents[2]

Paths = Mapping[str, str | Path | Sequence[str | Path]]


class Run:
    """What a script may add to the record of its run."""

    def __init__(self) -> None:
        self.notes: dict[str, object] = {}

    def note(self, key: str, value: object) -> None:
        """Keep a fact that is known only while running, such as the isolation in force. Plain JSON values."""
        self.notes[key] = _plain(value, f"note {key!r}")


@contextlib.contextmanager
def record(
    *, script: str | Path, inputs: Paths, outputs: Paths, settings: Mapping[str, object], seed: int | None = None
) -> Iterator[Run]:
    """Run the body of a script and write ``<output>.lineage.json`` beside each output if it succeeds.

    `inputs` and `outputs` map a name to one path or several; a model directory is given as itself
    or its manifest. Inputs are hashed before the body runs, outputs after it. Sidecars of earlier
    runs are removed first, so after a failure none is left. Every path in a sidecar is relative to
    the sidecar's folder: a copied results folder still traces.

    Raises LineageError on a missing input, an output that is also an input or was not written, and
    settings that are not plain JSON.
    """
    script = Path(script).resolve()
    made = _flat(outputs)
    for _, output in made:
        sidecar_of(output).unlink(missing_ok=True)
    plain_settings = _plain(settings, f"{script.name}: settings")
    used = [
        (path, {**_fingerprint(name, path, f"input of {script.name}"), "recorded": sidecar_of(path).exists()})
        for name, path in _flat(inputs)
    ]
    for _, path in made:
        if path in (source for source, _ in used):
            raise LineageError(f"{path}: both an input and an output of {script.name}; write to another file")
    digests = code_digests(script, ROOT)
    began, clock = datetime.now(UTC), time.perf_counter()

    run = Run()
    yield run

    seconds, ended = time.perf_counter() - clock, datetime.now(UTC)
    host = machine()
    facts = {
        "format": FORMAT,
        "run": content_id("run", began.isoformat(), host["hostname"], os.getpid()),
        "script": script.relative_to(ROOT).as_posix() if script.is_relative_to(ROOT) else script.name,
        "settings": plain_settings,
        "seed": seed,
        "notes": run.notes,
        "code": {"version": digest(digests), "parts": digests, "git": git_state(ROOT)},
        "packages": package_versions(),
        "machine": host,
        "start": began.isoformat(timespec="milliseconds"),
        "end": ended.isoformat(timespec="milliseconds"),
        "seconds": round(seconds, 3),
    }
    results = [(path, _fingerprint(name, path, f"output of {script.name}")) for name, path in made]
    for output, fingerprint in results:
        sources = [{**entry, "path": os.path.relpath(path, output.parent)} for path, entry in used]
        write_json({**facts, "output": {**fingerprint, "path": output.name}, "inputs": sources}, sidecar_of(output))


def read_record(path: str | Path) -> dict[str, Any] | None:
    """The record in a file's sidecar, None if it has none. Raises LineageError on an unreadable one."""
    sidecar = f"{path}{SIDECAR}"
    try:
        with open(sidecar, "rb") as file:
            values = json.loads(file.read())
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (OSError, ValueError) as error:
        raise LineageError(f"{sidecar}: unreadable ({error}); delete it and rerun the rule that made {path}") from error
    if not isinstance(values, dict) or values.get("format") != FORMAT:
        raise LineageError(f"{sidecar}: not a lineage record of format {FORMAT}; rerun the rule that made {path}")
    return values


def _flat(paths: Paths) -> list[tuple[str, Path]]:
    """(name, absolute path) of every file; symbolic links stay as they are named."""
    return [
        (name, Path(os.path.abspath(subject(Path(path)))))
        for name, value in paths.items()
        for path in ([value] if isinstance(value, (str, Path)) else value)
    ]


def _fingerprint(name: str, path: Path, role: str) -> dict[str, object]:
    """Name, digest, size in bytes and kind of a file."""
    kind = "model" if path.name == MANIFEST else "table" if path.suffix == ".parquet" else "file"
    try:
        size, sha256 = path.stat().st_size, file_digest(path)
    except OSError as error:
        raise LineageError(f"{path}: {name!r}, {role}, cannot be read ({error.strerror}); make it first") from error
    return {"name": name, "sha256": sha256, "bytes": size, "kind": kind}


def _plain(value: object, what: str) -> Any:
    """A copy of plain JSON values. Fails before the work is done, not after it."""
    try:
        return json.loads(json.dumps(value, allow_nan=False))
    except (TypeError, ValueError) as error:
        raise LineageError(f"{what}: not plain JSON ({error}); pass numbers, strings, lists and dicts") from error
