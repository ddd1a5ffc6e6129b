"""Inputs for problems on trees.

A tree comes as the list of its levels. The i-th node of that list (None is no node) has its children at
2i+1 and 2i+2; `parents` and `orders` rest on this.
"""

from collections.abc import Sequence

from codeq.data.suites.draw import Draw
from codeq.data.suites.registry import Arguments, also, by_hand
from codeq.data.suites.shapes import binary_tree

DEEP = 5_000  # nodes of a large tree: it may be a path, and right solutions recurse to the leaf


def parents(levels: Sequence[object]) -> list[int]:
    """The parent of each node, both counted in level order; -1 for the root."""
    return [(position - 1) // 2 for position, value in enumerate(levels) if value is not None]


def depth(levels: Sequence[object]) -> int:
    """The number of levels."""
    depths: list[int] = []
    for parent in parents(levels):
        depths.append(depths[parent] + 1 if depths else 1)
    return max(depths, default=0)


def orders(levels: Sequence[object]) -> tuple[list[object], list[object], list[object]]:
    """The values in preorder, inorder and postorder."""
    nodes = [position for position, value in enumerate(levels) if value is not None]
    rank = {position: index for index, position in enumerate(nodes)}
    before: list[object] = []
    between: list[object] = []
    after: list[object] = []
    stack = [(0, before)]
    while stack:
        position, order = stack.pop()
        if position not in rank:
            continue
        order.append(levels[position])
        if order is before:
            left = 2 * rank[position] + 1
            stack += [(position, after), (left + 1, before), (position, between), (left, before)]
    return before, between, after


def path(nodes: int) -> list[object]:
    """The values 1..nodes, each node the right child of the one before."""
    return [1, *(value for node in range(2, nodes + 1) for value in (None, node))]


def ordered_tree(draw: Draw, values: Sequence[int]) -> list[object]:
    """A search tree of any shape with these values; equal ones may lie on either side of each other."""
    shape = binary_tree(draw, range(len(values)))
    value_at = dict(zip(orders(shape)[1], sorted(values), strict=True))
    return [None if node is None else value_at[node] for node in shape]


@by_hand("all-elements-in-two-binary-search-trees")
def two_search_trees(draw: Draw) -> Arguments:
    """Two trees that share values; within one tree all differ."""
    first, second = draw.length(0, 5000, large=DEEP), draw.length(0, 5000, large=DEEP)
    pool = draw.integers(first + second, -(10**5), 10**5, distinct=True)
    return [ordered_tree(draw, draw.rng.sample(pool, count)) for count in (first, second)]


@by_hand("amount-of-time-for-binary-tree-to-be-infected")
def infection(draw: Draw) -> Arguments:
    values = draw.integers(draw.length(1, 10**5, large=3000), 1, 10**5, distinct=True)
    return [binary_tree(draw, values), draw.pick(values)]


@by_hand("binary-tree-inorder-traversal")
def any_tree(draw: Draw) -> Arguments:
    return [binary_tree(draw, draw.integers(draw.length(0, 100), -100, 100))]


@by_hand("binary-tree-level-order-traversal-ii")
def level_order(draw: Draw) -> Arguments:
    return [binary_tree(draw, draw.integers(draw.length(0, 2000), -1000, 1000))]


@by_hand("construct-binary-tree-from-inorder-and-postorder-traversal")
def inorder_and_postorder(draw: Draw) -> Arguments:
    values = draw.integers(draw.length(1, 3000), -3000, 3000, distinct=True)
    return list(orders(binary_tree(draw, values))[1:])


@by_hand("construct-binary-tree-from-preorder-and-inorder-traversal")
def preorder_and_inorder(draw: Draw) -> Arguments:
    values = draw.integers(draw.length(1, 3000), -3000, 3000, distinct=True)
    return list(orders(binary_tree(draw, values))[:2])


@by_hand("construct-quad-tree")
def quad_grid(draw: Draw) -> Arguments:
    """Squares of one value in one another, sometimes with a single cell turned over."""
    low, high = {"tiny": (0, 1), "small": (1, 3), "medium": (2, 4), "extreme": (3, 5), "large": (6, 6)}[draw.scale]
    size = 2 ** draw.rng.randint(low, high)
    grid = [[0] * size for _ in range(size)]
    uniform = draw.pick((0.1, 0.3, 0.5))

    def paint(top: int, left: int, side: int) -> None:
        if side == 1 or draw.chance(uniform):
            value = draw.pick((0, 1))
            for row in grid[top : top + side]:
                row[left : left + side] = [value] * side
        else:
            half = side // 2
            for down, right in ((0, 0), (0, half), (half, 0), (half, half)):
                paint(top + down, left + right, half)

    paint(0, 0, size)
    if draw.chance(0.3):
        grid[draw.rng.randrange(size)][draw.rng.randrange(size)] ^= 1
    return [grid]


@by_hand("find-bottom-left-tree-value")
def bottom_row(draw: Draw) -> Arguments:
    values = draw.integers(draw.length(1, 10**4, large=DEEP), -(2**31), 2**31 - 1, distinct=draw.chance(0.7))
    return [binary_tree(draw, values)]


@by_hand("find-mode-in-binary-search-tree")
def repeated_values(draw: Draw) -> Arguments:
    """Few different values, so that modes tie."""
    count = draw.length(1, 10**4, large=DEEP)
    pool = draw.integers(draw.rng.randint(1, count), -(10**5), 10**5)
    values = draw.rng.choices(pool, k=count) if draw.chance(0.6) else (pool * count)[:count]
    return [ordered_tree(draw, values)]


@by_hand("increasing-order-search-tree")
def search_tree_of_a_hundred(draw: Draw) -> Arguments:
    return [ordered_tree(draw, draw.integers(draw.length(1, 100), 0, 1000, distinct=True))]


@by_hand("kth-largest-sum-in-a-binary-tree")
def level_sums(draw: Draw) -> Arguments:
    """k about the number of levels: more of them than levels give -1."""
    nodes = draw.length(2, 10**5, large=DEEP)
    tree = binary_tree(draw, draw.integers(nodes, 1, 10**6))
    height = depth(tree)
    return [tree, draw.pick((draw.rng.randint(1, height), height, min(nodes, height + 1), draw.rng.randint(1, nodes)))]


@by_hand("linked-list-in-binary-tree")
def path_in_tree(draw: Draw) -> Arguments:
    """A piece of a downward path, as it is or changed: one node other, missing, or more; turned round; or anything.

    Most nodes have the same value, so that a search must go back after a part that fits. 1, 11 and 12
    tell lists from their digits written together.
    """
    pool = [1, 11, 12, 2] if draw.chance(0.15) else draw.integers(draw.pick((1, 2, 2, 2, 3)), 1, 100, distinct=True)
    values = draw.rng.choices([*pool, *pool[:1] * len(pool)], k=draw.length(1, 2500))
    tree = binary_tree(draw, values)
    above = parents(tree)
    node = len(values) - 1 if draw.chance(0.6) else draw.rng.randrange(len(values))
    upward: list[int] = []
    while node >= 0:
        upward.append(values[node])
        node = above[node]
    path = upward[: draw.rng.randint(1, min(100, len(upward)))][::-1]
    at = draw.rng.randrange(len(path))
    change = draw.pick(("none", "none", "none", "value", "value", "skip", "more", "more", "turn", "any"))
    if change == "value":
        path[at] = draw.pick(pool) if draw.chance(0.7) else draw.rng.randint(1, 100)
    elif change == "skip" and len(path) > 1:
        del path[at]
    elif change == "more":
        path = (path + draw.rng.choices(pool, k=draw.pick((1, 2))))[:100]
    elif change == "turn":
        path.reverse()
    elif change == "any":
        path = draw.rng.choices(pool, k=draw.pick((1, 2, 3)))
    return [path, tree]


@by_hand("maximum-depth-of-binary-tree")
def depth_of_tree(draw: Draw) -> Arguments:
    return [binary_tree(draw, draw.integers(draw.length(0, 10**4, large=DEEP), -100, 100))]


@by_hand("maximum-depth-of-n-ary-tree")
def children_of_any_number(draw: Draw) -> Arguments:
    """Parents in level order go up by small steps: a star, a path, and what lies between."""
    nodes = draw.length(0, 10**4, large=1000)  # a path of a thousand is as deep as a tree may be
    steps = draw.pick(((0,), (1,), (0, 1), (0, 1, 2), (0, 0, 0, 1, 3), (0, 0, 4)))
    values = draw.integers(nodes, 0, 10**4)
    children: list[list[object]] = [[] for _ in values]
    parent = 0
    for index in range(1, nodes):
        parent = min(index - 1, parent + draw.pick(steps))
        children[parent].append(values[index])
    levels: list[object] = [*values[:1], None]
    for group in children:
        levels += [*group, None]
    while levels and levels[-1] is None:
        levels.pop()
    return [levels]


@by_hand("maximum-difference-between-node-and-ancestor")
def ancestors(draw: Draw) -> Arguments:
    return [binary_tree(draw, draw.integers(draw.length(2, 5000), 0, 10**5))]


@by_hand("maximum-product-of-splitted-binary-tree")
def split_sums(draw: Draw) -> Arguments:
    """Where values are large, products pass the modulus, and the largest is not the largest remainder."""
    low = draw.pick((1, 1, 9000))
    return [binary_tree(draw, draw.integers(draw.length(2, 5 * 10**4, large=DEEP), low, 10**4))]


@by_hand("smallest-string-starting-from-leaf")
def letters(draw: Draw) -> Arguments:
    """Few different letters: leaves whose strings begin alike, or are each other's beginnings."""
    pool = draw.integers(draw.pick((1, 2, 2, 3, 26)), 0, 25)
    return [binary_tree(draw, draw.rng.choices(pool, k=draw.length(1, 8500, large=DEEP)))]


also("binary-tree-inorder-traversal", [[]])
also("all-elements-in-two-binary-search-trees", [[], []])
# Too deep, or too many, for programs that go through the tree once per level or look nodes up in a list.
also("amount-of-time-for-binary-tree-to-be-infected", [path(8000), 1], [[*range(1, 20_001)], 20_000])
also("kth-largest-sum-in-a-binary-tree", [path(10_000), 9999])
also("maximum-product-of-splitted-binary-tree", [path(10_000)])
also("maximum-difference-between-node-and-ancestor", [[0, 0]], [[10**5, 10**5]])
also("smallest-string-starting-from-leaf", [[25]], [[25, *[25, None] * 40][:-1]])
also(
    "linked-list-in-binary-tree",
    [[1, 1, 2], [1, None, 1, None, 1, None, 2]],
    [[1, 2, 1, 3], [1, 2, None, 1, None, None, 2, 1, None, None, 3]],
    [[1, 1], [11, 1]],
    [[1, 2], [11, 2]],
    [[2, 1], [2, 11]],
    [[1, 1, 1, 2], [1, None, 1, None, 1, None, 1, None, 2]],
    [[1, 2, 1, 2, 3], [1, None, 2, None, 1, None, 2, None, 1, None, 2, None, 3]],
    [[1, 2, 1], [12, 1, 12]],
)
