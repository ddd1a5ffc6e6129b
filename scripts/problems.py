"""Turn raw rows into problems and bugs."""

from pathlib import Path

from codeq import lineage, stage, tables


def main() -> None:
    parser = stage.parser(__doc__)
    parser.add_argument("--raw", type=Path, required=True, help="table of raw rows")
    for name in ("problems", "bugs"):
        parser.add_argument(f"--{name}", type=Path, required=True, help="table to write")
    args = parser.parse_args()
    outputs = {name: getattr(args, name) for name in ("problems", "bugs")}
    with lineage.record(
        script=__file__,
        inputs={"raw": args.raw},
        outputs=outputs,
        settings=stage.sections(args.settings, data=["source"]),
        seed=None,
    ):
        raw = tables.read("raw", args.raw)
        if args.settings.data.source == "curriculum":
            from codeq.data.curriculum import records

            made = {"problems": records.problem_rows(raw), "bugs": records.bug_rows(raw)}
        else:
            from codeq.data import debugbench

            made = {"problems": debugbench.problems(raw), "bugs": debugbench.bugs(raw)}
        for name, table in made.items():
            tables.write(name, table, outputs[name])


if __name__ == "__main__":
    stage.run(main)
