"""Pairs from trees: hand-made trees, and a plain-Python reference on random ones."""

import itertools
import math
from collections import defaultdict

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from codeq import tables
from codeq.config import PairSettings
from codeq.errors import DataError
from codeq.identity import code_key, content_id
from codeq.preferences import pairs

Row = dict[str, object]


def node(node_id: str, parent: str | None = "root", **values: object) -> Row:
    """A trajectory row: a node under `parent`; a node without parent is the root of its tree."""
    row: Row = dict.fromkeys(tables.SCHEMAS["trajectories"])
    row |= {
        "tree_id": "tree-1",
        "node_id": node_id,
        "parent_id": parent,
        "bug_id": "bug-1",
        "problem_id": "problem-1",
        "depth": 0 if parent is None else 1,
        "prompt": f"prompt of {parent}",
        "prompt_digest": f"digest of {parent}",
        "completion": f"completion {node_id}",
        "code": f"x = '{node_id}'",
        "finish_reason": "stop",
        "verdict": "fail",
        "reward": 0.0,
        "q": 0.0,
    }
    row |= values
    if row["verdict"] == "pass" and "reward" not in values:
        row["reward"] = 1.0
    return row


def extract(*rows: Row, **values: object) -> pl.DataFrame:
    return pairs(
        tables.frame("trajectories", [node("root", None), *rows]),
        PairSettings(**{"threshold": 0.2, "max_per_tree": 100, **values}),
    )


def chosen_rejected(table: pl.DataFrame) -> set[tuple[str, str]]:
    return set(table.select("chosen_node", "rejected_node").iter_rows())


def test_siblings_pair_when_their_margin_exceeds_the_threshold() -> None:
    table = extract(
        node("a", q=0.9, verdict="pass"), node("b", q=0.5), node("c", q=0.25), node("d", q=0.35), strategy="siblings"
    )
    assert chosen_rejected(table) == {("a", "b"), ("a", "c"), ("a", "d"), ("b", "c")}  # b - d = 0.15
    first = table.row(0, named=True)
    assert first == {
        "pair_id": content_id("pair", "tree-1", "a", "c"),
        "bug_id": "bug-1",
        "problem_id": "problem-1",
        "tree_id": "tree-1",
        "chosen_node": "a",
        "rejected_node": "c",
        "prompt": "prompt of root",
        "chosen": "completion a",
        "rejected": "completion c",
        "q_chosen": 0.9,
        "q_rejected": 0.25,
        "margin": pytest.approx(0.65),
        "strategy": "siblings",
    }
    assert table.schema == pl.Schema(tables.SCHEMAS["pairs"])


def test_a_margin_equal_to_the_threshold_is_no_pair() -> None:
    assert extract(node("a", q=0.75), node("b", q=0.5), strategy="siblings", threshold=0.25).is_empty()


def test_cousins_and_nodes_of_other_trees_never_pair() -> None:
    table = extract(
        node("a", "p", q=0.9, depth=2),
        node("b", "r", q=0.1, depth=2),
        node("c", "p", q=0.0, depth=2, tree_id="tree-2"),
        strategy="mix",
    )
    assert table.is_empty()


def test_the_root_is_never_in_a_pair() -> None:
    rows = [node("root2", None, q=0.0), node("a", q=0.9, verdict="pass")]
    assert extract(*rows, strategy="mix").is_empty()


def test_the_critic_never_outvotes_the_tests() -> None:
    rows = [node("liked", q=0.9, verdict="fail"), node("passing", q=0.1, verdict="pass")]
    assert extract(*rows, strategy="siblings").is_empty()
    assert chosen_rejected(extract(*rows, strategy="best_vs_worst")) == {("passing", "liked")}


def test_a_truncated_or_codeless_completion_is_rejected_at_most() -> None:
    rows = [
        node("cut", q=0.95, verdict="pass", finish_reason="length"),
        node("codeless", q=0.9, code=None),
        node("good", q=0.6, verdict="pass"),
        node("cut2", q=0.1, finish_reason="length"),
        node("codeless2", q=0.0, code=None),
    ]
    table = extract(*rows, strategy="mix")
    assert set(table["chosen_node"]) == {"good"}
    assert chosen_rejected(table) == {("good", "cut2")}  # codeless nodes are one program: "codeless" stands for both


def test_equal_code_is_considered_once_and_never_paired_with_itself() -> None:
    rows = [
        node("b", q=0.9, verdict="pass", code="def f():\n    return 1"),
        node("c", q=0.4, verdict="pass", code="def f():\n    return 1  # same program", duplicate_of="b"),
        node("d", q=0.1, code="def f():\n    return 2"),
    ]
    assert chosen_rejected(extract(*rows, strategy="mix")) == {("b", "d")}


def test_of_equal_programs_the_one_that_was_not_cut_off_stands() -> None:
    rows = [
        node("a", q=0.9, verdict="pass", code="y = 1", finish_reason="length"),
        node("b", q=0.8, verdict="pass", code="y = 1"),
        node("c", q=0.1),
    ]
    assert chosen_rejected(extract(*rows, strategy="siblings")) == {("b", "c")}


def test_best_vs_worst_looks_at_answers_to_the_root_prompt_only() -> None:
    rows = [
        node("a", q=0.3, verdict="pass"),
        node("b", q=0.6, verdict="pass"),
        node("c", q=0.4),
        node("d", q=0.2, verdict="timeout"),
        node("deep", "c", depth=2, q=1.0, verdict="pass"),
        node("deeper", "c", depth=2, q=0.0),
    ]
    table = extract(*rows, strategy="best_vs_worst")
    assert table.select("chosen_node", "rejected_node", "strategy").rows() == [("b", "d", "best_vs_worst")]


