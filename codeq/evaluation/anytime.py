"""The anytime curve: what a search would have solved within a smaller budget, read off its one run.

What a search hands in is its first rewrite that passes the public tests, so a bug is solved within a budget
if that rewrite was drawn within it; whether it counts is then for the hidden tests, as everywhere. Nothing is
run again: the first b rollouts of a search are those of a search that may make b.

A budget is b rollouts, b = 1, 2, 5, 10, 20 as far as the search went, and the same for all modes and policies:

- equal samples: b * K rewrites per bug, K being the candidates of an expansion;
- equal tokens: b * K * t tokens per bug, where t is what MCTS spent on a sample, the mean over all its
  searches in the table, the critic's tokens included (that of all searches if MCTS was not run). A rollout
  counts once all its tokens are within the budget.

A search that ended unsolved below a budget counts as unsolved there, and in `ended`. Either nothing was left
to expand, or its rollouts were used up, which at equal tokens befalls modes with cheap samples first: what
more rollouts would have solved is not known, so the rate is then a lower bound.
"""

import polars as pl

from codeq import tables
from codeq.evaluation.tables import BASELINE, fix_rates

_BUDGETS = (1, 2, 5, 10, 20)  # rollouts; CodeQ's ablation ends at 20
_KEYS = ["policy", "mode", "seed"]


def budgets(rollouts: int) -> list[int]:
    """The budgets, in rollouts, at which a search of `rollouts` is read; the last is `rollouts` itself."""
    return [*(budget for budget in _BUDGETS if budget < rollouts), rollouts]


def anytime(evaluation: pl.DataFrame, candidates: int, rollouts: int) -> pl.DataFrame:
    """Table `anytime` from table `evaluation`: `fix_rates` at every budget, in both units.

    `candidates` and `rollouts` are those of the searches. A single pass has no budget and no row. Sorted as
    `fix_rates`, then by unit and budget. Raises DataError if a bug was evaluated twice.
    """
    searches = evaluation.filter(pl.col("mode") != BASELINE)
    if searches.is_empty():
        return tables.frame("anytime", [])
    per_sample = tokens_per_sample(searches)
    curve = []
    for number in budgets(rollouts):
        samples = number * candidates
        for unit, budget in (("samples", samples), ("tokens", round(samples * per_sample))):
            ended = searches.group_by(_KEYS).agg(ended=(~pl.col("solved_public") & (pl.col(unit) < budget)).sum())
            rates = fix_rates(within(searches, unit, budget)).with_row_index("order")
            curve.append(
                rates.join(ended, on=_KEYS).with_columns(
                    unit=pl.lit(unit), rollouts=pl.lit(number), budget=pl.lit(budget)
                )
            )
    rows = pl.concat(curve).sort("order", "unit", "rollouts").select(list(tables.SCHEMAS["anytime"]))
    return tables.frame("anytime", rows.to_dicts())


def within(evaluation: pl.DataFrame, unit: str, budget: int) -> pl.DataFrame:
    """Table `evaluation`, had each search ended at `budget` samples or tokens: what it solved later is unsolved."""
    in_time = pl.col(f"first_solved_{unit}").le(budget).fill_null(False)
    return evaluation.with_columns(
        solved_public=pl.col("solved_public") & in_time,
        solved_hidden=pl.when(pl.col("solved_hidden").is_not_null()).then(pl.col("solved_hidden") & in_time),
    )


def tokens_per_sample(searches: pl.DataFrame) -> float:
    """Mean tokens that MCTS spent on a sample, critique included; that of all searches without MCTS."""
    spent = searches.filter(pl.col("mode") == "mcts")
    spent = searches if spent.is_empty() else spent
    mean: float = spent.select(pl.col("tokens").sum() / pl.col("samples").sum()).item()
    return mean
