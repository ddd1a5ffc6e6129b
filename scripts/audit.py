"""Count what every filter of the data stages left, with the reasons, as JSON and Markdown."""

import json
from pathlib import Path

from codeq import lineage, stage, tables

TABLES = (
    "problems",
    "bugs",
    "duplicates",
    "tests",
    "untested",
    "screen",
    "hidden_tests",
    "hidden_untested",
    "hidden_screen",
    "splits",
)


def main() -> None:
    parser = stage.parser(__doc__, settings=False)
    for name in TABLES:
        parser.add_argument(f"--{name}", type=Path, required=True, help="table to read")
    parser.add_argument("--json", type=Path, required=True, help="audit to write, for programs")
    parser.add_argument("--markdown", type=Path, required=True, help="audit to write, for readers")
    args = parser.parse_args()

    from codeq.data import audit

    with lineage.record(
        script=__file__,
        inputs={name: getattr(args, name) for name in TABLES},
        outputs={"json": args.json, "markdown": args.markdown},
        settings={},
        seed=None,
    ):
        counts = audit.audit(
            **{name: tables.read(name.removeprefix("hidden_"), getattr(args, name)) for name in TABLES}
        )
        args.json.write_text(json.dumps(counts, indent=2, ensure_ascii=False) + "\n")
        args.markdown.write_text(audit.markdown(counts))


if __name__ == "__main__":
    stage.run(main)
