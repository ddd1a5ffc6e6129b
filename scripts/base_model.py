"""Bring policy 0, the base model, into the study: copied from a directory or fetched from a hub."""

from pathlib import Path

from codeq import base_model, lineage, stage


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
        base_model.fetch(model.base, model.revision, out)
        lineage.write_manifest(out)


if __name__ == "__main__":
    stage.run(main)
