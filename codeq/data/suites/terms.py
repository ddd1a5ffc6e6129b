"""The arithmetic in constraint lines: terms such as ``2 * 104``, ``nums[i].length`` or ``min(n - 1, 100)``.

A term is an `ast` expression of numbers, names, subscripts, ``.length``, ``+ - * / **``, min, max and sum.
Published constraints have lost their exponents: 105 means 10 ** 5, -231 means -2 ** 31, 2n - 1 means
2 ** n - 1. A number is such a power if it is 103..109, 1010..1018, or 2 before 28, 31, 32, 63 or 64.
"""

import ast
import operator
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

Environment = Mapping[str, Any]  # values by name; "nums.length" (a slot) may stand there before nums does
Binding = dict[str, int]  # index letters, which run over all valid indices

_POWERS = re.compile(r"(?<![\w.^*])(?:(10)([3-9]|1[0-8])|(2)(28|31|32|63|64)|(2)([a-z]))(?![\w.])")
_OPERATORS: dict[type, Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.Pow: operator.pow,
}
_CALLS: dict[str, Callable[[list[Any]], Any]] = {"min": min, "max": max, "sum": sum}


class UnreadTerm(ValueError):  # noqa: N818 - says what the text is, not what went wrong
    """The text is no term."""


class UnknownName(LookupError):  # noqa: N818 - another part may know it
    """A name of the term has no value here."""


def read(text: str) -> ast.expr:
    """The term that a text writes. Raises UnreadTerm."""
    text = _POWERS.sub(lambda found: "**".join(part for part in found.groups() if part), text).replace("^", "**")
    try:
        node = ast.parse(text.strip(), mode="eval").body
    except (SyntaxError, ValueError) as error:
        raise UnreadTerm(text) from error
    return _checked(node)


def names(node: ast.expr) -> set[str]:
    """The names in a term, index letters too, functions not."""
    functions = {id(part.func) for part in ast.walk(node) if isinstance(part, ast.Call)}
    return {part.id for part in ast.walk(node) if isinstance(part, ast.Name) and id(part) not in functions}


def index_names(node: ast.expr) -> set[str]:
    """The names in square brackets: those without a value are index letters."""
    subscripts = [part for part in ast.walk(node) if isinstance(part, ast.Subscript)]
    return {part.id for subscript in subscripts for part in ast.walk(subscript.slice) if isinstance(part, ast.Name)}


def letters(node: ast.expr) -> set[str]:
    """Index letters that stand alone in square brackets and so get a range there, if they have no value."""
    subscripts = [part for part in ast.walk(node) if isinstance(part, ast.Subscript)]
    return {subscript.slice.id for subscript in subscripts if isinstance(subscript.slice, ast.Name)}


def slot(node: ast.expr) -> str | None:
    """What part of an argument a term is, whatever its letters: "k", "nums.length", "edges[][0]"; None if none."""
    match node:
        case ast.Name(id=name):
            return name
        case ast.Attribute(value=inner, attr=what) if base := slot(inner):
            return f"{base}.{what}"
        case ast.Subscript(value=inner, slice=ast.Name()) if base := slot(inner):
            return f"{base}[]"
        case ast.Subscript(value=inner, slice=ast.Constant(value=place)) if base := slot(inner):
            return f"{base}[{place!r}]"
    return None


def instances(node: ast.expr, known: Environment, bound: Binding) -> Iterator[tuple[Binding, Any]]:
    """The values of a term for all its free indices, each with its binding; none for an index out of range.

    Raises UnknownName.
    """
    match node:
        case ast.Constant(value=value):
            yield bound, value
        case ast.Name(id=name):
            if name not in known and name not in bound:
                raise UnknownName(name)
            yield bound, known[name] if name in known else bound[name]
        case ast.Attribute(value=inner):
            if (key := slot(node)) and key in known:
                yield bound, known[key]
            else:
                for binding, value in instances(inner, known, bound):
                    yield binding, len(value)
        case ast.Subscript(value=inner, slice=ast.Name(id=name)) if name not in known and name not in bound:
            for binding, value in instances(inner, known, bound):
                for index, item in enumerate(value):
                    yield {**binding, name: index}, item
        case ast.Subscript(value=inner, slice=ast.Slice(lower=ast.Constant(value=low), step=ast.Constant(value=step))):
            for binding, value in instances(inner, known, bound):
                yield binding, value[low::step]
        case ast.Subscript(value=inner, slice=index_node):
            for binding, value in instances(inner, known, bound):
                for after, index in instances(index_node, known, binding):
                    if 0 <= index < len(value):
                        yield after, value[index]
        case ast.UnaryOp(operand=inner):
            for binding, value in instances(inner, known, bound):
                yield binding, -value
        case ast.BinOp(left=left, op=sign, right=right):
            for binding, first in instances(left, known, bound):
                for after, second in instances(right, known, binding):
                    yield after, _OPERATORS[type(sign)](first, second)
        case ast.Call(func=ast.Name(id=name), args=parts):
            yield bound, _CALLS[name]([value for part in parts for _, value in instances(part, known, bound)])
        case _:
            raise AssertionError(ast.dump(node))


def _checked(node: ast.expr) -> ast.expr:
    """The term, constant parts computed. Raises UnreadTerm for what is none."""
    match node:
        case ast.Constant(value=int()) | ast.Name():
            return node
        case ast.Attribute(attr="length" | "levels", value=inner):
            _checked(inner)
        case ast.Subscript(value=inner, slice=ast.Slice(lower=ast.Constant(), upper=None, step=ast.Constant())):
            _checked(inner)
        case ast.Subscript(value=inner, slice=index):
            _checked(inner)
            _checked(index)
        case ast.UnaryOp(op=ast.USub(), operand=inner):
            node.operand = _checked(inner)
        case ast.BinOp(left=left, op=sign, right=right) if type(sign) in _OPERATORS:
            node.left, node.right = _checked(left), _checked(right)
        case ast.Call(func=ast.Name(id=name), args=parts, keywords=[]) if name in _CALLS and parts:
            for part in parts:
                _checked(part)
        case _:
            raise UnreadTerm(ast.unparse(node))
    if isinstance(node, ast.BinOp | ast.UnaryOp) and not names(node):
        return ast.Constant(next(value for _, value in instances(node, {}, {})))
    return node
