"""The comparisons, on values that programs return."""

import json
import math
import random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codeq import values
from codeq.sandbox.comparisons import COMPARISONS


@pytest.mark.parametrize(
    ("returned", "expected", "right"),
    [
        ([1, 2], [1, 2], True),
        ([1, True], [1, 1], False),
        ([1.0], [1], False),
        ([0], [False], False),
        (["1"], [1], False),
        (None, [], False),
        ((1, 2), [1, 2], False),
        ([(1, 2)], [[1, 2]], False),
        ([1, None], [1, None], True),
        ([2**70], [2**70], True),
        (math.nan, math.nan, True),
        (math.inf, 1.0, False),
    ],
)
def test_exact_comparison(returned: object, expected: object, right: bool) -> None:
    assert COMPARISONS["exact"](returned, expected, []) is right


@pytest.mark.parametrize(
    ("returned", "expected", "right"),
    [
        (1.0, 1.0 + 9e-6, True),
        (1.0, 1.0 + 2e-5, False),
        (1e12, 1e12 + 100, True),
        (1e12, 1e12 + 10_000, False),
        (2, 2.0, True),
        (2.0, 2, False),
        (True, 1.0, False),
        (10**400, 1.0, False),
        ("1.0", 1.0, False),
        (math.inf, math.inf, True),
        (math.inf, -math.inf, False),
        (math.inf, 1e308, False),
        (1e308, math.inf, False),
        (math.nan, math.nan, True),
        (math.nan, 1.0, False),
        (1.0, math.nan, False),
        ([1.0, 2], [1.000001, 2], True),
        ([1.0, 2.0], [1.0, 2], False),
        ([1.0], [1.0, 2.0], False),
        ((1.0,), [1.0], False),
        ({"a": 1.0}, {"a": 1.000001}, True),
        ({"a": 1.0}, {"b": 1.0}, False),
        ({1: 1.0}, {True: 1.0}, False),
    ],
)
def test_float_comparison(returned: object, expected: object, right: bool) -> None:
    assert COMPARISONS["float"](returned, expected, []) is right


@pytest.mark.parametrize(
    ("returned", "expected", "right"),
    [
        ([3, 1, 2], [1, 2, 3], True),
        ([1, 1, 2], [1, 2, 2], False),
        ([1, 2], [1, 2, 2], False),
        ([True, 2], [1, 2], False),
        ([1.0], [1], False),
        ([[1, 2], [3]], [[3], [1, 2]], True),
        ([[2, 1], [3]], [[3], [1, 2]], False),
        ((1, 2), [1, 2], False),
        ([{"a": 1, "b": 2}], [{"b": 2, "a": 1}], True),
        (3, 3, True),
        ({1, 2}, {2, 1}, True),
    ],
)
def test_any_order_comparison(returned: object, expected: object, right: bool) -> None:
    assert COMPARISONS["any_order"](returned, expected, []) is right


def test_any_of_takes_each_listed_result_and_no_other() -> None:
    any_of = COMPARISONS["any_of"]
    assert any_of(1, [1, 5], [])
    assert any_of([2, 9], [[1, 10], [2, 9]], [])
    assert not any_of(2, [1, 5], [])
    assert not any_of(True, [1, 5], [])
    assert not any_of(None, [], [])
    assert not any_of(math.inf, [1.0, 2.0], [])


@pytest.mark.parametrize(
    ("returned", "ordered", "right"),
    [
        ([0, -3, 9, -10, None, 5], [-10, -3, 0, 5, 9], True),
        ([0, -10, 5, None, -3, None, 9], [-10, -3, 0, 5, 9], True),
        ([], [], True),
        ([1], [1], True),
        ([1, None, 2], [1, 2], True),
        ([2, 1], [1, 2], True),
        ([1, None, 2, None, 3], [1, 2, 3], False),  # not balanced
        ([1, 2], [1, 2], False),  # not in order
        ([2, 1, 3], [1, 2, 3, 4], False),
        ([2, 1, 3], [1, 2], False),
        ([2, True, 3], [1, 2, 3], False),
        ([4, 2, None, 1, 3], [1, 2, 3, 4], False),  # the root is not balanced, its child is
        ([None, 1], [1], False),
        ([1, None, None, 2], [1, 2], False),
        ([], [1], False),
        (None, [], False),
        ([1.0], [1], False),
        ([[1]], [1], False),
        (list(range(50_000)), [1], False),
        (list(range(500_000)), [1], False),  # forged: no tree that large leaves the sandbox
    ],
)
def test_a_balanced_search_tree(returned: object, ordered: list[int], right: bool) -> None:
    assert COMPARISONS["balanced_search_tree"](returned, [], [ordered]) is right