def test_mix_counts_a_pair_once() -> None:
    rows = [node("a", q=0.9, verdict="pass"), node("b", q=0.1), node("c", q=0.6)]
    table = extract(*rows, strategy="mix")
    assert table.select("chosen_node", "rejected_node", "strategy").rows() == [
        ("a", "b", "best_vs_worst"),
        ("c", "b", "siblings"),
        ("a", "c", "siblings"),
    ]


def test_the_widest_margins_of_each_tree_are_kept_ties_by_pair_id() -> None:
    rows = [node("a", q=1.0, verdict="pass")] + [node(f"n{i}", q=0.5) for i in range(5)]
    rows += [node("z", q=0.0), node("other", q=1.0, tree_id="tree-2"), node("other2", q=0.0, tree_id="tree-2")]
    table = extract(*rows, strategy="siblings", max_per_tree=3)
    tie = sorted(
        [content_id("pair", "tree-1", "a", f"n{i}") for i in range(5)]
        + [content_id("pair", "tree-1", f"n{i}", "z") for i in range(5)]
    )
    kept = table.filter(pl.col("tree_id") == "tree-1")["pair_id"].to_list()
    assert kept == [content_id("pair", "tree-1", "a", "z"), *tie[:2]]
    assert table.filter(pl.col("tree_id") == "tree-2").height == 1


def test_nodes_without_a_finite_q_take_no_part() -> None:
    rows = [node("a", q=0.9, verdict="pass"), node("b", q=None), node("c", q=math.nan)]
    assert extract(*rows, strategy="mix").is_empty()


def test_children_of_one_node_with_different_prompts_are_refused() -> None:
    with pytest.raises(DataError, match=r"node root in tree tree-1 answer 2 different prompts"):
        extract(node("a", q=0.9), node("b", q=0.1, prompt_digest="another"))


def test_an_empty_table_gives_an_empty_table() -> None:
    assert pairs(tables.frame("trajectories", []), PairSettings()).schema == pl.Schema(tables.SCHEMAS["pairs"])


# A plain-Python reference, written from the module's contract.


def reference(rows: list[Row], options: PairSettings) -> list[tuple[str, str, str, str]]:
    """(tree, chosen, rejected, strategy) in the order of the table."""
    families: dict[tuple[object, object], dict[str, Row]] = defaultdict(dict)
    for row in sorted(rows, key=lambda r: (not _choosable(r), r["node_id"])):
        if row["parent_id"] is not None and row["q"] is not None and math.isfinite(row["q"]):
            key = "none" if row["code"] is None else code_key(row["code"])
            families[row["tree_id"], row["parent_id"]].setdefault(key, row)
    found: dict[tuple[str, str, str], tuple[float, str]] = {}
    for (tree, _), programs in families.items():
        nodes = list(programs.values())
        if options.strategy != "best_vs_worst":
            for good, bad in itertools.permutations(nodes, 2):
                margin = good["q"] - bad["q"]
                if margin > options.threshold and good["reward"] >= bad["reward"] and _choosable(good):
                    found[tree, good["node_id"], bad["node_id"]] = (margin, "siblings")
        if options.strategy != "siblings" and nodes[0]["depth"] == 1:
            passing = [n for n in nodes if n["verdict"] == "pass" and _choosable(n)]
            failing = [n for n in nodes if n["verdict"] != "pass"]
            if passing and failing:
                good = min(passing, key=lambda n: (-n["q"], n["node_id"]))
                bad = min(failing, key=lambda n: (n["q"], n["node_id"]))
                found[tree, good["node_id"], bad["node_id"]] = (good["q"] - bad["q"], "best_vs_worst")
    ordered = sorted(found.items(), key=lambda item: (item[0][0], -item[1][0], content_id("pair", *item[0])))
    kept, count = [], defaultdict(int)
    for (tree, good, bad), (_, strategy) in ordered:
        count[tree] += 1
        if count[tree] <= options.max_per_tree:
            kept.append((tree, good, bad, strategy))
    return kept


def _choosable(row: Row) -> bool:
    return row["finish_reason"] == "stop" and row["code"] is not None


@st.composite
def trees(draw: st.DrawFn) -> list[Row]:
    rows = []
    for tree in range(draw(st.integers(1, 3))):
        parents: list[tuple[str, int]] = [(f"t{tree}", 0)]
        rows.append(node(f"t{tree}", None, tree_id=f"tree-{tree}", q=0.5))
        for number in range(draw(st.integers(0, 9))):
            parent, depth = draw(st.sampled_from(parents))
            name = f"t{tree}n{number}"
            rows.append(
                node(
                    name,
                    parent,
                    tree_id=f"tree-{tree}",
                    depth=depth + 1,
                    q=draw(st.sampled_from([None, 0.0, 0.1, 0.25, 0.3, 0.5, 0.5, 0.8, 1.0])),
                    verdict=draw(st.sampled_from(["pass", "fail", "timeout"])),
                    finish_reason=draw(st.sampled_from(["stop", "stop", "stop", "length"])),
                    code=draw(st.sampled_from([None, "a=1", "a = 1", "b=2", "c=(", "c = (", "d=3", "e=4"])),
                )
            )
            parents.append((name, depth + 1))
    return draw(st.permutations(rows))


@settings(max_examples=150, deadline=None)
@given(trees(), st.sampled_from(["siblings", "best_vs_worst", "mix"]), st.sampled_from([1, 2, 100]))
def test_agrees_with_the_reference_in_any_order_of_rows(rows: list[Row], strategy: str, most: int) -> None:
    options = PairSettings(strategy=strategy, threshold=0.2, max_per_tree=most)
    table = pairs(tables.frame("trajectories", rows), options)
    got = table.select("tree_id", "chosen_node", "rejected_node", "strategy").rows()
    assert got == reference(rows, options)
