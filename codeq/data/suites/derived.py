"""Input generators derived from a problem's constraints, for problems whose arguments are plain.

`generator_of` reads the constraints and gives a generator that draws sizes first, then lists, strings and trees, then
single numbers, each within what is already known. Whatever still breaks a line is drawn again.
"""

import ast
import contextlib
import math
import random
import re
from collections.abc import Callable
from typing import Any

from codeq.data.suites import examples, terms
from codeq.data.suites.constraints import Constraints, Problem, parse
from codeq.data.suites.draw import LARGE, SCALES, Draw, RejectedDraw
from codeq.data.suites.facts import Comparison
from codeq.data.suites.limits import Limits
from codeq.data.suites.registry import Arguments, Generator
from codeq.data.suites.shapes import binary_tree, search_tree, tree_edges
from codeq.data.suites.variations import patterned, variation

# The longest lists and texts where the references need more than about 50 ms for `LARGE` elements.
SMALLER = {"minimum-cost-to-split-an-array": 600}

_CELLS = 10_000  # of a large grid, or characters of a large list of strings
_NODES = 5_000  # of a large tree, which may be a path: recursive solutions go as deep
_CHARACTERS = 130_000  # of a large input as text
_TRIES = 30
_KINDS = ("int", "float", "str", "List[int]", "List[str]", "List[List[int]]", "TreeNode", "ListNode")


class NotDerivable(Exception):  # noqa: N818 - says what the problem is
    """The constraints do not tell how to make an input; the message says why."""


def generator_of(problem: Problem) -> Generator:
    """A generator of inputs that keep every line of the constraints. Raises NotDerivable."""
    constraints = parse(problem)
    if constraints.unread:
        raise NotDerivable(f"unread line: {constraints.unread[0]}")
    limits, kinds = Limits(constraints), _kinds(constraints)
    cap = _longest(problem.problem_id, limits, kinds)

    def generator(draw: Draw) -> Arguments:
        arguments = _Sketch(limits, kinds, cap, draw).arguments()
        if constraints.violations(arguments):
            raise RejectedDraw
        return arguments

    made = 0
    for attempt in range(_TRIES):
        with contextlib.suppress(RejectedDraw):
            made += bool(generator(Draw(random.Random(attempt), SCALES[attempt % 4])))
    if made < _TRIES // 4:
        raise NotDerivable("few draws keep all lines")
    return generator


def _kinds(constraints: Constraints) -> dict[str, str]:
    """The type of every parameter, from its annotation or else its first example. Raises NotDerivable."""
    problem = constraints.problem
    shown = next((list(found.values()) for text in problem.examples if (found := examples.read(text).arguments)), [])
    kinds: dict[str, str] = {}
    for name, (_, annotation), value in zip(constraints.names, problem.parameters, shown, strict=False):
        kind = re.sub(r"^Optional\[(.*)\]$", r"\1", annotation).replace("list[", "List[") or _kind(value)
        kinds[name] = kind if kind != "list" else _kind(value)
    if len(kinds) != len(constraints.names) or not kinds:
        raise NotDerivable("the parameters are not those of the examples")
    for name, kind in kinds.items():
        if kind not in _KINDS:
            raise NotDerivable(f"{name} is of type {kind}")
    return kinds


def _kind(value: object) -> str:
    return f"List[{_kind(value[0])}]" if isinstance(value, list) and value else type(value).__name__


