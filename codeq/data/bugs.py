"""The bug injector: DebugBench's categories of bugs, as edits on tokens and syntax tree.

`edits` enumerates every single edit of every subtype that a program admits; `inject` draws some
of them by seed and applies them at once. Whether the result really is a bug is for the sandbox to say.
"""

import ast
import builtins
import io
import keyword
import random
import tokenize
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import accumulate
from typing import Protocol

from codeq.data.taxonomy import CATEGORY_OF

MULTIPLE = {2: "double", 3: "triple", 4: "quadruple"}

_COMMENTS = ("// check this", "// TODO", "/* loop */", "// done", "/* result */", "-- note")
_KEYWORDS = {
    "elif": "else if", "None": "null", "True": "true", "False": "false", "and": "&&", "or": "||", "not": "!",
    "def": "function", "return": "ret", "for": "foreach", "while": "until", "in": "of", "break": "exit",
    "continue": "next", "lambda": "function", "class": "struct", "pass": "skip", "raise": "throw",
}  # fmt: skip
_METHODS = {
    "append": "add", "add": "append", "extend": "concat", "pop": "remove_last", "insert": "put", "items": "entries",
    "keys": "key_list", "values": "value_list", "get": "fetch", "join": "concat", "split": "explode", "strip": "trim",
    "lower": "to_lower", "upper": "to_upper", "replace": "substitute", "startswith": "starts_with",
    "endswith": "ends_with", "sort": "order", "reverse": "flip", "count": "count_of", "index": "index_of",
    "find": "locate", "update": "merge", "isdigit": "is_digit", "isalpha": "is_alpha", "setdefault": "default",
}  # fmt: skip
_BUILTINS = {
    "len": "length", "sorted": "sort", "max": "maximum", "min": "minimum", "sum": "total", "range": "interval",
    "str": "string", "int": "integer", "list": "array", "dict": "map_of", "set": "unique", "abs": "absolute",
    "reversed": "reverse", "enumerate": "enum", "isinstance": "is_instance", "zip": "pair", "any": "some",
    "all": "every", "divmod": "div_mod", "bool": "boolean", "round": "rounded", "ord": "code_of", "chr": "char_of",
}  # fmt: skip
_COMPARISONS = {
    "<": ("<=", ">"), "<=": ("<", ">="), ">": (">=", "<"), ">=": (">", "<="), "==": ("!=",), "!=": ("==",),
}  # fmt: skip
_OPERATIONS = {
    "+": ("-", "*"), "-": ("+",), "*": ("+", "**"), "//": ("/", "%"), "/": ("//", "*"), "%": ("//",), "**": ("*",),
    "+=": ("-=", "="), "-=": ("+=",), "*=": ("+=",), "//=": ("-=",), "%=": ("//=",), "&": ("|",), "|": ("&",),
    "^": ("&",), "<<": (">>",), ">>": ("<<",),
}  # fmt: skip


@dataclass(frozen=True)
class Edit:
    """Replace ``code[start:end]`` by ``text``: one bug of one subtype."""

    start: int
    end: int
    text: str
    subtype: str


@dataclass(frozen=True)
class Bug:
    """A program with bugs, and which."""

    code: str
    category: str
    subtype: str
    edits: tuple[Edit, ...]


def inject(code: str, count: int, rng: random.Random, category: str | None = None) -> Bug | None:
    """Put `count` bugs (1 to 4), all of one category if given, into a program.

    None where the program admits fewer that do not overlap.

    Every bug's subtype is drawn uniformly from those the program admits, then the edit uniformly
    within it, so that frequent tokens do not crowd out rare kinds of bug. Raises SyntaxError if
    `code` does not parse.
    """
    by_subtype: dict[str, list[Edit]] = {}
    for edit in edits(code):
        if category in (None, CATEGORY_OF[edit.subtype]):
            by_subtype.setdefault(edit.subtype, []).append(edit)
    chosen: list[Edit] = []
    for _ in range(count):
        free = {
            subtype: fitting
            for subtype, found in by_subtype.items()
            if (fitting := [edit for edit in found if all(_apart(edit, other) for other in chosen)])
        }
        if not free:
            return None
        chosen.append(rng.choice(free[rng.choice(sorted(free))]))
    chosen.sort(key=lambda edit: edit.start)
    subtype = chosen[0].subtype if count == 1 else MULTIPLE[count]
    return Bug(apply(code, chosen), CATEGORY_OF[subtype] if count == 1 else "multiple", subtype, tuple(chosen))


def apply(code: str, chosen: list[Edit]) -> str:
    """Apply edits that do not overlap."""
    for edit in sorted(chosen, key=lambda edit: edit.start, reverse=True):
        code = code[: edit.start] + edit.text + code[edit.end :]
    return code


