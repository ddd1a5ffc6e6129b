"""Turn raw rows into problems, bugs and tests; examples that are no test are listed with the reason."""

from pathlib import Path

from codeq import lineage, stage, tables


def main() -> None:
    parser = stage.parser(__doc__)
    parser.add_argument("--raw", type=Path, required=True, help="table of raw rows")
    for name in ("problems", "bugs", "tests", "untested"):
        parser.add_argument(f"--{name}", type=Path, required=True, help="table to write")
    args = parser.parse_args()
    outputs = {name: getattr(args, name) for name in ("problems", "bugs", "tests", "untested")}
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

            made = {
                "problems": records.problem_rows(raw),
                "bugs": records.bug_rows(raw),
                "tests": records.test_rows(raw),
                "untested": tables.frame("untested", []),
            }
        else:
            from codeq.data import debugbench, examples

            problems = debugbench.problems(raw)
            compiled = [examples.compile_examples(problem) for problem in problems.iter_rows(named=True)]
            made = {
                "problems": problems,
                "bugs": debugbench.bugs(raw),
                "tests": tables.frame("tests", [row for tests, _ in compiled for row in tests]),
                "untested": tables.frame("untested", [row for _, untested in compiled for row in untested]),
            }
        for name, table in made.items():
            tables.write(name, table, outputs[name])


if __name__ == "__main__":
    stage.run(main)
