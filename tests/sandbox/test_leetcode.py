"""Programs as LeetCode knows them: its structures go in and come out, and its names need no import."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codeq.errors import DataError
from codeq.sandbox import Program, Sandbox, Test, Verdict
from codeq.sandbox.structures import ListNode, Signature, TreeNode, binary_tree, list_values, tree_values

MakeTests = Callable[..., list[Test]]


@pytest.fixture
def run(sandbox: Sandbox, make_tests: MakeTests) -> Callable[..., Verdict]:
    """The verdict on the body of a method of these parameters, on one test."""

    def judge(
        body: str, arguments: list[Any], expected: Any, parameters: dict[str, str] | None = None, returns: str = ""
    ) -> Verdict:
        names = parameters or {}
        lines = "".join(f"        {line}\n" for line in body.split("\n"))
        code = f"class Solution:\n    def f({', '.join(['self', *names])}):\n{lines}"
        program = Program(code, "f", "method", tuple(names.values()), returns)
        return sandbox.judge(program, make_tests((arguments, expected)))

    return judge


Run = Callable[..., Verdict]
REVERSE = """last = None
while head:
    head.next, last, head = last, head, head.next
return last"""


@pytest.mark.parametrize("items", [[], [1], [1, 2, 3], list(range(20_000))])
def test_linked_lists_go_in_and_come_out(items: list[int], run: Run) -> None:
    assert run(REVERSE, [items], items[::-1], {"head": "ListNode"}, "ListNode").passed


def test_lists_of_linked_lists(run: Run) -> None:
    parameters = {"lists": "ListNode[]"}
    assert run("return lists[::-1]", [[[1, 2], [], [3]]], [[3], [], [1, 2]], parameters, "ListNode[]").passed
    assert run("return (l for l in lists if l)", [[[1, 2], [], [3]]], [[1, 2], [3]], parameters, "ListNode[]").passed
    assert run("return None", [[]], [], parameters, "ListNode[]").status == "error"


@pytest.mark.parametrize(("position", "meets"), [(-1, None), (0, 3), (1, 2), (3, -4)])
def test_the_last_node_of_a_cyclic_list_leads_back(position: int, meets: int | None, run: Run) -> None:
    body = "last = head.next.next.next\nreturn last.next.val if last.next else None"
    assert run(body, [[[3, 2, 0, -4], position]], meets, {"head": "CyclicListNode"}).passed
    assert run("return head is None", [[[], -1]], True, {"head": "CyclicListNode"}).passed


def test_binary_trees_go_in_and_come_out(run: Run) -> None:
    mirror = """def turn(node):
    if node:
        node.left, node.right = turn(node.right), turn(node.left)
    return node
return turn(root)"""
    parameters = {"root": "TreeNode"}
    assert run(mirror, [[4, 2, 7, 1, None, 6, 9]], [4, 7, 2, 9, 6, None, 1], parameters, "TreeNode").passed
    assert run(mirror, [[1, None, 2, 3]], [1, 2, None, None, 3], parameters, "TreeNode").passed
    assert run(mirror, [[]], [], parameters, "TreeNode").passed
    assert run("return TreeNode(1, None, TreeNode(2))", [], [1, None, 2], {}, "TreeNode").passed
    assert run("return root.left.right.val", [[1, 2, 3, None, 4]], 4, parameters).passed


def test_wide_trees_go_in(run: Run) -> None:
    body = """def shape(node):
    return [node.val, [shape(child) for child in node.children]]
return root and shape(root)"""
    nested = [1, [[3, [[5, []], [6, []]]], [2, []], [4, [[7, []]]]]]
    assert run(body, [[1, None, 3, 2, 4, None, 5, 6, None, None, 7]], nested, {"root": "Node"}).passed
    assert run(body, [[]], None, {"root": "Node"}).passed
    assert run("return [Node().val, Node(4, [root]).children[0].val]", [[1]], [None, 1], {"root": "Node"}).passed


def test_quad_trees_come_out_with_the_free_value_of_inner_nodes_set(run: Run) -> None:
    body = """leaf = lambda val: Node(val, True, None, None, None, None)
