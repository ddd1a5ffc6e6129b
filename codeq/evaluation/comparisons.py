"""Paired comparisons: two ways of fixing on the same bugs and the same seed, within one study or between two.

Each is an exact McNemar test of the hidden verdict, over the bugs that both sides evaluated with hidden tests.
"""

from collections.abc import Mapping

import polars as pl

from codeq.errors import DataError
from codeq.evaluation.statistics import holm, mcnemar_exact, pairs_needed
from codeq.evaluation.tables import BASE, BASELINE, MODES, check_unique, policy_rank, predecessor, rank

Key = tuple[str, str, int]  # policy, mode, seed
_TEST = {
    "n": pl.Int64,
    "only_a": pl.Int64,
    "only_b": pl.Int64,
    "difference": pl.Float64,
    "p_value": pl.Float64,
    "p_holm": pl.Float64,
    "bugs_needed": pl.Int64,
}
_WITHIN = {"policy_a": pl.String, "mode_a": pl.String, "policy_b": pl.String, "mode_b": pl.String, "seed": pl.Int64}
_BETWEEN = {"policy": pl.String, "mode": pl.String, "seed": pl.Int64, "n_a": pl.Int64, "n_b": pl.Int64}
_RATES = {"rate_a": pl.Float64, "rate_b": pl.Float64}


def within(evaluation: pl.DataFrame) -> pl.DataFrame:
    """What training and what search changed.

    Each trained policy (a) against base (b) in the same mode; from the second round on against the policy of the round
    before; then each search mode (a) against single_pass (b).

    n counts the bugs that both evaluated with hidden tests; difference = (only_a - only_b) / n, positive where a is
    better (null where n is 0, like p_value). p_holm is p_value corrected for the number of tests in the table (Holm).
    bugs_needed is how many bugs such a test needs to find a true difference of this size, with as many
    disagreements, four times out of five (null where there is none). Raises DataError if a bug was evaluated twice.
    """
    verdicts = _verdicts(evaluation)
    against_base = [((p, m, s), (BASE, m, s)) for p, m, s in verdicts if p != BASE]
    before = {p: earlier for p, _, _ in verdicts if (earlier := predecessor(p)) not in (None, BASE)}
    against_previous = [((p, m, s), (before[p], m, s)) for p, m, s in verdicts if p in before]
    against_single = [((p, m, s), (p, BASELINE, s)) for p, m, s in verdicts if m != BASELINE]
    rows = [
        {**dict(zip(_WITHIN, (*a[:2], *b), strict=True)), **_test(verdicts[a], verdicts[b])}
        for a, b in against_base + against_previous + against_single
        if b in verdicts
    ]
    return _corrected(rows, _WITHIN | _TEST)


def between(a: pl.DataFrame, b: pl.DataFrame) -> pl.DataFrame:
    """What two studies have evaluated alike: a row for each policy, mode and seed that is in both.

    n_a and n_b count the bugs that each evaluated with hidden tests, n those of both, on which everything else in a
    row is based: rate_a and rate_b are hidden rates there, the rest is as in `within`. Raises DataError if a bug was
    evaluated twice, or if no bug was evaluated alike in both.
    """
    of_a, of_b = _verdicts(a), _verdicts(b)
    rows = []
    for key in [key for key in of_a if key in of_b]:
        ours, theirs = of_a[key], of_b[key]
        common = ours.keys() & theirs.keys()
        rates = [sum(side[bug] for bug in common) / len(common) if common else None for side in (ours, theirs)]
        counts = dict(zip(_BETWEEN, (*key, len(ours), len(theirs)), strict=True))
        rows.append({**counts, **dict(zip(_RATES, rates, strict=True)), **_test(ours, theirs)})
    if not any(row["n"] for row in rows):
        raise DataError(
            "no bug with hidden tests was evaluated in both by a policy of the same name, in the same mode and at the "
            "same seed: there is nothing to pair. Compare studies of the same benchmark and seeds"
        )
    return _corrected(rows, _BETWEEN | _RATES | _TEST)


def _verdicts(evaluation: pl.DataFrame) -> dict[Key, dict[str, bool]]:
    """Whether each bug with hidden tests was solved; by policy, mode and seed, in the order of `tables`."""
    check_unique(evaluation)
    keys: list[Key] = evaluation.select("policy", "mode", "seed").unique().rows()
    mode_rank = rank(MODES)
    found: dict[Key, dict[str, bool]] = {
        key: {} for key in sorted(keys, key=lambda key: (policy_rank(key[0]), mode_rank(key[1]), key[2]))
    }
    for row in evaluation.filter(pl.col("solved_hidden").is_not_null()).iter_rows(named=True):
        found[row["policy"], row["mode"], row["seed"]][row["bug_id"]] = row["solved_hidden"]
    return found


def _test(a: Mapping[str, bool], b: Mapping[str, bool]) -> dict[str, object]:
    test = mcnemar_exact((a[bug], b[bug]) for bug in sorted(a.keys() & b.keys()))
    found: dict[str, object] = {"n": test.n, "only_a": test.only_a, "only_b": test.only_b}
    if test.n:
        found |= {"difference": (test.only_a - test.only_b) / test.n, "p_value": test.p_value}
    if test.only_a != test.only_b:
        found["bugs_needed"] = pairs_needed(test.only_a / test.n, test.only_b / test.n)
    return dict.fromkeys(_TEST) | found


def _corrected(rows: list[dict[str, object]], schema: dict[str, type[pl.DataType]]) -> pl.DataFrame:
    table = pl.DataFrame(rows, schema=schema, orient="row")
    tested = table["p_value"].drop_nulls()
    adjusted = iter(holm(tested.to_list()))
    return table.with_columns(
        p_holm=pl.Series([None if p is None else next(adjusted) for p in table["p_value"]], dtype=pl.Float64)
    )
