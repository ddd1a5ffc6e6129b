"""What each round did to the policy: training, drift from the base, length and diversity of fixes, regressions."""

from collections.abc import Mapping

import polars as pl

from codeq import tables
from codeq.evaluation.curves import evaluations, summary
from codeq.evaluation.tables import MODES, check_unique, policy_rank, predecessor, rank

Key = tuple[str, int]  # policy, seed
NODES = ("tree_id", "node_id", "finish_reason", "code_key", "tokens")  # what `rounds` reads of trajectories


def regressions(evaluation: pl.DataFrame) -> pl.DataFrame:
    """Table `regressions`: bugs solved under hidden tests by the policy before, and not by the one after it.

    Compared are a round's policy and the one it was trained from, in the same mode and at the same seed. Sorted by
    seed, policy, mode, problem and bug. Raises DataError if a bug was evaluated twice.
    """
    lost = _before_and_after(evaluation).filter(pl.col("solved_before") & ~pl.col("solved_after"))
    rows = lost.select(list(tables.SCHEMAS["regressions"])).sort("problem_id", "bug_id").to_dicts()
    mode_rank = rank(MODES)
    rows.sort(key=lambda row: (row["seed"], policy_rank(row["policy_after"]), mode_rank(row["mode"])))
    return tables.frame("regressions", rows)


def rounds(
    evaluation: pl.DataFrame,
    nodes: pl.DataFrame,
    curves: Mapping[Key, pl.DataFrame],
    drifts: Mapping[Key, pl.DataFrame],
) -> pl.DataFrame:
    """Table `rounds`: one row per policy and seed, over all modes of the evaluation.

    `nodes` are those of its searches, the columns NODES of table `trajectories`; `curves` and `drifts` are the tables
    `training_curve` and `drift` of the trained policies.

    - pairs, held_out, dropped: the round's pairs that were trained on, held out, and left out as too long or the like;
    - step, accuracy, margin: the checkpoint that was kept, and its rewards on held-out pairs;
    - kl_mean, kl_largest: KL(policy || base) per token of held-out completions, in nats;
    - fix_tokens: mean tokens of the rewrites handed in;
    - samples, distinct: samples per problem, and how many different programs are among them, by the key under which
      the search runs equal programs once. A search ends at its first pass, and fewer samples hold fewer programs;
    - regressions, gains: bugs that only the policy before had solved, and that only this one has, over all modes.

    A sample of line edits is no rewrite and counts in the last two alone. What a policy lacks, such as the training of
    the base, is null. Raises DataError if a bug was evaluated twice.
    """
    trees = evaluation.filter(pl.col("mode") != "line_edits").select("policy", "seed", "problem_id", "tree_id")
    drawn = trees.join(nodes.filter(pl.col("finish_reason").is_not_null()), on="tree_id")
    handed_in = drawn.join(evaluation.select("tree_id", "node_id"), on=["tree_id", "node_id"], how="semi")
    lengths = handed_in.group_by("policy", "seed").agg(fix_tokens=pl.col("tokens").mean())
    changes = (
        _before_and_after(evaluation)
        .group_by("seed", policy="policy_after")
        .agg(
            regressions=(pl.col("solved_before") & ~pl.col("solved_after")).sum(),
            gains=(pl.col("solved_after") & ~pl.col("solved_before")).sum(),
        )
    )
    parts: list[Mapping[Key, Mapping[str, object]]] = [
        {key: _training(curve) for key, curve in curves.items()},
        {key: drift.select("kl_mean", "kl_largest").row(0, named=True) for key, drift in drifts.items()},
        *(
            table.rows_by_key(["policy", "seed"], named=True, unique=True)
            for table in (lengths, _diversity(drawn), changes)
        ),
    ]
    keys: list[Key] = evaluation.select("policy", "seed").unique().rows()
    rows: list[dict[str, object]] = []
    for key in sorted(keys, key=lambda key: (policy_rank(key[0]), key[1])):
        found = {name: value for part in parts for name, value in part.get(key, {}).items()}
        rows.append(dict.fromkeys(tables.SCHEMAS["rounds"]) | {"policy": key[0], "seed": key[1]} | found)
    return tables.frame("rounds", rows)


def _training(curve: pl.DataFrame) -> dict[str, object]:
    run = summary(curve)
    margins = {row["step"]: row["margin"] for row in evaluations(curve)}
    return {
        "pairs": run.pairs,
        "held_out": run.held_out,
        "dropped": sum(run.dropped.values()),
        "step": run.best_step,
        "accuracy": run.best_accuracy,
        "margin": margins[run.best_step],
    }


def _diversity(drawn: pl.DataFrame) -> pl.DataFrame:
    """By policy and seed: samples per problem, and different programs per problem; one that was cut off is none."""
    whole = (pl.col("finish_reason") != "length") & pl.col("code_key").is_not_null()
    return (
        drawn.group_by("policy", "seed", "problem_id")
        .agg(samples=pl.len(), distinct=pl.col("code_key").filter(whole).n_unique())
        .group_by("policy", "seed")
        .agg(pl.col("samples", "distinct").mean())
    )


def _before_and_after(evaluation: pl.DataFrame) -> pl.DataFrame:
    """The evaluations of a policy beside those of its predecessor, of bugs with hidden tests that both were given."""
    check_unique(evaluation)
    scored = evaluation.filter(pl.col("solved_hidden").is_not_null())
    earlier = {policy: predecessor(policy) for policy in scored["policy"].unique()}
    after = scored.rename({"policy": "policy_after", "node_id": "node_after", "solved_hidden": "solved_after"})
    before = scored.select(
        *("bug_id", "mode", "seed"), policy_before="policy", node_before="node_id", solved_before="solved_hidden"
    )
    return after.with_columns(
        policy_before=pl.col("policy_after").replace_strict(earlier, return_dtype=pl.String)
    ).join(before, on=["bug_id", "mode", "seed", "policy_before"])
