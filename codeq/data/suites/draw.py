"""`Draw`: a seeded source of test inputs at one scale, from tiny to large.

Generators ask it for lengths, numbers and texts within a problem's constraints; the scale decides
where in these bounds they fall. Small inputs take their values from a narrow window, so that ties,
repetitions and near misses happen, which is where wrong programs differ.
"""

import random
from collections.abc import Sequence
from typing import Literal, TypeVar, get_args

Scale = Literal["tiny", "small", "medium", "extreme", "large"]
SCALES: tuple[Scale, ...] = get_args(Scale)
LARGE = 20_000  # elements: quadratic Python needs over ten seconds for it, linear Python a few milliseconds

T = TypeVar("T")


class RejectedDraw(Exception):  # noqa: N818 - a draw that came to nothing, not an error
    """The generator could not finish this input; another draw may do."""


class Draw:
    """Random inputs of one scale. `rng` is free for whatever has no method here."""

    def __init__(self, rng: random.Random, scale: Scale) -> None:
        self.rng, self.scale = rng, scale

    def length(self, low: int, high: int, large: int = LARGE) -> int:
        """A length of low..high: near `low` if tiny or small, at most 40 if medium, `large` (or `high`) if large."""
        if self.scale == "large":
            return max(low, min(high, large))
        most = {"tiny": low + 2, "small": max(low + 3, 8), "medium": 40, "extreme": max(low + 3, 8)}[self.scale]
        return self.rng.randint(low, max(low, min(high, most)))

    def integer(self, low: int, high: int) -> int:
        """A number of low..high: often near zero or an end, at an end half of the time if extreme."""
        return self.integers(1, low, high)[0]

    def integers(self, count: int, low: int, high: int, distinct: bool = False) -> list[int]:
        """`count` numbers of low..high, all from one window of these bounds, in random order."""
        if distinct and count > high - low + 1:
            raise RejectedDraw
        ends = [low, low + 1, high - 1, high] if high > low else [low]
        low, high = self._window(low, high, count if distinct else 1)
        if distinct:
            return self.rng.sample(range(low, high + 1), count)
        drawn = [self.rng.randint(low, high) for _ in range(count)]
        if self.scale == "extreme":
            drawn = [self.rng.choice(ends) if self.rng.random() < 0.5 else number for number in drawn]
        return drawn

    def text(self, count: int, alphabet: str) -> str:
        """`count` characters, of one to three different ones where inputs are small, else of a random part."""
        most = {"tiny": 2, "small": 3, "medium": 8}.get(self.scale, len(alphabet))
        return "".join(self.rng.choices(self.some(list(alphabet), 1, most), k=count))

    def some(self, items: Sequence[T], low: int, high: int) -> list[T]:
        """low..high different ones of `items` (at most all), in random order."""
        return self.rng.sample(items, self.rng.randint(min(low, len(items)), min(high, len(items))))

    def pick(self, items: Sequence[T]) -> T:
        """One of `items`."""
        return self.rng.choice(items)

    def chance(self, probability: float) -> bool:
        """True with this probability."""
        return self.rng.random() < probability

    def shuffled(self, items: Sequence[T]) -> list[T]:
        """`items` in random order."""
        return self.rng.sample(items, len(items))

    def _window(self, low: int, high: int, least: int) -> tuple[int, int]:
        """A part of low..high with at least `least` numbers; all of it if extreme or large."""
        if self.scale in ("extreme", "large"):
            return low, high
        width = max(
            least,
            self.rng.choice({"tiny": (2, 3, 5), "small": (3, 6, 10, 20), "medium": (5, 30, 100)}.get(self.scale, (9,))),
        )
        if (self.scale == "medium" and self.rng.random() < 0.4) or high - low < width:
            return low, high
        # Near zero, where the sign changes; near the lower end, where most constraints lie.
        start = self.rng.choice((low, low, -width // 2, 0, 1, self.rng.randint(low, high)))
        start = min(max(start, low), high - width + 1)
        return start, start + width - 1