def edits(code: str) -> list[Edit]:
    """Every single edit that changes an ASCII program, ordered by place. Raises SyntaxError."""
    if not code.isascii():
        return []
    tree = ast.parse(code)
    # As the parser counts them: a form feed ends a line for `str.splitlines`, but not here.
    lines = list(io.StringIO(code, newline=""))
    starts = [0, *accumulate(map(len, lines))]

    def span(node: ast.expr | ast.stmt) -> tuple[int, int]:
        assert node.end_lineno is not None
        assert node.end_col_offset is not None
        return starts[node.lineno - 1] + node.col_offset, starts[node.end_lineno - 1] + node.end_col_offset

    tokens = [
        (token.type, token.string, starts[token.start[0] - 1] + token.start[1])
        for token in tokenize.generate_tokens(iter(lines).__next__)
        if token.type in (tokenize.NAME, tokenize.NUMBER, tokenize.STRING, tokenize.OP, tokenize.NEWLINE)
    ]
    found = {
        *_token_edits(tokens),
        *_line_edits(lines, starts),
        *_tree_edits(tree, code, span),
        *_name_edits(tree, span),
        *_statement_edits(tree, code, span),
    }
    changing = [edit for edit in found if code[edit.start : edit.end] != edit.text]
    return sorted(changing, key=lambda edit: (edit.start, edit.end, edit.subtype, edit.text))


def _apart(one: Edit, other: Edit) -> bool:
    return one.end < other.start or other.end < one.start


def _token_edits(tokens: list[tuple[int, str, int]]) -> Iterator[Edit]:
    """Edits of one token: syntax, keywords, comparison and arithmetic operators."""
    depth = 0
    operand = False  # whether the token before ends an operand: an operator is a binary one then
    for index, (kind, text, start) in enumerate(tokens):
        end, following = start + len(text), tokens[index + 1][0] if index + 1 < len(tokens) else None
        if kind == tokenize.STRING and len(text) > 1 and text[-1] in "'\"":
            yield Edit(end - 1, end, "", "unclosed string")
        elif kind == tokenize.NAME and text in _KEYWORDS:
            yield Edit(start, end, _KEYWORDS[text], "illegal keywords")
            if text in ("and", "or"):
                yield Edit(start, end, "or" if text == "and" else "and", "condition error")
            elif text in ("break", "continue"):
                yield Edit(start, end, "continue" if text == "break" else "break", "other error")
            elif text in ("True", "False"):
                yield Edit(start, end, str(text == "False"), "other error")
        elif kind == tokenize.OP:
            depth += (text in "([{") - (text in ")]}")
            if text in (")", "]", "}"):
                yield Edit(start, end, "", "unclosed parentheses")
            elif text == ":" and following == tokenize.NEWLINE:
                yield Edit(start, end, "", "missing colons")
            elif text == "==" or (text == "=" and depth == 0):
                yield Edit(start, end, "=" if text == "==" else "==", "misused == or =")
            for other in _COMPARISONS.get(text, ()):
                yield Edit(start, end, other, "condition error")
            for other in _OPERATIONS.get(text, ()):
                if operand or {text, other} <= {"+", "-"}:  # no sign for the star of `*rest`
                    yield Edit(start, end, other, "operation error")
        operand = text in (")", "]", "}", "None", "True", "False") or (
            kind in (tokenize.NAME, tokenize.NUMBER, tokenize.STRING) and not keyword.iskeyword(text)
        )


def _line_edits(lines: list[str], starts: list[int]) -> Iterator[Edit]:
    """Edits of whole lines: indentation and comments of other languages."""
    for line, start in zip((line.rstrip("\r\n") for line in lines), starts, strict=False):
        indent = len(line) - len(line.lstrip())
        if indent:
            yield Edit(start, start, " ", "illegal indentation")
            yield Edit(start, start, "    ", "illegal indentation")
            yield Edit(start, start + min(indent, 4), "", "illegal indentation")
        for comment in _COMMENTS:
            yield Edit(start + len(line), start + len(line), f"  {comment}", "illegal comment")