def _longest(problem_id: str, limits: Limits, kinds: dict[str, str]) -> int:
    """The length of a large list, or the side of a large grid."""
    cap, width = SMALLER.get(problem_id, LARGE), 0
    for name, kind in kinds.items():
        columns = limits.columns(name)
        if kind == "List[str]" or (kind == "List[List[int]]" and not columns):
            return math.isqrt(min(cap, _CELLS))
        if kind == "TreeNode":
            cap = min(cap, _NODES)
        if kind not in ("int", "float", "str"):
            ends = [limits.bounds(slot, {}) for slot in columns or [f"{name}[]"]]
            width += sum(max(len(str(low)), len(str(high))) + 1 for low, high in ends)
    return min(cap, _CHARACTERS // max(width, 1))


class _Sketch:
    """One input in the making: `known` holds sizes by slot and the arguments drawn so far by name."""

    def __init__(self, limits: Limits, kinds: dict[str, str], cap: int, draw: Draw) -> None:
        self._limits, self._kinds, self._cap, self._draw = limits, kinds, cap, draw
        self._known: dict[str, Any] = {}

    def arguments(self) -> Arguments:
        """The input, which may still break a line. Raises RejectedDraw or NotDerivable."""
        self._draw_sizes()
        made: dict[str, object] = {}
        for name, kind in sorted(self._kinds.items(), key=lambda item: item[1] in ("int", "float")):
            if name not in self._known:  # else it is a size
                self._known[name] = _MAKERS[kind](self, name)
            made[name] = self._known[name]
            if kind == "TreeNode":
                grow = search_tree if self._limits.has("search tree", f"{name}.levels") else binary_tree
                made[name] = grow(self._draw, self._known[name])
        return [made[name] for name in self._kinds]

    def _draw_sizes(self) -> None:
        numbers = [name for name, kind in self._kinds.items() if kind == "int" and self._limits.bounds_others(name)]
        lengths = [f"{name}.length" for name, kind in self._kinds.items() if kind not in ("int", "float")]
        rows = [f"{name}[].length" for name, kind in self._kinds.items() if kind == "List[List[int]]"]
        pending = [*self._limits.symbols, *numbers, *lengths, *rows]
        while True:
            self._limits.settle(self._known)
            pending = [slot for slot in pending if slot not in self._known]
            if not pending:
                return
            for slot in pending:
                low, high = self._limits.bounds(slot, self._known)
                if high is not None:
                    break
            else:
                raise NotDerivable(f"no upper bound for {pending[0]}")
            if high < max(low or 0, 0):
                raise RejectedDraw
            large = self._cap - self._draw.rng.randrange(4)  # even or odd
            self._known[slot] = self._draw.length(max(low or 0, 0), high, large)

    def _range(self, slot: str) -> tuple[int, int]:
        low, high = self._limits.bounds(slot, self._known)
        if low is None or high is None:
            raise NotDerivable(f"no bounds for {slot}")
        if low > high:
            raise RejectedDraw
        return low, high

    def _numbers(self, count: int, slot: str, distinct: bool = False) -> list[int]:
        if allowed := self._limits.allowed(slot, slot.removesuffix("[]"), slot.removesuffix("[][]")):
            return self._draw.rng.choices(allowed, k=count)
        low, high = self._range(slot)
        step = 2 if self._limits.has("even", slot) else 1
        low, high = -(-low // step), high // step
        more = self._draw.pick((0, 0, 2, count)) if distinct else 0  # so that there are gaps
        drawn = self._draw.integers(min(count + more, max(count, high - low + 1)), low, high, distinct)
        return [step * number for number in drawn[:count]]

    def _array(self, name: str) -> list[int]:
        distinct = self._limits.has("distinct", name)
        values = self._numbers(self._known[f"{name}.length"], f"{name}[]", distinct)
        values = patterned(self._draw, values, distinct)
        if (model := self._model(name, f"{name}[]")) is not None:
            values = variation(self._draw, model, values, distinct)
        if self._limits.rising(name) or self._limits.has("rising", name) or self._limits.has("strictly rising", name):
            values.sort()
        if self._limits.has("falling", name):
            values.sort(reverse=True)
        return values

    def _model(self, name: str, slot: str) -> Any:
        """In half of the draws, an earlier argument with the same limits as this one; else None."""
        same = [
            other
            for other, kind in self._kinds.items()
            if other in self._known and kind == self._kinds[name] and self._alike(slot, slot.replace(name, other))
        ]
        return self._known[self._draw.pick(same)] if same and self._draw.chance(0.5) else None

    def _alike(self, slot: str, other: str) -> bool:
        def limits(slot: str) -> tuple[object, ...]:
            return (*self._limits.bounds(slot, self._known), self._limits.allowed(slot, slot.removesuffix("[]")))

        return limits(slot) == limits(other)

    def _text(self, name: str) -> str:
        text = self._characters(self._known[f"{name}.length"], name, f"{name}[]")
        model = self._model(name, name)
        return text if model is None else "".join(variation(self._draw, model, text, distinct=False))

    def _characters(self, count: int, *slots: str) -> str:
        alphabet = "".join(map(str, self._limits.allowed(*slots)))
        if not alphabet:
            raise NotDerivable(f"no alphabet for {slots[0]}")
        text = self._draw.text(count, alphabet)
        if self._limits.has("no leading zeros", *slots) and count > 1 and text[0] == "0":
            text = self._draw.pick("123456789") + text[1:]
        return text

    def _words(self, name: str) -> list[str]:
        count, (low, high) = self._known[f"{name}.length"], self._range(f"{name}[].length")
        distinct = self._limits.has("distinct", name)
        words: list[str] = []
        for _ in range(_TRIES * count):
            if len(words) == count:
                break
            word = self._characters(self._draw.length(low, high), f"{name}[]", name)
            if words and self._draw.chance(0.3):  # much like an earlier one
                word = "".join(variation(self._draw, self._draw.pick(words), word, distinct=False))
            if word not in words or not distinct:
                words.append(word)
        return words

    def _table(self, name: str) -> list[list[int]]:
        count, width = self._known[f"{name}.length"], self._known[f"{name}[].length"]
        if not self._limits.columns(name):
            cells = self._numbers(count * width, f"{name}[][]", self._limits.has("distinct cells", name))
            return [cells[row * width : (row + 1) * width] for row in range(count)]
        if self._limits.has("tree", name):
            return tree_edges(self._draw, count + 1, self._range(f"{name}[][0]")[0])
        columns = [self._numbers(count, f"{name}[][{place}]") for place in range(width)]
        rules = [fact for fact in self._limits.comparisons if _within(fact, name)]
        distinct = self._limits.has("distinct", name) or self._limits.has("distinct edges", name)
        known = dict(self._known)
        seen: set[tuple[int, ...]] = set()
        rows: list[list[int]] = []
        for _ in range(_TRIES * count):
            if len(rows) == count:
                break
            row = [self._draw.pick(column) for column in columns]
            known[name] = [row]
            if not (distinct and tuple(row) in seen) and all(fact.holds(known) for fact in rules):
                seen.add(tuple(row))
                rows.append(row)
        return rows

    def _number(self, name: str) -> int:
        if home := self._limits.home(name):
            return int(self._draw.pick(self._known[home]))
        low, high = self._range(name)
        lists = [
            values
            for other, values in self._known.items()
            if self._kinds.get(other) in ("List[int]", "TreeNode", "ListNode") and values
            if self._limits.bounds(f"{other}[]", self._known) == (low, high)
        ]
        if lists and self._draw.chance(0.7):  # an element, or next to one
            near: int = self._draw.pick(self._draw.pick(lists)) + self._draw.pick((-1, 0, 0, 0, 1))
            return min(max(near, low), high)
        return self._draw.integer(low, high)

    def _float(self, name: str) -> float:
        low, high = self._range(name)
        return self._draw.integer(100 * low, 100 * high) / 100


def _within(fact: Comparison, name: str) -> bool:
    """Whether both sides are about the fields of a row of the argument."""
    sides = (fact.left, fact.right)
    return all(name in terms.names(side) and "length" not in ast.unparse(side) for side in sides)


_MAKERS: dict[str, Callable[[_Sketch, str], Any]] = {
    "int": _Sketch._number,
    "float": _Sketch._float,
    "str": _Sketch._text,
    "List[int]": _Sketch._array,
    "List[str]": _Sketch._words,
    "List[List[int]]": _Sketch._table,
    "TreeNode": _Sketch._array,
    "ListNode": _Sketch._array,
}
