"""Intervals and paired tests against closed formulas, published examples and full enumeration."""

import math
from itertools import product
from statistics import NormalDist

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codeq.evaluation.statistics import McNemar, mcnemar_exact, wilson


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
