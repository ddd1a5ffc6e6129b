"""Facts about the arguments of a problem, which its constraint lines state and an input keeps or breaks."""

import ast
import itertools
import operator
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from codeq.data.suites import terms
from codeq.data.suites.properties import PROPERTIES
from codeq.data.suites.terms import Environment


@dataclass(frozen=True)
class Comparison:
    """`left` `sign` `right` holds for all indices."""

    left: ast.expr
    sign: str
    right: ast.expr

    def holds(self, known: Environment) -> bool:
        """Whether it does. Raises UnknownName."""
        left, right, compare = self.left, self.right, _COMPARE[self.sign]
        if terms.letters(right) > terms.letters(left):  # where letters get their range comes first
            left, right, compare = right, left, _COMPARE[TURNED[self.sign]]
        return all(
            compare(first, second)
            for binding, first in terms.instances(left, known, {})
            for _, second in terms.instances(right, known, binding)
        )


@dataclass(frozen=True)
class Property:
    """The named one of `PROPERTIES` holds for the terms, taken together, for all indices."""

    name: str
    terms: tuple[ast.expr, ...]
    allowed: tuple[object, ...] = ()  # characters or numbers, for "among"

    def holds(self, known: Environment) -> bool:
        """Whether it does. Raises UnknownName."""
        rule = PROPERTIES[self.name]
        columns = [[value for _, value in terms.instances(term, known, {})] for term in self.terms]
        rest = (set(self.allowed),) if self.allowed else ()
        return all(rule(*chosen, *rest) for chosen in itertools.product(*columns))


Fact = Comparison | Property

TURNED = {"<=": ">=", "<": ">", ">=": "<=", ">": "<", "==": "==", "!=": "!="}
_COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "<=": operator.le,
    "<": operator.lt,
    ">=": operator.ge,
    ">": operator.gt,
    "==": operator.eq,
    "!=": operator.ne,
}


def comparisons(parts: Sequence[Sequence[ast.expr]], signs: Sequence[str]) -> Iterator[Comparison]:
    """All that a chain says: of its neighbours, and of others if all signs between them point the same way."""
    for first, last in itertools.combinations(range(len(parts)), 2):
        between = set(signs[first:last]) - {"=="}
        sign = next(iter(between), "==") if len(between) < 2 else "<" if between == {"<", "<="} else None
        if sign is not None and (sign != "!=" or last == first + 1):
            yield from (Comparison(left, sign, right) for left in parts[first] for right in parts[last])


def solved(left: ast.expr, right: ast.expr) -> tuple[str, ast.expr] | None:
    """The name or length that ``left == right`` gives, and the term for it: n, from ``n - 1 == a.length``."""
    match left:
        case ast.Name() | ast.Attribute() if name := terms.slot(left):
            return name, right
        case ast.BinOp(left=ast.Name(id=name), op=ast.Sub(), right=ast.Constant() as number):
            return name, ast.BinOp(right, ast.Add(), number)
        case ast.BinOp(left=ast.Name(id=name), op=ast.Add(), right=ast.Constant() as number):
            return name, ast.BinOp(right, ast.Sub(), number)
        case ast.BinOp(left=ast.Constant() as number, op=ast.Mult(), right=ast.Name(id=name)):
            return name, ast.BinOp(right, ast.FloorDiv(), number)
    return None
