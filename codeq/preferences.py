"""Search trees to preference pairs.

Two completions of one prompt form a pair when one is preferred:

- ``siblings``: children of one node with q(chosen) - q(rejected) above the threshold, unless the
  tests contradict q (reward(chosen) < reward(rejected)): the critic alone never outvotes the tests;
- ``best_vs_worst``: per tree, among the answers to the root prompt, the passing one of highest q
  against the failing one of lowest q, whatever their margin;
- ``mix``: both; a pair found twice counts once, as ``best_vs_worst``.

The two never have equal code (`codeq.identity.code_key`), they always answer the same prompt, and a
completion that was cut off or holds no code is never chosen. Of siblings with equal code, only one
is considered. The root of a tree is the buggy program itself and takes no part.
"""

import polars as pl

from codeq.config import PairSettings
from codeq.errors import DataError
from codeq.identity import code_key, content_id
from codeq.tables import SCHEMAS

_TREE_COLUMNS = ["bug_id", "problem_id", "tree_id", "parent_id", "prompt"]
_NODE_COLUMNS = ["node_id", "completion", "q", "reward", "verdict", "choosable"]


def pairs(trajectories: pl.DataFrame, settings: PairSettings) -> pl.DataFrame:
    """The table `pairs` of the table `trajectories`, independent of the order of its rows.

    At most `settings.max_per_tree` pairs of a tree are kept, widest margin first, ties by pair_id.
    Raises DataError if the children of one node were sampled from different prompts.
    """
    nodes = _candidates(trajectories)
    strategies = {"siblings": _siblings(nodes, settings.threshold), "best_vs_worst": _best_vs_worst(nodes)}
    if settings.strategy != "mix":
        strategies = {settings.strategy: strategies[settings.strategy]}
    found = (
        pl.concat([table.with_columns(strategy=pl.lit(name)) for name, table in strategies.items()])
        .sort("strategy")  # best_vs_worst before siblings
        .unique(["tree_id", "chosen_node", "rejected_node"], keep="first", maintain_order=True)
        .with_columns(
            margin=pl.col("q_chosen") - pl.col("q_rejected"),
            pair_id=pl.struct("tree_id", "chosen_node", "rejected_node").map_elements(
                lambda pair: content_id("pair", pair["tree_id"], pair["chosen_node"], pair["rejected_node"]),
                return_dtype=pl.String,
            ),
        )
        .sort(["tree_id", "margin", "pair_id"], descending=[False, True, False])
        .group_by("tree_id", maintain_order=True)
        .head(settings.max_per_tree)
    )
    return found.select(SCHEMAS["pairs"].keys()).collect()


def _candidates(trajectories: pl.DataFrame) -> pl.LazyFrame:
    """Nodes that may take part in a pair: answers with a finite q, one for each program under a parent."""
    answers = trajectories.lazy().filter(pl.col("parent_id").is_not_null(), pl.col("q").is_finite())
    mixed = (
        answers.group_by("tree_id", "parent_id")
        .agg(pl.col("prompt_digest").n_unique().alias("prompts"))
        .filter(pl.col("prompts") > 1)
        .sort("tree_id", "parent_id")
        .collect()
    )
    if not mixed.is_empty():
        tree, parent, prompts = mixed.row(0)
        raise DataError(
            f"trajectories: the children of node {parent} in tree {tree} answer {prompts} different prompts; "
            "preferences compare answers to one prompt. Rerun the search of this tree"
        )
    codes = answers.select("code").unique().collect()["code"]
    keys = pl.LazyFrame(
        {"code": codes, "code_key": ["none" if code is None else code_key(code) for code in codes]},
        schema={"code": pl.String, "code_key": pl.String},
    )
    return (
        answers.join(keys, on="code", how="left", nulls_equal=True)
        .with_columns(choosable=(pl.col("finish_reason") == "stop") & pl.col("code").is_not_null())
        .sort(["choosable", "node_id"], descending=[True, False])
        .unique(["tree_id", "parent_id", "code_key"], keep="first", maintain_order=True)
        .select(*_TREE_COLUMNS, "depth", *_NODE_COLUMNS)
    )


def _siblings(nodes: pl.LazyFrame, threshold: float) -> pl.LazyFrame:
    rejected = nodes.select("tree_id", "parent_id", pl.col(_NODE_COLUMNS).name.suffix("_rejected"))
    return (
        nodes.filter("choosable")
        .join(rejected, on=["tree_id", "parent_id"])
        .filter(
            pl.col("q") - pl.col("q_rejected") > threshold,
            pl.col("reward") >= pl.col("reward_rejected"),
        )
        .select(_paired())
    )


def _best_vs_worst(nodes: pl.LazyFrame) -> pl.LazyFrame:
    first = nodes.filter(pl.col("depth") == 1)
    best = (
        first.filter(pl.col("choosable"), pl.col("verdict") == "pass")
        .sort(["q", "node_id"], descending=[True, False])
        .unique("tree_id", keep="first", maintain_order=True)
    )
    worst = (
        first.filter(pl.col("verdict") != "pass")
        .sort("q", "node_id")
        .unique("tree_id", keep="first", maintain_order=True)
        .select("tree_id", "parent_id", pl.col(_NODE_COLUMNS).name.suffix("_rejected"))
    )
    return best.join(worst, on=["tree_id", "parent_id"]).select(_paired())


def _paired() -> list[pl.Expr]:
    return [
        pl.col("bug_id", "problem_id", "tree_id", "prompt"),
        pl.col("node_id").alias("chosen_node"),
        pl.col("node_id_rejected").alias("rejected_node"),
        pl.col("completion").alias("chosen"),
        pl.col("completion_rejected").alias("rejected"),
        pl.col("q").alias("q_chosen"),
        pl.col("q_rejected"),
    ]
