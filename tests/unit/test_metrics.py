"""One tree and the hidden verdict become one row of `evaluation`."""

import polars as pl
import pytest

from codeq import tables
from codeq.errors import DataError
from codeq.evaluation.metrics import evaluation_row, handed_in

BUG = {"bug_id": "bug-1", "problem_id": "two-sum", "category": "logic", "level": "easy"}
EMPTY: dict[str, object] = dict.fromkeys(tables.SCHEMAS["trajectories"])


def node(node_id: str, **values: object) -> dict[str, object]:
    return {
        **EMPTY,
        "tree_id": "tree-1",
        "node_id": node_id,
        "bug_id": "bug-1",
        "policy": "d1",
        "mode": "mcts",
        "rollout": 1,
        "seconds": 0.0,
        **values,
    }


def rewrite(node_id: str, verdict: str | None, rollout: int, **values: object) -> dict[str, object]:
    given = {"completion": "x", "code": "x", "tokens": 10, "critic_tokens": 0, "seconds": 0.5}
    return node(node_id, parent_id="n0", verdict=verdict, rollout=rollout, **{**given, **values})


def tree(*nodes: dict[str, object]) -> pl.DataFrame:
    return tables.frame("trajectories", [node("n0", rollout=0, code="buggy"), *nodes])


NODES = tree(
    rewrite("n1", "fail", 1, critic_tokens=7),
    rewrite("n2", "fail", 1, duplicate_of="n1", tokens=12),
    rewrite("n3", "truncated", 1, tokens=64, finish_reason="length"),
    rewrite("n4", "missing_entry_point", 2, code="", parse_status="empty"),
    rewrite("n5", "syntax_error", 2),
    rewrite("n6", "pass", 2, seconds=0.25, critic_tokens=3),
    rewrite("n7", "fail", 2, critic_tokens=5),
    rewrite("n8", "missing_entry_point", 3),
    rewrite("n9", "pass", 3, duplicate_of="n6"),
)


def row(nodes: pl.DataFrame = NODES, **changes: object) -> dict[str, object]:
    values = {
        "bug": BUG,
        "policy": "round-1",
        "mode": "mcts",
        "seed": 4,
        "policy_digest": "d1",
        "nodes": nodes,
        "handed_in": "n6",
        "solved_hidden": False,
    }
    return evaluation_row(**{**values, **changes})


def test_every_column_of_a_row_counted_by_hand():
    assert row(extra_executions=1) == {
        "bug_id": "bug-1",
        "policy": "round-1",
        "mode": "mcts",
        "seed": 4,
        "problem_id": "two-sum",
        "category": "logic",
        "level": "easy",
        "policy_digest": "d1",
        "tree_id": "tree-1",
        "node_id": "n6",
        "solved_public": True,
        "solved_hidden": False,
        "samples": 9,
        "unparsed": 2,  # n3 and n4
        "tokens": 10 + 12 + 64 + 10 * 6 + (7 + 3 + 5),
        "executions": 4 + 1,  # n1, n6, n7 and n8 ran; and one run outside the search
        "seconds": 8 * 0.5 + 0.25,
        "first_solved_rollout": 2,
        "first_solved_samples": 6,
        "first_solved_tokens": 10 + 12 + 64 + 10 * 4 + (7 + 3 + 5),  # n7 was drawn and judged with n6
    }


def test_the_row_fits_the_table():
    table = tables.frame("evaluation", [row(), row(solved_hidden=None)])
    assert table["solved_hidden"].to_list() == [False, None]


def test_only_the_handed_in_node_solves():
    unsolved = row(handed_in="n1")
    assert not unsolved["solved_public"]
    assert unsolved["first_solved_rollout"] == 2


def test_a_tree_in_which_nothing_passes_was_solved_by_no_rollout_sample_or_token():
    failed = row(tree(rewrite("n1", "fail", 1, critic_tokens=2)), handed_in="n1")
    assert [failed[f"first_solved_{unit}"] for unit in ("rollout", "samples", "tokens")] == [None] * 3
    assert failed["tokens"] == 12
    assert not failed["solved_public"]


def test_a_tree_that_hands_nothing_in_solves_nothing():
    nothing = row(tree(rewrite("n1", "truncated", 1)), handed_in=None)
    assert (nothing["node_id"], nothing["solved_public"], nothing["samples"]) == (None, False, 1)
    with pytest.raises(DataError, match="nothing was handed in"):
        row(tree(rewrite("n1", "truncated", 1)), handed_in=None, solved_hidden=True)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"handed_in": "n99"}, "'n99' occurs 0 times"),
        ({"mode": "best_of_n"}, "trajectories have mode"),
        ({"policy_digest": "d2"}, "trajectories have policy"),
        ({"bug": {**BUG, "bug_id": "bug-2"}}, "trajectories have bug_id"),
        ({"nodes": NODES.clear()}, "trajectories have bug_id"),
        ({"nodes": pl.concat([NODES, NODES.with_columns(tree_id=pl.lit("tree-2"))])}, "several trees"),
    ],
)
def test_rows_of_another_tree_are_refused(changes: dict[str, object], message: str):
    with pytest.raises(DataError, match=message):
        row(**changes)


def test_handed_in_is_the_first_pass_else_the_highest_q_else_nothing():
    failing = [
        rewrite("n1", "fail", 1, q=0.2, finish_reason="stop"),
        rewrite("n2", "fail", 1, q=0.4, finish_reason="stop"),
        rewrite("n3", "syntax_error", 1, q=0.4, finish_reason="stop"),
        rewrite("n4", "truncated", 2, q=0.9, finish_reason="length"),
    ]
    passing = [rewrite(name, "pass", 2, q=q, finish_reason="stop") for name, q in (("n5", 0.6), ("n6", 0.9))]
    assert handed_in(tree(*failing))["node_id"] == "n2"
    assert handed_in(tree(*failing, *passing))["node_id"] == "n5"
    assert handed_in(tree(failing[3])) is None


def test_turns_without_a_test_run_are_neither_handed_in_before_a_pass_nor_executions():
    turns = tree(
        rewrite("n1", None, 1, q=0.25, finish_reason="stop", parse_status="edit"),
        rewrite("n2", None, 1, q=1 / 3, finish_reason="stop", parse_status="unparsed"),
        rewrite("n3", None, 2, q=0.5, finish_reason="stop", parse_status="inapplicable"),
        rewrite("n4", "pass", 2, q=1.0, finish_reason="stop", parse_status="run_tests"),
        rewrite("n5", None, 2, q=0.0, finish_reason="length", parse_status="unparsed"),
    )
    assert handed_in(turns)["node_id"] == "n4"
    counted = row(turns, handed_in="n4")
    assert (counted["samples"], counted["unparsed"], counted["executions"]) == (5, 3, 1)
    assert (counted["solved_public"], counted["first_solved_rollout"]) == (True, 2)
