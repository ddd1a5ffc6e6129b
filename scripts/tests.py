"""Make the public tests, which guide the search: the examples of the problems."""

from pathlib import Path

import polars as pl

from codeq import lineage, stage, tables


def main() -> None:
    parser = stage.parser(__doc__)
    for name in ("raw", "problems"):
        parser.add_argument(f"--{name}", type=Path, required=True, help="table to read")
    for name in ("tests", "untested"):
        parser.add_argument(f"--{name}", type=Path, required=True, help="table to write")
    args = parser.parse_args()

    from codeq.data.curriculum import records
    from codeq.data.suites import public

    with lineage.record(
        script=__file__,
        inputs={name: getattr(args, name) for name in ("raw", "problems")},
        outputs={name: getattr(args, name) for name in ("tests", "untested")},
        settings=stage.sections(args.settings, data=["source"]),
        seed=None,
    ):
        raw, problems = tables.read("raw", args.raw), tables.read("problems", args.problems)
        if args.settings.data.source == "curriculum":
            tests = records.test_rows(raw).filter(pl.col("visibility") == "public")
            untested = tables.frame("untested", [])
        else:
            compiled = [public.compile_examples(problem) for problem in problems.iter_rows(named=True)]
            tests = tables.frame("tests", [row for rows, _ in compiled for row in rows])
            untested = tables.frame("untested", [row for _, refused in compiled for row in refused])
        tables.write("tests", tests, args.tests)
        tables.write("untested", untested, args.untested)


if __name__ == "__main__":
    stage.run(main)
