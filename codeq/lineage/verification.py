"""Verification: every recorded digest against the disk.

Of a file below the directory, verification knows by its sidecar what it must be, and of a model's files by the
manifest. What stands nowhere is an orphan. No records have, by design: logs, benchmarks of jobs, journals of trees,
checkpoints, zipped crates and hidden files; they are passed over.
"""

import os
from collections.abc import Collection, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, NamedTuple

from codeq.errors import LineageError
from codeq.lineage.files import CARD, MANIFEST, SIDECAR, file_digest, sidecar_of
from codeq.lineage.manifests import listed
from codeq.lineage.records import read_record

Kind = Literal["missing", "changed", "orphan", "unreadable", "stale"]
UNRECORDED = ("logs", "checkpoints")  # folders; journals end in .journal


@dataclass(frozen=True, order=True)
class Fault:
    """One disagreement: `path` is at fault, and the rule that makes `output` puts it right (None: no rule does)."""

    path: Path
    kind: Kind
    detail: str
    output: Path | None


@dataclass(frozen=True)
class Verification:
    """What was compared. `absent` are sources outside the directory that are not on this machine."""

    files: int
    bytes: int
    faults: tuple[Fault, ...]
    absent: tuple[Path, ...]


class _Claim(NamedTuple):
    """That a file has a digest, which `output`'s record or manifest says."""

    path: str
    sha256: str
    output: str
    is_input: bool


def verify(directory: Path) -> Verification:
    """Compare everything below a directory with its records. Raises LineageError if nothing there has a record."""
    root = os.path.abspath(directory)
    found = set(files(root))
    sidecars = {path for path in found if path.endswith(SIDECAR)}
    if not sidecars:
        raise LineageError(f"{root}: no lineage records below it; give the directory of a study, results/<name>")
    with ThreadPoolExecutor(os.cpu_count()) as threads:
        # A digest does not hold Python's lock: files are read while their records are.
        hashing = _hashing(found - sidecars, threads)
        claims, faults = _claims(sidecars, found)
        hashing += _hashing({claim.path for claim in claims} - found, threads)
        digests = dict(pair for part in hashing for pair in part.result())
    known = sidecars | {claim.path for claim in claims if not claim.is_input} | {str(fault.output) for fault in faults}
    faults += filter(None, (_judge(claim, digests[claim.path], root) for claim in claims))
    faults += [
        Fault(Path(path), "orphan", "no record and no manifest names it", None)
        for path in found - known
        if path != os.path.join(root, CARD)
    ]
    named = {claim.path for claim in claims}
    absent = sorted(Path(path) for path in named if digests[path] is None and not _inside(path, root))
    sizes = [os.stat(path).st_size for path in named if digests[path] is not None]
    return Verification(len(sizes), sum(sizes), tuple(sorted(set(faults), key=_order)), tuple(absent))


def _hashing(paths: Iterable[str], threads: ThreadPoolExecutor) -> list[Future[list[tuple[str, str | None]]]]:
    """Begin to take the digests of files: each thread takes the next file from one iterator that all share."""
    queue = iter(list(paths))
    return [threads.submit(lambda: [(path, _digest(path)) for path in queue]) for _ in range(os.cpu_count() or 1)]


def _claims(sidecars: Iterable[str], found: Collection[str]) -> tuple[list[_Claim], list[Fault]]:
    """What the records say, and the manifests that they say exist; and those of them that cannot be read."""
    claims: list[_Claim] = []
    faults: list[Fault] = []
    for sidecar in sidecars:
        path = sidecar.removesuffix(SIDECAR)
        folder, name = os.path.split(path)
        try:
            record = read_record(path)
            assert record is not None
            claims.append(_Claim(path, record["output"]["sha256"], path, False))
            claims += [
                _Claim(os.path.normpath(os.path.join(folder, entry["path"])), entry["sha256"], path, True)
                for entry in record["inputs"]
            ]
        except (LineageError, KeyError, TypeError) as error:
            faults.append(Fault(Path(sidecar), "unreadable", str(error), Path(path)))
        if name == MANIFEST and path in found:
            try:
                weights = listed(Path(path))
            except LineageError as error:
                faults.append(Fault(Path(path), "unreadable", str(error), Path(path)))
            else:
                claims += [
                    _Claim(os.path.join(folder, file), sha256, path, False) for file, (sha256, _) in weights.items()
                ]
    return claims, faults


def invalidate(faults: Iterable[Fault]) -> list[Path]:
    """Remove the outputs at fault with their records, so that the next run of the workflow remakes them.

    Of a model it is the manifest that its rule declares. Orphans stay. Returns what was removed.
    """
    outputs = sorted({fault.output for fault in faults if fault.output is not None})
    for output in outputs:
        if not output.is_dir():
            output.unlink(missing_ok=True)
        sidecar_of(output).unlink(missing_ok=True)
    return outputs


def _order(fault: Fault) -> tuple[str, str, str]:
    return str(fault.path), fault.kind, fault.detail


def files(directory: str | Path) -> Iterator[str]:
    """The path of every file that must have a record, and of every record."""
    for folder, subfolders, names in os.walk(directory, followlinks=True):
        subfolders[:] = [
            name
            for name in subfolders
            if not name.startswith(".") and not name.endswith(".journal") and name not in UNRECORDED
        ]
        yield from (
            os.path.join(folder, name) for name in names if not name.startswith(".") and not name.endswith(".crate.zip")
        )


def _digest(path: str) -> str | None:
    try:
        return file_digest(path)
    except OSError:
        return None


def _inside(path: str, directory: str) -> bool:
    return path.startswith(os.path.join(directory, ""))


def _judge(claim: _Claim, found: str | None, directory: str) -> Fault | None:
    """What is wrong about a claim. What was made from an input is stale if that input is another one now."""
    if found == claim.sha256:
        return None
    path, output = Path(claim.path), Path(claim.output)
    if not claim.is_input:
        said = "its record" if path == output else f"{output.name} beside it"
        if found:
            what = f"sha256 {found[:12]}, but {said} says {claim.sha256[:12]}"
            return Fault(path, "changed", what, output)
        kind: Kind = "unreadable" if path.exists() else "missing"
        return Fault(path, kind, f"{said} names it", output)
    # What is wrong with a file of this directory is said once, of the file; of a source that is gone, nothing.
    if found is None or (_inside(claim.path, directory) and _is_changed(claim.path, found)):
        return None
    made = f"made from {path} when its sha256 was {claim.sha256[:12]}; it is {found[:12]} now"
    return Fault(output, "stale", made, output)


def _is_changed(path: str, found: str) -> bool:
    """Whether the file itself is at fault, since it is not what its own record says."""
    try:
        record = read_record(path)
    except LineageError:
        return True
    return record is not None and bool(record["output"]["sha256"] != found)