inner = Node(0, 0, leaf(0), leaf(1), leaf(False), leaf(True))
return Node(val="any", isLeaf=False, topLeft=leaf(1), topRight=inner, bottomLeft=leaf(0), bottomRight=leaf(0))"""
    tree = [[0, 1], [1, 1], [0, 1], [1, 0], [1, 0], [1, 0], [1, 1], [1, 0], [1, 1]]
    assert run(body, [], tree, {}, "QuadNode").passed
    assert run("return Node(0, True, None, None, None, None)", [], [[1, 0]], {}, "QuadNode").passed
    with_child = "leaf = Node(1, True, *[None] * 4)\nreturn Node(1, True, leaf, None, None, None)"
    assert run(with_child, [], [[1, 1]], {}, "QuadNode").status == "fail"
    assert run("return Node(0, True)", [], [[1, 0]], {}, "QuadNode").status == "error"  # all six are needed


def test_a_custom_function_grows_in_both_numbers(run: Run) -> None:
    body = "return [custom.f(x, y) for x, y in [(2, 3), (3, 3), (2, 4)]]"
    for number, first in enumerate([5, 6, 7, 11, 13, 25, 35, 12, 18], start=1):
        result = run(body, [number], None, {"custom": "CustomFunction"}).results[0]
        assert result.returned is not None
        values = [int(text) for text in result.returned.strip("[]").split(", ")]
        assert values[0] == first
        assert first < values[1]
        assert first < values[2]
    assert run("return custom.f(4, 5)", [1], 9, {"custom": "CustomFunction"}).passed
    assert run("return custom.f(4, 5)", [2], 20, {"custom": "CustomFunction"}).passed


def test_a_result_in_place_is_what_became_of_the_argument(run: Run) -> None:
    assert run("nums.sort()", [[3, 1, 2]], [1, 2, 3], {"nums": ""}, "argument 0").passed
    assert run("nums.sort()\nreturn [9]", [[3, 1, 2]], [1, 2, 3], {"nums": ""}, "argument 0").passed
    assert not run("nums = sorted(nums)", [[3, 1, 2]], [1, 2, 3], {"nums": ""}, "argument 0").passed
    assert not run("return sorted(nums)", [[3, 1, 2]], [1, 2, 3], {"nums": ""}, "argument 0").passed
    assert not run("nums[0] = 1.0", [[1]], [1], {"nums": ""}, "argument 0").passed


def test_a_prefix_is_as_long_as_the_program_says(run: Run) -> None:
    parameters = {"nums": ""}
    assert run("nums[1] = 2\nreturn 2", [[1, 1, 2]], [1, 2], parameters, "prefix 0").passed
    assert run("return 2", [[7]], [7], parameters, "prefix 0").passed  # as on LeetCode: the prefix is right
    for wrong in (
        "return 3",
        "return 1",
        "return None",
        "return True",
        "return 2.0",
        "return -2",
        "nums[0] = 9; return 2",
    ):
        assert not run(f"nums[1] = 2\n{wrong}", [[1, 1, 2]], [1, 2], parameters, "prefix 0").passed


@pytest.mark.parametrize(
    "result",
    [
        "[1, 2]",
        "(1, 2)",
        "{1, 2}",
        "(n for n in (1, 2))",
        "map(int, '12')",
        "deque([1, 2])",
        "{1: 'a', 2: 'b'}.keys()",
        "dict(a=1, b=2).values()",
        "range(1, 3)",
        "array",
    ],
)
def test_whatever_can_be_iterated_is_a_list_where_one_is_due(result: str, run: Run) -> None:
    prepare = "class Items(list): pass\narray = Items([1, 2])\n"
    assert run(f"{prepare}return {result}", [], [1, 2], {}, "[]").passed
    assert run(f"{prepare}return [{result}]", [], [[1, 2]], {}, "[][]").passed
    assert run(f"{prepare}return iter([{result}])", [], [[1, 2]], {}, "[][]").passed
    assert run(f"{prepare}return {result}", [], [1, 2]).passed == (result == "[1, 2]")  # values as they are
    assert run(f"{prepare}return [{result}]", [], [[1, 2]], {}, "[]").passed == (result == "[1, 2]")  # one level only


@pytest.mark.parametrize("result", ["None", "1", "'ab'", "{'a': 1, 'b': 2}", "b'ab'", "[True]", "[1.0]", "list"])
def test_what_is_no_list_stays_as_it_is_and_fails(result: str, run: Run) -> None:
    for expected in ([], [1], ["a", "b"], [97, 98]):
        assert run(f"return {result}", [], expected, {}, "[]").status == "fail"
    assert run(f"return [{result}]", [], [["a", "b"]], {}, "[][]").status == "fail"


@pytest.mark.parametrize(("result", "right"), [("[[1], 2]", True), ("((1,), 2)", True), ("iter([[1], 2])", False)])
def test_a_declared_list_is_read_as_json_writes_it(result: str, right: bool, run: Run) -> None:
    assert run(f"return {result}", [], [[1], 2], {}, "list").passed == right
    assert run("return None", [], [], {}, "list").passed
    assert run("return [None]", [], [[]], {}, "list").status == "fail"


@pytest.mark.parametrize(
    ("result", "truth"), [("503", True), ("[0]", True), ("None", False), ("''", False), ("0", False)]
)
def test_a_boolean_is_the_truth_of_what_was_returned(result: str, truth: bool, run: Run) -> None:
    assert run(f"return {result}", [], truth, {}, "boolean").passed
    assert run(f"return {result}", [], not truth, {}, "boolean").status == "fail"
    assert run(f"return ({result}, 1)", [], [truth, True], {}, "boolean[]").passed


@pytest.mark.parametrize("result", ["1", "[1, 2]", "'x'", "False", "ListNode", "object()"])
@pytest.mark.parametrize("returns", ["ListNode", "TreeNode", "QuadNode"])
def test_what_is_no_node_is_no_pass(returns: str, result: str, run: Run) -> None:
    for expected in ([], [1, 2], [0]):
        assert not run(f"return {result}", [], expected, {}, returns).passed


def test_no_node_is_the_empty_structure_but_no_empty_list(run: Run) -> None:
    assert run("return None", [], [], {}, "ListNode").passed
    assert run("return None", [], [], {}, "TreeNode").passed
    assert run("return None", [], [], {}, "[]").status == "fail"
    assert (
        run("return []", [], [], {}, "ListNode").results[0].message
        == "AttributeError: 'list' object has no attribute 'val'"
    )


def test_a_structure_without_an_end_is_an_error(run: Run) -> None:
    loop = run("head.next.next = head\nreturn head", [[1, 2]], [1, 2], {"head": "ListNode"}, "ListNode")
    assert (loop.status, loop.results[0].message) == ("error", "ValueError: the linked list has a cycle")
    grow = "class Endless:\n    val = 1\n    @property\n    def next(self): return keep.append(Endless()) or keep[-1]\n"
    endless = run(f"keep = []\n{grow}return Endless()", [], [1], {}, "ListNode")
    assert endless.results[0].message == "ValueError: the linked list has more than 100000 nodes"
    for body in ("root.left.left = root", "root.left.left = root.left"):
        tree = run(f"{body}\nreturn root", [[1, 2]], [1, 2], {"root": "TreeNode"}, "TreeNode")
        assert tree.results[0].message == "ValueError: the tree has a cycle, or more than 100000 nodes"
    assert run("n = TreeNode(2)\nreturn TreeNode(1, n, n)", [], [1, 2, 2], {}, "TreeNode").passed  # shared, no cycle


def test_a_program_may_define_the_classes_anew(run: Run) -> None:
    list_node = "class ListNode:\n    def __init__(self, x):\n        self.val, self.next = x, None\n"
    assert run(
        f"{list_node}first = ListNode(5)\nfirst.next = head\nreturn first",
        [[1]],
        [5, 1],
        {"head": "ListNode"},
        "ListNode",
    ).passed


def test_sorted_containers_can_be_imported_and_no_other_installed_package(run: Run) -> None:
    body = "from sortedcontainers import SortedList\nreturn list(SortedList([2, 3, 1]))"
    assert run(body, [], [1, 2, 3], {}, "").passed
    assert run("import yaml\nreturn 1", [], 1).results[0].message.startswith("ModuleNotFoundError")


def test_what_a_void_method_returns_does_not_count(sandbox: Sandbox, make_tests: MakeTests) -> None:
    code = "class Map(dict):\n    def drop(self, key): return self.pop(key)\n    def put(self, key): self[key] = {1j}\n"
    tests = make_tests(([["Map", "put", "drop", "get"], [[], [1], [1], [1]]], [None, None, None, None]))
    assert sandbox.judge(Program(code, "Map", "operations", (), "void put drop"), tests).passed
    assert not sandbox.judge(Program(code, "Map", "operations", (), "void put"), tests).passed


def test_methods_return_points_as_lists_or_tuples(sandbox: Sandbox, make_tests: MakeTests) -> None:
    code = """class Points:
    def __init__(self, x): self.x = x
    def one(self): return self.x, 2.5
    def two(self): return [self.x, 1]
    def none(self): pass
