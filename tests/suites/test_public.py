import ast
import json
import re
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from codeq import tables, values
from codeq.data import debugbench
from codeq.data.suites.examples import literal, read
from codeq.data.suites.public import REASONS, compile_examples
from codeq.data.suites.signatures import signature as signature_of


def problem(*examples: str, signature: str = "f(self, a: List[int], b: int) -> int", statement: str = "Do it.", **more):
    return {
        "problem_id": "p",
        "statement": statement,
        "examples": list(examples),
        "reference_codes": [f"class Solution:\n    def {signature}:\n        return 0"],
        "entry_point": "f",
        "kind": "method",
        "parameters": ["", ""],
        "returns": "",
    } | more


def only_test(*args, **kwargs) -> tuple[object, object, str]:
    (test,), untested = compile_examples(problem(*args, **kwargs))
    assert untested == []
    return values.loads(test["arguments"]), values.loads(test["expected"]), test["comparison"]


def reason(*args, **kwargs) -> str:
    tests, (row,) = compile_examples(problem(*args, **kwargs))
    assert tests == []
    return row["reason"]


def test_an_example_becomes_a_public_test_bound_by_position():
    assert only_test("Input: nums = [1, -2,3], k = 4\nOutput: 5\nExplanation: so, k = 3") == (
        [[1, -2, 3], 4],
        5,
        "exact",
    )
    assert only_test("Input: a = [],b = 0 \r\nOutput:  7\r\nExplanation:\r\nx") == ([[], 0], 7, "exact")


def test_every_plain_literal_is_read_with_its_type():
    text = 'Input: a = [[1,2],["x, y = 3",null]], b = true, c = "a\\"b", d = 1.5, e = -0\nOutput: [false,"z"]'
    arguments, expected, _ = only_test(text, signature="f(self, a, b, c, d, e)")
    assert values.same(arguments, [[[1, 2], ["x, y = 3", None]], True, 'a"b', 1.5, 0])
    assert values.same(expected, [False, "z"])


def test_whole_floats_follow_the_signature():
    arguments, expected, comparison = only_test(
        "Input: x = 2, n = [1,2]\nOutput: 4", signature="f(self, x: float, n: List[float]) -> float"
    )
    assert values.same(arguments, [2.0, [1.0, 2.0]])
    assert values.same(expected, 4.0)
    assert comparison == "float"


@pytest.mark.parametrize(
    ("returns", "statement", "comparison"),
    [
        ("List[int]", "You may return the answer in any order.", "any_order"),
        ("List[int]", "The pairs come in any order.\nReturn the list.", "exact"),
        ("List[float]", "Return the answer in any order.", "float"),
        ("float", "Return it.", "float"),
    ],
)
def test_the_comparison_follows_statement_and_signature(returns, statement, comparison):
    called = f"f(self, a: List[int], b: int) -> {returns}"
    assert only_test("Input: a = [1], b = 1\nOutput: [2]", statement=statement, signature=called)[2] == comparison


