"""Searches of a scripted policy as the tables that a study makes of them."""

from dataclasses import asdict

import polars as pl
from fake_search import TESTS, FakeEngine, FakeSandbox, task

from codeq import tables
from codeq.config import SearchSettings
from codeq.evaluation.metrics import evaluation_row, handed_in
from codeq.search import MODES
from codeq.search.driver import drive
from codeq.search.trajectory import rows

SETTINGS = SearchSettings(rollouts=6, candidates=3, depth=4, critic="rubric", max_new_tokens=64)
PUBLIC = pl.DataFrame([asdict(test) for test in TESTS]).with_columns(
    entry_point=pl.lit("f"), kind=pl.lit("function"), returns=pl.lit("")
)


def searched(mode: str, bugs: int = 6, policy: str = "base", seed: int = 0) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Tables `evaluation` and `trajectories`; of every third bug that is solved in public, hidden tests say no."""
    searches = (MODES[mode](task(f"bug-{n}", seed), SETTINGS, "tests", stop_when_solved=True) for n in range(bugs))
    with FakeSandbox() as sandbox:
        trees = sorted(drive(searches, FakeEngine(), sandbox, bugs), key=lambda tree: tree.task.bug_id)
    trajectories = tables.frame("trajectories", [row for tree in trees for row in rows(tree, SETTINGS.alpha)])
    evaluated = []
    for number, nodes in enumerate(trajectories.partition_by("tree_id", maintain_order=True)):
        chosen = handed_in(nodes)
        public = chosen is not None and chosen["verdict"] == "pass"
        evaluated.append(
            evaluation_row(
                bug={"bug_id": nodes["bug_id"][0], "problem_id": "add-one", "category": "logic", "level": "easy"},
                policy=policy,
                mode=mode,
                seed=seed,
                policy_digest="policy-digest",
                nodes=nodes,
                handed_in=chosen["node_id"] if chosen else None,
                solved_hidden=public and number % 3 != 2,
            )
        )
    return tables.frame("evaluation", evaluated), trajectories
