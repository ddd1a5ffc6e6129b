import ast
import json
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from codeq import tables, values
from codeq.data import debugbench
from codeq.data.examples import REASONS, bindings, compile_examples, literal


def problem(*examples: str, signature: str = "f(self, a: List[int], b: int) -> int", statement: str = "Do it.", **more):
    return {
        "problem_id": "p",
        "statement": statement,
        "examples": list(examples),
        "reference_codes": [f"class Solution:\n    def {signature}:\n        return 0"],
        "entry_point": "f",
        "kind": "method",
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
    ("output", "statement", "comparison"),
    [
        ("[1,2]", "You may return the answer in any order.", "any_order"),
        ("[1,2]", "The pairs come in any order.\nReturn the list.", "exact"),
        ("3", "Return the answer in any order.", "exact"),
        ("[1.0,2]", "Return the answer in any order.", "float"),
        ("2.50000", "Return it.", "float"),
    ],
)
def test_comparison(output, statement, comparison):
    assert only_test(f"Input: a = [1], b = 1\nOutput: {output}", statement=statement)[2] == comparison


GOOD = "Input: a = [1], b = 1\nOutput: 1"


@pytest.mark.parametrize(
    ("expected", "example", "changes"),
    [
        ("design problem", 'Input\n["A"]\n[[]]\nOutput\n[null]', {"kind": "operations"}),
        ("no entry point", GOOD, {"entry_point": ""}),
        ("no entry point", GOOD, {"reference_codes": ["class Solution:\n def f(self"]}),
        ("node type", GOOD, {"signature": "f(self, a: Optional[ListNode], b: int) -> int"}),
        ("node type", GOOD, {"signature": "f(self, a, b) -> 'TreeNode'"}),
        ("in place", GOOD, {"signature": "f(self, a: List[int], b: int) -> None"}),
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
    assert untested == [{"problem_id": "p", "example": 1, "reason": "repeated", "text": GOOD}]


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
        bindings(text)
    debugbench.entry_point([code], [example])


def test_surrogates_and_monsters_are_refused_not_stored():
    assert reason('Input: a = "\\ud800", b = 1\nOutput: 1') == "unparsed input"
    for text in ("[" * 100_000, "9" * 5000, "Infinity", "NaN", "{}", '"', "", "1 2"):
        with pytest.raises(ValueError, match=r"."):
            literal(text)


def test_debugbench_python_examples(shared):
    problems = debugbench.problems(debugbench.read_shards(shared / "debugbench" / "benchmark", "python3"))
    reasons: Counter[object] = Counter()
    comparisons: Counter[object] = Counter()
    tested = 0
    for row in problems.iter_rows(named=True):
        tests, untested = compile_examples(row)
        assert len(tests) + len(untested) == len(row["examples"])
        reasons.update(item["reason"] for item in untested)
        comparisons.update(test["comparison"] for test in tests)
        tested += bool(tests)
        # An independent reading of what compiled: Python's own literals, after renaming JSON's words.
        for test in tests:
            words = {"true": "True", "false": "False", "null": "None"}
            source = [text for text in row["examples"] if bindings(text) is not None]
            shown = [list(bindings(text).values()) for text in source]
            assert values.loads(test["arguments"]) in shown
            if len(source) == 1 and test["comparison"] == "exact":
                output = source[0].split("Output:")[1].split("\n")[0].strip()
                for word, name in words.items():
                    output = output.replace(word, name)
                assert values.loads(test["expected"]) == ast.literal_eval(output)
    assert tested == 187
    assert comparisons == {"exact": 431, "any_order": 21, "float": 6}
    assert reasons == {
        "node type": 55,
        "any answer accepted": 11,
        "design problem": 5,
        "in place": 4,
        "no entry point": 3,
        "unparsed output": 3,
        "unparsed input": 1,
    }
    # 540 examples over the 225 problems.
    assert comparisons.total() + reasons.total() == 540 == sum(map(len, problems["examples"]))
