"""Bring policy 0, the base model, into the study: copied from a directory or fetched from a hub."""

import shutil
from pathlib import Path

from codeq import lineage, stage
from codeq.errors import ModelError

NO_PART_OF_A_MODEL = ("*.md", "*.csv", "*.lineage.json", "manifest.json")  # cards, logs and records


def main() -> None:
    parser = stage.parser(__doc__)
    parser.add_argument(
        "--source", type=Path, nargs="*", default=[], help="files of a local base, recorded as the origin"
    )
    parser.add_argument("--policy", type=Path, required=True, help="manifest.json to write; the model lies beside it")
    args = parser.parse_args()
    model, out = args.settings.model, args.policy.parent
    with lineage.record(
        script=__file__,
        inputs={"source": args.source},
        outputs={"policy": args.policy},
        settings=stage.sections(args.settings, model=["base", "revision"]),
        seed=None,
    ):
        directory = Path(model.base)
        if directory.is_dir():
            if (directory / "manifest.json").exists():
                lineage.verify_manifest(directory)
            shutil.copytree(directory, out, dirs_exist_ok=True, ignore=shutil.ignore_patterns(*NO_PART_OF_A_MODEL))
        else:
            from huggingface_hub import snapshot_download
            from huggingface_hub.errors import HfHubHTTPError, HFValidationError, LocalEntryNotFoundError

            try:
                snapshot_download(model.base, revision=model.revision, local_dir=out)
            except (HfHubHTTPError, HFValidationError, LocalEntryNotFoundError, OSError) as error:
                raise ModelError(
                    f"model.base {model.base!r} is neither a directory nor a hub model that can be fetched "
                    f"({str(error).splitlines()[0]}); download it elsewhere and set model.base to the directory"
                ) from error
        lineage.write_manifest(out)


if __name__ == "__main__":
    stage.run(main)
