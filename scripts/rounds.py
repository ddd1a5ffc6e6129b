"""Make the tables of what each round did to the policy, and of the bugs that it unlearnt to fix."""

from pathlib import Path

import polars as pl

from codeq import lineage, stage, tables


def main() -> None:
    parser = stage.parser(__doc__, settings=False)
    parser.add_argument("--evaluations", type=Path, nargs="+", required=True, help="tables to read")
    parser.add_argument("--attempts", type=Path, nargs="+", required=True, help="the trees they evaluate: tables")
    parser.add_argument("--curves", type=Path, nargs="*", default=[], help="tables of training curves")
    parser.add_argument("--drifts", type=Path, nargs="*", default=[], help="tables of the drift of the same policies")
    parser.add_argument(
        "--names", nargs="*", default=[], help="SEED/POLICY of each curve and drift, in the same order, as in 0/round-1"
    )
    parser.add_argument(
        "--out", type=Path, required=True, help="directory of the tables (parquet, CSV, Markdown, LaTeX)"
    )
    args = parser.parse_args()

    from codeq.evaluation import rounds
    from codeq.evaluation import tables as results
    from codeq.evaluation.curves import by_policy

    with lineage.record(
        script=__file__,
        inputs={name: getattr(args, name) for name in ("evaluations", "attempts", "curves", "drifts")},
        outputs={"tables": results.files(args.out, ["rounds", "regressions"])},
        settings={"names": args.names},
        seed=None,
    ):
        evaluation = pl.concat([tables.read("evaluation", path) for path in args.evaluations])
        nodes = tables.scan("trajectories", args.attempts).select(rounds.NODES).collect()
        curves, drifts = (
            by_policy(args.names, [tables.read(name, path) for path in paths])
            for name, paths in (("training_curve", args.curves), ("drift", args.drifts))
        )
        results.write(rounds.rounds(evaluation, nodes, curves, drifts), args.out, "rounds")
        results.write(rounds.regressions(evaluation), args.out, "regressions")


if __name__ == "__main__":
    stage.run(main)
