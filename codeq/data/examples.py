"""The worked examples of a problem statement as public tests.

An example reads ``Input: name = literal, ...``, ``Output: literal`` and perhaps ``Explanation: ...``
on lines of its own; a literal is JSON (numbers, strings, true, false, null, nested lists). What is
written otherwise, or cannot be checked by comparing values, is counted with one of `REASONS`.
"""

import ast
import json
import re
from collections.abc import Mapping
from typing import Any

from codeq import values
from codeq.identity import content_id

REASONS = (
    "design problem",  # the example is a list of operations on an object
    "no entry point",  # what to call cannot be told from the reference
    "node type",  # arguments or result are linked lists, trees or graphs of objects
    "in place",  # the result is what becomes of an argument
    "any answer accepted",  # several results are right, the example shows one
    "unparsed input",
    "unparsed output",
    "argument count",  # the example gives more or fewer arguments than the function takes
    "repeated",  # an earlier example of the problem has the same arguments
)

_NAME = re.compile(r"\s*([A-Za-z_]\w*)\s*=\s*")
_NODE = re.compile(r"\b(?:\w*Node|NestedInteger|CustomFunction)\b")
_ANY_ORDER = re.compile(r"\b(?:return|answer|output)\b[^.\n]*\bin any order\b", re.I)
_ANY_ANSWER = re.compile(r"\breturn (?:any\b|an arbitrary)|\b(?:return|accept\w*) any of (?:them|the)\b", re.I)


def compile_examples(problem: Mapping[str, Any]) -> tuple[list[dict[str, object]], list[dict[str, object]]]:
    """Rows of table `tests` (public, origin "example") and of table `untested` for a `problems` row.

    Every example gives exactly one row, in `tests` or in `untested`. Arguments are bound by position.
    A result that holds a float is compared as "float"; a list whose order the statement leaves open
    as "any_order"; all else as "exact".
    """
    tests: list[dict[str, object]] = []
    untested: list[dict[str, object]] = []
    signature = _signature(problem)
    seen: set[str] = set()
    for index, text in enumerate(problem["examples"]):
        found = _compile(text, problem, signature)
        if not isinstance(found, str) and found[0] in seen:
            found = "repeated"
        if isinstance(found, str):
            untested.append({"problem_id": problem["problem_id"], "example": index, "reason": found, "text": text})
            continue
        arguments, expected, comparison = found
        seen.add(arguments)
        tests.append(
            {
                "problem_id": problem["problem_id"],
                "test_id": content_id("test", problem["problem_id"], arguments, expected, comparison),
                "visibility": "public",
                "arguments": arguments,
                "expected": expected,
                "comparison": comparison,
                "origin": "example",
            }
        )
    return tests, untested


def bindings(text: str) -> dict[str, object] | None:
    """The arguments an example gives, by name in their order; None if its input is not so written."""
    return _bindings(_parts(text)[0])


def literal(text: str) -> object:
    """One JSON literal without objects. Raises ValueError for anything else."""
    value, end = _decode(text, 0)
    if end != len(text):
        raise ValueError(f"trailing text {text[end : end + 20]!r}")
    return value


def _compile(text: str, problem: Mapping[str, Any], signature: ast.FunctionDef | None) -> tuple[str, str, str] | str:
    """(arguments, expected, comparison) of one example, or the reason why there is no test."""
    if problem["kind"] == "operations":
        return "design problem"
    if signature is None:
        return "no entry point"
    parameters = [*signature.args.posonlyargs, *signature.args.args][1 if problem["kind"] == "method" else 0 :]
    annotations = [_source(parameter.annotation) for parameter in parameters]
    result = _source(signature.returns)
    if any(_NODE.search(annotation) for annotation in [*annotations, result]):
        return "node type"
    if result == "None":
        return "in place"
    if _ANY_ANSWER.search(problem["statement"]):
        return "any answer accepted"
    input_text, output_text = _parts(text)
    given = _bindings(input_text)
    if given is None:
        return "unparsed input"
    if not len(parameters) - len(signature.args.defaults) <= len(given) <= len(parameters):
        return "argument count"
    arguments = [_as(value, annotation) for value, annotation in zip(given.values(), annotations, strict=False)]
    try:
        expected = _as(literal(output_text), result)
    except ValueError:
        return "unparsed output"
    comparison = "exact"
    if _holds_float(expected):
        comparison = "float"
    elif isinstance(expected, list) and _ANY_ORDER.search(problem["statement"]):
        comparison = "any_order"
    return values.dumps(arguments), values.dumps(expected), comparison


def _parts(text: str) -> tuple[str, str]:
    """The input and the output of an example; empty where the headings are missing."""
    head, _, tail = text.strip().partition("\nOutput:")
    return head.removeprefix("Input:").strip() if head.startswith("Input:") else "", tail.partition("\nExplanation:")[
        0
    ].strip()


def _signature(problem: Mapping[str, Any]) -> ast.FunctionDef | None:
    """The definition of the entry point in the first reference that has it."""
    for code in problem["reference_codes"]:
        try:
            nodes = list(ast.walk(ast.parse(code)))
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            continue
        for node in nodes:
            if isinstance(node, ast.FunctionDef) and node.name == problem["entry_point"]:
                return node
    return None


def _bindings(text: str) -> dict[str, object] | None:
    found: dict[str, object] = {}
    position = 0
    while name := _NAME.match(text, position):
        try:
            value, position = _decode(text, name.end())
        except ValueError:
            return None
        if name[1] in found:
            return None
        found[name[1]] = value
        if position == len(text):
            return found
        if text[position] != ",":
            return None
        position += 1
    return None


def _decode(text: str, start: int) -> tuple[object, int]:
    """The JSON literal at `start` and the position behind it and the white space that follows."""
    try:
        value, end = json.JSONDecoder(object_pairs_hook=_refuse, parse_constant=_refuse).raw_decode(text, start)
        values.dumps([value]).encode()
    except RecursionError as error:
        raise ValueError("nested too deeply") from error
    while end < len(text) and text[end].isspace():
        end += 1
    return value, end


def _refuse(token: object) -> object:
    raise ValueError(f"{token!r} is no plain value")


def _as(value: object, annotation: str) -> object:
    """Statements write whole floats as ``2``: make them floats where the signature says so."""
    if annotation == "float" and type(value) is int:
        return float(value)
    if annotation.startswith(("List[", "list[")) and isinstance(value, list):
        return [_as(item, annotation[5:-1]) for item in value]
    return value


def _holds_float(value: object) -> bool:
    return any(map(_holds_float, value)) if isinstance(value, list) else isinstance(value, float)


def _source(annotation: ast.expr | None) -> str:
    """An annotation as text, quoted forward references unquoted."""
    return "" if annotation is None else ast.unparse(annotation).strip("'\"")
