"""Search trees to preference pairs.

Two completions of one prompt form a pair when one is preferred:

- ``siblings``: children of one node with q(chosen) - q(rejected) above the threshold, unless the
  tests contradict q (reward(chosen) < reward(rejected)): the critic alone never outvotes the tests;
- ``best_vs_worst``: per tree, among the answers to the root prompt, the passing one of highest q
  against the failing one of highest q, whatever their margin;
- ``mix``: both; a pair found twice counts once, as ``best_vs_worst``.

Who takes part:

- The root of a tree is the buggy program itself and takes no part, nor does a completion that was cut off: it
  has no end-of-sequence token that training could show, and as the rejected one it would teach the policy to
  avoid a beginning for the end it never had. A completion without a program is never chosen.
- The two never have equal code (`codeq.identity.code_key`). Of siblings with equal code, only one is considered.
- Near-duplicates are thinned: a pair counts once per problem, if its two programs are the same but for
  comments, blank lines and indentation, and so is one tree's against all others.

Rows of one tree stand together in a table, so it is read in batches of whole trees, of any number.
"""

from collections import Counter
from collections.abc import Iterator

import polars as pl

from codeq.config import PairSettings
from codeq.errors import DataError
from codeq.identity import content_id, digest
from codeq.prompts import parse_rewrite
from codeq.tables import SCHEMAS

BATCH = 100_000  # rows of trajectories read at once: a few hundred MB with long prompts
_COLUMNS = (
    *("tree_id", "node_id", "parent_id", "bug_id", "problem_id", "round", "depth", "prompt", "prompt_digest"),
    *("completion", "finish_reason", "code_key", "verdict", "reward", "q", "logprob", "tokens"),
)
_NODE_COLUMNS = ("row", "node_id", "q", "reward", "shape")
_SCHEMA = pl.Schema(SCHEMAS["pairs"])


def pairs(
    trajectories: pl.LazyFrame, settings: PairSettings, earlier: pl.DataFrame | None = None
) -> Iterator[tuple[pl.DataFrame, Counter[str]]]:
    """The table `pairs` of the table `trajectories` in parts, each with the counts of what was left out for it.

    Pairs stand in the order of their trees. At most `settings.max_per_tree` of a tree are kept: ``best_vs_worst``
    first, then widest margin, ties by the ids of chosen and rejected node. Near-duplicates are thinned within
    each tree before that, and against the trees that stand before it afterwards, which frees no place.

    The last part replays pairs of `earlier` rounds: `settings.replay` times as many as this round has, in an order
    drawn anew each round; they keep their ids and the round they were found in.

    Raises DataError if the rows of a tree do not stand together, or if the children of one node were sampled
    from different prompts.
    """
    seen = pl.Series(dtype=pl.UInt64)
    kept, current = 0, 0
    for trees in whole_trees(trajectories, BATCH):
        found, counts = of_trees(trees, settings)
        fresh, seen = _unseen(found, seen)
        counts["near-duplicates of another tree"] = found.height - fresh.height
        counts["pairs of this round"] = fresh.height
        kept, current = kept + fresh.height, trees["round"][0]
        yield fresh.select(_SCHEMA.names()), counts
    if earlier is not None and settings.replay:
        replayed = _replayed(earlier, seen, round(settings.replay * kept), current)
        yield replayed, Counter({"pairs of earlier rounds": replayed.height})


def whole_trees(trajectories: pl.LazyFrame, rows: int) -> Iterator[pl.DataFrame]:
    """The table in batches of about `rows` rows that divide no tree, with the column `shape` to tell programs apart.

    Raises DataError if the rows of a tree do not stand together.
    """
    rest, done = pl.DataFrame(), set[str]()
    read = trajectories.select(*_COLUMNS, shape=_shape(pl.col("code").fill_null("")))
    # Slices, not `collect_batches`: in the same time that one reads ahead, into three times the memory.
    for start in range(0, trajectories.select(pl.len()).collect().item(), rows):
        batch = read.slice(start, rows).collect(engine="streaming")
        rest = pl.concat([rest, batch]) if len(rest) else batch
        last = rest["tree_id"] == rest["tree_id"].last()
        whole, rest = rest.filter(~last), rest.filter(last)
        if len(whole):
            _stand_together(whole, done)
            yield whole
    if len(rest):
        _stand_together(rest, done)
        yield rest


