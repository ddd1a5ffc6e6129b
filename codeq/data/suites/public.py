"""The public tests of a problem: its worked examples."""

from collections.abc import Mapping
from typing import Any

from codeq import tables, values
from codeq.data.suites import rules
from codeq.data.suites.examples import Example, literal, read
from codeq.data.suites.signatures import Signature, signature
from codeq.identity import content_id

REASONS = (
    "no entry point",  # what to call cannot be told from the reference
    "any answer accepted",  # several results are right, the example shows one, and no rule says which others are
    "unparsed input",
    "unparsed output",
    "argument count",  # the example gives more or fewer arguments than the function takes
    "repeated",  # an earlier example of the problem has the same arguments
)


def compile_examples(problem: Mapping[str, Any]) -> tuple[list[dict[str, object]], list[dict[str, object]]]:
    """Rows of table `tests` (public, origin "example") and of table `untested` for a `problems` row.

    Every example gives exactly one row, in `tests` or in `untested`. Arguments are bound by position.
    """
    tests: list[dict[str, object]] = []
    untested: list[dict[str, object]] = []
    seen: set[str] = set()
    called = signature(problem["problem_id"], problem["reference_codes"], problem["examples"])
    for index, text in enumerate(problem["examples"]):
        found = _compile(read(text), problem, called)
        if not isinstance(found, str) and found[0] in seen:
            found = "repeated"
        if isinstance(found, str):
            row = {"problem_id": problem["problem_id"], "origin": "example", "number": index}
            untested.append({**row, "reason": found, "text": text})
            continue
        seen.add(found[0])
        tests.append(test_row(problem, "public", "example", *found, 0.0))
    return tests, untested


def test_row(
    problem: Mapping[str, Any],
    visibility: str,
    origin: str,
    arguments: str,
    expected: str,
    compared: str,
    reference_seconds: float,
) -> dict[str, object]:
    """A row of table `tests`; the id depends on what the test asks and nothing else."""
    problem_id = problem["problem_id"]
    return {
        "problem_id": problem_id,
        "test_id": content_id("test", problem_id, arguments, expected, compared),
        "visibility": visibility,
        **{key: problem[key] for key in tables.CALL},
        "arguments": arguments,
        "expected": expected,
        "comparison": compared,
        "reference_seconds": reference_seconds,
        "origin": origin,
    }


def _compile(example: Example, problem: Mapping[str, Any], called: Signature | None) -> tuple[str, str, str] | str:
    """(arguments, expected, comparison) of one example, or the reason why there is no test."""
    if called is None:
        return "no entry point"
    arguments = _arguments(example, called)
    if isinstance(arguments, str):
        return arguments
    try:
        expected = _expected(example.output, called)
    except ValueError:
        return "unparsed output"
    compared = rules.comparison(problem["problem_id"], problem["statement"], called.result, called.returns)
    if compared is None:
        return "any answer accepted"
    if compared == "any_of":
        expected = rules.ANY_OF[problem["problem_id"]](*arguments)
    return values.dumps(arguments), values.dumps(expected), compared


def _arguments(example: Example, called: Signature) -> list[object] | str:
    if called.kind == "operations":
        return example.operations or "unparsed input"
    if example.arguments is None:
        return "unparsed input"
    given = list(example.arguments.values())
    if called.parameters == ("CyclicListNode",):  # "head = [...], pos = ..." make one argument
        given = [given]
    if not called.required <= len(given) <= len(called.parameters):
        return "argument count"
    return [_as(value, annotation) for value, annotation in zip(given, called.annotations, strict=False)]


def _expected(output: str, called: Signature) -> object:
    """The result that an output shows, as the sandbox gives it. Raises ValueError where it shows none."""
    if called.returns == "prefix 0":  # "5, nums = [1,1,2,2,3,_]": how many elements count, and the argument after it
        count, _, array = output.partition(",")
        kept = literal(array.partition("=")[2].replace("_", "null").strip())
        if not isinstance(kept, list):
            raise ValueError("the output shows no array")
        return kept[: int(count)]
    expected = _as(literal(output.partition("(")[0] if output[:1].isdigit() else output), called.result)
    if isinstance(expected, list) and called.returns == "QuadNode":
        # The value of an inner node says nothing; [is_leaf, value], children of leaves are not listed.
        return [[leaf, value if leaf else 1] for leaf, value in filter(None, expected)]
    if isinstance(expected, list) and called.returns == "TreeNode":
        while expected and expected[-1] is None:
            expected.pop()
    return expected


def _as(value: object, annotation: str) -> object:
    """Statements write whole floats as ``2``: make them floats where the signature says so."""
    if annotation == "float" and type(value) is int:
        return float(value)
    if annotation.startswith(("List[", "list[")) and isinstance(value, list):
        return [_as(item, annotation[5:-1]) for item in value]
    return value
