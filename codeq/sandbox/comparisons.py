"""When a result is right: functions of what was returned, what is expected and the test's plain arguments."""

import math
import sys
from collections import Counter
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any

from codeq import values
from codeq.sandbox.structures import TreeNode, binary_tree, levels

_SAMPLE = 1_000  # points from which uniformity can be told
_SIGMAS = 6.0  # a uniform sample of any size misses one quarter by more in fewer than 1 of 10^8 cases


def exact(returned: object, expected: object, arguments: Sequence[object]) -> bool:
    """The `values.same`."""
    return values.same(returned, expected)


def float_close(returned: object, expected: object, arguments: Sequence[object] = ()) -> bool:
    """Equal but for rounding: where a float is expected, a number within 1e-5, or 1e-9 of its size.

    1e-5 is LeetCode's tolerance ("answers within 10^-5 of the actual answer will be accepted"). An int
    may stand for a float, not the reverse; infinities equal only themselves, NaN only NaN; everything
    that is not a float must be the same exactly.
    """
    if type(expected) is float and type(returned) in (int, float):
        try:
            number = float(returned)  # type: ignore[arg-type]
        except OverflowError:
            return False
        if math.isnan(expected) or math.isnan(number):
            return math.isnan(expected) and math.isnan(number)
        return math.isclose(number, expected, rel_tol=1e-9, abs_tol=1e-5)
    if type(returned) is not type(expected):
        return False
    if isinstance(expected, (list, tuple)):
        assert isinstance(returned, (list, tuple))
        return len(returned) == len(expected) and all(map(float_close, returned, expected))
    if isinstance(expected, dict):
        assert isinstance(returned, dict)
        keys = values.same(set(returned), set(expected))
        return keys and all(float_close(returned[key], expected[key]) for key in expected)
    return values.same(returned, expected)


def any_order(returned: object, expected: object, arguments: Sequence[object]) -> bool:
    """Two lists of the same elements, exactly typed, in whatever order; inner lists keep theirs."""
    if type(returned) is not list or type(expected) is not list:
        return values.same(returned, expected)
    if {*map(type, returned), *map(type, expected)} in ({int}, {str}):  # they need no text of their own
        return Counter(returned) == Counter(expected)
    return Counter(map(values.canonical, returned)) == Counter(map(values.canonical, expected))


def any_of(returned: object, expected: object, arguments: Sequence[object]) -> bool:
    """The same as one of the listed results."""
    return type(expected) is list and any(values.same(returned, one) for one in expected)


def balanced_search_tree(returned: object, expected: object, arguments: Sequence[object]) -> bool:
    """A binary tree, by level, whose values from left to right are argument 0, and whose subtrees are balanced.

    Balanced: the heights of a node's two subtrees differ by at most 1.
    """
    if type(returned) is not list:
        return False
    try:
        root = binary_tree(returned)
        nodes = [node for node in levels(root, lambda node: (node.left, node.right)) if node is not None]
    except ValueError:
        return False
    heights: dict[TreeNode | None, int] = {None: 0}
    for node in reversed(nodes):
        left, right = heights[node.left], heights[node.right]
        if abs(left - right) > 1:
            return False
        heights[node] = 1 + max(left, right)
    return values.same(_from_left_to_right(root), arguments[0])


def _from_left_to_right(root: TreeNode | None) -> list[object]:
    """The values of a tree, which must not be deep."""
    if root is None:
        return []
    return [*_from_left_to_right(root.left), root.val, *_from_left_to_right(root.right)]


def chain_of_pairs(returned: object, expected: object, arguments: Sequence[object]) -> bool:
    """The pairs of argument 0, each used once, in an order in which each starts where the one before ends."""
    pairs = arguments[0]
    if type(returned) is not list or type(pairs) is not list or not all(map(_is_pair, returned)):
        return False
    linked = all(one[1] == next_[0] for one, next_ in pairwise(returned))
    return linked and values.same(sorted(returned), sorted(pairs))


def _is_pair(item: object) -> bool:
    return type(item) is list and list(map(type, item)) == [int, int]


def points_in_circle(returned: object, expected: object, arguments: Sequence[object]) -> bool:
    """Results of operations ``randPoint`` on a circle made with (radius, x, y): each a point [x, y] in it.

    The points are not all the same. From 1,000 on they must be uniform: a quarter of them, within 6 standard
    deviations, in each of four rings of equal area and in each quadrant.
    """
    argument_lists: Any = arguments[1]
    (radius, x, y), *calls = argument_lists
    if type(returned) is not list or len(returned) != len(calls) + 1 or returned[0] is not None:
        return False
    points = returned[1:]
    if not all(type(point) is list and len(point) == 2 and all(map(_is_finite, point)) for point in points):
        return False
    offsets = [(point[0] - x, point[1] - y) for point in points]
    # A coordinate is a rounded sum, so far from the origin a point may lie outside by its rounding error.
    furthest = radius * (1 + 1e-9) + 4 * math.ulp(abs(x) + abs(y) + radius)
    if any(math.hypot(*offset) > furthest for offset in offsets):
        return False
    if len(offsets) < _SAMPLE:
        return len(offsets) < 2 or len(set(offsets)) > 1
    rings = Counter(min(3, int(4 * (math.hypot(*offset) / radius) ** 2)) for offset in offsets)
    quadrants = Counter((across > 0, up > 0) for across, up in offsets)
    most = _SIGMAS * math.sqrt(len(offsets) * 3 / 16)
    return all(
        len(counts) == 4 and all(abs(count - len(offsets) / 4) <= most for count in counts.values())
        for counts in (rings, quadrants)
    )


def _is_finite(number: object) -> bool:
    return type(number) in (int, float) and abs(number) <= sys.float_info.max  # type: ignore[arg-type]


Comparison = Callable[[object, object, Sequence[object]], bool]
COMPARISONS: dict[str, Comparison] = {
    function.__name__: function
    for function in (any_order, any_of, balanced_search_tree, chain_of_pairs, points_in_circle)
}
COMPARISONS |= {"exact": exact, "float": float_close}
