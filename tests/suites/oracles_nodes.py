"""Slow answers to the problems on linked lists, each from its statement alone."""

from collections.abc import Callable


def balanced_tree(head: list[int]) -> list[int | None]:
    """The lower of two middle values on top; any other balanced search tree is right as well."""
    levels: list[int | None] = []
    waiting = [head]
    while waiting:
        part = waiting.pop(0)
        middle = (len(part) - 1) // 2
        levels.append(part[middle] if part else None)
        if part:
            waiting += [part[:middle], part[middle + 1 :]]
    while levels and levels[-1] is None:
        levels.pop()
    return levels


def merged(lists: list[list[int]]) -> list[int]:
    remaining = [list(values) for values in lists if values]
    result = []
    while remaining:
        first = min(remaining, key=lambda values: values[0])
        result.append(first.pop(0))
        remaining = [values for values in remaining if values]
    return result


def reversed_groups(head: list[int], k: int) -> list[int]:
    group = head[:k]
    return group[::-1] + reversed_groups(head[k:], k) if len(group) == k else group


def parts(head: list[int], k: int) -> list[list[int]]:
    sizes = [0] * k
    for index in range(len(head)):
        sizes[index % k] += 1
    return [head[sum(sizes[:index]) : sum(sizes[: index + 1])] for index in range(k)]


ORACLES: dict[str, Callable[..., object]] = {
    "convert-sorted-list-to-binary-search-tree": balanced_tree,
    "linked-list-cycle": lambda head: head[1] >= 0,
    "merge-k-sorted-lists": merged,
    "remove-linked-list-elements": lambda head, val: [value for value in head if value != val],
    "reverse-nodes-in-k-group": reversed_groups,
    "split-linked-list-in-parts": parts,
}
