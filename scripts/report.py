"""Write the report of a study: one HTML file that needs no network."""

import json
from pathlib import Path

import polars as pl

from codeq import lineage, stage, tables


def main() -> None:
    parser = stage.parser(__doc__)
    parser.add_argument("--tables", type=Path, required=True, help="directory of the tables of results")
    parser.add_argument("--plots", type=Path, nargs="+", required=True, help="SVG files")
    parser.add_argument("--curves", type=Path, nargs="*", default=[], help="tables of training curves")
    parser.add_argument(
        "--curve-names", nargs="*", default=[], help="SEED/POLICY of each curve, in the same order, such as 0/round-1"
    )
    parser.add_argument("--audit", type=Path, required=True, help="audit.json of the data stages")
    parser.add_argument("--evaluations", type=Path, nargs="+", required=True, help="tables the results were made from")
    parser.add_argument(
        "--attempts", type=Path, nargs="+", required=True, help="trajectories of each, in the same order"
    )
    parser.add_argument("--tests", type=Path, required=True, help="table of tests, the public ones among them")
    parser.add_argument("--sources", type=Path, required=True, help="YAML file of published figures and their sources")
    parser.add_argument("--report", type=Path, required=True, help="HTML file to write")
    args = parser.parse_args()

    from codeq.evaluation import published, viewer
    from codeq.evaluation.curves import by_policy
    from codeq.evaluation.report import Context, render

    results = {
        name: args.tables / f"{name}.parquet"
        for name in (
            *("fix_rates", "pooled", "by_category", "by_level", "pass_at_k"),
            *("rounds", "regressions", "comparisons", "anytime", "published"),
        )
    }
    with lineage.record(
        script=__file__,
        inputs={
            **results,
            "plots": args.plots,
            "curves": args.curves,
            "audit": args.audit,
            "evaluations": args.evaluations,
            "attempts": args.attempts,
            "tests": args.tests,
            "sources": args.sources,
        },
        outputs={"report": args.report},
        settings=args.settings.determinants(),
        seed=None,
    ):
        evaluations = [tables.read("evaluation", path) for path in args.evaluations]
        evaluation = pl.concat(evaluations)
        searches = [tables.scan("trajectories", [path]) for path in args.attempts]
        digests = evaluation.select("policy", "seed", "policy_digest").unique().sort("policy", "seed")
        records = [lineage.read_record(path) for path in args.evaluations]
        sandboxes = [record["notes"]["sandbox"] for record in records if record is not None]
        distinct = {json.dumps(sandbox, sort_keys=True): sandbox for sandbox in sandboxes}
        context = Context(
            study=args.settings,
            **{name: pl.read_parquet(path) for name, path in results.items()},
            sources=published.read(args.sources).sources,
            figures={path.stem: path.read_text() for path in args.plots},
            curves=by_policy(args.curve_names, [tables.read("training_curve", path) for path in args.curves]),
            audit=json.loads(args.audit.read_text()),
            trees=viewer.gather(zip(evaluations, searches, strict=True), tables.read("tests", args.tests)),
            sandboxes=list(distinct.values()),
            inputs={
                path.relative_to(args.report.parent).as_posix(): lineage.file_digest(path)
                for path in [*results.values(), args.audit, *args.evaluations, *args.curves]
            },
            policies={f"{policy}, seed {seed}": value for policy, seed, value in digests.iter_rows()},
        )
        args.report.write_text(render(context))


if __name__ == "__main__":
    stage.run(main)
