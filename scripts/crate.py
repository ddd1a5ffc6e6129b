"""Make a finished study a Workflow Run RO-Crate: metadata from its lineage records, and the workflow beside it."""

from pathlib import Path

from codeq import crate, stage


def main() -> None:
    parser = stage.parser(__doc__, settings=False)
    parser.add_argument("--study", type=Path, required=True, help="directory of the study")
    args = parser.parse_args()
    crate.write(args.study)


if __name__ == "__main__":
    stage.run(main)
