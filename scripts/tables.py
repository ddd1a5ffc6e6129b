"""Make the tables of results from every evaluation: fix rates, slices, paired comparisons, curves by budget."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

import polars as pl

from codeq import lineage, stage, tables


def main() -> None:
    parser = stage.parser(__doc__)
    parser.add_argument("--evaluations", type=Path, nargs="+", required=True, help="tables to read")
    parser.add_argument(
        "--out", type=Path, required=True, help="directory of the tables (parquet, CSV, Markdown, LaTeX)"
    )
    args = parser.parse_args()

    from codeq.evaluation import comparisons
    from codeq.evaluation import tables as results
    from codeq.evaluation.anytime import anytime

    search = args.settings.search
    make: dict[str, Callable[[pl.DataFrame], pl.DataFrame]] = {
        "fix_rates": results.fix_rates,
        "pooled": results.pooled,
        "by_category": results.by_category,
        "by_level": results.by_level,
        "comparisons": comparisons.within,
        "anytime": partial(anytime, candidates=search.candidates, rollouts=search.rollouts),
    }
    outputs = [args.out / f"{name}.{suffix}" for name in make for suffix in results.SUFFIXES]
    with lineage.record(
        script=__file__,
        inputs={"evaluations": args.evaluations},
        outputs={"tables": outputs},
        settings=stage.sections(args.settings, search=["candidates", "rollouts"]),
        seed=None,
    ):
        evaluation = pl.concat([tables.read("evaluation", path) for path in args.evaluations])
        for name, function in make.items():
            results.write(function(evaluation), args.out, name)


if __name__ == "__main__":
    stage.run(main)
