"""What the facts of a problem say of one slot (an argument, its length, its elements), given what is known so far."""

import ast
import math
from collections import defaultdict
from typing import Any

from codeq.data.suites import terms
from codeq.data.suites.constraints import Constraints
from codeq.data.suites.facts import TURNED, Comparison, Property, solved
from codeq.data.suites.terms import Environment, UnknownName


class Limits:
    """Bounds, equalities and properties by slot ("k", "nums.length", "nums[]", "edges[][0]")."""

    def __init__(self, constraints: Constraints) -> None:
        facts = [fact for _, fact in constraints.facts]
        self.comparisons = [fact for fact in facts if isinstance(fact, Comparison)]
        self.properties = [fact for fact in facts if isinstance(fact, Property)]
        self.symbols = [name for name, _ in constraints.symbols]
        self._sizes = {*self.symbols, *constraints.names}  # what equalities may give, beside lengths
        self._equal = list(constraints.symbols)
        self._sides: dict[str, list[tuple[str, ast.expr]]] = defaultdict(list)
        for fact in self.comparisons:
            self._enter(fact.left, fact.sign, fact.right)
            self._enter(fact.right, TURNED[fact.sign], fact.left)
        for symbol, term in constraints.symbols:
            if slot := terms.slot(term):
                self._equal.append((slot, ast.Name(symbol)))

    def columns(self, name: str) -> list[str]:
        """The slots of the fields of an argument's rows that are compared with something."""
        return [slot for slot in self._sides if slot.startswith(f"{name}[][") and slot[-2].isdigit()]

    def bounds(self, slot: str, known: Environment) -> tuple[int | None, int | None]:
        """The least and the greatest number that the known comparisons leave; None where there is none."""
        low: list[int] = []
        high: list[int] = []
        for sign, term in self._sides.get(slot, ()):
            if sign == "!=" or (value := _value(term, known)) is None:
                continue
            if sign in (">", ">=", "=="):
                low.append(math.floor(value) + 1 if sign == ">" else math.ceil(value))
            if sign in ("<", "<=", "=="):
                high.append(math.ceil(value) - 1 if sign == "<" else math.floor(value))
        return max(low, default=None), min(high, default=None)

    def rising(self, name: str) -> bool:
        """Whether a comparison puts the elements of an argument in order."""
        return any(
            sign in ("<", "<=") and ast.unparse(term) == f"{name}[i + 1]" for sign, term in self._sides[f"{name}[]"]
        )

    def bounds_others(self, name: str) -> bool:
        """Whether an argument alone bounds a length or elements from above: it is then the size of something."""
        for slot, sides in self._sides.items():
            above = [term for sign, term in sides if sign in ("<", "<=", "==")]
            named = any(name in terms.names(term) for term in above)
            if named and ("[" in slot or "." in slot) and not any(isinstance(term, ast.Constant) for term in above):
                return True
        return False

    def settle(self, known: dict[str, Any]) -> None:
        """Enter all sizes that equal known ones."""
        changed = True
        while changed:
            changed = False
            for slot, term in self._equal:
                if slot in known or not (slot in self._sizes or slot.endswith(".length")):
                    continue
                if (value := _value(term, known)) is not None:
                    known[slot], changed = int(value), True

    def allowed(self, *slots: str) -> tuple[Any, ...]:
        """The characters or numbers that the first line about one of these slots allows; () if there is none."""
        return next(
            (each.allowed for each in self.properties if each.name == "among" and terms.slot(each.terms[0]) in slots),
            (),
        )

    def has(self, name: str, *slots: str) -> bool:
        """Whether a property of this name is stated of one of the slots."""
        return any(
            each.name == name and any(terms.slot(term) in slots for term in each.terms) for each in self.properties
        )

    def home(self, name: str) -> str | None:
        """The argument of which this one is a member."""
        for each in self.properties:
            if each.name == "member" and terms.slot(each.terms[0]) == name:
                return terms.slot(each.terms[1])
        return None

    def _enter(self, left: ast.expr, sign: str, right: ast.expr) -> None:
        if slot := terms.slot(left):
            self._sides[slot].append((sign, right))
        if sign == "==" and (found := solved(left, right)):
            self._equal.append(found)


def _value(term: ast.expr, known: Environment) -> Any:
    """The (first) value of a term, None if it is unknown."""
    try:
        return next((value for _, value in terms.instances(term, known, {})), None)
    except UnknownName:
        return None
