"""Measure how far a round's policy is from the base model: KL per token on held-out prompts of the round."""

from pathlib import Path

from codeq import lineage, stage, tables


def main() -> None:
    parser = stage.parser(__doc__)
    parser.add_argument("--base", type=Path, required=True, help="manifest.json of the base model")
    parser.add_argument("--policy", type=Path, required=True, help="manifest.json of the round's policy")
    parser.add_argument("--pairs", type=Path, required=True, help="table of pairs; the held-out ones are used")
    parser.add_argument("--drift", type=Path, required=True, help="table to write")
    args = parser.parse_args()

    from codeq.training.divergence import from_base, held_out_ids

    with lineage.record(
        script=__file__,
        inputs={"base": args.base, "policy": args.policy, "pairs": args.pairs},
        outputs={"drift": args.drift},
        settings=stage.sections(args.settings, dpo=["eval_fraction", "max_length"]),
        seed=None,
    ):
        texts = held_out_ids(tables.read("pairs", args.pairs), args.base.parent, args.settings.dpo)
        kl = from_base(args.policy.parent, args.base.parent, texts)
        counts = {"prompts": len(texts), "tokens": int(kl["tokens"])}
        row = tables.frame("drift", [{**counts, "kl_mean": kl["mean"], "kl_largest": kl["largest"]}])
        tables.write("drift", row, args.drift)


if __name__ == "__main__":
    stage.run(main)
