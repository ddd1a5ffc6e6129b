"""Policy 0: the files of the base model, copied from a directory or fetched from a hub."""

import shutil
from pathlib import Path

from codeq import lineage
from codeq.errors import ModelError

NO_PART_OF_A_MODEL = ("*.md", "*.csv", "*.lineage.json", "manifest.json")  # cards, logs and records


def fetch(base: str, revision: str | None, out: Path) -> None:
    """Write the files of `base`, a directory or a hub id at `revision`, to the directory `out`.

    Raises ModelError if it is neither, and LineageError if a directory differs from its own manifest.
    """
    directory = Path(base)
    if directory.is_dir():
        if (directory / "manifest.json").exists():
            lineage.verify_manifest(directory)
        shutil.copytree(directory, out, dirs_exist_ok=True, ignore=shutil.ignore_patterns(*NO_PART_OF_A_MODEL))
        return
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HfHubHTTPError, HFValidationError, LocalEntryNotFoundError

    try:
        snapshot_download(base, revision=revision, local_dir=out)
    except (HfHubHTTPError, HFValidationError, LocalEntryNotFoundError, OSError) as error:
        raise ModelError(
            f"model.base {base!r} is neither a directory nor a hub model that can be fetched "
            f"({str(error).splitlines()[0]}); download it elsewhere and set model.base to the directory"
        ) from error
