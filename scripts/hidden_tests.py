"""Make the hidden tests, which only score: generated inputs, with the outputs on which the references agree."""

from pathlib import Path

import polars as pl

from codeq import lineage, stage, tables


def main() -> None:
    parser = stage.parser(__doc__)
    for name in ("raw", "problems", "tests"):
        parser.add_argument(f"--{name}", type=Path, required=True, help="table to read")
    for name in ("hidden_tests", "hidden_untested"):
        parser.add_argument(f"--{name}", type=Path, required=True, help="table to write")
    args = parser.parse_args()
    data = args.settings.data

    from codeq.data.curriculum import records
    from codeq.data.suites import hidden
    from codeq.sandbox import Sandbox
    from codeq.sandbox.consensus import consensus, slowest
    from codeq.sandbox.screening import program

    with lineage.record(
        script=__file__,
        inputs={name: getattr(args, name) for name in ("raw", "problems", "tests")},
        outputs={name: getattr(args, name) for name in ("hidden_tests", "hidden_untested")},
        settings=stage.sections(args.settings, "sandbox", data=["seed", "source"]),
        seed=data.seed,
    ) as run:
        raw, problems, public = (tables.read(name, getattr(args, name)) for name in ("raw", "problems", "tests"))
        if data.source == "curriculum":
            tests = records.test_rows(raw).filter(pl.col("visibility") == "hidden")
            untested = tables.frame("untested", [])
        else:
            shown = dict(public.group_by("problem_id").agg("arguments").iter_rows())
            with Sandbox(args.settings.sandbox) as sandbox:
                run.note("sandbox", {"backend": sandbox.backend, **sandbox.isolation})
                found, left_out, waiting = [], [], []
                for problem in problems.iter_rows(named=True):
                    asked = hidden.questions(problem, set(shown.get(problem["problem_id"], [])), data.seed)
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
        tables.write("tests", tests, args.hidden_tests)
        tables.write("untested", untested, args.hidden_untested)


if __name__ == "__main__":
    stage.run(main)