"""
    names, lists = ["Points", "one", "two"], [[7], [], []]
    tests = make_tests(([names, lists], [None, [7, 2.5], [7, 1]]))
    assert sandbox.judge(Program(code, "Points", "operations", (), "[][]"), tests).passed
    assert not sandbox.judge(Program(code, "Points", "operations"), tests).passed
    nothing = make_tests(([["Points", "none"], [[7], []]], [None, None]))
    assert sandbox.judge(Program(code, "Points", "operations"), nothing).passed


@pytest.mark.parametrize(
    ("parameters", "arguments", "message"),
    [
        ({"a": "Tree"}, [[]], "unknown type of parameter 'Tree'"),
        ({"a": "ListNode"}, [3], "arguments 0"),
        ({"a": "ListNode", "b": ""}, [[1]], "arguments 0"),
        ({"a": "CyclicListNode"}, [[[1, 2], 2]], "a list of 2 nodes has none at 2"),
        ({"a": "TreeNode"}, [[1, None, None, 2]], "children of no node"),
        ({"a": "TreeNode"}, [[None, 1]], "children of no node"),
        ({"a": "Node"}, [[1, 2]], "children of no node"),
        ({"a": "CustomFunction"}, [10], "no function 10"),
    ],
)
def test_arguments_that_cannot_be_built_are_a_data_error(
    parameters: dict[str, str], arguments: list[Any], message: str, run: Run
) -> None:
    with pytest.raises(DataError, match=message):
        run("return 1", arguments, 1, parameters)
    with pytest.raises(DataError, match="unknown type of result 'Tree'"):
        run("return 1", [], 1, {}, "Tree")


_TREES = st.recursive(st.none(), lambda below: st.builds(TreeNode, st.integers(-9, 9), below, below), max_leaves=40)


@given(_TREES)
def test_a_tree_is_read_back_as_it_was_built(root: TreeNode | None) -> None:
    def nested(node: TreeNode | None) -> object:
        return None if node is None else (node.val, nested(node.left), nested(node.right))

    levels = tree_values(root)
    assert not levels or levels[-1] is not None
    assert nested(binary_tree(levels)) == nested(root)
    assert sum(value is not None for value in levels) == str(nested(root)).count("(")


@given(st.lists(st.lists(st.integers(-9, 9))))
def test_linked_lists_are_read_back_as_they_were_built(lists: list[list[int]]) -> None:
    signature = Signature(("ListNode[]",), "ListNode[]")
    assert signature.result(*[signature.arguments([lists])[0], []]) == lists
    head = None
    for value in [3, 2, 1]:
        head = ListNode(value, head)
    assert list_values(head) == [1, 2, 3]


PRELUDE = """def f(x: Optional[List[Dict[str, Tuple[Set[int], Deque[Any], Union[int, str]]]]]) -> int:
    heap = [3, 1]; heapify(heap); heappush(heap, 0); heapq.heappush(heap, 9)
    assert heappop(heap) == 0 and bisect.bisect_left([1, 3], 2) == bisect_left([1, 3], 2) == bisect_right([1], 2) == 1
    assert bisect([1, 3], 2) == 1 and bisect([5, 1, 3], 2, lo=1) == 2 and insort([1], 2) is None
    assert Counter("aa")["a"] == 2 and defaultdict(int)[0] == 0 and deque([1])[0] == 1 and OrderedDict() == {}
    assert type(Counter()) is collections.Counter and isinstance(OrderedDict(), collections.OrderedDict)
    assert reduce(lambda a, b: a * b, accumulate([1, 2])) == 3 and len(list(permutations([1, 2, 3]))) == 6
    assert list(chain([1], [2])) == [1, 2] and len(list(product([1, 2], repeat=2))) == 4 and comb(4, 2) == 6
    assert list(pairwise([1, 2, 3])) == [(1, 2), (2, 3)] and list(zip_longest([1], [])) == [(1, None)]
    assert inf == math.inf and sqrt(4) == 2 and gcd(4, 6) == 2 and lcm(4, 6) == 12 and ceil(1.5) == 2 and isqrt(9) == 3
    assert re.match("a", "a") and findall("a", "aba") == ["a", "a"] and ascii_lowercase == string.ascii_lowercase
    assert sys.maxsize == maxsize and namedtuple("P", "x")(1).x == 1 and stdin is sys.stdin and setrecursionlimit
    assert sorted([2, 1], key=cmp_to_key(lambda a, b: a - b)) == [1, 2] and collections.deque() is not None
    assert deepcopy([1]) == copy.copy([1]) == copy.deepcopy([1]) and itertools.count and functools.partial
    assert operator.add(1, 2) == add(1, 2) == mul(1, 3) == xor(1, 2) and itemgetter(1)([0, 5]) == 5 and lt(1, 2)
    assert sub(3, 1) == 2  # the operator's, not the regular expressions'
    assert lru_cache(None)(len)("ab") == cache(len)("ab") == 2
    assert 0 <= random.random() < 1 and randint(1, 1) == 1 and sample([1], 1) == [1] and choice([3]) == 3
    assert median([1, 5, 2]) == 2 and mean([1, 3]) == 2 and mode([1, 1, 2]) == 1 and statistics.median([1]) == 1
    assert datetime.date(2020, 2, 1) - timedelta(1) == date(2020, 1, 31) and datetime.datetime.min
    assert json.loads("[1]") == loads("[1]") and io.StringIO("a").read() == StringIO("a").read() == "a"
    assert ListNode().val == 0 and ListNode(1, 2).next == 2 and TreeNode(1).left is None and typing.List is List
    return __name__
