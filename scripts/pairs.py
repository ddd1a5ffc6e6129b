"""Turn search trees into preference pairs; stops if one would touch the test split."""

from pathlib import Path

from codeq import lineage, stage, tables


def main() -> None:
    parser = stage.parser(__doc__)
    parser.add_argument("--trajectories", type=Path, required=True, help="table to read")
    parser.add_argument("--splits", type=Path, required=True, help="table to read")
    parser.add_argument("--pairs", type=Path, required=True, help="table to write")
    args = parser.parse_args()

    from codeq.data import splits
    from codeq.preferences import pairs

    with lineage.record(
        script=__file__,
        inputs={"trajectories": args.trajectories, "splits": args.splits},
        outputs={"pairs": args.pairs},
        settings=stage.sections(args.settings, "pairs"),
        seed=None,
    ) as run:
        found = pairs(tables.read("trajectories", args.trajectories), args.settings.pairs)
        splits.check_disjoint(tables.read("splits", args.splits), found)
        tables.write("pairs", found, args.pairs)
        run.note("pairs", len(found))


if __name__ == "__main__":
    stage.run(main)
