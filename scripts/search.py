"""Search for fixes of one split's bugs with one policy, and write every node of every tree.

Only public tests enter: hidden ones are the business of evaluation. Finished trees go to a journal at once: a run
that was stopped goes on where it was, also with other settings of the machine or another number of shards.
"""

import logging
import shutil
from pathlib import Path
from typing import get_args

from codeq import lineage, stage, tables
from codeq.config import Mode

log = logging.getLogger("codeq.search")


def main() -> None:
    parser = stage.parser(__doc__)
    parser.add_argument("--tasks", type=Path, required=True, help="table to read")
    parser.add_argument("--policy", type=Path, required=True, help="manifest.json of the policy")
    parser.add_argument(
        "--split", choices=("train", "test"), required=True, help="train: follow search.stop_when_solved"
    )
    parser.add_argument("--mode", choices=get_args(Mode), default="mcts", help="how to search (default: mcts)")
    parser.add_argument("--round", type=int, required=True, help="the round, part of every seed")
    parser.add_argument("--seed", type=int, required=True, help="the study's seed")
    parser.add_argument("--shard", default="1-of-1", help="share of the bugs, such as 2-of-4 (default: all)")
    parser.add_argument("--journal", type=Path, required=True, help="directory of finished trees, gone when all are")
    parser.add_argument("--trajectories", type=Path, required=True, help="table to write")
    args = parser.parse_args()
    study = args.settings

    from codeq import models
    from codeq.progress import track
    from codeq.sandbox import Sandbox
    from codeq.search import MODES
    from codeq.search.driver import drive
    from codeq.search.finished import FinishedTrees
    from codeq.search.tasks import of_shard, tasks
    from codeq.search.trajectory import rows

    with lineage.record(
        script=__file__,
        inputs={"tasks": args.tasks, "policy": args.policy},
        outputs={"trajectories": args.trajectories},
        settings={
            **stage.sections(study, "model", "sandbox", "search"),
            **{key: getattr(args, key) for key in ("mode", "round", "split", "shard")},
        },
        seed=args.seed,
    ) as run:
        given = tables.read("tasks", args.tasks)
        stop = study.search.stop_when_solved or args.split == "test"
        conditions = {
            **{name: getattr(study, name).determinants() for name in ("model", "sandbox", "search")},
            "mode": args.mode,
            "stop_when_solved": stop,
            "code": lineage.code_version(Path(__file__), Path(__file__).resolve().parents[1]),
            "packages": lineage.package_versions(),
        }
        with (
            FinishedTrees(args.journal, args.shard, conditions) as finished,
            Sandbox(study.sandbox) as sandbox,
        ):
            policy = models.load(study.model, args.policy.parent, busy=lambda: sandbox.executing)
            whole = tasks(given, round=args.round, seed=args.seed, policy=policy.policy)
            share = of_shard(whole, args.shard)
            rest = [task for task in share if task not in finished]
            log.info("%d of %d trees are in the journal", len(share) - len(rest), len(share))
            run.note("sandbox", {"backend": sandbox.backend, **sandbox.isolation})
            run.note("trees_from_journal", len(share) - len(rest))
            searches = (MODES[args.mode](task, study.search, study.model.prompt, stop) for task in rest)
            trees = drive(searches, policy, sandbox, study.search.live_trees)
            shown = track(
                trees,
                len(rest),
                args.mode,
                lambda tree: tree.solved,
                noun="trees",
                adjective="solved",
                work=lambda tree: {"tokens": tree.tokens, "executions": tree.executions},
            )
            for tree in shown:
                finished.add(tree.task, rows(tree, study.search.alpha))
            # Trees finish in any order; the table has the order of the bugs.
            table = tables.frame("trajectories", [row for task in share for row in finished[task]])
        tables.write("trajectories", table, args.trajectories)
    if args.shard == "1-of-1":
        shutil.rmtree(args.journal)


if __name__ == "__main__":
    stage.run(main)
