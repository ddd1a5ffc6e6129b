"""Divide the usable bugs into train and test, by cluster of near-duplicates and never by row."""

from pathlib import Path

from codeq import lineage, stage, tables


def main() -> None:
    parser = stage.parser(__doc__)
    for name in ("bugs", "duplicates", "screen"):
        parser.add_argument(f"--{name}", type=Path, required=True, help="table to read")
    parser.add_argument("--splits", type=Path, required=True, help="table to write")
    args = parser.parse_args()

    from codeq.data import splits

    data = args.settings.data
    with lineage.record(
        script=__file__,
        inputs={name: getattr(args, name) for name in ("bugs", "duplicates", "screen")},
        outputs={"splits": args.splits},
        settings=stage.sections(args.settings, data=["seed", "test_problems", "train_bugs"]),
        seed=data.seed,
    ):
        bugs, duplicates, screen = (tables.read(name, getattr(args, name)) for name in ("bugs", "duplicates", "screen"))
        usable = set(screen.filter("usable")["bug_id"])
        tables.write("splits", splits.splits(bugs, duplicates, usable, data, data.seed), args.splits)


if __name__ == "__main__":
    stage.run(main)