def of_trees(trees: pl.DataFrame, settings: PairSettings) -> tuple[pl.DataFrame, Counter[str]]:
    """The pairs of whole trees, with the column `pair_key` beside those of the table, and what was left out."""
    nodes, counts = _candidates(trees)
    strategies = {
        "siblings": _siblings(nodes.lazy(), settings.threshold),
        "best_vs_worst": _best_vs_worst(nodes.lazy()),
    }
    if settings.strategy != "mix":
        strategies = {settings.strategy: strategies[settings.strategy]}
    found = (
        pl.concat([table.with_columns(strategy=pl.lit(name)) for name, table in strategies.items()])
        .with_columns(margin=pl.col("q") - pl.col("q_rejected"))
        .sort(  # best_vs_worst stands before siblings
            ["tree", "strategy", "margin", "node_id", "node_id_rejected"], descending=[False, False, True, False, False]
        )
        .unique(["row", "row_rejected"], keep="first", maintain_order=True)
        .collect()
    )
    distinct = found.unique(["tree", "shape", "shape_rejected"], keep="first", maintain_order=True)
    kept = distinct.filter(pl.int_range(pl.len()).over("tree") < settings.max_per_tree)
    counts["pairs found"] = found.height
    counts["near-duplicates within their tree"] = found.height - distinct.height
    counts["beyond max_per_tree"] = distinct.height - kept.height
    return _table(trees, kept), counts


def _stand_together(trees: pl.DataFrame, done: set[str]) -> None:
    """Raise DataError if a tree is in two places, of these rows or of earlier ones, whose trees are `done`."""
    for tree in trees["tree_id"].rle().struct.field("value"):
        if tree in done:
            raise DataError(
                f"trajectories: the rows of tree {tree} do not stand together; sort the table by tree, "
                "or delete it and rerun its search"
            )
        done.add(tree)


def _candidates(trees: pl.DataFrame) -> tuple[pl.DataFrame, Counter[str]]:
    """Nodes that may take part in a pair: whole answers with a finite q, one for each program under a parent.

    `row` is the row in `trees`, `tree` the tree's number.
    """
    family = ["tree", "parent_id"]
    rewrites = trees.with_row_index("row").with_columns(tree=pl.col("tree_id").rle_id()).drop_nulls("parent_id")
    whole = rewrites.filter(pl.col("finish_reason") == "stop")
    answers = whole.filter(pl.col("q").is_finite())
    _share_a_prompt(answers)
    nodes = answers.unique([*family, "code_key"], keep="first", maintain_order=True).select(
        *family, "depth", "verdict", *_NODE_COLUMNS, choosable=pl.col("code_key").is_not_null()
    )
    return nodes, Counter(
        {
            "rewrites": rewrites.height,
            "cut off": rewrites.height - whole.height,
            "without a value": whole.height - answers.height,
            "equal to a sibling": answers.height - nodes.height,
        }
    )


def _share_a_prompt(answers: pl.DataFrame) -> None:
    mixed = (
        answers.lazy()
        .group_by("tree_id", "parent_id")
        .agg(least=pl.col("prompt_digest").min(), most=pl.col("prompt_digest").max())
        .filter(pl.col("least") != pl.col("most"))
        .sort("tree_id", "parent_id")
        .collect()
    )
    if not mixed.is_empty():
        tree, parent, *_ = mixed.row(0)
        raise DataError(
            f"trajectories: the children of node {parent} in tree {tree} answer different prompts; "
            "preferences compare answers to one prompt. Rerun the search of this tree"
        )


def _shape(code: pl.Expr) -> pl.Expr:
    """A hash of a program without what follows a "#" in a line, blank lines and indentation."""
    return code.str.replace_all(r"(?:\s*(?:\n|#[^\n]*))+\s*", "\n").str.strip_chars().hash()


def _siblings(nodes: pl.LazyFrame, threshold: float) -> pl.LazyFrame:
    rejected = nodes.select("tree", "parent_id", pl.col(_NODE_COLUMNS).name.suffix("_rejected"))
    return (
        nodes.filter("choosable")
        .join(rejected, on=["tree", "parent_id"])
        .filter(
            pl.col("q") - pl.col("q_rejected") > threshold,
            pl.col("reward") >= pl.col("reward_rejected"),
        )
        .select(_paired())
    )


def _best_vs_worst(nodes: pl.LazyFrame) -> pl.LazyFrame:
    best_first = nodes.filter(pl.col("depth") == 1).sort(["q", "node_id"], descending=[True, False])
    best = best_first.filter(pl.col("choosable"), pl.col("verdict") == "pass").unique(
        "tree", keep="first", maintain_order=True
    )
    worst = (
        best_first.filter(pl.col("verdict") != "pass")
        .unique("tree", keep="first", maintain_order=True)
        .select("tree", pl.col(_NODE_COLUMNS).name.suffix("_rejected"))
    )
    return best.join(worst, on="tree").select(_paired())


