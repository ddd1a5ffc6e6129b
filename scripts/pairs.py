"""Turn search trees into preference pairs; stops if a tree, a pair or a prompt touches the test split."""

from pathlib import Path

from codeq import lineage, stage, tables

READ = ("trajectories", "bugs", "splits")


def main() -> None:
    parser = stage.parser(__doc__)
    for name in READ:
        parser.add_argument(f"--{name}", type=Path, required=True, help="table to read")
    parser.add_argument("--pairs", type=Path, required=True, help="table to write")
    args = parser.parse_args()

    from codeq.data import splits
    from codeq.preferences import pairs

    with lineage.record(
        script=__file__,
        inputs={name: getattr(args, name) for name in READ},
        outputs={"pairs": args.pairs},
        settings=stage.sections(args.settings, "pairs"),
        seed=None,
    ) as run:
        trajectories, bugs, split = (tables.read(name, getattr(args, name)) for name in READ)
        splits.check_disjoint(split, trajectories)
        found = pairs(trajectories, args.settings.pairs)
        splits.check_disjoint(split, found)
        splits.check_prompts(split, bugs, found["prompt"])
        tables.write("pairs", found, args.pairs)
        run.note("pairs", len(found))


if __name__ == "__main__":
    stage.run(main)
