"""Random trees: binary ones as LeetCode writes them, level by level, and labelled ones as edges."""

from collections import deque
from collections.abc import Sequence
from typing import Any

from codeq.data.suites.draw import Draw


def binary_tree(draw: Draw, values: Sequence[object]) -> list[object]:
    """A tree of these values, by level: a root, then two children of every node, None where there is none.

    The shape is complete, a path, or random. Values are placed in level order; no trailing None.
    """
    if not values:
        return []
    shape = draw.pick(("complete", "path", "random", "random", "sparse"))
    children: list[list[bool]] = []
    left, open_nodes = len(values) - 1, 1
    while open_nodes:
        if shape == "complete":
            kids = [left > 0, left > 1]
        elif shape == "path" or (shape == "sparse" and draw.chance(0.6)):
            side = draw.chance(0.5)
            kids = [side and left > 0, not side and left > 0]
        else:
            kids = [draw.chance(0.5) and left > 0, False]
            kids[1] = draw.chance(0.5) and left > sum(kids)
        if left and not any(kids) and open_nodes == 1:  # the last node that can carry on must
            kids[draw.pick((0, 1))] = True
        children.append(kids)
        left -= sum(kids)
        open_nodes += sum(kids) - 1
    order = iter(values)
    levels: list[object] = [next(order)]
    for kids in children:
        levels += [next(order) if kid else None for kid in kids]
    while levels[-1] is None:
        levels.pop()
    return levels


def search_tree(draw: Draw, values: Sequence[int]) -> list[object]:
    """The binary search tree that inserting `values` in this order makes; equal ones go right."""
    root: list[Any] = []  # value, left, right; or nothing
    for value in values:
        place = root
        while place:
            place = place[1] if value < place[0] else place[2]
        place += [value, [], []]
    levels: list[object] = []
    queue = deque([root])
    while queue:
        node = queue.popleft()
        levels.append(node[0] if node else None)
        queue.extend(node[1:] if node else ())
    while levels and levels[-1] is None:
        levels.pop()
    return levels


def tree_edges(draw: Draw, nodes: int, first: int = 0) -> list[list[int]]:
    """The edges of a random tree on the labels first..first+nodes-1, shuffled, in random direction.

    It is a path, a star, or grows at random places.
    """
    labels = draw.shuffled(range(first, first + nodes))
    shape = draw.pick(("path", "star", "random", "random", "random"))
    edges = []
    for index in range(1, nodes):
        parent = {"path": index - 1, "star": 0}.get(shape, draw.rng.randrange(index))
        edges.append(draw.shuffled([labels[index], labels[parent]]))
    return draw.shuffled(edges)