def _paired() -> list[pl.Expr]:
    both = ("row", "node_id", "q", "shape")
    return [pl.col("tree", *both), *(pl.col(f"{column}_rejected") for column in both)]


def _table(trees: pl.DataFrame, found: pl.DataFrame) -> pl.DataFrame:
    """Pairs by their rows in `trees` as the table `pairs`, with `pair_key` to know near-duplicates by."""
    columns = {"node_id": "{}_node", "completion": "{}", "q": "q_{}", "tokens": "tokens_{}", "logprob": "logprob_{}"}
    chosen, rejected = (
        trees[found[row]].select(pl.col(column).alias(name.format(label)) for column, name in columns.items())
        for row, label in (("row", "chosen"), ("row_rejected", "rejected"))
    )
    shared = trees[found["row"]].select("bug_id", "problem_id", "tree_id", "round", "prompt", "prompt_digest")
    return pl.concat(
        [shared, chosen, rejected, found.select("margin", "strategy", "shape", "shape_rejected")], how="horizontal"
    ).with_columns(
        pair_id=pl.struct("tree_id", "chosen_node", "rejected_node").map_elements(
            lambda pair: content_id("pair", pair["tree_id"], pair["chosen_node"], pair["rejected_node"]),
            return_dtype=pl.String,
        ),
        pair_key=_pair_key(),
    )


def _pair_key() -> pl.Expr:
    return pl.struct("problem_id", "shape", "shape_rejected").hash()


def _unseen(found: pl.DataFrame, seen: pl.Series) -> tuple[pl.DataFrame, pl.Series]:
    """The pairs whose `pair_key` is new, the first of equals, and all keys seen by then."""
    fresh = found.unique("pair_key", keep="first", maintain_order=True).filter(
        ~pl.col("pair_key").is_in(seen.implode())
    )
    return fresh, pl.concat([seen, fresh["pair_key"]])


def _replayed(earlier: pl.DataFrame, seen: pl.Series, most: int, current: int) -> pl.DataFrame:
    """At most `most` earlier pairs, drawn by a hash, none a near-duplicate of another or of a pair seen."""
    drawn = earlier.unique("pair_id", keep="first").sort(
        pl.col("pair_id").map_elements(lambda pair: digest("replay", current, pair), return_dtype=pl.String)
    )
    shapes = {
        name: _shape(pl.col(label).map_elements(lambda text: parse_rewrite(text).code, return_dtype=pl.String))
        for name, label in (("shape", "chosen"), ("shape_rejected", "rejected"))
    }
    fresh, _ = _unseen(drawn.with_columns(**shapes).with_columns(pair_key=_pair_key()), seen)
    return fresh.head(most).select(_SCHEMA.names())


def audit(table: pl.LazyFrame, bugs: pl.DataFrame, counts: Counter[str]) -> dict[str, dict[str, object]]:
    """What was left out; pairs and their difference in length by strategy and by category of bug, as JSON values.

    `bugs` has bug_id and category. Lengths are those of the sampled completions in tokens, chosen minus rejected: DPO
    is known to reward length where the chosen answers are longer (Park et al. 2024, "Disentangling Length from
    Quality in DPO").
    """
    labelled = table.join(bugs.lazy().select("bug_id", "category"), on="bug_id", how="left")
    return {
        "counts": dict(counts),
        "tokens of chosen - rejected": _lengths(labelled, "strategy"),
        "tokens of chosen - rejected by category": _lengths(labelled, "category"),
    }


def _lengths(table: pl.LazyFrame, label: str) -> dict[str, object]:
    """How many tokens longer the chosen completions are than the rejected ones, by a label and round."""
    difference = pl.col("tokens_chosen") - pl.col("tokens_rejected")
    lengths = (
        table.group_by(label, "round")
        .agg(
            pl.len().alias("pairs"),
            difference.mean().round(2).alias("mean"),
            *(
                difference.quantile(share).alias(name)
                for share, name in ((0.05, "5 %"), (0.5, "median"), (0.95, "95 %"))
            ),
            (difference > 0).mean().round(3).alias("chosen longer"),
        )
        .sort("round", label)
        .collect(engine="streaming")
    )
    return {f"{row.pop(label)}, round {row.pop('round')}": row for row in lengths.iter_rows(named=True)}
