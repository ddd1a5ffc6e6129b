"""Hidden tests: what is asked of the references, and what becomes of their answers."""

import pytest

from codeq import tables, values
from codeq.data.suites.hidden import Questions, hidden_rows, questions

CODE = "class Solution:\n    def f(self, nums: List[int], k: int) -> {}: pass"


def problem(slug: str = "p", returns: str = "int", constraints: str | None = None, statement: str = "Do it."):
    lines = (
        "1 <= nums.length <= 100\n-50 <= nums[i] <= 50\n1 <= k <= nums.length" if constraints is None else constraints
    )
    return {
        "problem_id": slug,
        "statement": statement,
        "constraints": lines,
        "examples": ["Input: nums = [1,2], k = 1\nOutput: 1"],
        "reference_codes": [CODE.format(returns)],
        "entry_point": "f",
        "kind": "method",
        "parameters": ["", ""],
        "returns": "",
    }


def test_inputs_keep_the_constraints_and_are_new_and_follow_the_seed():
    asked = questions(problem(), {"[[1,2],1]"}, 0)
    found = [values.loads(text) for text in asked.arguments]
    assert len(found) == len(set(asked.arguments)) >= 90
    assert "[[1,2],1]" not in asked.arguments
    for nums, k in found:
        assert 1 <= k <= len(nums) <= 100
        assert all(-50 <= number <= 50 for number in nums)
    assert asked == questions(problem(), {"[[1,2],1]"}, 0) != questions(problem(), {"[[1,2],1]"}, 1)
    assert (asked.comparison, set(asked.accepted)) == ("exact", {None})


def test_a_rule_gives_every_right_answer():
    peak = problem("find-peak-element") | {
        "reference_codes": ["class Solution:\n    def f(self, nums: List[int]) -> int: pass"],
        "examples": ["Input: nums = [1,2]\nOutput: 1"],
        "parameters": [""],
    }
    asked = questions(peak, (), 0)
    assert asked.comparison == "any_of"
    for arguments, accepted in zip(asked.arguments, asked.accepted, strict=True):
        (nums,) = values.loads(arguments)
        padded = [float("-inf"), *nums, float("-inf")]
        assert values.loads(accepted) == [i for i in range(len(nums)) if padded[i] < padded[i + 1] > padded[i + 2]]


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"constraints": "nums has a secret property"}, "no generator: "),
        ({"statement": "Return any of them."}, "any answer accepted"),
    ],
)
def test_why_there_are_no_inputs_is_said(changes, reason):
    asked = questions(problem(**changes), (), 0)
    assert isinstance(asked, str)
    assert asked.startswith(reason)
    tests, untested = hidden_rows(problem(), asked, [], [])
    assert tests == []
    assert tables.frame("untested", untested)["reason"].to_list() == [asked]


def test_a_reference_that_cannot_be_called_leaves_no_inputs():
    assert questions(problem() | {"reference_codes": ["class Solution:\n  def f(self"]}, (), 0) == "no entry point"


def test_answers_become_tests_and_gaps_are_listed():
    asked = Questions(("[[1],1]", "[[2],1]"), (None, None), "any_order")
    tests, untested = hidden_rows(problem(), asked, [("[3]", None), (None, "references disagree")], [0.3, 0.0])
    (row,) = tables.frame("tests", tests).to_dicts()
    assert (row["visibility"], row["origin"], row["comparison"]) == ("hidden", "generated", "any_order")
    assert (row["arguments"], row["expected"], row["reference_seconds"]) == ("[[1],1]", "[3]", 0.3)
    (gap,) = tables.frame("untested", untested).to_dicts()
    assert (gap["number"], gap["reason"], gap["text"]) == (1, "references disagree", "[[2],1]")
