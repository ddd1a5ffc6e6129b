"""Merge an adapter into a freshly loaded policy: the next round's policy. Notes what 4-bit weights do to it."""

from pathlib import Path

from codeq import lineage, stage, tables


def main() -> None:
    parser = stage.parser(__doc__)
    parser.add_argument("--policy", type=Path, required=True, help="manifest.json of the policy the adapter belongs to")
    parser.add_argument("--adapter", type=Path, required=True, help="manifest.json of the adapter")
    parser.add_argument("--pairs", type=Path, required=True, help="table of pairs; the held-out ones are compared")
    parser.add_argument("--merged", type=Path, required=True, help="manifest.json to write; the model lies beside it")
    args = parser.parse_args()

    from codeq.training.divergence import held_out_ids
    from codeq.training.merge import merge
    from codeq.training.quantisation import of_nf4

    study = args.settings
    with lineage.record(
        script=__file__,
        inputs={"policy": args.policy, "adapter": args.adapter, "pairs": args.pairs},
        outputs={"merged": args.merged},
        settings=stage.sections(study, model=["quantization"], dpo=["eval_fraction", "max_length"]),
        seed=None,
    ) as run:
        merge(args.policy.parent, args.adapter.parent, args.merged.parent)
        lineage.write_manifest(args.merged.parent)
        if study.model.quantization == "nf4":
            texts = held_out_ids(tables.read("pairs", args.pairs), args.merged.parent, study.dpo)
            run.note("kl_nf4", of_nf4(args.merged.parent, study.model, texts))


if __name__ == "__main__":
    stage.run(main)