def _tree_edits(tree: ast.Module, code: str, span: "_Span") -> Iterator[Edit]:
    """Edits of expressions: indices, ranges, methods, constants, conditions."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Subscript):
            bounds = [node.slice.lower, node.slice.upper] if isinstance(node.slice, ast.Slice) else [node.slice]
            for bound in bounds:
                if bound is not None and not isinstance(bound, ast.Slice | ast.Tuple):
                    yield from _shifted(bound, code, span)
        elif isinstance(node, ast.Call):
            function, arguments = node.func, node.args
            if isinstance(function, ast.Name) and function.id == "range":
                yield from _shifted(arguments[-1], code, span) if arguments else ()
            if isinstance(function, ast.Attribute):
                end = span(function)[1]
                wrong = _METHODS.get(function.attr, function.attr + "_all")
                yield Edit(end - len(function.attr), end, wrong, "undefined methods")
            elif isinstance(function, ast.Name) and function.id in _BUILTINS:
                yield Edit(*span(function), _BUILTINS[function.id], "undefined methods")
                if function.id in ("min", "max"):
                    yield Edit(*span(function), "max" if function.id == "min" else "min", "operation error")
            if len(arguments) == 2 and not any(isinstance(argument, ast.Starred) for argument in arguments):
                (start, middle), (second, end) = span(arguments[0]), span(arguments[1])
                if code[middle:second].strip() == ",":  # else one stands in parentheses that are not its own
                    swapped = code[second:end] + code[middle:second] + code[start:middle]
                    yield Edit(start, end, swapped, "variable error")
        elif isinstance(node, ast.Constant) and type(node.value) is int:
            for shifted in (node.value - 1, node.value + 1):
                if shifted >= 0:
                    yield Edit(*span(node), str(shifted), "other error")
        elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
            start, end = span(node)[0], span(node.operand)[0]
            yield Edit(start, end, "(" * code[start:end].count("("), "condition error")
        elif isinstance(node, ast.Compare) and isinstance(node.ops[0], ast.In | ast.NotIn | ast.Is | ast.IsNot):
            start, end = span(node.left)[1], span(node.comparators[0])[0]
            opposite = {ast.In: "not in", ast.NotIn: "in", ast.Is: "is not", ast.IsNot: "is"}[type(node.ops[0])]
            closing, opening = ")" * code[start:end].count(")"), "(" * code[start:end].count("(")
            yield Edit(start, end, f"{closing} {opposite} {opening}", "condition error")
        elif isinstance(node, ast.If | ast.While | ast.IfExp):
            start, end = span(node.test)
            yield Edit(start, end, f"not ({code[start:end]})", "condition error")


def _shifted(bound: ast.expr, code: str, span: "_Span") -> Iterator[Edit]:
    """An index or a bound, off by one."""
    start, end = span(bound)
    if isinstance(bound, ast.Constant) and type(bound.value) is int:
        yield Edit(start, end, str(bound.value + 1), "faulty indexing")
        if bound.value > 0:
            yield Edit(start, end, str(bound.value - 1), "faulty indexing")
    elif isinstance(bound, ast.BinOp) and isinstance(bound.right, ast.Constant) and bound.right.value == 1:
        yield Edit(start, end, code[slice(*span(bound.left))], "faulty indexing")
    elif not isinstance(bound, ast.Constant):
        yield Edit(start, end, f"{code[start:end]} + 1", "faulty indexing")
        yield Edit(start, end, f"{code[start:end]} - 1", "faulty indexing")


def _name_edits(tree: ast.Module, span: "_Span") -> Iterator[Edit]:
    """Edits of variables: misspelled, or mistaken for another one of the same function."""
    own = {node.arg for node in ast.walk(tree) if isinstance(node, ast.arg)}
    own |= {node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
    named = {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.ClassDef | ast.alias)}
    known = own | named | set(dir(builtins)) | set(keyword.kwlist)
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load) and node.id in own:
            for wrong in (node.id + "s", node.id[:-1], node.id + "_", node.id + node.id[-1]):
                if wrong.isidentifier() and wrong not in known:
                    yield Edit(*span(node), wrong, "undefined objects")
            for other in sorted(own - {node.id, "self"}):
                yield Edit(*span(node), other, "variable error")


def _statement_edits(tree: ast.Module, code: str, span: "_Span") -> Iterator[Edit]:
    """Edits of statements: one is left out, or returns nothing of use."""
    for parent in ast.walk(tree):
        body = getattr(parent, "body", None)
        if not isinstance(body, list) or isinstance(parent, ast.Module):
            continue
        for statement in body:
            if isinstance(statement, ast.Assign | ast.AugAssign | ast.Expr) and len(body) > 1:
                start, end = span(statement)
                line_start = code.rfind("\n", 0, start) + 1
                yield Edit(line_start, min(end + 1, len(code)), "", "other error")
            elif isinstance(statement, ast.Return) and isinstance(statement.value, ast.BinOp):
                yield Edit(*span(statement.value), code[slice(*span(statement.value.left))], "other error")


class _Span(Protocol):
    """Type of `edits.span`: a node's start and end offset in the text."""

    def __call__(self, node: ast.expr | ast.stmt) -> tuple[int, int]: ...
