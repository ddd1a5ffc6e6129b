"""The properties that constraint lines state in prose, as predicates on plain values."""

import math
import re
from collections import Counter, defaultdict, deque
from collections.abc import Callable, Sequence
from typing import Any

from codeq.values import dumps

Pairs = Sequence[Sequence[int]]


def _distinct(*lists: Sequence[Any]) -> bool:
    together = [item if isinstance(item, int | str) else dumps(item) for items in lists for item in items]
    return len(set(together)) == len(together)


def _in_order(before: Callable[[Any, Any], bool]) -> Callable[[Sequence[Any]], bool]:
    return lambda items: all(before(items[i], items[i + 1]) for i in range(len(items) - 1))


def _no_leading_zeros(digits: Sequence[Any]) -> bool:
    return len(digits) <= 1 or digits[0] not in (0, "0")


def _among(value: Any, allowed: set[Any]) -> bool:
    if isinstance(value, list):
        return all(_among(item, allowed) for item in value)
    return set(value) <= allowed if isinstance(value, str) else value in allowed


def _connected(edges: Pairs) -> bool:
    """Whether these edges join their ends into one tree; none are a tree of one node."""
    neighbours = defaultdict(list)
    for a, b in edges:
        neighbours[a].append(b)
        neighbours[b].append(a)
    found = set(list(neighbours)[:1])
    stack = list(found)
    while stack:
        new = set(neighbours[stack.pop()]) - found
        found |= new
        stack += new
    return len(found) == len(neighbours) == (len(edges) + 1 if edges else 0)


def _acyclic(edges: Pairs) -> bool:
    """Whether the directed edges can be removed from their sources on."""
    targets, sources = defaultdict(list), Counter(b for _, b in edges)
    for a, b in edges:
        targets[a].append(b)
    free = [a for a in targets if not sources[a]]
    removed = 0
    while free:
        for b in targets[free.pop()]:
            removed += 1
            sources[b] -= 1
            if not sources[b]:
                free.append(b)
    return removed == len(edges)


def _end_reachable(jumps: Sequence[int]) -> bool:
    reach = 0
    for place, jump in enumerate(jumps):
        if place > reach:
            return False
        reach = max(reach, place + jump)
    return True


def _replaceable(values: Sequence[int], changes: Pairs) -> bool:
    """Whether each change, in turn, replaces a value that is there by one that is not."""
    there = set(values)
    for old, new in changes:
        if old not in there or new in there:
            return False
        there ^= {old, new}
    return True


def _search_tree(levels: Sequence[int | None]) -> bool:
    """Whether the values, by level, lie left (at most the node's) or right (at least) of every node above."""
    ranges = deque([(-math.inf, math.inf)])
    for value in levels:
        low, high = ranges.popleft()
        if value is not None:
            if not low <= value <= high:
                return False
            ranges += [(low, value), (value, high)]
    return True


PROPERTIES: dict[str, Callable[..., bool]] = {
    "acyclic": _acyclic,
    "among": _among,
    "anagram": lambda a, b: Counter(a) == Counter(b),
    "cents": lambda number: round(number * 100) == round(number * 100, 6),
    "common element": lambda a, b: not set(a).isdisjoint(b),
    "distinct": _distinct,
    "distinct cells": lambda grid: _distinct(*grid),
    "distinct edges": lambda edges: _distinct([sorted(edge) for edge in edges]),
    "distinct letters": lambda words: all(map(_distinct, words)),
    "end reachable": _end_reachable,
    "equally long": lambda texts: len(set(map(len, texts))) <= 1,
    "even": lambda number: number % 2 == 0,
    "falling": _in_order(lambda a, b: a >= b),
    "member": lambda item, items: item in items,
    "no adjacent ones": _in_order(lambda a, b: not a or not b),
    "no leading zeros": _no_leading_zeros,
    "not all equal": lambda items: len(set(items)) > 1,
    "part": lambda a, b: set(a) <= set(b),
    "power of two": lambda number: number > 0 and number & (number - 1) == 0,
    "replaceable": _replaceable,
    "rising": _in_order(lambda a, b: a <= b),
    "search tree": _search_tree,
    "sentence": lambda text: re.fullmatch(r"[A-Z][a-z]*( [a-z]+)*", text) is not None,
    "strictly rising": _in_order(lambda a, b: a < b),
    "tree": _connected,
    "words": lambda text: re.fullmatch(r"[^ ]+( [^ ]+)*", text) is not None,
}
