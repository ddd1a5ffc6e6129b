"""Search for fixes of one split's bugs with one policy, and write every node of every tree.

Only public tests enter: hidden ones are the business of evaluation.
"""

from pathlib import Path
from typing import get_args

import polars as pl

from codeq import lineage, stage, tables
from codeq.config import Mode
from codeq.tables import CALL


def main() -> None:
    parser = stage.parser(__doc__)
    for name in ("problems", "bugs", "tests", "splits"):
        parser.add_argument(f"--{name}", type=Path, required=True, help="table to read")
    parser.add_argument("--policy", type=Path, required=True, help="manifest.json of the policy")
    parser.add_argument(
        "--split", choices=("train", "test"), required=True, help="train: follow search.stop_when_solved"
    )
    parser.add_argument("--mode", choices=get_args(Mode), default="mcts", help="how to search (default: mcts)")
    parser.add_argument("--round", type=int, required=True, help="the round, part of every seed")
    parser.add_argument("--seed", type=int, required=True, help="the study's seed")
    parser.add_argument("--trajectories", type=Path, required=True, help="table to write")
    args = parser.parse_args()
    study = args.settings

    from codeq import models
    from codeq.progress import track
    from codeq.sandbox import Sandbox
    from codeq.sandbox.screening import suites
    from codeq.search import MODES
    from codeq.search.driver import drive
    from codeq.search.requests import Task
    from codeq.search.trajectory import rows

    read = ("problems", "bugs", "tests", "splits")
    with lineage.record(
        script=__file__,
        inputs={**{name: getattr(args, name) for name in read}, "policy": args.policy},
        outputs={"trajectories": args.trajectories},
        settings={
            **stage.sections(study, "model", "sandbox", "search"),
            **{key: getattr(args, key) for key in ("mode", "round", "split")},
        },
        seed=args.seed,
    ) as run:
        problems, bugs, tests, splits = (tables.read(name, getattr(args, name)) for name in read)
        chosen = (
            splits.filter(pl.col("split") == args.split)
            .select("bug_id")
            .join(bugs, on="bug_id")
            .join(problems.select("problem_id", "statement", *CALL), on="problem_id")
            .sort("bug_id")
        )
        if args.split == "test":
            chosen = chosen.head(study.evaluation.max_bugs or len(chosen))
        public = suites(tests.filter(pl.col("visibility") == "public").to_dicts())
        policy = models.load(study.model, args.policy.parent)
        tasks = [
            Task(
                **{key: bug[key] for key in ("bug_id", "problem_id", "buggy_code", "entry_point", "kind", "statement")},
                parameters=tuple(bug["parameters"]),
                returns=bug["returns"],
                tests=public[bug["problem_id"]]["public"],
                round=args.round,
                seed=args.seed,
                policy=policy.policy,
            )
            for bug in chosen.iter_rows(named=True)
        ]
        stop = study.search.stop_when_solved or args.split == "test"
        with Sandbox(study.sandbox) as sandbox:
            run.note("sandbox", {"backend": sandbox.backend, **sandbox.isolation})
            searches = (MODES[args.mode](task, study.search, study.model.prompt, stop) for task in tasks)
            trees = drive(searches, policy, sandbox, study.search.live_trees)
            # Trees finish in any order; the table has the order of the bugs.
            shown = track(trees, len(tasks), args.mode, lambda tree: tree.solved, noun="trees", adjective="solved")
            found = {tree.task.bug_id: rows(tree, study.search.alpha) for tree in shown}
        table = tables.frame("trajectories", [row for task in tasks for row in found[task.bug_id]])
        tables.write("trajectories", table, args.trajectories)


if __name__ == "__main__":
    stage.run(main)
