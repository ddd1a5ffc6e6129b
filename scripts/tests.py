"""Make the tests: examples become public ones; generated inputs on which the references agree, hidden ones."""

from pathlib import Path

from codeq import lineage, stage, tables


def main() -> None:
    parser = stage.parser(__doc__)
    for name in ("raw", "problems"):
        parser.add_argument(f"--{name}", type=Path, required=True, help="table to read")
    for name in ("tests", "untested"):
        parser.add_argument(f"--{name}", type=Path, required=True, help="table to write")
    args = parser.parse_args()
    data = args.settings.data

    from codeq.data.curriculum import records
    from codeq.data.suites import hidden, public
    from codeq.sandbox import Sandbox
    from codeq.sandbox.consensus import consensus, slowest
    from codeq.sandbox.screening import program

    with lineage.record(
        script=__file__,
        inputs={name: getattr(args, name) for name in ("raw", "problems")},
        outputs={name: getattr(args, name) for name in ("tests", "untested")},
        settings=stage.sections(args.settings, "sandbox", data=["seed", "source"]),
        seed=data.seed,
    ) as run:
        raw, problems = tables.read("raw", args.raw), tables.read("problems", args.problems)
        if data.source == "curriculum":
            tests, untested = records.test_rows(raw), tables.frame("untested", [])
        else:
            with Sandbox(args.settings.sandbox) as sandbox:
                run.note("sandbox", {"backend": sandbox.backend, **sandbox.isolation})
                found, left_out, waiting = [], [], []
                for problem in problems.iter_rows(named=True):
                    rows, refused = public.compile_examples(problem)
                    found += rows
                    left_out += refused
                    asked = hidden.questions(problem, {str(row["arguments"]) for row in rows}, data.seed)
                    arguments = () if isinstance(asked, str) else asked.arguments
                    references = [program(code, problem) for code in problem["reference_codes"]]
                    waiting.append((problem, asked, [sandbox.observe(each, arguments) for each in references]))
                for problem, asked, futures in waiting:
                    observed = [each.result() for each in futures]
                    answers = [] if isinstance(asked, str) else consensus(observed, asked)
                    rows, refused = hidden.hidden_rows(problem, asked, answers, slowest(observed))
                    found += rows
                    left_out += refused
            tests, untested = tables.frame("tests", found), tables.frame("untested", left_out)
        tables.write("tests", tests, args.tests)
        tables.write("untested", untested, args.untested)


if __name__ == "__main__":
    stage.run(main)
