"""What the report's tree viewer is given says what the tables say."""

import base64
import gzip
import json
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from searched import PUBLIC, searched

from codeq.errors import DataError
from codeq.evaluation import viewer
from codeq.evaluation.tables import label
from codeq.search import MODES


def unpacked(search: Any) -> dict[str, Any]:
    tree: dict[str, Any] = json.loads(gzip.decompress(base64.b64decode(search["data"])))
    return tree


def gather(*pairs: tuple[pl.DataFrame, pl.DataFrame], limit: int = viewer.LIMIT) -> viewer.Trees:
    return viewer.gather(((evaluation, trees.lazy()) for evaluation, trees in pairs), PUBLIC, limit)


@pytest.mark.parametrize("mode", list(MODES))
def test_every_tree_of_every_mode_is_there_with_its_nodes(mode: str) -> None:
    evaluation, trajectories = searched(mode)
    trees = gather((evaluation, trajectories))
    assert len(trees.shown) == trees.total == 6
    assert json.loads(trees.pack()) == trees.shown
    by_id = {row["bug_id"]: row for row in evaluation.to_dicts()}
    for search in trees.shown:
        row = by_id[search["bug_id"]]
        nodes = trajectories.filter(pl.col("tree_id") == search["tree_id"]).to_dicts()
        tree = unpacked(search)
        assert search["samples"] == len(nodes) - 1
        assert search["mode"] == label(mode)
        handed = row["node_id"] and [node["node_id"] for node in nodes].index(row["node_id"])
        assert tree["handed_in"] == handed
        for shown, node in zip(tree["nodes"], nodes, strict=True):
            assert {key: shown[key] for key in ("node_id", "code", "verdict", "q", "completion")} == {
                key: node[key] for key in ("node_id", "code", "verdict", "q", "completion")
            }
            if node["parent_id"] is None:
                assert shown["parent"] is shown["prompt"] is shown["diff"] is None
                continue
            assert nodes[shown["parent"]]["node_id"] == node["parent_id"]
            assert tree["prompts"][shown["prompt"]] == node["prompt"]
            assert shown["seed"] == str(node["seed"])
            assert applied(nodes[shown["parent"]]["code"], node["code"], shown["diff"]) == node["code"]
            assert shown["passed"] + len(shown["failed"]) == shown["ran"] == len(node["results"] or ())
        assert len(tree["prompts"]) == len(set(tree["prompts"]))


def applied(before: str, after: str, opcodes: list[tuple[str, int, int, int, int]]) -> str:
    """The program after, from the lines of the one before where the opcodes say that these are equal."""
    old, new = before.split("\n"), after.split("\n")
    lines: list[str] = []
    for kind, i1, i2, j1, j2 in opcodes:
        lines += old[i1:i2] if kind == "equal" else new[j1:j2]
    return "\n".join(lines)


def test_a_failed_test_is_told_as_the_policy_was_told() -> None:
    """f(x) = x + n must add 1: f(1) is 2 and f(5) is 6."""
    tree = unpacked(gather(searched("best_of_n")).shown[1])
    wrong = next(node for node in tree["nodes"] if node["code"].endswith("x + -2"))
    assert wrong["passed"] == 0
    assert wrong["failed"][0] == {
        "call": "f(1)",
        "expected": "2",
        "status": "fail",
        "outcome": "it returned -1",
        "printed": None,
    }


def test_searches_are_solved_overfit_unsolved_or_not_scored() -> None:
    assert viewer.result(True, True) == "solved"
    assert viewer.result(True, False) == "overfit"
    assert viewer.result(True, None) == "unscored"
    assert viewer.result(False, None) == viewer.result(False, False) == "unsolved"


def test_the_mode_that_searches_most_comes_first_and_what_is_too_much_is_counted() -> None:
    tables = [searched(mode, policy=policy) for mode in ("best_of_n", "mcts") for policy in ("round-1", "base")]
    full = gather(*tables)
    order = list(dict.fromkeys((search["mode"], search["policy"]) for search in full.shown))
    assert order == [("MCTS", "base"), ("MCTS", "round 1"), ("best of n", "base"), ("best of n", "round 1")]
    lengths = [len(search["data"]) for search in full.shown]
    cut = gather(*tables, limit=sum(lengths[:9]) + 1)
    assert cut.shown == full.shown[:9]
    assert cut.total == 24


def test_the_same_trees_pack_to_the_same_bytes_and_cannot_end_the_script() -> None:
    pair = searched("mcts")
    assert gather(pair).pack() == gather(pair).pack()
    evaluation = pair[0].with_columns(problem_id=pl.lit("</script><b>"))
    packed = gather((evaluation, pair[1])).pack()
    assert "<" not in packed
    assert json.loads(packed)[0]["problem_id"] == "</script><b>"


def test_trees_and_tests_that_are_not_in_their_tables_are_named() -> None:
    evaluation, trajectories = searched("mcts")
    lost = evaluation["tree_id"][3]
    with pytest.raises(DataError, match=rf"bug-3 \(base, mcts, seed 0\): its tree {lost} is not among"):
        gather((evaluation, trajectories.filter(pl.col("tree_id") != lost)))
    with pytest.raises(DataError, match=r"test test-\d is not in the table of tests"):
        viewer.gather([(evaluation, trajectories.lazy())], PUBLIC.clear())


@given(st.lists(st.integers(0, 10**6), max_size=60))
def test_nodes_have_places_of_their_own_and_stand_amid_their_children(choices: list[int]) -> None:
    """Node i + 1 is a child of any node before it."""
    parents = [None, *(choice % (number + 1) for number, choice in enumerate(choices))]
    rows = viewer.layout(parents)
    children = [[i for i, parent in enumerate(parents) if parent == place] for place in range(len(parents))]
    leaves = sorted(rows[place] for place, below in enumerate(children) if not below)
    assert leaves == list(range(len(leaves)))
    depths = [0]
    for parent in parents[1:]:
        assert parent is not None
        depths.append(depths[parent] + 1)
    assert len({*zip(depths, rows, strict=True)}) == len(parents)
    for place, below in enumerate(children):
        if below:
            assert rows[place] == (rows[below[0]] + rows[below[-1]]) / 2
            assert [rows[child] for child in below] == sorted(rows[child] for child in below)
