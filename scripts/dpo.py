"""Train a LoRA adapter of the policy on preference pairs with DPO."""

from pathlib import Path

from codeq import lineage, stage, tables


def main() -> None:
    parser = stage.parser(__doc__)
    parser.add_argument("--pairs", type=Path, required=True, help="table to read")
    parser.add_argument("--policy", type=Path, required=True, help="manifest.json of the policy to train")
    parser.add_argument("--seed", type=int, required=True, help="the study's seed")
    parser.add_argument(
        "--adapter", type=Path, required=True, help="manifest.json to write; the adapter lies beside it"
    )
    parser.add_argument("--curve", type=Path, required=True, help="table of the training curve to write")
    args = parser.parse_args()
    study = args.settings

    from codeq.training import data, dpo

    with lineage.record(
        script=__file__,
        inputs={"pairs": args.pairs, "policy": args.policy},
        outputs={"adapter": args.adapter, "curve": args.curve},
        settings=stage.sections(study, "dpo", pairs=["minimum"]),
        seed=args.seed,
    ):
        pairs = tables.read("pairs", args.pairs)
        data.require(pairs, study.pairs.minimum)
        curve = dpo.train(pairs, args.policy.parent, args.adapter.parent, study.dpo, args.seed)
        tables.write("training_curve", curve, args.curve)
        lineage.write_manifest(args.adapter.parent)


if __name__ == "__main__":
    stage.run(main)
