"""Draw the plots of a study as SVG."""

import json
from pathlib import Path

import polars as pl

from codeq import lineage, stage, tables


def main() -> None:
    parser = stage.parser(__doc__, settings=False)
    parser.add_argument("--tables", type=Path, required=True, help="directory of the tables of results")
    parser.add_argument("--curves", type=Path, nargs="*", default=[], help="tables of training curves")
    parser.add_argument(
        "--curve-names", nargs="*", default=[], help="SEED/POLICY of each curve, in the same order, such as 0/round-1"
    )
    parser.add_argument("--audit", type=Path, required=True, help="audit.json of the data stages")
    parser.add_argument("--duplicates", type=Path, required=True, help="table of duplicates")
    parser.add_argument("--out", type=Path, required=True, help="directory of the plots")
    args = parser.parse_args()

    from codeq.evaluation import plots
    from codeq.evaluation.curves import by_policy
    from codeq.evaluation.duplication import duplication

    used = {name: args.tables / f"{name}.parquet" for name in ("fix_rates", "by_category", "anytime", "published")}
    names = ["fix_rates", "anytime", "cost", "categories", "duplication"]
    names += ["training", "optimisation"] if args.curves else []
    with lineage.record(
        script=__file__,
        inputs={**used, "curves": args.curves, "audit": args.audit, "duplicates": args.duplicates},
        outputs={"plots": [args.out / f"{name}.svg" for name in names]},
        settings={"curve_names": args.curve_names},
        seed=None,
    ):
        # The unfixed programs are no policy that one would look for in a plot.
        rates = {name: pl.read_parquet(path).filter(pl.col("policy") != tables.UNFIXED) for name, path in used.items()}
        filters = json.loads(args.audit.read_text())["filters"]
        charts: dict[str, plots.AnyChart] = {
            "fix_rates": plots.fix_rates(rates["fix_rates"], rates["published"]),
            "anytime": plots.anytime(rates["anytime"]),
            "cost": plots.cost(rates["fix_rates"]),
            "categories": plots.categories(rates["by_category"]),
            "duplication": duplication(filters, tables.read("duplicates", args.duplicates)),
        }
        if args.curves:
            curves = by_policy(args.curve_names, [tables.read("training_curve", path) for path in args.curves])
            charts["training"] = plots.training(curves)
            charts["optimisation"] = plots.training(curves, plots.OPTIMISATION)
        for name, chart in charts.items():
            (args.out / f"{name}.svg").write_text(plots.svg(chart))


if __name__ == "__main__":
    stage.run(main)
