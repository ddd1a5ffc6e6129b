"""The unfixed program as a baseline: what the tests say of the evaluated bugs as they are."""

import polars as pl

from codeq import tables
from codeq.errors import DataError
from codeq.tables import UNFIXED


def unfixed(evaluation: pl.DataFrame, screen: pl.DataFrame, hidden_screen: pl.DataFrame) -> pl.DataFrame:
    """Rows of table `evaluation` for the evaluated bugs, unfixed: policy "unfixed", mode "none", at every seed.

    Each set of tests judges by itself, as the two tables `screen` say. solved_public is false by selection. A bug with
    solved_hidden is one that its hidden tests do not see: were they alone, it would be solved for free. Since a fix
    has to pass both, it is not. Nothing is sampled, so all costs are 0, and there is neither tree nor node.
    Raises DataError if a bug is not in both screens.
    """
    seen = evaluation.unique(["bug_id", "seed"], maintain_order=True)
    for name, verdicts in (("public", screen), ("hidden", hidden_screen)):
        passes = verdicts.select("bug_id", pl.col("bug_verdict").eq("pass").alias(f"passes_{name}"))
        joined = seen.join(passes, on="bug_id", maintain_order="left")
        if joined.height < seen.height:
            lost = min(set(seen["bug_id"]) - set(passes["bug_id"]))
            raise DataError(f"bug {lost} was evaluated, but is not in the {name} screen; rerun rule evaluation")
        seen = joined
    rows = seen.with_columns(
        policy=pl.lit(UNFIXED),
        mode=pl.lit("none"),
        policy_digest=pl.lit(None),
        tree_id=pl.lit(None),
        node_id=pl.lit(None),
        solved_public=pl.col("passes_public"),
        # Of a bug whose hidden tests are not trusted (its own reference fails one) they say nothing.
        solved_hidden=pl.when(pl.col("solved_hidden").is_not_null()).then("passes_hidden"),
        **dict.fromkeys(("samples", "unparsed", "tokens", "executions"), pl.lit(0)),
        seconds=pl.lit(0.0),
        **dict.fromkeys(("first_solved_rollout", "first_solved_samples", "first_solved_tokens"), pl.lit(None)),
    )
    return rows.select(evaluation.columns).cast(pl.Schema(tables.SCHEMAS["evaluation"]))
