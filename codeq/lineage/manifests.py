"""Manifests: the files of a model directory and their digests, in one small file.

A rule that reads a model depends on its manifest: Snakemake does not track files inside a
directory, and hashing gigabytes of weights at every dry-run would be slow.
"""

import json
import os
from pathlib import Path

from codeq.errors import LineageError
from codeq.lineage.files import CARD, MANIFEST, SIDECAR, file_digest, subject, write_json


def write_manifest(directory: Path) -> str:
    """Write ``manifest.json`` over all files below `directory` and return its digest.

    Left out are the manifest itself, sidecars, the model card (README.md, written after the model was
    evaluated), and hidden files and folders (bookkeeping of hubs and workflow engines), since no model
    loader reads them. Raises LineageError if no file is left.
    """
    files = {
        name: {"sha256": file_digest(directory / name), "bytes": (directory / name).stat().st_size}
        for name in _names(directory)
    }
    if not files:
        raise LineageError(f"{directory}: no model files to list in a manifest; write the model first")
    write_json({"files": files}, directory / MANIFEST)
    return file_digest(directory / MANIFEST)


def manifest_digest(path: Path) -> str:
    """SHA-256 of a manifest's bytes: the identity of a model. `path` is the directory or the manifest."""
    manifest = subject(path)
    try:
        return file_digest(manifest)
    except OSError as error:
        raise LineageError(f"{manifest}: no manifest; run the rule that makes this model") from error


def listed(manifest: Path) -> dict[str, tuple[str, int]]:
    """SHA-256 and size in bytes of every file that a manifest names, by name. Raises LineageError if it is none."""
    try:
        files = json.loads(manifest.read_bytes())["files"]
        return {name: (str(entry["sha256"]), int(entry["bytes"])) for name, entry in sorted(files.items())}
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise LineageError(f"{manifest}: not a manifest ({error!r}); rerun the rule that makes this model") from error


def verify_manifest(directory: Path, contents: bool = True) -> None:
    """Compare every listed file with the disk, by size alone unless `contents`. Raises LineageError naming the first
    that differs.
    """
    manifest = directory / MANIFEST
    manifest_digest(manifest)
    for name, (sha256, size) in listed(manifest).items():
        path = directory / name
        if not path.is_file():
            raise LineageError(f"{path}: listed in {manifest} but missing; rerun the rule that makes this model")
        if path.stat().st_size != size or (contents and file_digest(path) != sha256):
            raise LineageError(f"{path}: changed since {manifest} was written; rerun the rule that makes this model")


def _names(directory: Path) -> list[str]:
    names = []
    for folder, subfolders, files in os.walk(directory, followlinks=True):
        subfolders[:] = [name for name in subfolders if not name.startswith(".")]
        names += [
            (Path(folder) / name).relative_to(directory).as_posix()
            for name in files
            if not name.startswith(".") and not name.endswith(SIDECAR)
        ]
    return sorted(name for name in names if name not in (MANIFEST, CARD))
