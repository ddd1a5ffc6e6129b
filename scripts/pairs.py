"""Turn search trees into preference pairs; stops if a tree, a pair or a prompt touches the test split."""

from collections import Counter
from pathlib import Path

import polars as pl

from codeq import lineage, stage, tables


def main() -> None:
    parser = stage.parser(__doc__)
    parser.add_argument("--trajectories", type=Path, nargs="+", required=True, help="tables of the round's trees")
    parser.add_argument("--earlier", type=Path, nargs="*", default=[], help="pairs of earlier rounds, for pairs.replay")
    parser.add_argument("--bugs", type=Path, required=True, help="table to read")
    parser.add_argument("--splits", type=Path, required=True, help="table to read")
    parser.add_argument("--pairs", type=Path, required=True, help="table to write")
    parser.add_argument("--audit", type=Path, required=True, help="what was left out, and lengths: Markdown to write")
    args = parser.parse_args()

    from codeq import preferences
    from codeq.data import audit, splits

    with lineage.record(
        script=__file__,
        inputs={name: getattr(args, name) for name in ("trajectories", "earlier", "bugs", "splits")},
        outputs={"pairs": args.pairs, "audit": args.audit},
        settings=stage.sections(args.settings, "pairs"),
        seed=None,
    ) as run:
        trajectories = tables.scan("trajectories", args.trajectories)
        earlier = pl.concat([tables.read("pairs", path) for path in args.earlier]) if args.earlier else None
        bugs, split = tables.read("bugs", args.bugs), tables.read("splits", args.splits)
        for table in [trajectories] if earlier is None else [trajectories, earlier.lazy()]:
            splits.check_disjoint(split, table.select("bug_id").unique().collect(engine="streaming"))
        counts: Counter[str] = Counter()
        with tables.writer("pairs", args.pairs) as append:
            for found, counted in preferences.pairs(trajectories, args.settings.pairs, earlier):
                splits.check_prompts(split, bugs, found["prompt"])
                append(found)
                counts.update(counted)
        audited = preferences.audit(tables.scan("pairs", [args.pairs]), bugs, counts)
        args.audit.write_text(audit.markdown(audited, "Audit of the preference pairs"))
        for part, content in audited.items():
            run.note(part, content)


if __name__ == "__main__":
    stage.run(main)