@pytest.mark.parametrize(
    ("slug", "signature", "example", "arguments", "expected", "comparison"),
    [
        (
            "linked-list-cycle",
            "f(self, head: Optional[ListNode]) -> bool",
            "Input: head = [3,2], pos = 1\nOutput: true",
            [[[3, 2], 1]],
            True,
            "exact",
        ),
        (
            "remove-duplicates-from-sorted-array-ii",
            "f(self, nums: List[int]) -> int",
            "Input: nums = [1,1,1,2]\nOutput: 3, nums = [1,1,2,_]",
            [[1, 1, 1, 2]],
            [1, 1, 2],
            "exact",
        ),
        (
            "reverse-bits",
            "f(self, n: int) -> int",
            f"Input: n = {5:032b}\nOutput:    2684354560 (1010...)",
            [5],
            2684354560,
            "exact",
        ),
        (
            "construct-quad-tree",
            "f(self, grid: List[List[int]]) -> 'Node'",
            "Input: grid = [[0,1],[1,0]]\nOutput: [[0,0],[1,0],[1,1],[1,1],[1,0],null,null]",
            [[[0, 1], [1, 0]]],
            [[0, 1], [1, 0], [1, 1], [1, 1], [1, 0]],
            "exact",
        ),
        (
            "a-tree",
            "f(self, root: Optional[TreeNode]) -> Optional[TreeNode]",
            "Input: root = [1,null,2]\nOutput: [1,null,2,null,null]",
            [[1, None, 2]],
            [1, None, 2],
            "exact",
        ),
        ("in-place", "f(self, a: List[int]) -> None", "Input: a = [1,0]\nOutput: [0,1]", [[1, 0]], [0, 1], "exact"),
        (
            "find-peak-element",
            "f(self, n: List[int]) -> int",
            "Input: n = [1,2,1,3]\nOutput: 1",
            [[1, 2, 1, 3]],
            [1, 3],
            "any_of",
        ),
    ],
)
def test_nodes_places_and_rules(slug, signature, example, arguments, expected, comparison):
    assert only_test(example, problem_id=slug, signature=signature) == (arguments, expected, comparison)


def test_operations_are_read_from_below_bare_headings():
    text = 'Input\r\n["A", "put"]\r\n[[1], [2, "=="]]\r\nOutput\r\n[null, 3]\r\n\r\nExplanation\r\nOutput 7'
    row = problem(text, kind="operations", reference_codes=["class A:\n def put(self, x): pass"])
    (test,), _ = compile_examples(row)
    assert values.loads(test["arguments"]) == [["A", "put"], [[1], [2, "=="]]]
    assert values.loads(test["expected"]) == [None, 3]


GOOD = "Input: a = [1], b = 1\nOutput: 1"


@pytest.mark.parametrize(
    ("expected", "example", "changes"),
    [
        ("no entry point", GOOD, {"reference_codes": ["class Solution:\n def f(self"]}),
        ("unparsed input", 'Input\n["A"]\nOutput\n[null]', {"reference_codes": ["class A: pass"]}),
        ("any answer accepted", GOOD, {"statement": "If there are many, return any of them."}),
        ("any answer accepted", GOOD, {"statement": "Return any valid arrangement."}),
        ("unparsed input", "Input: a = [1], b = x\nOutput: 1", {}),
        ("unparsed input", "Input: a = [1] b = 1\nOutput: 1", {}),
        ("unparsed input", "Input: a = [1], a = 2\nOutput: 1", {}),
        ("unparsed input", "Input: a = 007, b = 1\nOutput: 1", {}),
        ("unparsed input", "Input: a = {}, b = NaN\nOutput: 1", {}),
        ("unparsed input", "a = [1], b = 1\nOutput: 1", {}),
        ("unparsed output", "Input: a = [1], b = 1\nOutput: 5, nums = [1,_]", {}),
        ("unparsed output", "Input: a = [1], b = 1", {}),
        ("unparsed output", "Input: a = [1], b = 1\nOutput: " + "[" * 70 + "]" * 70, {}),
        ("argument count", "Input: a = [1]\nOutput: 1", {}),
        ("argument count", "Input: a = [1], b = 1, c = 2\nOutput: 1", {}),
    ],
)
def test_what_is_no_test_is_counted_with_its_reason(expected, example, changes):
    assert reason(example, **changes) == expected
    assert expected in REASONS


def test_optional_parameters_may_be_left_out_and_functions_have_no_self():
    assert only_test("Input: n = 1\nOutput: 1", signature="f(self, n, memo=None)")[0] == [1]
    free = {"kind": "function", "reference_codes": ["def f(n):\n    return n"]}
    assert only_test("Input: n = 1\nOutput: 1", **free)[0] == [1]


def test_a_repeated_example_is_counted_once():
    tests, untested = compile_examples(problem(GOOD, GOOD))
    assert len(tests) == 1
    assert untested == [{"problem_id": "p", "origin": "example", "number": 1, "reason": "repeated", "text": GOOD}]


