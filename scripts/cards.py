"""Write the model cards of a round: of its adapter and of the policy merged from it."""

import json
import os
from pathlib import Path
from typing import get_args

from codeq import lineage, stage, tables


def main() -> None:
    parser = stage.parser(__doc__, settings=False)
    parser.add_argument("--policy", type=Path, required=True, help="manifest.json of the merged policy")
    parser.add_argument("--adapter", type=Path, required=True, help="manifest.json of the adapter")
    parser.add_argument("--pairs", type=Path, required=True, help="table of pairs that were trained on")
    parser.add_argument("--curve", type=Path, required=True, help="table of the training curve")
    parser.add_argument("--fix-rates", type=Path, required=True, help="table of results")
    parser.add_argument("--comparisons", type=Path, required=True, help="table of results")
    parser.add_argument(
        "--evaluations", type=Path, nargs="+", required=True, help="tables of this policy's evaluations"
    )
    parser.add_argument("--study", required=True, help="name of the study")
    parser.add_argument("--round", type=int, required=True, help="the round that made the policy")
    parser.add_argument("--seed", type=int, required=True, help="the study's seed")
    parser.add_argument("--adapter-card", type=Path, required=True, help="README.md to write beside the adapter")
    parser.add_argument("--policy-card", type=Path, required=True, help="README.md to write beside the policy")
    args = parser.parse_args()

    import polars as pl

    from codeq.evaluation import cards

    inputs = {
        name: getattr(args, name)
        for name in ("policy", "adapter", "pairs", "curve", "fix_rates", "comparisons", "evaluations")
    }
    written = {"adapter": args.adapter_card, "policy": args.policy_card}
    with lineage.record(
        script=__file__,
        inputs=inputs,
        outputs=written,
        settings={key: getattr(args, key) for key in ("study", "round")},
        seed=args.seed,
    ):
        records = cards.nearest(lineage.trace(args.policy))
        start = next(source["path"] for source in records["dpo"]["inputs"] if source["name"] == "policy")
        notes = [lineage.read_record(path) for path in args.evaluations]
        sandboxes = {json.dumps(note["notes"]["sandbox"], sort_keys=True) for note in notes if note is not None}
        facts = cards.Facts(
            study=args.study,
            seed=args.seed,
            round=args.round,
            directories={
                "adapter": args.adapter.parent.as_posix(),
                "policy": args.policy.parent.as_posix(),
                "start": Path(os.path.normpath(args.adapter.parent / start)).parent.as_posix(),
            },
            records=records,
            sandboxes=[json.loads(text) for text in sorted(sandboxes)],
            pairs=tables.read("pairs", args.pairs),
            curve=tables.read("training_curve", args.curve),
            fix_rates=pl.read_parquet(args.fix_rates),
            comparisons=pl.read_parquet(args.comparisons),
        )
        for kind in get_args(cards.Kind):
            written[kind].write_text(cards.render(kind, facts))


if __name__ == "__main__":
    stage.run(main)
