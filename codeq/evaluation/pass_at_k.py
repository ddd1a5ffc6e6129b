"""pass@k over seeds: the share of bugs that at least one of k repetitions of the study would fix."""

import polars as pl

from codeq import tables
from codeq.evaluation.statistics import clustered_interval, pass_at_k
from codeq.evaluation.tables import MODES, check_unique, policy_rank, rank


def over_seeds(evaluation: pl.DataFrame) -> pl.DataFrame:
    """Table `pass_at_k` from table `evaluation`: for each policy and mode the mean over bugs, k = 1 .. seeds.

    A sample is a whole evaluation of a bug at one seed, right if it was solved under hidden tests; seeds are
    independent and their number was set beforehand, so the estimate is unbiased. Not over the samples of one search:
    it ends at its first pass, and their number depends on their outcome. k ends at the fewest seeds of any bug.
    The 95 % interval draws whole problems (`clustered_interval`). Raises DataError if a bug was evaluated twice.
    """
    check_unique(evaluation)
    by_bug = (
        evaluation.filter(pl.col("solved_hidden").is_not_null())
        .group_by("policy", "mode", "problem_id", "bug_id")
        .agg(n=pl.len(), c=pl.col("solved_hidden").sum())
        .sort("problem_id", "bug_id")
    )
    rows: list[dict[str, object]] = []
    for (policy, mode), bugs in by_bug.group_by("policy", "mode"):
        for k in range(1, min(bugs["n"]) + 1):
            estimates = [pass_at_k(n, c, k) for n, c in bugs.select("n", "c").iter_rows()]
            clusters = (
                bugs.select("problem_id", solved=pl.Series(estimates, dtype=pl.Float64))
                .group_by("problem_id", maintain_order=True)
                .agg(pl.col("solved").sum(), bugs=pl.len())
            )
            low, high = clustered_interval(clusters["solved"].to_list(), clusters["bugs"].to_list())
            rate = sum(estimates) / len(estimates)
            interval = {"ci_low": low, "ci_high": high}
            rows.append({"policy": policy, "mode": mode, "k": k, "bugs": bugs.height, "rate": rate, **interval})
    mode_rank = rank(MODES)
    rows.sort(key=lambda row: (policy_rank(str(row["policy"])), mode_rank(str(row["mode"])), row["k"]))
    return tables.frame("pass_at_k", rows)
