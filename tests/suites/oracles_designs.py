"""Slow answers to the problems that ask for a class, and two more, each from its statement alone."""

import math
import random
from collections.abc import Callable
from typing import Any

Results = list[Any]  # of the constructor (None) and of each call

FUNCTIONS: tuple[Callable[[int, int], int], ...] = (
    lambda x, y: x + y,
    lambda x, y: x * y,
    lambda x, y: x**2 + y,
    lambda x, y: x + y**2,
    lambda x, y: x**2 + y**2,
    lambda x, y: (x + y) ** 2,
    lambda x, y: x**3 + y**3,
    lambda x, y: x**2 * y,
    lambda x, y: x * y**2,
)


def text_editor(names: list[str], lists: list[list[Any]]) -> Results:
    results: Results = [None]
    text, cursor = "", 0
    for name, (given,) in zip(names[1:], lists[1:], strict=True):
        if name == "addText":
            text = text[:cursor] + given + text[cursor:]
            cursor += len(given)
            results.append(None)
        elif name == "deleteText":
            start = max(0, cursor - given)
            results.append(cursor - start)
            text = text[:start] + text[cursor:]
            cursor = start
        else:
            cursor = max(0, cursor - given) if name == "cursorLeft" else min(len(text), cursor + given)
            results.append(text[max(0, cursor - 10) : cursor])
    return results


def hash_map(names: list[str], lists: list[list[int]]) -> Results:
    """What the last earlier put or remove of the key says."""
    results: Results = []
    for index, (name, arguments) in enumerate(zip(names, lists, strict=True)):
        history = [
            lists[earlier][1] if names[earlier] == "put" else -1
            for earlier in range(1, index)
            if names[earlier] in ("put", "remove") and lists[earlier][0] == arguments[0]
        ]
        results.append((history or [-1])[-1] if name == "get" else None)
    return results


def solutions(function_id: int, z: int) -> list[list[int]]:
    """Every function here is at least x and at least y."""
    numbers = range(1, z + 1)
    return [[x, y] for x in numbers for y in numbers if FUNCTIONS[function_id - 1](x, y) == z]


def points(names: list[str], lists: list[list[float]]) -> Results:
    radius, x, y = lists[0]
    results: Results = [None]
    for _ in names[1:]:
        distance, angle = radius * math.sqrt(random.random()), random.uniform(0, 2 * math.pi)
        results.append([x + distance * math.cos(angle), y + distance * math.sin(angle)])
    return results


def election(names: list[str], lists: list[list[Any]]) -> Results:
    persons, times = lists[0]
    results: Results = [None]
    for (asked,) in lists[1:]:
        cast = [person for person, time in zip(persons, times, strict=True) if time <= asked]
        results.append(max(cast[::-1], key=cast.count))  # of equals the one met first, the most recent
    return results


def range_sums(names: list[str], lists: list[list[Any]]) -> Results:
    numbers = lists[0][0]
    return [None] + [sum(numbers[index] for index in range(left, right + 1)) for left, right in lists[1:]]


ORACLES: dict[str, Callable[..., object]] = {
    "design-a-text-editor": text_editor,
    "design-hashmap": hash_map,
    "find-positive-integer-solution-for-a-given-equation": solutions,
    "generate-random-point-in-a-circle": points,
    "online-election": election,
    "range-sum-query-immutable": range_sums,
    "reverse-bits": lambda n: int(f"{n:032b}"[::-1], 2),
}
