"""Intervals and paired tests for rates of solved bugs; scipy underneath."""

from collections.abc import Iterable
from dataclasses import dataclass

from scipy import stats


def wilson(successes: int, n: int, confidence: float = 0.95) -> tuple[float, float]:
    """Wilson score interval of a binomial proportion (Wilson 1927, JASA 22), each end in 0..1.

    With n = 0 nothing is known: (0.0, 1.0). Raises ValueError unless 0 <= successes <= n.
    """
    if n == 0 and successes == 0:
        return 0.0, 1.0
    interval = stats.binomtest(successes, n).proportion_ci(confidence, method="wilson")
    return float(interval.low), float(interval.high)


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
