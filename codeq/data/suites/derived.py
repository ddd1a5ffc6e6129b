"""Input generators derived from a problem's constraints, for problems whose arguments are plain.

`generator_of` reads the constraints and gives a generator that draws sizes first, then lists, strings and trees, then
single numbers, each within what is already known. Whatever still breaks a line is drawn again.
"""

import ast
import contextlib
import math
import random
import re
from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import Any

from codeq.data.suites import examples, terms
from codeq.data.suites.constraints import Constraints, Problem, parse
from codeq.data.suites.draw import LARGE, SCALES, Draw, RejectedDraw
from codeq.data.suites.facts import TURNED, Comparison, Property, solved
from codeq.data.suites.registry import Arguments, Generator
from codeq.data.suites.shapes import binary_tree, search_tree, tree_edges
from codeq.data.suites.terms import UnknownName

# The longest lists and texts where the references need more than about 50 ms for `LARGE` elements.
SMALLER = {
    "minimum-cost-to-split-an-array": 600,
    "sliding-window-median": 3_000,
}

_CELLS = 10_000  # of a large grid, or characters of a large list of strings
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
    kinds = _kinds(constraints)

    def generator(draw: Draw) -> Arguments:
        arguments = _Sketch(constraints, kinds, draw).arguments()
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


class _Sketch:
    """One input in the making: `known` holds sizes (by slot) and the arguments drawn so far (by name)."""

    def __init__(self, constraints: Constraints, kinds: dict[str, str], draw: Draw) -> None:
        self._kinds, self._draw = kinds, draw
        self._facts = [fact for _, fact in constraints.facts]
        self._symbols = [name for name, _ in constraints.symbols]
        self._equal = [(name, term) for name, term in constraints.symbols]
        self._limits: dict[str, list[tuple[str, ast.expr]]] = defaultdict(list)
        for fact in self._facts:
            if isinstance(fact, Comparison):
                for left, sign, right in (
                    (fact.left, fact.sign, fact.right),
                    (fact.right, TURNED[fact.sign], fact.left),
                ):
                    if name := terms.slot(left):
                        self._limits[name].append((sign, right))
                    if sign == "==" and (found := solved(left, right)):
                        self._equal.append(found)
        for symbol, term in constraints.symbols:
            if name := terms.slot(term):
                self._equal.append((name, ast.Name(symbol)))
        self.known: dict[str, Any] = {}
        self._cap = self._longest(constraints.problem.problem_id)

    def arguments(self) -> Arguments:
        """The input, which may still break a line. Raises RejectedDraw or NotDerivable."""
        self._draw_sizes()
        made: dict[str, object] = {}
        single = ("int", "float")
        for name, kind in sorted(self._kinds.items(), key=lambda item: item[1] in single):
            if name in self.known:  # a size
                made[name] = self.known[name]
                continue
            values = _MAKERS[kind](self, name)
            self.known[name] = values
            if kind == "TreeNode":
                grow = search_tree if self._has("search tree", f"{name}.levels") else binary_tree
                values = grow(self._draw, values)
            made[name] = values
        return [made[name] for name in self._kinds]

    # Sizes

    def _longest(self, problem_id: str) -> int:
        """The length of a large list, or the side of a large grid."""
        cap, width = SMALLER.get(problem_id, LARGE), 0
        for name, kind in self._kinds.items():
            columns = [slot for slot in self._limits if slot.startswith(f"{name}[][") and slot[-2].isdigit()]
            if kind == "List[str]" or (kind == "List[List[int]]" and not columns):
                return math.isqrt(min(cap, _CELLS))
            if kind not in ("int", "float", "str"):
                ends = [self._bounds(slot) for slot in columns or [f"{name}[]"]]
                width += sum(max(len(str(low)), len(str(high))) + 1 for low, high in ends)
        return min(cap, _CHARACTERS // max(width, 1))

    def _draw_sizes(self) -> None:
        lengths = [f"{name}.length" for name, kind in self._kinds.items() if kind not in ("int", "float")]
        rows = [f"{name}[].length" for name, kind in self._kinds.items() if kind == "List[List[int]]"]
        pending = [*self._symbols, *self._sizes(), *lengths, *rows]
        while True:
            self._settle()
            pending = [name for name in pending if name not in self.known]
            if not pending:
                return
            for name in pending:
                low, high = self._bounds(name)
                if high is not None:
                    large = self._cap - self._draw.rng.randrange(4)  # one of them is even
                    self.known[name] = self._draw.length(max(low or 0, 0), high, large)
                    break
            else:
                raise NotDerivable(f"no upper bound for {pending[0]}")
            if self.known[name] > high:
                raise RejectedDraw

    def _sizes(self) -> list[str]:
        """Numbers that alone bound the length or the elements of a list from above."""
        found = []
        for name in (name for name, kind in self._kinds.items() if kind == "int"):
            for other, limits in self._limits.items():
                above = [term for sign, term in limits if sign in ("<", "<=", "==")]
                mention = any(name in terms.names(term) for term in above)
                if mention and re.search(r"\[|\.", other) and not any(isinstance(term, ast.Constant) for term in above):
                    found.append(name)
        return found

    def _settle(self) -> None:
        """Enter all sizes that equal known ones."""
        changed = True
        while changed:
            changed = False
            for name, term in self._equal:
                if name not in self.known and (
                    name in self._symbols or name.endswith(".length") or name in self._kinds
                ):
                    value = self._value(term)
                    if value is not None:
                        self.known[name] = int(value)
                        changed = True

    def _value(self, term: ast.expr) -> Any:
        """The value of a term, None if it is unknown."""
        try:
            return next((value for _, value in terms.instances(term, self.known, {})), None)
        except UnknownName:
            return None

    def _bounds(self, slot: str) -> tuple[int | None, int | None]:
        """The least and the greatest number that the known limits of a slot leave."""
        low: list[int] = []
        high: list[int] = []
        for sign, term in self._limits[slot]:
            if sign == "!=" or (value := self._value(term)) is None:
                continue
            if sign in (">", ">=", "=="):
                low.append(math.floor(value) + 1 if sign == ">" else math.ceil(value))
            if sign in ("<", "<=", "=="):
                high.append(math.ceil(value) - 1 if sign == "<" else math.floor(value))
        return max(low, default=None), min(high, default=None)

    # Values

    def _allowed(self, *slots: str) -> tuple[Any, ...]:
        """The characters or numbers that the first line about one of these slots allows; () if there is none."""
        for fact in self._facts:
            if isinstance(fact, Property) and fact.name == "among" and terms.slot(fact.terms[0]) in slots:
                return fact.allowed
        return ()

    def _has(self, name: str, *slots: str) -> bool:
        """Whether a property of this name is stated of one of the slots."""
        return any(
            isinstance(fact, Property) and fact.name == name and any(terms.slot(term) in slots for term in fact.terms)
            for fact in self._facts
        )

    def _range(self, slot: str) -> tuple[int, int]:
        low, high = self._bounds(slot)
        if low is None or high is None:
            raise NotDerivable(f"no bounds for {slot}")
        if low > high:
            raise RejectedDraw
        return low, high

    def numbers(self, count: int, slot: str, distinct: bool = False) -> list[int]:
        """Numbers for a slot."""
        if allowed := self._allowed(slot, slot.removesuffix("[]"), slot.removesuffix("[][]")):
            return self._draw.rng.choices(allowed, k=count)
        low, high = self._range(slot)
        step = 2 if self._has("even", slot) else 1
        low, high = -(-low // step), high // step
        more = self._draw.pick((0, 0, 2, count)) if distinct else 0  # so that there are gaps
        drawn = self._draw.integers(min(count + more, max(count, high - low + 1)), low, high, distinct)
        return [step * number for number in drawn[:count]]

    def _array(self, name: str) -> list[int]:
        count = self.known[f"{name}.length"]
        distinct = self._has("distinct", name)
        values = self._patterned(self.numbers(count, f"{name}[]", distinct), distinct)
        for other in self._related(name, f"{name}[]"):
            values = self._variation(self.known[other], values, distinct)
        step = any(sign == "<=" and ast.unparse(term) == f"{name}[i + 1]" for sign, term in self._limits[f"{name}[]"])
        if step or self._has("rising", name) or self._has("strictly rising", name):
            values.sort()
        if self._has("falling", name):
            values.sort(reverse=True)
        return values

    def _patterned(self, values: list[int], distinct: bool) -> list[int]:
        """The values as they are, in order, or, if they may repeat, only some of them."""
        draw, count = self._draw, len(values)
        pattern = draw.pick(("none", "none", "none", "order", "few", "mostly one", "repeated piece"))
        if draw.scale == "large":
            pattern = draw.pick(("none", "order"))
        if pattern == "order":
            values.sort(reverse=draw.chance(0.5))
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

    def _related(self, name: str, slot: str) -> list[str]:
        """One earlier argument of the same kind and limits, in half of the draws; else none."""
        same = [
            other
            for other, kind in self._kinds.items()
            if other in self.known
            and kind == self._kinds[name]
            and self._bounds(slot) == self._bounds(slot.replace(name, other))
            and self._allowed(name, slot) == self._allowed(other, slot.replace(name, other))
        ]
        return [self._draw.pick(same)] if same and self._draw.chance(0.5) else []

    def _variation(self, model: Sequence[Any], fresh: Sequence[Any], distinct: bool) -> list[Any]:
        """A list as long as `fresh`: a piece of the model or all of it, fresh elements, some order changed."""
        draw, count = self._draw, len(fresh)
        start = draw.rng.randint(0, max(0, len(model) - count))
        values = [*model[start : start + count]]
        values += [item for item in fresh if not distinct or item not in values][: count - len(values)]
        if len(values) < count:
            return [*fresh]
        change = draw.pick(("none", "shuffle", "swap", "replace", "shuffle and replace"))
        if "shuffle" in change:
            values = draw.shuffled(values)
        if "swap" in change and count > 1:
            a, b = draw.rng.sample(range(count), 2)
            values[a], values[b] = values[b], values[a]
        if "replace" in change and count and (new := draw.pick(fresh)) and not (distinct and new in values):
            values[draw.rng.randrange(count)] = new
        return values

    def _text(self, name: str) -> str:
        text = self._characters(self.known[f"{name}.length"], name, f"{name}[]")
        for other in self._related(name, name):
            text = "".join(self._variation(self.known[other], list(text), distinct=False))
        return text

    def _characters(self, count: int, *slots: str) -> str:
        alphabet = "".join(map(str, self._allowed(*slots)))
        if not alphabet:
            raise NotDerivable(f"no alphabet for {slots[0]}")
        text = self._draw.text(count, alphabet)
        if self._has("no leading zeros", *slots) and count > 1 and text[0] == "0":
            text = self._draw.pick("123456789") + text[1:]
        return text

    def _words(self, name: str) -> list[str]:
        low, high = self._range(f"{name}[].length")
        words: list[str] = []
        for _ in range(_TRIES * self.known[f"{name}.length"]):
            if len(words) == self.known[f"{name}.length"]:
                return words
            word = self._characters(self._draw.length(low, high), f"{name}[]", name)
            if words and self._draw.chance(0.3):  # much like an earlier one
                word = "".join(self._variation(self._draw.pick(words), list(word), distinct=False))
            if word not in words or not self._has("distinct", name):
                words.append(word)
        raise RejectedDraw

    def _table(self, name: str) -> list[list[int]]:
        count, width = self.known[f"{name}.length"], self.known[f"{name}[].length"]
        if not self._limits[f"{name}[][0]"]:
            cells = self.numbers(count * width, f"{name}[][]", self._has("distinct cells", name))
            return [cells[row * width : (row + 1) * width] for row in range(count)]
        if self._has("tree", name):
            return tree_edges(self._draw, count + 1, self._range(f"{name}[][0]")[0])
        columns = [self.numbers(count, f"{name}[][{place}]") for place in range(width)]
        about = [fact for fact in self._facts if isinstance(fact, Comparison) and self._within(fact, name)]
        known = dict(self.known)
        seen: set[tuple[int, ...]] = set()
        rows: list[list[int]] = []
        for _ in range(_TRIES * count):
            if len(rows) == count:
                return rows
            row = [self._draw.pick(column) for column in columns]
            known[name] = [row]
            if all(fact.holds(known) for fact in about):
                if tuple(row) not in seen or not (self._has("distinct", name) or self._has("distinct edges", name)):
                    rows.append(row)
                seen.add(tuple(row))
        raise RejectedDraw

    def _within(self, fact: Comparison, name: str) -> bool:
        """Whether both sides are fields of a row of the argument."""
        return all(name in terms.names(side) and "length" not in ast.unparse(side) for side in (fact.left, fact.right))

    def _number(self, name: str) -> int:
        for fact in self._facts:
            if isinstance(fact, Property) and fact.name == "member" and terms.slot(fact.terms[0]) == name:
                return int(self._draw.pick(self.known[terms.slot(fact.terms[1]) or ""]))
        low, high = self._range(name)
        same = [
            other
            for other, kind in self._kinds.items()
            if kind in ("List[int]", "TreeNode", "ListNode")
            and self._bounds(f"{other}[]") == (low, high)
            and self.known[other]
        ]
        if same and self._draw.chance(0.7):  # an element, or next to one
            near: int = self._draw.pick(self.known[self._draw.pick(same)]) + self._draw.pick((-1, 0, 0, 0, 1))
            return min(max(near, low), high)
        return self._draw.integer(low, high)

    def _float(self, name: str) -> float:
        low, high = self._range(name)
        return self._draw.integer(100 * low, 100 * high) / 100


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
