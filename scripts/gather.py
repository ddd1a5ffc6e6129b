"""Join the shards of a search: one table in the order of the bugs, as a search without shards writes it."""

import shutil
from pathlib import Path

import polars as pl

from codeq import lineage, stage, tables
from codeq.errors import DataError


def main() -> None:
    parser = stage.parser(__doc__, settings=False)
    parser.add_argument("--shards", type=Path, nargs="+", required=True, help="tables to join")
    parser.add_argument("--journal", type=Path, required=True, help="directory of finished trees, removed at the end")
    parser.add_argument("--trajectories", type=Path, required=True, help="table to write")
    args = parser.parse_args()

    with lineage.record(
        script=__file__, inputs={"shards": args.shards}, outputs={"trajectories": args.trajectories}, settings={}
    ):
        shards = [tables.read("trajectories", path) for path in args.shards]
        table = pl.concat(shards).sort("bug_id", maintain_order=True)
        if table["tree_id"].n_unique() != sum(shard["tree_id"].n_unique() for shard in shards):
            raise DataError(
                f"{', '.join(map(str, args.shards))}: a tree is in two shards; delete them and search again"
            )
        tables.write("trajectories", table, args.trajectories)
    shutil.rmtree(args.journal, ignore_errors=True)


if __name__ == "__main__":
    stage.run(main)
