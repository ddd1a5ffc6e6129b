"""Search for fixes of one split's bugs with one policy, and write every node of every tree.

Only public tests enter: hidden ones are the business of evaluation. Finished trees go to a journal at once: a run
that was stopped goes on where it was, also with other settings of the machine or another number of shards.
"""

import argparse
import logging
import re
import shutil
from pathlib import Path
from typing import get_args

import polars as pl

from codeq import lineage, stage, tables
from codeq.config import Mode
from codeq.tables import CALL

log = logging.getLogger("codeq.search")


def shard(text: str) -> tuple[int, int]:
    """ "2-of-4" as (2, 4)."""
    found = re.fullmatch(r"([1-9]\d*)-of-([1-9]\d*)", text)
    if found is None or int(found[1]) > int(found[2]):
        raise argparse.ArgumentTypeError(f"{text!r} is no shard such as 2-of-4")
    return int(found[1]), int(found[2])


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
    parser.add_argument("--shard", type=shard, default=(1, 1), help="share of the bugs, such as 2-of-4 (default: all)")
    parser.add_argument("--journal", type=Path, required=True, help="directory of finished trees, gone when all are")
    parser.add_argument("--trajectories", type=Path, required=True, help="table to write")
    args = parser.parse_args()
    study, (number, count) = args.settings, args.shard

    from codeq import models
    from codeq.progress import track
    from codeq.sandbox import Sandbox
    from codeq.sandbox.screening import suites
    from codeq.search import MODES
    from codeq.search.driver import drive
    from codeq.search.finished import FinishedTrees
    from codeq.search.requests import Task
    from codeq.search.trajectory import rows

    read = ("problems", "bugs", "tests", "splits")
    with lineage.record(
        script=__file__,
        inputs={**{name: getattr(args, name) for name in read}, "policy": args.policy},
        outputs={"trajectories": args.trajectories},
        settings={
            **stage.sections(study, "model", "sandbox", "search"),
            **{key: getattr(args, key) for key in ("mode", "round", "split", "shard")},
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
        chosen = chosen[number - 1 :: count]
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
        conditions = {
            **{name: getattr(study, name).determinants() for name in ("model", "sandbox", "search")},
            "mode": args.mode,
            "stop_when_solved": stop,
            "code": lineage.code_version(Path(__file__), Path(__file__).resolve().parents[1]),
            "packages": lineage.package_versions(),
        }
        with (
            FinishedTrees(args.journal, f"{number}-of-{count}", conditions) as finished,
            Sandbox(study.sandbox) as sandbox,
        ):
            rest = [task for task in tasks if task not in finished]
            log.info("%d of %d trees are in the journal", len(tasks) - len(rest), len(tasks))
            run.note("sandbox", {"backend": sandbox.backend, **sandbox.isolation})
            run.note("trees_from_journal", len(tasks) - len(rest))
            searches = (MODES[args.mode](task, study.search, study.model.prompt, stop) for task in rest)
            trees = drive(searches, policy, sandbox, study.search.live_trees)
            for tree in track(trees, len(rest), args.mode, lambda tree: tree.solved, noun="trees", adjective="solved"):
                finished.add(tree.task, rows(tree, study.search.alpha))
            # Trees finish in any order; the table has the order of the bugs.
            table = tables.frame("trajectories", [row for task in tasks for row in finished[task]])
        tables.write("trajectories", table, args.trajectories)
    if count == 1:
        shutil.rmtree(args.journal)


if __name__ == "__main__":
    stage.run(main)