"""


def test_the_names_of_leetcode_need_no_import(sandbox: Sandbox, make_tests: MakeTests) -> None:
    verdict = sandbox.judge(Program(PRELUDE, "f", "function"), make_tests(((None,), "__main__")))
    assert verdict.passed, verdict.results[0].message


def test_the_names_replace_no_builtin_and_are_no_globals(sandbox: Sandbox, make_tests: MakeTests) -> None:
    code = """def f():
    assert pow(2, 3, 5) == 3 and pow(2, 3) == 8 and type(pow(2, 3)) is int and sum([1]) == 1 and abs(-1) == 1
    assert type(open).__name__ == type(compile).__name__ == "builtin_function_or_method"
    assert set is not Set and list is not List and type(range(1)) is range and compile("1", "", "eval")
    return sorted(name for name in globals() if not name.startswith("__"))
"""
    assert sandbox.judge(Program(code, "f", "function"), make_tests(((), ["f"]))).passed


@pytest.mark.parametrize(
    "lines",
    [
        "import bisect\nuse = bisect.bisect",
        "from bisect import bisect\nuse = bisect",
        "from bisect import *\nuse = bisect",
        "import bisect as b\nuse = b.bisect_right",
        "use = bisect",
        "use = bisect.bisect",
    ],
)
def test_bisect_works_in_every_way(lines: str, sandbox: Sandbox, make_tests: MakeTests) -> None:
    code = f"{lines}\ndef f(items, x):\n    return use(items, x)\n"
    assert sandbox.judge(Program(code, "f", "function"), make_tests((([1, 2, 2, 3], 2), 3))).passed


@pytest.mark.parametrize("name", ["ArrayList", "Node"])  # Node is of problems that have such nodes
def test_an_unknown_name_in_a_signature_is_an_error(name: str, sandbox: Sandbox, make_tests: MakeTests) -> None:
    code = f"class Solution:\n    def f(self, nums: {name}) -> int:\n        return 1\n"
    verdict = sandbox.judge(Program(code, "f", "method"), make_tests((([1],), 1)))
    assert verdict.status == "error"
    assert verdict.results[0].message == f"NameError: name '{name}' is not defined (line 2)"
    if name == "Node":
        assert sandbox.judge(Program(code, "f", "method", ("Node",)), make_tests((([1],), 1))).passed
