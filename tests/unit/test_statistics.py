"""Intervals and paired tests against closed formulas, published examples and full enumeration."""

import math
import random
from itertools import combinations, product
from statistics import NormalDist

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from codeq.evaluation.statistics import (
    McNemar,
    clustered_interval,
    holm,
    mcnemar_exact,
    pairs_needed,
    pass_at_k,
    wilson,
)


def wilson_by_formula(successes: int, n: int, confidence: float) -> tuple[float, float]:
    """Wilson 1927: the rates p with |rate - p| = z sqrt(p (1 - p) / n)."""
    z = NormalDist().inv_cdf((1 + confidence) / 2)
    rate = successes / n
    centre = (rate + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * math.sqrt(rate * (1 - rate) / n + z * z / (4 * n * n))
    return centre - half, centre + half


@given(st.integers(1, 2000), st.data(), st.sampled_from([0.8, 0.95, 0.99]))
def test_wilson_equals_the_closed_formula(n: int, data: st.DataObject, confidence: float):
    successes = data.draw(st.integers(0, n))
    low, high = wilson(successes, n, confidence)
    assert (low, high) == pytest.approx(wilson_by_formula(successes, n, confidence), abs=1e-9)
    assert 0 <= low <= successes / n <= high <= 1


@pytest.mark.parametrize(("solved", "n", "interval"), [(100, 123, (73.5, 87.2)), (42, 50, (71.5, 91.7))])
def test_wilson_of_the_published_rates(solved: int, n: int, interval: tuple[float, float]):
    assert tuple(round(100 * end, 1) for end in wilson(solved, n)) == interval


def test_wilson_without_trials_knows_nothing():
    assert wilson(0, 0) == (0.0, 1.0)


@pytest.mark.parametrize(("successes", "n"), [(1, 0), (3, 2), (-1, 2)])
def test_wilson_refuses_impossible_counts(successes: int, n: int):
    with pytest.raises(ValueError, match="must"):
        wilson(successes, n)


def p_by_enumeration(only_a: int, only_b: int) -> float:
    """Of all ways in which each disagreement could have gone, the share at least as lopsided as this."""
    n = only_a + only_b
    lopsided = [abs(2 * sum(outcome) - n) >= abs(only_a - only_b) for outcome in product((0, 1), repeat=n)]
    return sum(lopsided) / len(lopsided)


@pytest.mark.parametrize("only_a", range(7))
@pytest.mark.parametrize("only_b", range(7))
def test_mcnemar_equals_full_enumeration(only_a: int, only_b: int):
    pairs = [(True, False)] * only_a + [(False, True)] * only_b + [(True, True)] * 3 + [(False, False)] * 2
    test = mcnemar_exact(pairs)
    assert (test.n, test.only_a, test.only_b) == (only_a + only_b + 5, only_a, only_b)
    assert test.p_value == pytest.approx(p_by_enumeration(only_a, only_b), abs=1e-12)


def test_mcnemar_of_a_large_sample_by_the_binomial_sum():
    tail = sum(math.comb(100, k) for k in range(60, 101)) / 2**100
    test = mcnemar_exact([(True, False)] * 60 + [(False, True)] * 40)
    assert test.p_value == pytest.approx(2 * tail, rel=1e-9)


@given(st.lists(st.tuples(st.booleans(), st.booleans())))
def test_mcnemar_is_symmetric(pairs: list[tuple[bool, bool]]):
    a, b = mcnemar_exact(pairs), mcnemar_exact((y, x) for x, y in pairs)
    assert (a.only_a, a.only_b, a.p_value) == (b.only_b, b.only_a, b.p_value)


def test_mcnemar_without_pairs():
    assert mcnemar_exact([]) == McNemar(0, 0, 0, 1.0)


def test_clusters_of_one_trial_give_the_percentile_interval_of_a_binomial():
    """Resampling single trials draws a binomial; its quantiles are known."""
    low, high = clustered_interval([1] * 42 + [0] * 58, [1] * 100)
    assert low == pytest.approx(stats.binom.ppf(0.025, 100, 0.42) / 100, abs=0.011)
    assert high == pytest.approx(stats.binom.ppf(0.975, 100, 0.42) / 100, abs=0.011)


def test_clusters_that_agree_widen_the_interval_as_if_each_were_one_trial():
    whole, single = (
        clustered_interval([4] * 42 + [0] * 58, [4] * 100),
        clustered_interval([1] * 42 + [0] * 58, [1] * 100),
    )
    assert whole == single


def test_the_clustered_interval_equals_one_by_a_loop_over_problems():
    """Clusters of different sizes, resampled in plain Python."""
    draw = random.Random(1)
    n = [draw.randint(1, 6) for _ in range(40)]
    solved = [draw.randint(0, count) for count in n]
    rates = []
    for _ in range(4000):
        chosen = draw.choices(range(40), k=40)
        rates.append(sum(solved[i] for i in chosen) / sum(n[i] for i in chosen))
    rates.sort()
    assert clustered_interval(solved, n) == pytest.approx((rates[99], rates[3899]), abs=0.012)


@pytest.mark.parametrize(("solved", "expected"), [([0, 0, 0], (0, 3)), ([2, 5, 1], (3, 3)), ([], (0, 0))])
def test_where_every_resample_is_the_same_the_interval_is_wilsons_over_clusters(solved, expected):
    assert clustered_interval(solved, [2, 5, 1][: len(solved)]) == wilson(*expected)


def test_the_clustered_interval_covers_the_true_rate_as_often_as_it_says():
    """Problems are easy or hard for all their bugs; Wilson over bugs is too narrow there, and this interval is not."""
    draw = random.Random(3)
    covered = {"clustered": 0, "wilson": 0}
    for _ in range(300):
        solved = [sum(draw.random() < rate for _ in range(6)) for rate in draw.choices([0.1, 0.7], k=60)]
        for name, (low, high) in (
            ("clustered", clustered_interval(solved, [6] * 60)),
            ("wilson", wilson(sum(solved), 360)),
        ):
            covered[name] += low <= 0.4 <= high
    assert 0.91 <= covered["clustered"] / 300 <= 0.98
    assert covered["wilson"] / 300 < 0.85


@pytest.mark.parametrize("n", range(1, 9))
def test_pass_at_k_equals_the_share_of_all_subsets_that_hold_a_success(n: int):
    for c in range(n + 1):
        for k in range(1, n + 1):
            subsets = list(combinations([True] * c + [False] * (n - c), k))
            assert pass_at_k(n, c, k) == pytest.approx(sum(map(any, subsets)) / len(subsets), abs=1e-12)


@given(st.integers(1, 2000), st.data())
def test_pass_at_k_of_many_samples_equals_the_hypergeometric_distribution(n: int, data: st.DataObject):
    c, k = data.draw(st.integers(0, n)), data.draw(st.integers(1, n))
    assert pass_at_k(n, c, k) == pytest.approx(stats.hypergeom.sf(0, n, c, k), abs=1e-9)
    assert 0 <= pass_at_k(n, c, k) <= 1


def test_pass_at_k_is_unbiased():
    """Its mean over all outcomes of n samples is the chance 1 - (1 - p)^k, which the plug-in estimate misses."""
    n, k, p = 6, 3, 0.3
    chances = [math.comb(n, c) * p**c * (1 - p) ** (n - c) for c in range(n + 1)]
    mean = sum(chance * pass_at_k(n, c, k) for c, chance in enumerate(chances))
    naive = sum(chance * (1 - (1 - c / n) ** k) for c, chance in enumerate(chances))
    assert mean == pytest.approx(1 - (1 - p) ** k, abs=1e-12)
    assert abs(naive - mean) > 0.03


@pytest.mark.parametrize(("n", "c", "k"), [(0, 0, 1), (3, 4, 1), (3, -1, 1), (3, 1, 0), (3, 1, 4)])
def test_pass_at_k_refuses_impossible_counts(n: int, c: int, k: int):
    with pytest.raises(ValueError, match="must have"):
        pass_at_k(n, c, k)


def test_expected_counts_have_the_interval_of_a_loop_over_problems():
    draw = random.Random(2)
    solved, n = [draw.random() * 2 for _ in range(30)], [2] * 30
    rates = sorted(sum(draw.choices(solved, k=30)) / 60 for _ in range(4000))
    assert clustered_interval(solved, n) == pytest.approx((rates[99], rates[3899]), abs=0.012)


@given(st.lists(st.floats(0, 1), min_size=1, max_size=6))
def test_holm_equals_the_closed_test_of_all_subsets(p_values: list[float]):
    """Adjusted p: the largest Bonferroni p of any set of hypotheses that this one is in (Marcus et al. 1976)."""
    indices = range(len(p_values))
    sets = [chosen for size in indices for chosen in combinations(indices, size + 1)]
    closed = [max(min(1, len(s) * min(p_values[j] for j in s)) for s in sets if i in s) for i in indices]
    assert holm(p_values) == pytest.approx(closed)


def test_holm_of_no_tests():
    assert holm([]) == []


def exact_power(n: int, only_a: float, only_b: float) -> float:
    """The chance that the exact test rejects, summed over every number of disagreements and how they fall."""
    discordant = only_a + only_b
    total = 0.0
    for count in range(1, n + 1):
        fewer = [min(k, count - k) for k in range(count + 1)]
        p_values = 2 * stats.binom.cdf(fewer, count, 0.5)  # two-sided, symmetric
        chances = stats.binom.pmf(range(count + 1), count, only_a / discordant)
        total += stats.binom.pmf(count, n, discordant) * chances[p_values <= 0.05].sum()
    return float(total)


@pytest.mark.parametrize(("only_a", "only_b"), [(0.3, 0.1), (0.4, 0.2), (0.25, 0.0)])
def test_so_many_pairs_give_the_power_asked_for(only_a: float, only_b: float):
    n = pairs_needed(only_a, only_b)
    assert exact_power(n, only_a, only_b) < 0.81
    assert exact_power(round(1.15 * n), only_a, only_b) > 0.8
    assert pairs_needed(only_b, only_a) == n
    assert pairs_needed(only_a, only_b, power=0.95) > n


def test_the_published_gap_between_123_and_50_problems_needs_thousands():
    """81.3 % against 84.0 %: 2.7 points, here with a fifth of the problems in dispute."""
    assert 2000 < pairs_needed(0.1135, 0.0865) < 2200
