"""Slow answers to the problems on trees, each from its statement alone.

`walks` names every node by its way from the root ("L", "R"); ancestors are prefixes, levels are lengths.
"""

from collections.abc import Callable
from typing import Any

Levels = list[Any]  # a tree as the list of its levels
MODULUS = 10**9 + 7


def walks(levels: Levels) -> dict[str, int]:
    """The value of each node by its way from the root, in level order."""
    found: dict[str, int] = {}
    waiting = [""]
    for value in levels:
        walk = waiting.pop(0)
        if value is not None:
            found[walk] = value
            waiting += [walk + "L", walk + "R"]
    return found


def as_levels(nodes: dict[str, int]) -> Levels:
    """The inverse of `walks`."""
    levels: Levels = []
    waiting = [""]
    while waiting:
        walk = waiting.pop(0)
        levels.append(nodes.get(walk))
        if walk in nodes:
            waiting += [walk + "L", walk + "R"]
    while levels and levels[-1] is None:
        levels.pop()
    return levels


def line(nodes: dict[str, int], walk: str) -> list[int]:
    """The values from the root to a node."""
    return [nodes[walk[:length]] for length in range(len(walk) + 1)]


def leaves(nodes: dict[str, int]) -> list[str]:
    return [walk for walk in nodes if walk + "L" not in nodes and walk + "R" not in nodes]


def rows(levels: Levels) -> list[list[int]]:
    """The values of each level."""
    nodes = walks(levels)
    depth = max(map(len, nodes), default=-1) + 1
    return [[value for walk, value in nodes.items() if len(walk) == row] for row in range(depth)]


def all_elements(root1: Levels, root2: Levels) -> list[int]:
    return sorted(value for value in root1 + root2 if value is not None)


def infection(root: Levels, start: int) -> int:
    nodes = walks(root)
    ancestors = [{walk[:length] for length in range(len(walk) + 1)} for walk in nodes]
    source = ancestors[list(nodes.values()).index(start)]
    return max(len(source ^ other) for other in ancestors)


def inorder(root: Levels) -> list[int]:
    nodes = walks(root)
    return [nodes[walk] for walk in sorted(nodes, key=lambda walk: walk + "M")]  # L < M < R


def from_inorder_and_postorder(inorder: list[int], postorder: list[int]) -> Levels:
    def build(walk: str, between: list[int], after: list[int]) -> dict[str, int]:
        if not between:
            return {}
        cut = between.index(after[-1])
        left = build(walk + "L", between[:cut], after[:cut])
        right = build(walk + "R", between[cut + 1 :], after[cut:-1])
        return {walk: after[-1], **left, **right}

    return as_levels(build("", inorder, postorder))


def from_preorder_and_inorder(preorder: list[int], inorder: list[int]) -> Levels:
    """By the mirror image, whose postorder is this preorder backwards."""
    mirror = walks(from_inorder_and_postorder(inorder[::-1], preorder[::-1]))
    return as_levels({walk.translate(str.maketrans("LR", "RL")): value for walk, value in mirror.items()})


def quad_tree(grid: list[list[int]]) -> list[list[int]]:
    listed = []
    waiting = [grid]
    while waiting:
        square = waiting.pop(0)
        seen = {cell for row in square for cell in row}
        listed.append([1, *seen] if len(seen) == 1 else [0, 1])
        if len(seen) == 2:
            half = len(square) // 2
            for part in (square[:half], square[half:]):
                waiting += [[row[:half] for row in part], [row[half:] for row in part]]
    return listed


def bottom_left(root: Levels) -> int:
    return rows(root)[-1][0]


def modes(root: Levels) -> list[int]:
    values = [value for value in root if value is not None]
    most = max(map(values.count, values))
    return [value for value in sorted(set(values)) if values.count(value) == most]


def increasing(root: Levels) -> Levels:
    return as_levels({"R" * index: value for index, value in enumerate(sorted(walks(root).values()))})


def kth_largest_sum(root: Levels, k: int) -> int:
    sums = sorted(map(sum, rows(root)))
    return sums[-k] if k <= len(sums) else -1


def has_path(head: list[int], root: Levels) -> bool:
    nodes = walks(root)
    return any(line(nodes, walk)[-len(head) :] == head for walk in nodes)


def nary_depth(root: Levels) -> int:
    """Each None after the first ends the children of the next node."""
    depths = [1] if root else []
    parent = -1
    for value in root[1:]:
        if value is None:
            parent += 1
        else:
            depths.append(depths[parent] + 1)
    return max(depths, default=0)


def ancestor_difference(root: Levels) -> int:
    nodes = walks(root)
    return max(abs(value - nodes[walk]) for walk in nodes if walk for value in line(nodes, walk[:-1]))


def split_product(root: Levels) -> int:
    nodes = walks(root)
    below = [sum(value for walk, value in nodes.items() if walk.startswith(top)) for top in nodes]
    return max(part * (below[0] - part) for part in below) % MODULUS


def smallest_string(root: Levels) -> str:
    nodes = walks(root)
    return min("".join(chr(97 + value) for value in reversed(line(nodes, leaf))) for leaf in leaves(nodes))


ORACLES: dict[str, Callable[..., object]] = {
    "all-elements-in-two-binary-search-trees": all_elements,
    "amount-of-time-for-binary-tree-to-be-infected": infection,
    "binary-tree-inorder-traversal": inorder,
    "binary-tree-level-order-traversal-ii": lambda root: rows(root)[::-1],
    "construct-binary-tree-from-inorder-and-postorder-traversal": from_inorder_and_postorder,
    "construct-binary-tree-from-preorder-and-inorder-traversal": from_preorder_and_inorder,
    "construct-quad-tree": quad_tree,
    "find-bottom-left-tree-value": bottom_left,
    "find-mode-in-binary-search-tree": modes,
    "increasing-order-search-tree": increasing,
    "kth-largest-sum-in-a-binary-tree": kth_largest_sum,
    "linked-list-in-binary-tree": has_path,
    "maximum-depth-of-binary-tree": lambda root: len(rows(root)),
    "maximum-depth-of-n-ary-tree": nary_depth,
    "maximum-difference-between-node-and-ancestor": ancestor_difference,
    "maximum-product-of-splitted-binary-tree": split_product,
    "smallest-string-starting-from-leaf": smallest_string,
}