@pytest.mark.parametrize(
    ("returned", "right"),
    [
        ([[1, 2], [2, 1], [1, 3]], True),
        ([[2, 1], [1, 2], [1, 3]], False),
        ([[2, 1], [1, 3]], False),
        ([[1, 2], [2, 1], [1, 2], [2, 1], [1, 3]], False),
        ([[1, 2], [2, 3], [3, 1]], False),
        ([[1, 2], [2, 1], [True, 3]], False),
        ([[1, 2], [2, 1], [1, 3, 4]], False),
        ([[1, 2], [2, 1], "13"], False),
        ([[1, 2], [2, 1], (1, 3)], False),
        (None, False),
        ([], False),
    ],
)
def test_a_chain_uses_each_pair_once_and_is_linked(returned: object, right: bool) -> None:
    assert COMPARISONS["chain_of_pairs"](returned, None, [[[1, 3], [1, 2], [2, 1]]]) is right


def in_circle(points: list[Any], circle: tuple[float, float, float] = (2.0, 10.0, -5.0)) -> bool:
    names = ["Solution", *["randPoint"] * len(points)]
    arguments: list[Any] = [names, [list(circle), *[[]] * len(points)]]
    return COMPARISONS["points_in_circle"]([None, *points], None, arguments)


def test_points_are_finite_numbers_within_the_circle() -> None:
    assert in_circle([[10.0, -5.0], [11.9, -5.0], [10, -7]])
    assert in_circle([[12.0, -5.0], [10.0, -3.0]])  # on the edge
    assert in_circle([])
    assert in_circle([[10.0, -5.0]])
    assert not in_circle([[10.0, -5.0], [12.00001, -5.0]])
    assert not in_circle([[10.0, -5.0], [10.0, math.nan]])
    assert not in_circle([[10.0, -5.0], [math.inf, -5.0]])
    assert not in_circle([[10.0, -5.0], [10**400, -5.0]])
    assert not in_circle([[10.0, -5.0], [10.0]])
    assert not in_circle([[10.0, -5.0], (11.0, -5.0)])
    assert not in_circle([[10.0, -5.0], None])
    assert not in_circle([[10.0, -5.0], [10.0, True]])
    assert not in_circle([[10.0, -5.0], [10.0, -5.0]])  # the same point twice
    circle = COMPARISONS["points_in_circle"]
    assert not circle([None, [0.0, 0.0]], None, [["Solution", "randPoint", "randPoint"], [[1.0, 0.0, 0.0], [], []]])
    assert not circle(None, None, [["Solution"], [[1.0, 0.0, 0.0]]])


@pytest.mark.parametrize("count", [1_000, 10_000])
def test_a_thousand_points_must_be_uniform(count: int) -> None:
    rng = random.Random(5)

    def points(radius: Any, angle: Any) -> list[list[float]]:
        drawn = [(2.0 * radius(), angle()) for _ in range(count)]
        return [[10.0 + r * math.cos(a), -5.0 + r * math.sin(a)] for r, a in drawn]

    for _ in range(20):
        assert in_circle(points(lambda: math.sqrt(rng.random()), lambda: rng.uniform(0, math.tau)))
    assert not in_circle(points(rng.random, lambda: rng.uniform(0, math.tau)))  # too many at the centre
    assert not in_circle(points(lambda: math.sqrt(rng.random()), lambda: rng.uniform(0, math.pi)))
    assert not in_circle(points(lambda: 1.0, lambda: rng.uniform(0, math.tau)))
    assert not in_circle([[10.0, -5.0]] * count)


#: Whatever leaves the sandbox: no comparison may crash on it.
_RETURNED = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=3),
    lambda parts: st.lists(parts, max_size=4) | st.tuples(parts, parts) | st.dictionaries(st.text(max_size=2), parts),
    max_leaves=12,
)


@given(_RETURNED)
def test_no_result_crashes_a_comparison(returned: object) -> None:
    arguments = {
        "balanced_search_tree": [[1, 2, 3]],
        "chain_of_pairs": [[[1, 2], [2, 3]]],
        "points_in_circle": [["Solution", "randPoint", "randPoint"], [[1.0, 0.0, 0.0], [], []]],
    }
    for name, compare in COMPARISONS.items():
        assert compare(returned, [1, 2.5, "x"], arguments.get(name, [])) in (True, False)


@given(_RETURNED, _RETURNED)
def test_the_same_values_are_those_of_one_text(left: object, right: object) -> None:
    """`values.same` has a short way for flat lists; `values.canonical` has none."""
    for one, other in ((left, right), (left, left), ([1, left], [True, left]), ([left], [right])):
        assert values.same(one, other) == (values.canonical(one) == values.canonical(other))
        assert json.loads(values.dumps(one)) == values.encode(one)
