"""Merge an adapter into a freshly loaded policy: the next round's policy."""

from pathlib import Path

from codeq import lineage, stage


def main() -> None:
    parser = stage.parser(__doc__, settings=False)
    parser.add_argument("--policy", type=Path, required=True, help="manifest.json of the policy the adapter belongs to")
    parser.add_argument("--adapter", type=Path, required=True, help="manifest.json of the adapter")
    parser.add_argument("--merged", type=Path, required=True, help="manifest.json to write; the model lies beside it")
    args = parser.parse_args()

    from codeq.training.merge import merge

    with lineage.record(
        script=__file__,
        inputs={"policy": args.policy, "adapter": args.adapter},
        outputs={"merged": args.merged},
        settings={},
        seed=None,
    ):
        merge(args.policy.parent, args.adapter.parent, args.merged.parent)
        lineage.write_manifest(args.merged.parent)


if __name__ == "__main__":
    stage.run(main)
