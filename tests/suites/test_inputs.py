"""Inputs: which ones a suite asks for, whatever its generator."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codeq import values
from codeq.data.suites.draw import SCALES, Draw, RejectedDraw
from codeq.data.suites.inputs import PLAN, inputs
from codeq.data.suites.registry import FIXED, also
from codeq.data.suites.shapes import binary_tree, tree_edges


def numbers(draw: Draw) -> list[object]:
    return [draw.integer(-(10**9), 10**9)]


def test_a_suite_has_the_planned_number_of_different_inputs_and_follows_the_seed():
    found = inputs("p", numbers, 0)
    assert len(found) == sum(PLAN.values()) == 98
    assert len({values.dumps(arguments) for arguments in found}) == 98
    assert inputs("p", numbers, 0) == found
    assert inputs("p", numbers, 1) != found != inputs("q", numbers, 0)


def test_known_inputs_are_not_asked_again():
    assert sorted(inputs("p", lambda draw: [draw.rng.randrange(10)], 0, known={"[3]", "[4]"})) == [
        [n] for n in (0, 1, 2, 5, 6, 7, 8, 9)
    ]


def test_what_one_scale_cannot_give_another_makes_up_for():
    def tiny_space(draw: Draw) -> list[object]:
        return [draw.rng.randrange(4) if draw.scale in ("tiny", "extreme") else draw.rng.randrange(10**9)]

    assert len(inputs("p", tiny_space, 0)) == 98


def test_fixed_inputs_come_first_and_rejected_draws_are_passed_over(monkeypatch):
    monkeypatch.setitem(FIXED, "p", [])
    also("p", [5], [7])

    def odd(draw: Draw) -> list[object]:
        number = draw.rng.randrange(1000)
        if number % 2 == 0:
            raise RejectedDraw
        return [number]

    found = inputs("p", odd, 0)
    assert found[:2] == [[5], [7]]
    assert all(number % 2 for (number,) in found)


@given(st.sampled_from(SCALES), st.integers(0, 10**6), st.integers(-100, 100), st.integers(0, 10**9))
def test_numbers_and_lengths_keep_their_bounds(scale, seed, low, span):
    draw = Draw(random.Random(seed), scale)
    assert all(low <= number <= low + span for number in draw.integers(5, low, low + span))
    assert 3 <= draw.length(3, 3 + span) <= 3 + span
    assert draw.length(0, 10**6, large=50) <= 50
    count = min(span + 1, 6)
    assert len(set(draw.integers(count, low, low + span, distinct=True))) == count


@given(st.sampled_from(SCALES), st.integers(0, 10**6))
def test_extremes_are_drawn_where_they_matter(scale, seed):
    draw = Draw(random.Random(seed), scale)
    ends = {number for number in draw.integers(200, -(10**9), 10**9) if abs(number) == 10**9}
    assert (len(ends) == 2) == (scale == "extreme")


def test_more_different_numbers_than_there_are_is_rejected():
    with pytest.raises(RejectedDraw):
        Draw(random.Random(0), "tiny").integers(4, 1, 3, distinct=True)


@given(st.sampled_from(SCALES), st.integers(0, 10**6), st.integers(1, 40))
def test_trees_have_all_their_values_and_edges_connect_all_nodes(scale, seed, size):
    draw = Draw(random.Random(seed), scale)
    levels = binary_tree(draw, list(range(size)))
    assert [value for value in levels if value is not None] == list(range(size))
    assert levels[-1] is not None
    places = 1  # for a node on each level entry: every node opens two more
    for value in levels:
        places += -1 + 2 * (value is not None)
        assert places >= 0
    edges = tree_edges(draw, size, first=3)
    reached = {3}
    for _ in range(size):
        reached |= {node for edge in edges if set(edge) & reached for node in edge}
    assert reached == set(range(3, 3 + size))
    assert len(edges) == size - 1