def test_test_ids_follow_the_content():
    (one,), _ = compile_examples(problem(GOOD))
    (same,), _ = compile_examples(problem(GOOD + "\nExplanation: none"))
    (other,), _ = compile_examples(problem(GOOD.replace("Output: 1", "Output: 2")))
    assert one == same
    assert one["test_id"] != other["test_id"]


LITERALS = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4),
    max_leaves=10,
)


@settings(max_examples=50, deadline=None)
@given(st.lists(LITERALS, min_size=1, max_size=4), LITERALS)
def test_what_is_printed_as_literals_is_read_back(arguments, expected):
    names = [f"x{index}" for index in range(len(arguments))]
    given = ", ".join(f"{name} = {json.dumps(value)}" for name, value in zip(names, arguments, strict=True))
    row = problem(f"Input: {given}\nOutput: {json.dumps(expected)}", signature=f"f(self, {', '.join(names)})")
    (test,), untested = compile_examples(row)
    assert untested == []
    assert values.same(values.loads(test["arguments"]), arguments)
    assert values.same(values.loads(test["expected"]), expected)


MESS = st.text() | st.text(alphabet='Inputo: \n="[],a01.-{}\\') | st.from_regex(r"Input: \w = .{0,20}\nOutput: .{0,9}")


@settings(deadline=None)
@given(MESS, MESS, st.sampled_from(["method", "function", "operations", ""]), st.text(max_size=5))
def test_arbitrary_text_never_crashes_and_gives_one_row_that_fits_a_table(example, code, kind, entry):
    for text in (example, f"Input: a = {example}\nOutput: {example}"):
        codes = [code, "class Solution:\n    def f(self, a): pass"]
        row = problem(text, kind=kind, entry_point=entry or "f", reference_codes=codes)
        tests, untested = compile_examples(row)
        assert len(tests) + len(untested) == 1
        assert {row["reason"] for row in untested} <= set(REASONS)
        tables.frame("tests", tests)
        read(text)
    signature_of("p", [code], [example])


def test_surrogates_and_monsters_are_refused_not_stored():
    assert reason('Input: a = "\\ud800", b = 1\nOutput: 1') == "unparsed input"
    for text in ("[" * 100_000, "9" * 5000, "Infinity", "NaN", "{}", '"', "", "1 2"):
        with pytest.raises(ValueError, match=r"."):
            literal(text)


def test_every_example_of_debugbench_python_becomes_a_test(shared):
    problems = debugbench.problems(debugbench.read_shards(shared / "debugbench" / "benchmark", "python3"))
    comparisons: Counter[object] = Counter()
    for row in problems.iter_rows(named=True):
        tests, untested = compile_examples(row)
        assert untested == []
        assert len(tests) == len(row["examples"])
        comparisons.update(test["comparison"] for test in tests)
        # An independent reading: Python's own literals, after renaming JSON's words.
        for test, text in zip(tests, row["examples"], strict=True):
            plain = re.fullmatch(r"Input: \w+ = (\[.*\])\s*\nOutput: (\S+)(?:\s*\nExplanation.*)?", text.strip(), re.S)
            values_only = row["parameters"] == [""] and row["returns"] in ("", "[]", "list", "boolean")
            if plain and test["comparison"] == "exact" and values_only:
                shown = [ast.literal_eval(words(part)) for part in plain.groups()]
                assert [*values.loads(test["arguments"]), values.loads(test["expected"])] == shown
    assert comparisons == {
        "exact": 490,
        "any_order": 28,
        "any_of": 10,
        "float": 6,
        "chain_of_pairs": 3,
        "balanced_search_tree": 2,
        "points_in_circle": 1,
    }


def words(text: str) -> str:
    for json_word, name in {"true": "True", "false": "False", "null": "None"}.items():
        text = text.replace(json_word, name)
    return text
