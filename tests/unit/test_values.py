import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codeq import values

SCALARS = st.none() | st.booleans() | st.integers() | st.integers(-(2**80), 2**80) | st.floats() | st.text()
KEYS = st.recursive(SCALARS, lambda inner: st.tuples(inner, inner) | st.frozensets(inner, max_size=3), max_leaves=4)
VALUES = st.recursive(
    SCALARS | KEYS,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.tuples(inner, inner)
        | st.dictionaries(KEYS, inner, max_size=3)
        | st.sets(KEYS, max_size=3)
    ),
    max_leaves=12,
)


def identical(left: Any, right: Any) -> bool:
    """An independent notion of equality with types: the shape, as text, of sorted parts."""

    def shape(value: Any) -> str:
        if isinstance(value, dict):
            return f"dict({sorted(shape(item) for item in value.items())})"
        if isinstance(value, (set, frozenset)):
            return f"{type(value).__name__}({sorted(map(shape, value))})"
        if isinstance(value, (list, tuple)):
            return f"{type(value).__name__}({[shape(item) for item in value]})"
        return f"{type(value).__name__}({value + 0.0 if isinstance(value, float) else value!r})"

    return shape(left) == shape(right)


@given(VALUES)
def test_a_value_survives_the_round_trip(value: Any) -> None:
    back = values.loads(values.dumps(value))
    assert values.same(back, value)
    assert identical(back, value)
    assert values.dumps(back) == values.dumps(value)


@given(VALUES, VALUES)
def test_same_and_canonical_agree_with_a_comparison_by_shape(left: Any, right: Any) -> None:
    assert values.same(left, right) == identical(left, right) == (values.canonical(left) == values.canonical(right))


@given(st.text(max_size=60))
def test_arbitrary_text_is_read_or_refused(text: str) -> None:
    try:
        value = values.loads(text)
    except values.UnsupportedValue:
        return
    assert values.same(values.loads(values.dumps(value)), value)


@pytest.mark.parametrize(
    ("left", "right"),
    [(1, True), (0, False), (1, 1.0), ("1", 1), ([1], (1,)), ({1}, frozenset({1})), ({1: 2}, {True: 2}), ([], None)],
)
def test_types_are_part_of_a_value(left: Any, right: Any) -> None:
    assert not values.same(left, right)
    assert not values.same([left], [right])
    assert values.canonical(left) != values.canonical(right)


def test_zeros_nan_and_order_are_equal_where_python_says_so() -> None:
    assert values.same(0.0, -0.0)
    assert values.same({"a": 0.0}, {"a": -0.0})
    assert values.same({0.0}, {-0.0})
    assert values.same([math.nan], [math.nan])
    assert values.same({"a": math.nan}, {"a": math.nan})
    assert values.same({1: 2, 3: 4}, {3: 4, 1: 2})
    assert not values.same({"a": (1, 2)}, {"a": (2, 1)})
    assert not values.same({"a": [1, 2]}, {"a": [2, 1]})


class Subclass(int):
    pass


@pytest.mark.parametrize("value", [Subclass(1), object(), {1: object()}, [b"x"], 1j, range(3)])
def test_other_types_are_refused(value: object) -> None:
    with pytest.raises(values.UnsupportedValue):
        values.encode(value)


def test_depth_is_limited_both_ways() -> None:
    value: Any = 0
    for _ in range(values.MAX_DEPTH):
        value = [value]
    assert values.loads(values.dumps(value)) == value
    with pytest.raises(values.UnsupportedValue, match="nested deeper"):
        values.dumps([value])
    with pytest.raises(values.UnsupportedValue, match="nested deeper"):
        values.loads("[" * 66 + "]" * 66)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "NaN",
        "1.5",
        "{}",
        '{"a":1}',
        '{"$":"dict","v":3}',
        '{"$":"set","v":[[]]}',
        '{"$":"float","v":"x"}',
        '{"$":"complex","v":"1"}',
        "9" * 5000,
        "[" * 100_000,
    ],
)
def test_malformed_text_is_refused(text: str) -> None:
    with pytest.raises(values.UnsupportedValue):
        values.loads(text)
