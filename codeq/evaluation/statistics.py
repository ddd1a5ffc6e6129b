"""Intervals, paired tests and sample sizes for rates of solved bugs; scipy underneath."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from scipy import stats

SIGNIFICANT = 0.05
RESAMPLES = 10_000


def wilson(successes: int, n: int, confidence: float = 0.95) -> tuple[float, float]:
    """Wilson score interval of a binomial proportion (Wilson 1927, JASA 22), each end in 0..1.

    With n = 0 nothing is known: (0.0, 1.0). Raises ValueError unless 0 <= successes <= n.
    """
    if n == 0 and successes == 0:
        return 0.0, 1.0
    interval = stats.binomtest(successes, n).proportion_ci(confidence, method="wilson")
    return float(interval.low), float(interval.high)


def clustered_interval(solved: Sequence[float], n: Sequence[int], confidence: float = 0.95) -> tuple[float, float]:
    """Interval of a rate over trials that come in clusters, such as the bugs of one problem at several seeds.

    Cluster i solved solved[i] of n[i] > 0 trials, a count or an expected one. Percentile bootstrap: whole clusters are
    drawn with replacement (Davison and Hinkley 1997, section 3.8), `RESAMPLES` times, seeded. Where no trial or every
    trial was solved all resamples are the same and say nothing: then it is Wilson's interval with each cluster as one
    trial. Each end in 0..1; without clusters (0.0, 1.0).
    """
    if sum(solved) in (0, sum(n)):
        return wilson(len(n) if sum(solved) else 0, len(n), confidence)
    drawn = stats.bootstrap(
        (solved, n),
        lambda solved, n, axis: solved.sum(axis) / n.sum(axis),
        n_resamples=RESAMPLES,
        paired=True,
        vectorized=True,
        confidence_level=confidence,
        method="percentile",
        batch=500,
        rng=0,
    )
    return float(drawn.confidence_interval.low), float(drawn.confidence_interval.high)


def pass_at_k(n: int, c: int, k: int) -> float:
    """The chance that at least one of k samples is right, estimated from n independent samples of which c were right.

    Unbiased: 1 - C(n-c, k) / C(n, k), as a product of ratios below 1 (Chen et al. 2021, arXiv 2107.03374, eq. 1 and
    figure 3). The number of samples must not depend on their outcome: of a search that ends at its first success,
    such as best_of_n, the samples give a biased estimate. Raises ValueError unless 0 <= c <= n and 1 <= k <= n.
    """
    if not (0 <= c <= n and 1 <= k <= n):
        raise ValueError(f"pass@k of n = {n}, c = {c}, k = {k}: must have 0 <= c <= n and 1 <= k <= n")
    return 1.0 - math.prod(1.0 - k / i for i in range(n - c + 1, n + 1)) if n - c >= k else 1.0


@dataclass(frozen=True)
class McNemar:
    """Two ways of solving the same n bugs: how many only the one or only the other solved."""

    n: int
    only_a: int
    only_b: int
    p_value: float


def mcnemar_exact(pairs: Iterable[tuple[bool, bool]]) -> McNemar:
    """Exact two-sided McNemar test of (solved by a, solved by b), one pair per bug.

    Bugs on which both agree say nothing; of the others, under the null hypothesis each is as likely
    to be a's as b's, so p is that of a two-sided binomial test at 1/2 (McNemar 1947). Without any
    disagreement p is 1.
    """
    outcomes = list(pairs)
    only_a = sum(a and not b for a, b in outcomes)
    only_b = sum(b and not a for a, b in outcomes)
    disagree = only_a + only_b
    p_value = float(stats.binomtest(only_a, disagree, 0.5).pvalue) if disagree else 1.0
    return McNemar(len(outcomes), only_a, only_b, p_value)


def holm(p_values: Sequence[float]) -> list[float]:
    """Adjusted p-values: those up to a level are significant with at most that chance of any false one among all.

    In their given order (Holm 1979, Scandinavian Journal of Statistics 6): the k-th smallest of m is multiplied by
    m - k + 1, is at least its predecessor and at most 1.
    """
    adjusted = [0.0] * len(p_values)
    highest = 0.0
    for rank, index in enumerate(sorted(range(len(p_values)), key=p_values.__getitem__)):
        highest = max(highest, min(1.0, p_values[index] * (len(p_values) - rank)))
        adjusted[index] = highest
    return adjusted


def pairs_needed(only_a: float, only_b: float, power: float = 0.8, level: float = SIGNIFICANT) -> int:
    """How many pairs McNemar's test needs to find a difference, with chance `power`, at a two-sided `level`.

    `only_a` and `only_b` are the shares of pairs that only the one or only the other solves, and differ
    (Connor 1987, Biometrics 43). The exact test, which is conservative, needs up to 15 % more.
    """
    discordant, difference = only_a + only_b, abs(only_a - only_b)
    z_level, z_power = stats.norm.ppf(1 - level / 2), stats.norm.ppf(power)
    root = z_level * math.sqrt(discordant) + z_power * math.sqrt(discordant - difference**2)
    return math.ceil((root / difference) ** 2)
