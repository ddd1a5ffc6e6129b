"""Run every bug and its reference on public or on hidden tests: a usable bug fails one, its reference none."""

from pathlib import Path

import polars as pl

from codeq import lineage, stage, tables


def main() -> None:
    parser = stage.parser(__doc__)
    for name in ("problems", "bugs", "tests"):
        parser.add_argument(f"--{name}", type=Path, required=True, help="table to read")
    parser.add_argument("--visibility", choices=("public", "hidden"), required=True, help="what the tests are")
    parser.add_argument("--screen", type=Path, required=True, help="table to write")
    args = parser.parse_args()

    from codeq.sandbox import Sandbox
    from codeq.sandbox.screening import screen

    with lineage.record(
        script=__file__,
        inputs={name: getattr(args, name) for name in ("problems", "bugs", "tests")},
        outputs={"screen": args.screen},
        settings={**stage.sections(args.settings, "sandbox"), "visibility": args.visibility},
        seed=None,
    ) as run:
        bugs, problems, tests = (tables.read(name, getattr(args, name)) for name in ("bugs", "problems", "tests"))
        located = bugs.join(problems.select("problem_id", *tables.CALL), on="problem_id", maintain_order="left")
        with Sandbox(args.settings.sandbox) as sandbox:
            run.note("sandbox", {"backend": sandbox.backend, **sandbox.isolation})
            rows = screen(located.to_dicts(), tests.to_dicts(), args.visibility, sandbox)
        tables.write("screen", tables.frame("screen", rows), args.screen)
        counts = pl.DataFrame(rows, infer_schema_length=None)["usable"].sum()
        run.note("usable", int(counts))


if __name__ == "__main__":
    stage.run(main)
