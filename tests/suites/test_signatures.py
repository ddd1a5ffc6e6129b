"""Signatures: what to call, and with what."""

import pytest

from codeq.data.suites.signatures import signature


@pytest.mark.parametrize(
    ("code", "example", "expected"),
    [
        ("class Solution:\n def add(self, a, b): return a + b", "Input: a = 1, b = 2\nOutput: 3", ("add", "method")),
        # Several methods: the arity of the example decides, then who is called by the others.
        (
            "class Solution:\n def go(self, a): return self.dfs(a, 0)\n def dfs(self, a, i): return a",
            "Input: a = 1\nOutput: 1",
            ("go", "method"),
        ),
        (
            "class Solution:\n def dfs(self, a): return self.dfs(a)\n def go(self, a): return self.dfs(a)",
            "Input: a = 1\nOutput: 1",
            ("go", "method"),
        ),
        ("class Solution:\n def f(self, a): return a\n def g(self, a): return a", "Input: a = 1\nOutput: 1", None),
        ("def f(a):\n return _g(a)\ndef _g(a):\n return a", "Input: a = 1\nOutput: 1", ("f", "function")),
        (
            "class Box:\n def get(self): return 1",
            'Input\n["Box","get"]\n[[],[]]\nOutput\n[null,1]',
            ("Box", "operations"),
        ),
        ("class Solution:\n def f(self a): return a", "Input: a = 1\nOutput: 1", None),
        ("x = 1", "Input: a = 1\nOutput: 1", None),
    ],
)
def test_the_entry_point_is_told_by_arity_and_calls(code, example, expected):
    found = signature("p", [code], [example])
    called = (found.entry_point, found.kind) if found else None
    assert called == expected


@pytest.mark.parametrize(
    ("definition", "parameters", "returns"),
    [
        ("f(self, head: Optional[ListNode], k: int) -> Optional[ListNode]", ("ListNode", ""), "ListNode"),
        (
            "f(self, lists: List[Optional[ListNode]], k: int) -> List[Optional[ListNode]]",
            ("ListNode[]", ""),
            "ListNode[]",
        ),
        ("f(self, root: TreeNode, k: List[str]) -> bool", ("TreeNode", ""), "boolean"),
        ("f(self, root: 'Node', k) -> list[int]", ("Node", ""), "[]"),
        ("f(self, f: 'CustomFunction', z: int) -> List[List[int]]", ("CustomFunction", ""), "[][]"),
        ("f(self, a: List[List[str]], k: int) -> None", ("", ""), "argument 0"),
        ("f(self, a, b)", ("", ""), "[]"),  # no annotation: the example shows a list
    ],
)
def test_types_follow_the_annotations(definition, parameters, returns):
    code = f"class Solution:\n def {definition}: pass"
    found = signature("p", [code], ["Input: a = [1], b = 2\nOutput: [1]"])
    assert (found.parameters, found.returns) == (parameters, returns)


def test_names_and_annotations_are_kept_of_what_examples_give():
    examples = ["Input: a = 1\nOutput: 1", "Input: a = 1, b = 2\nOutput: 1"]
    found = signature("p", ["def f(a: int, b=2, c=3): pass"], examples)
    assert (found.names, found.annotations, found.required) == (("a", "b"), ("int", ""), 1)


def test_methods_that_return_nothing_are_named():
    code = "class Map:\n def __init__(self) -> None: pass\n def put(self) -> None: pass\n def get(self) -> int: pass"
    example = ['Input\n["Map"]\n[[]]\nOutput\n[null]']
    assert signature("p", [code], example).returns == "void put"
    assert signature("p", [code.replace("put(self) -> None", "put(self)")], example).returns == ""


def test_declared_lists_are_told_from_arrays():
    code = "class Solution:\n def fizzBuzz(self, n: int) -> List[str]: pass"
    example = ['Input: n = 1\nOutput: ["1"]']
    assert signature("fizz-buzz", [code], example).returns == "list"
    assert signature("another", [code], example).returns == "[]"
    assert signature("another", [code.replace("str", "bool")], example).returns == "boolean[]"
