"""Train a LoRA adapter of the policy on preference pairs with DPO; after a kill, from the last checkpoint on."""

import os
import shutil
import sys
from pathlib import Path

import polars as pl

from codeq import lineage, stage, tables


def main() -> None:
    parser = stage.parser(__doc__)
    parser.add_argument("--pairs", type=Path, required=True, help="table to read")
    parser.add_argument("--reference", type=Path, required=True, help="table of the pairs' reference log-probabilities")
    parser.add_argument("--policy", type=Path, required=True, help="manifest.json of the policy to train")
    parser.add_argument("--seed", type=int, required=True, help="the study's seed")
    parser.add_argument("--processes", type=int, default=1, help="one for each GPU (default: 1)")
    parser.add_argument("--checkpoints", type=Path, required=True, help="directory of checkpoints, gone at the end")
    parser.add_argument(
        "--adapter", type=Path, required=True, help="manifest.json to write; the adapter lies beside it"
    )
    parser.add_argument("--curve", type=Path, required=True, help="table of the training curve to write")
    args = parser.parse_args()
    study = args.settings
    if args.processes > 1 and "RANK" not in os.environ:
        # Sets RANK and WORLD_SIZE, which accelerate goes by.
        launch = ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node", str(args.processes)]
        os.execv(sys.executable, [sys.executable, *launch, *sys.argv])

    from codeq.training import data, dpo

    def work() -> pl.DataFrame:
        pairs = tables.read("pairs", args.pairs)
        data.require(pairs, study.pairs.minimum)  # before the model is loaded
        return dpo.train(
            pairs,
            tables.read("reference", args.reference),
            args.policy.parent,
            args.adapter.parent,
            study.dpo,
            args.seed,
            policy=lineage.manifest_digest(args.policy),
            checkpoint_directory=args.checkpoints,
            minimum=study.pairs.minimum,
            conditions={
                "code": lineage.code_version(Path(__file__), Path(__file__).resolve().parents[1]),
                "packages": lineage.package_versions(),
            },
        )

    if os.environ.get("RANK", "0") != "0":
        work()
        return
    with lineage.record(
        script=__file__,
        inputs={"pairs": args.pairs, "reference": args.reference, "policy": args.policy},
        outputs={"adapter": args.adapter, "curve": args.curve},
        settings=stage.sections(study, "dpo", pairs=["minimum"]),
        seed=args.seed,
    ):
        curve = work()
        tables.write("training_curve", curve, args.curve)
        lineage.write_manifest(args.adapter.parent)
    shutil.rmtree(args.checkpoints)


if __name__ == "__main__":
    stage.run(main)
