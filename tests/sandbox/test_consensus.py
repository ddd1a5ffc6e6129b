"""Consensus: an output is expected only where every reference agrees."""

from collections.abc import Sequence
from dataclasses import dataclass

import pytest

from codeq import values
from codeq.sandbox import Program, Sandbox
from codeq.sandbox.consensus import consensus


@dataclass(frozen=True)
class Asked:
    arguments: Sequence[str]
    accepted: Sequence[str | None]
    comparison: str = "exact"


def answers(sandbox: Sandbox, codes: Sequence[str], inputs: Sequence[object], comparison: str, rule=None):
    texts = [values.dumps([item]) for item in inputs]
    accepted = [values.dumps(rule(item)) if rule else None for item in inputs]
    observed = [sandbox.observe(Program(f"def f(n):\n    {code}", "f", "function"), texts).result() for code in codes]
    return consensus(observed, Asked(texts, accepted, comparison))


def test_where_references_disagree_nothing_is_expected(sandbox: Sandbox) -> None:
    found = answers(sandbox, ["return n * n", "return n + n", "return n ** 2"], [0, 1, 2], "exact")
    assert found == [("0", None), (None, "references disagree"), ("4", None)]


def test_an_order_that_is_free_is_no_disagreement(sandbox: Sandbox) -> None:
    codes = ["return [n, 0]", "return [0, n]"]
    assert answers(sandbox, codes, [5], "any_order") == [("[5,0]", None)]
    assert answers(sandbox, codes, [5], "exact") == [(None, "references disagree")]


def test_a_reference_that_fails_is_named_by_its_ending(sandbox: Sandbox) -> None:
    found = answers(sandbox, ["return 1 // n"], [1, 0, -1], "exact")
    assert found == [("1", None), (None, "reference: error"), ("-1", None)]
    endless = answers(sandbox, ["return n", "while n: pass\n    return n"], [0, 1, 2], "exact")
    assert endless == [("0", None), (None, "reference: timeout"), (None, "reference: not_run")]


def test_whole_floats_are_expected_as_floats(sandbox: Sandbox) -> None:
    found = answers(sandbox, ["return [n, n / 2]", "return [n, n * 0.5]"], [3], "float")
    assert values.same(values.loads(found[0][0]), [3.0, 1.5])


@pytest.mark.parametrize(("code", "agreed"), [("return n % 3", True), ("return n % 3 + 3", False)])
def test_a_rule_decides_which_results_are_right(sandbox: Sandbox, code: str, agreed: bool) -> None:
    found = answers(sandbox, [code], [4], "any_of", rule=lambda n: [0, 1, 2])
    assert found == [("[0,1,2]", None) if agreed else (None, "reference breaks the rule of comparison")]
