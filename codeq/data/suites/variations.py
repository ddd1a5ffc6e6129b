"""Lists with structure from lists without: patterns within one, and near copies of another."""

from collections.abc import Sequence
from typing import TypeVar

from codeq.data.suites.draw import Draw

T = TypeVar("T")


def patterned(draw: Draw, values: list[int], distinct: bool) -> list[int]:
    """The values as they are, in order, or, unless they are distinct, only some of them, repeated."""
    count = len(values)
    if draw.scale == "large":
        pattern = draw.pick(("none", "order"))
    else:
        pattern = draw.pick(("none", "none", "none", "order", "few", "mostly one", "repeated piece"))
    if pattern == "order":
        return sorted(values, reverse=draw.chance(0.5))
    if distinct or not values:
        return values
    if pattern == "few":
        return draw.rng.choices(values[:3], k=count)
    if pattern == "mostly one":
        return [values[0] if draw.chance(0.7) else value for value in values]
    if pattern == "repeated piece":
        piece = values[: draw.rng.randint(1, max(1, count // 2))]
        repeated = (piece * count)[:count]
        return repeated if draw.chance(0.6) else draw.shuffled(repeated)
    return values


def variation(draw: Draw, model: Sequence[T], fresh: Sequence[T], distinct: bool) -> list[T]:
    """As many elements as `fresh` has: the model or a piece of it, else fresh ones, some moved or replaced."""
    count = len(fresh)
    start = draw.rng.randint(0, max(0, len(model) - count))
    values = [*model[start : start + count]]
    used = set(values) if distinct else set()
    values += [item for item in fresh if item not in used][: count - len(values)]
    if len(values) < count:
        return [*fresh]
    change = draw.pick(("none", "shuffle", "swap", "replace", "shuffle and replace"))
    if "shuffle" in change:
        values = draw.shuffled(values)
    if "swap" in change and count > 1:
        a, b = draw.rng.sample(range(count), 2)
        values[a], values[b] = values[b], values[a]
    if "replace" in change and count:
        new = draw.pick(fresh)
        if not (distinct and new in values):
            values[draw.rng.randrange(count)] = new
    return values
