"""Set the published figures beside the same cells of a study's tables."""

from pathlib import Path

import polars as pl

from codeq import lineage, stage


def main() -> None:
    parser = stage.parser(__doc__, settings=False)
    parser.add_argument("--figures", type=Path, required=True, help="YAML file of published figures")
    parser.add_argument("--tables", type=Path, required=True, help="directory of the tables of results")
    parser.add_argument("--out", type=Path, required=True, help="directory of the table to write")
    args = parser.parse_args()

    from codeq.evaluation import published
    from codeq.evaluation import tables as results

    used = {name: args.tables / f"{name}.parquet" for name in ("fix_rates", "by_category", "by_level", "anytime")}
    with lineage.record(
        script=__file__,
        inputs={"figures": args.figures, **used},
        outputs={"table": results.files(args.out, ["published"])},
        settings={},
        seed=None,
    ):
        table = published.beside(
            published.read(args.figures), **{name: pl.read_parquet(path) for name, path in used.items()}
        )
        results.write(table, args.out, "published")


if __name__ == "__main__":
    stage.run(main)
