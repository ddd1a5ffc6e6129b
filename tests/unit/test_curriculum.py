"""The curriculum: enough problems, all different, correct as stated, and with public tests that see common bugs."""

import ast
import builtins
import io
import keyword
import re
import sys
import tokenize
from collections import Counter
from functools import cache
from random import Random

import pytest
from codeq import values
from codeq.data import curriculum
from codeq.data.curriculum import Problem, inputs
from codeq.data.curriculum.problem import REGISTRY, canonical_code, problem, run, slug_of
from codeq.errors import DataError
from hypothesis import given
from hypothesis import strategies as st

PROBLEMS = curriculum.problems(0)
CROSSED_OUT = "crossed out"
LINE_BUDGET = 4000


class OutOfBudget(BaseException):
    """A mutant ran too many lines."""


def answer(reference: object, item: Problem, arguments: list) -> object:
    """What a program returns, as text, or the kind of error it ends with; loops are cut at LINE_BUDGET lines."""
    lines = 0

    def count(frame, event, arg):
        nonlocal lines
        lines += 1
        if lines > LINE_BUDGET:
            raise OutOfBudget
        return count

    before = sys.gettrace()
    sys.settrace(count)
    try:
        result = run(reference, item.kind, arguments)
    except OutOfBudget:
        return "endless"
    except Exception as error:
        return type(error)
    finally:
        sys.settrace(before)
    try:
        return values.dumps(values.decode(values._sorted(values.encode(result))))
    except values.UnsupportedValue:
        return CROSSED_OUT


def load(code: str, item: Problem) -> object:
    namespace: dict[str, object] = {}
    exec(code, namespace)
    return namespace[item.entry_point]


@cache
def solution(item_id: str) -> tuple[list[object], list[object]]:
    """The references' answers to the public and the hidden inputs."""
    item = next(each for each in PROBLEMS if each.problem_id == item_id)
    return tuple([answer(item.reference, item, each) for each in group] for group in (item.public, item.hidden))


def tokens(code: str, *, anonymous: bool = False) -> list[str]:
    """Python tokens of a program; `anonymous` makes all names of its own equal."""
    result = []
    for token in tokenize.generate_tokens(io.StringIO(code).readline):
        own = token.type == tokenize.NAME and not keyword.iskeyword(token.string)
        result.append("x" if own and anonymous and token.string not in dir(builtins) else token.string.strip())
    return [token for token in result if token]


def jaccard(left: set, right: set) -> float:
    return len(left & right) / len(left | right)


def five_grams(sequence: list[str]) -> set:
    return set(zip(*(sequence[start:] for start in range(5)), strict=False))


def mutants(code: str) -> list[str]:
    """Every program that differs in one comparison, one + or -, or one whole number by one."""
    flips = {
        ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq, ast.NotEq: ast.Eq,
        ast.In: ast.NotIn, ast.NotIn: ast.In, ast.Is: ast.IsNot, ast.IsNot: ast.Is, ast.Add: ast.Sub, ast.Sub: ast.Add,
    }  # fmt: skip
    result = []
    for index, node in enumerate(ast.walk(ast.parse(code))):
        changes = []
        if isinstance(node, ast.Compare):
            changes = [
                lambda new, at=at: new.ops.__setitem__(at, flips[type(new.ops[at])]()) for at in range(len(node.ops))
            ]
        elif isinstance(node, ast.BinOp | ast.AugAssign) and type(node.op) in flips:
            changes = [lambda new: setattr(new, "op", flips[type(new.op)]())]
        elif isinstance(node, ast.Constant) and type(node.value) is int:
            changes = [lambda new, by=by: setattr(new, "value", new.value + by) for by in (1, -1)]
        for change in changes:
            tree = ast.parse(code)
            change(list(ast.walk(tree))[index])
            result.append(ast.unparse(tree))
    return result


def mutants_seen(item: Problem) -> tuple[int, int]:
    """How many mutants the hidden inputs tell from the reference, and how many of these the public ones do."""
    public, hidden = solution(item.problem_id)
    wrong = seen = 0
    for code in mutants(item.code):
        mutant = load(code, item)
        if any(answer(mutant, item, each) != right for each, right in zip(item.hidden, hidden, strict=True)):
            wrong += 1
            seen += any(answer(mutant, item, each) != right for each, right in zip(item.public, public, strict=True))
    return wrong, seen
