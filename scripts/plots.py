"""Draw the plots of a study as SVG."""

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
    parser.add_argument("--out", type=Path, required=True, help="directory of the plots")
    args = parser.parse_args()

    from codeq.evaluation import plots

    used = {name: args.tables / f"{name}.parquet" for name in ("fix_rates", "by_category", "anytime")}
    names = ["fix_rates", "anytime", "categories", *(["training"] if args.curves else [])]
    with lineage.record(
        script=__file__,
        inputs={**used, "curves": args.curves},
        outputs={"plots": [args.out / f"{name}.svg" for name in names]},
        settings={"curve_names": args.curve_names},
        seed=None,
    ):
        charts = {
            "fix_rates": plots.fix_rates(pl.read_parquet(used["fix_rates"])),
            "anytime": plots.anytime(pl.read_parquet(used["anytime"])),
            "categories": plots.categories(pl.read_parquet(used["by_category"])),
        }
        if args.curves:
            curves = {}
            for name, path in zip(args.curve_names, args.curves, strict=True):
                seed, policy = name.split("/")
                curves[policy, int(seed)] = tables.read("training_curve", path)
            charts["training"] = plots.training(curves)
        for name, chart in charts.items():
            (args.out / f"{name}.svg").write_text(plots.svg(chart))


if __name__ == "__main__":
    stage.run(main)
