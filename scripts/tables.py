"""Make the tables of results from every evaluation: fix rates, slices, paired comparisons, curves by budget, pass@k.

Tables of rates begin with the unfixed programs.
"""

from collections.abc import Callable
from functools import partial
from pathlib import Path

import polars as pl

from codeq import lineage, stage, tables


def main() -> None:
    parser = stage.parser(__doc__)
    parser.add_argument("--evaluations", type=Path, nargs="+", required=True, help="tables to read")
    parser.add_argument("--screen", type=Path, required=True, help="verdicts of the unfixed programs on public tests")
    parser.add_argument("--hidden-screen", type=Path, required=True, help="the same on hidden tests")
    parser.add_argument(
        "--out", type=Path, required=True, help="directory of the tables (parquet, CSV, Markdown, LaTeX)"
    )
    args = parser.parse_args()

    from codeq.evaluation import comparisons
    from codeq.evaluation import tables as results
    from codeq.evaluation.anytime import anytime
    from codeq.evaluation.pass_at_k import over_seeds
    from codeq.evaluation.unfixed import unfixed

    search = args.settings.search
    of_policies: dict[str, Callable[[pl.DataFrame], pl.DataFrame]] = {
        "comparisons": comparisons.within,
        "anytime": partial(anytime, candidates=search.candidates, rollouts=search.rollouts),
    }
    with_unfixed: dict[str, Callable[[pl.DataFrame], pl.DataFrame]] = {
        "fix_rates": results.fix_rates,
        "pooled": results.pooled,
        "by_category": results.by_category,
        "by_level": results.by_level,
        "pass_at_k": over_seeds,
    }
    names = [*with_unfixed, *of_policies]
    screens = {"screen": args.screen, "hidden_screen": args.hidden_screen}
    with lineage.record(
        script=__file__,
        inputs={"evaluations": args.evaluations, **screens},
        outputs={"tables": results.files(args.out, names)},
        settings=stage.sections(args.settings, search=["candidates", "rollouts"]),
        seed=None,
    ):
        evaluation = pl.concat([tables.read("evaluation", path) for path in args.evaluations])
        unfixed_rows = unfixed(evaluation, *(tables.read("screen", path) for path in screens.values()))
        for name, function in of_policies.items():
            results.write(function(evaluation), args.out, name)
        for name, function in with_unfixed.items():
            results.write(function(pl.concat([unfixed_rows, evaluation])), args.out, name)


if __name__ == "__main__":
    stage.run(main)
