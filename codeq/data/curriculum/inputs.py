"""Seeded input generators: each returns a `Draw`, a function from a `random.Random` to one value."""

from collections.abc import Callable, Sequence
from random import Random
from typing import Any

Draw = Callable[[Random], Any]

LETTERS = "abcdefghijklmnopqrstuvwxyz"


def integers(lo: int, hi: int) -> Draw:
    """Integers from `lo` to `hi`, both included."""
    return lambda rng: rng.randint(lo, hi)


def booleans() -> Draw:
    return lambda rng: rng.random() < 0.5


def choices(*values: Any) -> Draw:
    """One of the given values."""
    return lambda rng: rng.choice(values)


def one_of(*draws: Draw) -> Draw:
    """A value of one of several generators."""
    return lambda rng: rng.choice(draws)(rng)


def words(lo: int, hi: int, letters: str = LETTERS) -> Draw:
    """Strings of `lo` to `hi` characters; few distinct `letters` make repetitions likely."""
    return lambda rng: "".join(rng.choice(letters) for _ in range(rng.randint(lo, hi)))


def palindromes(hi: int, letters: str = LETTERS) -> Draw:
    """Strings that read the same backwards, of at most `hi` characters."""

    def draw(rng: Random) -> str:
        half: str = words(0, hi // 2, letters)(rng)
        return half + half[::-1] if rng.random() < 0.5 else half + half[-2::-1]

    return draw


def sentences(word: Draw, lo: int, hi: int) -> Draw:
    """`lo` to `hi` words joined by single spaces."""
    return lambda rng: " ".join(word(rng) for _ in range(rng.randint(lo, hi)))


def lists(of: Draw, lo: int, hi: int) -> Draw:
    """Lists of `lo` to `hi` independent values."""
    return lambda rng: [of(rng) for _ in range(rng.randint(lo, hi))]


def sorted_lists(of: Draw, lo: int, hi: int) -> Draw:
    """Ascending lists; values may repeat."""
    return lambda rng: sorted(lists(of, lo, hi)(rng))


def distinct_lists(of: Draw, lo: int, hi: int) -> Draw:
    """Lists without repeated values, so possibly shorter than drawn (never shorter than min(lo, 1))."""
    return lambda rng: list(dict.fromkeys(lists(of, lo, hi)(rng)))


def sets(of: Draw, lo: int, hi: int) -> Draw:
    return lambda rng: set(lists(of, lo, hi)(rng))


def tuples(*parts: Draw) -> Draw:
    """One tuple with a value of each part."""
    return lambda rng: tuple(part(rng) for part in parts)


def dicts(keys: Draw, values: Draw, lo: int, hi: int) -> Draw:
    """Dicts of at most `hi` entries (repeated keys collapse)."""
    return lambda rng: {keys(rng): values(rng) for _ in range(rng.randint(lo, hi))}


def grids(of: Draw, rows: tuple[int, int], columns: tuple[int, int]) -> Draw:
    """Rectangular lists of lists."""

    def draw(rng: Random) -> list[list[Any]]:
        width = rng.randint(*columns)
        return [[of(rng) for _ in range(width)] for _ in range(rng.randint(*rows))]

    return draw


def squares(of: Draw, lo: int, hi: int) -> Draw:
    """Square grids of `lo` to `hi` rows."""

    def draw(rng: Random) -> list[list[Any]]:
        size = rng.randint(lo, hi)
        return [[of(rng) for _ in range(size)] for _ in range(size)]

    return draw


def nested(of: Draw, depth: int, width: int) -> Draw:
    """Lists whose members are values or, down to `depth` levels, lists of the same make."""

    def draw(rng: Random, level: int = 0) -> list[Any]:
        members = range(rng.randint(0, width))
        return [draw(rng, level + 1) if level < depth and rng.random() < 0.4 else of(rng) for _ in members]

    return draw


def binary_trees(of: Draw, depth: int) -> Draw:
    """Dicts with value, left and right, where None is a missing child (or the whole tree)."""

    def draw(rng: Random, levels: int = depth) -> dict[str, Any] | None:
        if levels == 0 or rng.random() < 0.35:
            return None
        return {"value": of(rng), "left": draw(rng, levels - 1), "right": draw(rng, levels - 1)}

    return draw


def with_member(items: Draw, *, present: float = 0.6, otherwise: Draw) -> Draw:
    """A whole argument list ``[items, target]`` whose target is a member of items with probability `present`."""

    def draw(rng: Random) -> list[Any]:
        values = items(rng)
        member = bool(values) and rng.random() < present
        return [values, rng.choice(list(values)) if member else otherwise(rng)]

    return draw


def with_shuffled(items: Draw) -> Draw:
    """A whole argument list of two strings or lists: half the time the second has the members of the first."""

    def draw(rng: Random) -> list[Any]:
        value = items(rng)
        if rng.random() < 0.5:
            return [value, items(rng)]
        members = rng.sample(value, len(value))
        return [value, "".join(members) if isinstance(value, str) else members]

    return draw


def equal_lengths(*of: Draw, lo: int, hi: int) -> Draw:
    """A whole argument list of lists that all have the same length."""

    def draw(rng: Random) -> list[Any]:
        length = rng.randint(lo, hi)
        return [[part(rng) for _ in range(length)] for part in of]

    return draw


def operations(name: str, arguments: Sequence[Draw] = (), *, calls: tuple[int, int] = (2, 8), **methods: Any) -> Draw:
    """A whole argument list ``[names, arglists]``: the class and its constructor's arguments, then method calls.

    `methods` maps each method to the generators of its arguments, for example ``push=[integers(0, 9)]``.
    """

    def draw(rng: Random) -> list[Any]:
        names, arglists = [name], [[part(rng) for part in arguments]]
        for _ in range(rng.randint(*calls)):
            method = rng.choice(list(methods))
            names.append(method)
            arglists.append([part(rng) for part in methods[method]])
        return [names, arglists]

    return draw
