"""The hidden tests of a problem: generated inputs, with the outputs on which its references agree."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from codeq import values
from codeq.data.suites import rules
from codeq.data.suites.generators import generator
from codeq.data.suites.inputs import inputs
from codeq.data.suites.public import test_row
from codeq.data.suites.signatures import signature


@dataclass(frozen=True)
class Questions:
    """What the references are asked: `codeq.values` texts of argument lists, and how answers are compared.

    accepted: per argument list the text of the results that a rule accepts, or None where there is no rule.
    """

    arguments: tuple[str, ...]
    accepted: tuple[str | None, ...]
    comparison: str


def questions(problem: Mapping[str, Any], known: Collection[str], seed: int) -> Questions | str:
    """About 100 inputs for a `problems` row, none of them `known` (texts); or the reason why there are none."""
    problem_id = problem["problem_id"]
    called = signature(problem_id, problem["reference_codes"], problem["examples"])
    if called is None:
        return "no entry point"
    comparison = rules.comparison(problem_id, problem["statement"], called.result, called.returns)
    if comparison is None:
        return "any answer accepted"
    made = generator(problem, called)
    if isinstance(made, str):
        return made
    found = inputs(problem_id, made, seed, known)
    rule = rules.ANY_OF.get(problem_id)
    return Questions(
        tuple(map(values.dumps, found)),
        tuple(values.dumps(rule(*arguments)) if rule else None for arguments in found),
        comparison,
    )


def hidden_rows(
    problem: Mapping[str, Any],
    asked: Questions | str,
    answers: Sequence[tuple[str | None, str | None]],
    seconds: Sequence[float],
) -> tuple[list[dict[str, object]], list[dict[str, object]]]:
    """Rows of table `tests` (hidden, origin "generated") and of table `untested`.

    answers: per input the expected output's text, or None and the reason why there is none; seconds: per input
    the CPU time of the slowest reference.
    """
    row = {"problem_id": problem["problem_id"], "origin": "generated"}
    if isinstance(asked, str):
        return [], [{**row, "number": 0, "reason": asked, "text": ""}]
    tests: list[dict[str, object]] = []
    untested: list[dict[str, object]] = []
    for number, (arguments, (expected, reason), spent) in enumerate(
        zip(asked.arguments, answers, seconds, strict=True)
    ):
        if expected is None:
            untested.append({**row, "number": number, "reason": reason, "text": arguments})
        else:
            tests.append(test_row(problem, "hidden", "generated", arguments, expected, asked.comparison, spent))
    return tests, untested
