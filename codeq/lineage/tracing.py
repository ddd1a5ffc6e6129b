"""Traces: from a file down through the records of its inputs to the raw sources."""

import functools
import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from codeq.errors import LineageError
from codeq.lineage.files import file_digest, sidecar_of, subject
from codeq.lineage.records import read_record

Status = Literal["ok", "CHANGED", "missing"]


@dataclass(frozen=True, eq=False)
class Node:
    """One file as its consumer read it; files used several times share one node.

    `status` compares the disk, and the file's own record, with what the consumer read; of a model
    it compares the manifest, not the weights. `record` is the sidecar's content, None for a source.
    `lost` says that the file had a record when it was read, and that the record is gone.
    """

    name: str
    path: Path
    sha256: str
    status: Status
    record: dict[str, Any] | None
    lost: bool
    inputs: tuple["Node", ...]


def trace(path: Path) -> Node:
    """The tree of everything `path` was made from; a model directory stands for its manifest.

    Raises LineageError if the file has no record, or a record is unreadable or leads back to itself.
    """
    return traces([path])[0]


def traces(paths: Iterable[Path]) -> list[Node]:
    """The trees of several files, which share their nodes: what many were made from is read once. Raises as `trace`."""
    known: dict[tuple[str, Path, str], Node] = {}
    disk = functools.cache(_disk_digest)
    roots = []
    for path in paths:
        path = Path(os.path.abspath(subject(path)))
        record = read_record(path)
        if record is None:
            found = "exists but has" if path.exists() else "does not exist and has"
            raise LineageError(
                f"{path}: {found} no record {sidecar_of(path).name}. It is a source, or was not made by a rule: "
                "trace a file under results/, or rerun the rule that makes it"
            )
        roots.append(_descend(record["output"], path, known, (), disk))
    return roots


def _descend(
    entry: dict[str, Any],
    path: Path,
    known: dict[tuple[str, Path, str], Node],
    above: tuple[Path, ...],
    disk: Callable[[Path], str | None],
) -> Node:
    """The node of a file that a record names by `entry`."""
    name, sha256 = entry["name"], entry["sha256"]
    if (name, path, sha256) in known:
        return known[name, path, sha256]
    if path in above:
        raise LineageError(f"{path}: its record leads back to itself; delete {sidecar_of(path)} and rerun its rule")
    record = read_record(path)
    inputs = [
        # Joined by name, not by the file system: ".." of a linked folder would lead elsewhere.
        _descend(source, Path(os.path.normpath(path.parent / source["path"])), known, (*above, path), disk)
        for source in (record["inputs"] if record else ())
    ]
    found = disk(path)
    intact = found == sha256 and (record is None or record["output"]["sha256"] == sha256)
    status: Status = "missing" if found is None else "ok" if intact else "CHANGED"
    lost = record is None and entry["recorded"]
    node = known[name, path, sha256] = Node(name, path, sha256, status, record, lost, tuple(inputs))
    return node


def _disk_digest(path: Path) -> str | None:
    try:
        return file_digest(path)
    except OSError:
        return None
