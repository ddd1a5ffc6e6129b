"""Compute the log-probabilities of preference pairs under the policy that training starts from, once."""

from pathlib import Path

from codeq import lineage, stage, tables


def main() -> None:
    parser = stage.parser(__doc__)
    parser.add_argument("--pairs", type=Path, required=True, help="table to read")
    parser.add_argument("--policy", type=Path, required=True, help="manifest.json of the policy to train")
    parser.add_argument("--reference", type=Path, required=True, help="table to write")
    args = parser.parse_args()
    study = args.settings

    from codeq.training import data, reference

    with lineage.record(
        script=__file__,
        inputs={"pairs": args.pairs, "policy": args.policy},
        outputs={"reference": args.reference},
        settings=stage.sections(study, dpo=sorted(reference.SETTINGS), pairs=["minimum"]),
        seed=None,
    ):
        pairs = tables.read("pairs", args.pairs)
        data.require(pairs, study.pairs.minimum)
        policy = lineage.manifest_digest(args.policy)
        table = reference.compute(pairs, args.policy.parent, study.dpo, policy, minimum=study.pairs.minimum)
        tables.write("reference", table, args.reference)


if __name__ == "__main__":
    stage.run(main)
