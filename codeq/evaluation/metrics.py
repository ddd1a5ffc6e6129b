"""From one search tree and the hidden tests' verdict to one row of table `evaluation`."""

from collections.abc import Mapping
from typing import Any

import polars as pl

from codeq.errors import DataError

UNUSABLE = ("empty", "unparsed", "inapplicable")  # parse statuses of replies without a program or an action
UNEXECUTED = ("truncated", "syntax_error")  # verdicts the search gives without running the program


def handed_in(nodes: pl.DataFrame) -> dict[str, Any] | None:
    """The row of one tree (table `trajectories`, in order of creation) that the search hands in.

    The first rewrite that passes the public tests, else the one of highest q, the first of equals.
    None if every completion was cut off.
    """
    candidates = nodes.filter(pl.col("parent_id").is_not_null(), pl.col("finish_reason") != "length")
    best = candidates.sort(
        pl.col("verdict").ne_missing("pass"),  # null where a turn of line edits ran no test
        pl.when(pl.col("verdict") == "pass").then(0.0).otherwise(-pl.col("q").fill_null(0.0)),
        maintain_order=True,
    )
    return best.row(0, named=True) if best.height else None


def evaluation_row(
    *,
    bug: Mapping[str, object],
    policy: str,
    mode: str,
    seed: int,
    policy_digest: str,
    nodes: pl.DataFrame,
    handed_in: str | None,
    solved_hidden: bool | None,
    extra_executions: int = 0,
) -> dict[str, object]:
    """The row of `evaluation` for one bug, policy, mode and seed.

    `bug` carries bug_id, problem_id, category and level; `nodes` are the rows of `trajectories` of
    the bug's one tree; `handed_in` is the node whose code the search hands in (None: it has nothing
    to hand in, and solves nothing); `solved_hidden` says whether that code passes every hidden test
    too (None: the problem has none); `extra_executions` are sandbox runs outside the search, such as
    that last one.

    - solved_public: the handed-in node's verdict is "pass";
    - samples: nodes that carry a completion, truncated and unparsable ones included;
    - unparsed: those of them that were cut off or hold no usable program or action: a reply that could not
      be used, where a program that fails is a wrong fix;
    - tokens: generated tokens, of completions and of critics' replies, not of prompts; seconds: summed
      over nodes;
    - executions: nodes whose verdict comes from running them, which excludes those that share
      another's (`duplicate_of`), that were cut off, do not compile or hold no program; plus
      `extra_executions`;
    - first_solved_rollout, _samples, _tokens: what the first passing node took, None if no node passes.
      The rollout that created it; the samples up to and including it, in order of creation; the tokens of
      all rollouts up to and including its own, since candidates of one rollout are drawn and judged at once.

    Raises DataError if the nodes are not one tree of this bug, mode and policy, or lack `handed_in`.
    """
    where = f"evaluation of {bug['bug_id']} ({policy}, {mode}, seed {seed})"
    for column, expected in (("bug_id", bug["bug_id"]), ("mode", mode), ("policy", policy_digest)):
        found = nodes[column].unique().to_list()
        if found != [expected]:
            raise DataError(f"{where}: trajectories have {column} {found}, not {expected!r}; pass the rows of its tree")
    if nodes["tree_id"].n_unique() != 1:
        raise DataError(f"{where}: trajectories hold several trees {sorted(nodes['tree_id'].unique())}; pass one")
    chosen = nodes.filter(pl.col("node_id").eq_missing(pl.lit(handed_in, pl.String)))
    if chosen.height != (handed_in is not None):
        raise DataError(f"{where}: node {handed_in!r} occurs {chosen.height} times in its tree, not once")
    if handed_in is None and solved_hidden:
        raise DataError(f"{where}: solved_hidden is true, but nothing was handed in; judge the handed-in node")

    executed = nodes.filter(
        pl.col("verdict").is_not_null(),
        ~pl.col("verdict").is_in(UNEXECUTED),
        pl.col("duplicate_of").is_null(),
        pl.col("code").fill_null("") != "",
    )
    drawn = nodes.filter(pl.col("completion").is_not_null()).select(
        "rollout",
        "verdict",
        number=pl.int_range(1, pl.len() + 1),
        tokens=pl.col("tokens") + pl.col("critic_tokens").fill_null(0),
    )
    first = next(drawn.filter(pl.col("verdict") == "pass").iter_rows(named=True), None)
    return {
        "bug_id": bug["bug_id"],
        "policy": policy,
        "mode": mode,
        "seed": seed,
        "problem_id": bug["problem_id"],
        "category": bug["category"],
        "level": bug["level"],
        "policy_digest": policy_digest,
        "tree_id": nodes["tree_id"][0],
        "node_id": handed_in,
        "solved_public": chosen["verdict"].to_list() == ["pass"],
        "solved_hidden": solved_hidden,
        "samples": drawn.height,
        "unparsed": nodes.filter((pl.col("finish_reason") == "length") | pl.col("parse_status").is_in(UNUSABLE)).height,
        "tokens": drawn["tokens"].sum(),
        "executions": executed.height + extra_executions,
        "seconds": nodes["seconds"].sum(),
        "first_solved_rollout": first["rollout"] if first else None,
        "first_solved_samples": first["number"] if first else None,
        "first_solved_tokens": (drawn.filter(pl.col("rollout") <= first["rollout"])["tokens"].sum() if first else None),
    }
