"""Models that came without their weights: made again from their lineage, and held against their manifest.

Between machines without a shared directory adapters travel, and the manifests and records of policies, but not the
gigabytes of the base model and of merged policies. These follow from their records: the base is fetched, a merged
policy is its predecessor with an adapter merged in, which gives equal bytes on equal machines.
"""

import contextlib
import fcntl
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

from codeq import base_model, lineage
from codeq.errors import LineageError
from codeq.lineage.files import MANIFEST
from codeq.lineage.manifests import listed

VERIFIED = ".verified"  # in a model's directory: digest of the manifest that its files were last read against


def restore(directory: Path) -> bool:
    """Make the files of a model match its manifest, and return whether they had to be made again.

    Files are read in full once for each manifest, afterwards compared by size. Raises LineageError if the model's
    record does not say how it is made, or if what is made differs from the manifest.
    """
    with _alone(directory):
        if _intact(directory):
            return False
        record = lineage.read_record(directory / MANIFEST)
        with tempfile.TemporaryDirectory(dir=directory, prefix=".restored-") as name:
            made = Path(name)
            if record and record["script"] == "scripts/base_model.py":
                base_model.fetch(**record["settings"]["model"], out=made)
            elif record and record["script"] == "scripts/merge.py":
                _merge_again(directory, record["inputs"], made)
            else:
                raise LineageError(
                    f"{directory}: files are missing or differ from {MANIFEST}, and no record says how to make them "
                    "again; copy them from the machine that made them"
                )
            lineage.write_manifest(made)
            found, wanted = listed(made / MANIFEST), listed(directory / MANIFEST)
            for file in sorted(found.keys() | wanted.keys()):
                if found.get(file) != wanted.get(file):
                    raise LineageError(
                        f"{directory / file}: made again on this machine it differs from {directory / MANIFEST}; "
                        "copy the directory from the machine that made it, or use machines and packages that are equal"
                    )
            for file in wanted:
                (directory / file).parent.mkdir(parents=True, exist_ok=True)
                (made / file).replace(directory / file)
        (directory / VERIFIED).write_text(lineage.manifest_digest(directory))
        return True


def _merge_again(directory: Path, inputs: list[dict[str, str]], out: Path) -> None:
    from codeq.training.merge import merge

    read = {entry["name"]: Path(os.path.normpath(directory / entry["path"])).parent for entry in inputs}
    for source in (read["policy"], read["adapter"]):
        restore(source)
    merge(read["policy"], read["adapter"], out)


def _intact(directory: Path) -> bool:
    """Whether the files of a model are those of its manifest."""
    digest, mark = lineage.manifest_digest(directory), directory / VERIFIED
    known = mark.exists() and mark.read_text() == digest
    try:
        lineage.verify_manifest(directory, contents=not known)
    except LineageError:
        return False
    mark.write_text(digest)
    return True


@contextlib.contextmanager
def _alone(directory: Path) -> Iterator[None]:
    """One process at a time: several jobs may want the same model."""
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
