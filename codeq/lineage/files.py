"""Files: their digests, the names of sidecars and manifests, atomic writes of small JSON."""

import hashlib
import json
import os
from pathlib import Path

MANIFEST = "manifest.json"
CARD = "README.md"
SIDECAR = ".lineage.json"


def file_digest(path: str | Path) -> str:
    """SHA-256 (hex) of a file's bytes, streamed. Raises OSError if the file cannot be read."""
    with open(path, "rb", buffering=0) as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def sidecar_of(path: Path) -> Path:
    """Where the lineage record of a file lies."""
    return path.with_name(path.name + SIDECAR)


def subject(path: Path) -> Path:
    """The file that stands for a path: a model directory is its manifest, a file is itself."""
    return path / MANIFEST if path.is_dir() else path


def write_json(value: object, path: Path) -> None:
    """Write JSON with sorted keys, whole or not at all; equal values give equal bytes."""
    partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
    partial.write_text(json.dumps(value, sort_keys=True, indent=1, ensure_ascii=False, allow_nan=False) + "\n", "utf-8")
    partial.replace(path)
