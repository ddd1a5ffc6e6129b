import functools
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codeq.data import debugbench
from codeq.data.suites import by_hand, examples, terms
from codeq.data.suites.constraints import Constraints, Problem, parse
from codeq.data.suites.inputs import inputs
from codeq.data.suites.signatures import signature

SHOWN = {"int": 1, "float": 1.5, "str": "a", "List[int]": [1], "List[str]": ["a"], "List[List[int]]": [[1, 2]]}


def read(lines: str, statement: str = "", **parameters: str) -> Constraints:
    """The constraints of a problem with these parameters (name to type)."""
    shown = ", ".join(f"{name} = {json.dumps(SHOWN.get(kind, [1]))}" for name, kind in parameters.items())
    return parse(Problem("p", statement, lines, (f"Input: {shown}\nOutput: 0",), tuple(parameters.items())))


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("105", 10**5),
        ("109", 10**9),
        ("1015", 10**15),
        ("-104", -(10**4)),
        ("10^9", 10**9),
        ("3 * 104", 30_000),
        ("-3 * 104", -30_000),
        ("2 * 10^5", 200_000),
        ("-231", -(2**31)),
        ("231 - 1", 2**31 - 1),
        ("-228", -(2**28)),
        # Numbers that mean themselves.
        ("100", 100),
        ("102", 102),
        ("1000", 1000),
        ("1009", 1009),
        ("200", 200),
        ("26", 26),
        ("40000", 40_000),
        ("5 * 100", 500),
    ],
)
def test_numbers_get_their_lost_exponents_back(text, value):
    assert [found for _, found in terms.instances(terms.read(text), {}, {})] == [value]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("2n - 1", 31),
        ("n + 1", 6),
        ("min(n - 1, 100)", 4),
        ("n * (n - 1) / 2", 10),
        ("a.length - 2", 1),
        ("a[n - 3]", 9),
    ],
)
def test_terms_are_computed_from_names(text, value):
    known = {"n": 5, "a": [7, 8, 9]}
    assert [found for _, found in terms.instances(terms.read(text), known, {})] == [value]


@pytest.mark.parametrize("text", ["", "1 +", "the list", "a.size", "f(x)", "a if b else c", "'a'", "a[1:]", "1.5"])
def test_other_text_is_no_term(text):
    with pytest.raises(terms.UnreadTerm):
        terms.read(text)


INTS, TEXT, TEXTS, PAIRS = "List[int]", "str", "List[str]", "List[List[int]]"

# (lines, parameters, an input that keeps them, inputs that break them)
LINES = [
    ("1 <= a.length, b.length <= 2", {"a": INTS, "b": INTS}, [[1], [1, 2]], [[[], [1]], [[1], [1, 2, 3]]]),
    ("1 <= a[i], k <= 100", {"a": INTS, "k": "int"}, [[1, 100], 100], [[[0], 1], [[1], 101]]),
    ("-104 < a[i] < 104", {"a": INTS}, [[9999, -9999]], [[[10_000]], [[-10_000]]]),
    ("n == a.length\n1 <= n <= 2", {"a": INTS}, [[5]], [[[]], [[1, 2, 3]]]),
    ("a.length == n + 1\n1 <= n <= 2", {"a": INTS}, [[5, 5]], [[[1]], [[1, 2, 3, 4]]]),
    ("n == a.length == b.length\n1 <= n <= 9", {"a": TEXT, "b": TEXT}, ["xy", "yx"], [["x", "xy"], ["", ""]]),
    ("1 <= k <= a.length <= 105", {"a": INTS, "k": "int"}, [[4, 4], 2], [[[4], 2], [[4], 0]]),
    ("0 <= start < a.length", {"a": INTS, "start": "int"}, [[4, 4], 1], [[[4], 1]]),
    ("1 <= a[i] <= a[i + 1] <= 104", {"a": INTS}, [[1, 1, 3]], [[[2, 1]], [[0]], [[10_001]]]),
    ("a[i] != a[i + 1] for all valid i", {"a": INTS}, [[1, 2, 1]], [[[1, 1]]]),
    ("a[i] != i", {"a": INTS}, [[1, 0]], [[[0, 0]]]),
    ("m == g.length\nn == g[i].length\n2 <= m * n <= 6", {"g": PAIRS}, [[[1], [2]]], [[[[1]]], [[[1, 2], [3]]]]),
    ("n == g.length == g[i].length", {"g": PAIRS}, [[[1, 2], [3, 4]]], [[[[1, 2]]]]),
    ("m == g.length\ng[0][0] == g[m - 1][m - 1] == 0", {"g": PAIRS}, [[[0, 5], [5, 0]]], [[[[0, 5], [5, 1]]]]),
    ("max(a[i]) <= k", {"a": INTS, "k": "int"}, [[1, 3], 3], [[[1, 3], 2]]),
    ("1 <= sum(w[i].length) <= 3", {"w": TEXTS}, [["a", "bc"]], [[["ab", "cd"]], [[""]]]),
    ("a[i] is either 0 or 1.", {"a": INTS}, [[0, 1]], [[[2]]]),
    ("g[i][j] is either 0, 1, or 2", {"g": PAIRS}, [[[0, 2]]], [[[[3]]]]),
    ("s[i] is '(', ')' or '*'.", {"s": TEXT}, ["(*)"], [["(a)"]]),
    ("s[i] is a digit from '1' to '9'.", {"s": TEXT}, ["19"], [["10"]]),
    ("s[i] where i is odd is a digit from '0' to '9' (0-indexed).", {"s": TEXT}, ["x1y2"], [["xx"]]),
    ("s and t consist of only lowercase English letters.", {"s": TEXT, "t": TEXT}, ["ab", "z"], [["A", "a"]]),
    ("s consists of lowercase English letters and spaces ' '.", {"s": TEXT}, ["a b"], [["A b"]]),
    ("w[i] consists of lowercase English letters, digits, and/or round brackets", {"w": TEXTS}, [["a(1)"]], [[["-"]]]),
    ("s consists of English letters, space ' ', or one of the symbols: \"!?',;.\".", {"s": TEXT}, ["Oh, no!"], [["#"]]),
    ("s contains only lowercase letters from the set {'a', 'b'}.", {"s": TEXT}, ["ab"], [["c"]]),
    ("s consists of only digits and does not contain leading zeros.", {"s": TEXT}, ["10"], [["01"], ["x"]]),
    ("All characters in w[i] and s are lowercase letters", {"w": TEXTS, "s": TEXT}, [["a"], "b"], [[["A"], ""]]),
    ("All the values of a are unique.", {"a": INTS}, [[1, 2]], [[[1, 1]]]),
    ("All the integers in a array are distinct.", {"a": INTS}, [[1, 2]], [[[1, 1]]]),
    ("All values of a and b are unique, and each value can appear only in one of the two arrays.",
     {"a": INTS, "b": INTS}, [[1], [2]], [[[1], [1]]]),
    ("No two pairs are exactly the same.", {"pairs": PAIRS}, [[[1, 2], [2, 1]]], [[[[1, 2], [1, 2]]]]),
    ("There are no repeated edges.", {"edges": PAIRS}, [[[1, 2], [2, 3]]], [[[[1, 2], [2, 1]]]]),
    ("The graph is directed and acyclic.", {"edges": PAIRS}, [[[1, 2], [1, 3], [2, 3]]], [[[[1, 2], [2, 3], [3, 1]]]]),
    ("edges represents a valid tree.", {"edges": PAIRS}, [[[0, 1], [2, 0]]], [[[[0, 1], [2, 3]]], [[[0, 1], [1, 0]]]]),
    ("a is sorted in non-decreasing order.", {"a": INTS}, [[1, 1, 2]], [[[2, 1]]]),
    ("Both a and b are non-increasing.", {"a": INTS, "b": INTS}, [[2, 2], [3]], [[[2], [1, 2]]]),
    ("a[i] < a[j] for 1 <= i < j <= a.length", {"a": INTS}, [[1, 2]], [[[1, 1]]]),
    ("n is even.\nn == a.length", {"a": INTS}, [[1, 1]], [[[1]]]),
    ("n == 2x where 0 <= x <= 2\nn == a.length", {"a": INTS}, [[1] * 4], [[[1] * 3], [[1] * 8]]),
    ("k is in a.", {"a": INTS, "k": "int"}, [[1, 2], 2], [[[1, 2], 3]]),
    ("All the integers of a also appear in b.", {"a": INTS, "b": INTS}, [[1], [2, 1]], [[[3], [2, 1]]]),
    ("t is an anagram of s.", {"s": TEXT, "t": TEXT}, ["aab", "aba"], [["ab", "aab"]]),
    ("There is single space between consecutive words.", {"s": TEXT}, ["a bc"], [["a  b"], [" a"]]),
    ("There will be at most two digits after the decimal point in hour.", {"hour": "float"}, [2.01], [[2.005]]),
    ("The number of nodes in the tree is in the range [1, 2].", {"root": "Optional[TreeNode]"},
     [[1, None, 2]], [[[]], [[1, 2, 3]]]),
    ("The number of nodes in the list is n\n1 <= k <= n <= 5", {"head": "ListNode", "k": "int"}, [[7], 1], [[[], 0]]),
    ("-100 <= Node.val <= 100", {"root": "Optional[TreeNode]"}, [[1, None, -100]], [[[1, 101]]]),
    ("Each node has a unique value.", {"root": "TreeNode"}, [[1, None, 2]], [[[1, None, 1]]]),
]  # fmt: skip


@pytest.mark.parametrize(("lines", "parameters", "kept", "broken"), LINES, ids=[line[0] for line in LINES])
def test_lines_hold_for_the_inputs_they_allow_and_no_others(lines, parameters, kept, broken):
    constraints = read(lines, **parameters)
    assert constraints.unread == ()
    assert constraints.violations(kept) == []
    for arguments in broken:
        assert constraints.violations(arguments), arguments


def test_fields_of_rows_are_named_in_the_statement():
    constraints = read(
        "jobs[i].length == 3\n1 <= firsti <= lasti <= 109\ncosti == jobs[i][2]\n0 <= costi",
        "a list where jobs[i] = [firsti, lasti, costi] is the ith job",
        jobs=PAIRS,
    )
    assert constraints.unread == ()
    assert constraints.violations([[[1, 2, 0], [3, 3, 5]]]) == []
    assert constraints.violations([[[3, 2, 0]]]) == ["1 <= firsti <= lasti <= 109"]
    assert constraints.violations([[[1, 2, -1]]]) == ["0 <= costi"]


def test_parameters_may_be_called_otherwise_in_the_signature():
    problem = Problem("p", "", "1 <= hours.length <= 2", ("Input: hours = [9]\nOutput: 0",), (("A", INTS),))
    assert parse(problem).violations([[1, 2, 3]]) == ["1 <= hours.length <= 2"]


@pytest.mark.parametrize(
    ("statement", "parameters", "kept", "broken"),
    [
        ("Given two sorted arrays a and b, merge them.", {"a": INTS, "b": INTS}, [[1, 2], []], [[1], [2, 1]]),
        ("Given an undirected tree with edges.", {"edges": PAIRS}, [[[1, 2]]], [[[1, 2], [2, 1]]]),
        ("Given the root of a binary search tree", {"root": "TreeNode"}, [[2, 1, 3]], [[3, 1, 2]]),
        ("Given the root of a binary search tree", {"root": "TreeNode"}, [[2, 1, 3, None, 2]], [[2, 1, 3, None, 3]]),
    ],
)
def test_the_statement_may_say_more_than_its_constraints(statement, parameters, kept, broken):
    constraints = read("", statement, **parameters)
    assert constraints.violations(kept) == []
    assert constraints.violations(broken)


@pytest.mark.parametrize(
    "line",
    [
        "a is sorted by a rule of its own.",
        "1 <= unknown <= 5",
        "1 <= a[i].size <= 5",
        "a consists of nice numbers.",
        "At most 104 calls will be made to get.",
        "a[i] is a prime.",
        "1 <= a[p + q] <= 2",
    ],
)
def test_what_is_not_understood_is_reported(line):
    assert read(line + "\n1 <= a.length", a=INTS).unread == (line,)


def test_guarantees_of_the_statement_count_as_lines():
    constraints = read("1 <= k", "Find it. It is guaranteed that k has friends.", k="int")
    assert constraints.unread == ("It is guaranteed that k has friends.",)


@pytest.mark.parametrize("line", ["Follow-up: Could you do it in O(n)?", "Note: This question is the same as 7: x", ""])
def test_remarks_are_no_constraints(line):
    assert read(line, a=INTS).unread == ()


@given(st.lists(st.integers(-3, 3)), st.integers(-3, 3), st.integers(-3, 3))
def test_a_chain_says_the_same_as_python(numbers, low, high):
    constraints = read(f"{low} <= a.length <= 7\n{low} < a[i] <= {high}", a=INTS)
    expected = low <= len(numbers) <= 7 and all(low < number <= high for number in numbers)
    assert (constraints.violations([numbers]) == []) == expected


@functools.cache
def benchmark(shared: Path) -> dict[str, tuple[Constraints, list[list[object]]]]:
    """Per Python problem its constraints and the arguments of its public tests."""
    problems = debugbench.problems(debugbench.read_source(str(shared / "debugbench" / "benchmark"), None, "python3"))
    found = {}
    for row in problems.iter_rows(named=True):
        called = signature(row["problem_id"], row["reference_codes"], row["examples"])
        assert called is not None
        parameters = tuple(zip(called.names, called.annotations, strict=True))
        problem = Problem(row["problem_id"], row["statement"], row["constraints"], tuple(row["examples"]), parameters)
        shown = [each.arguments for each in map(examples.read, row["examples"]) if each.arguments]
        found[row["problem_id"]] = parse(problem), [list(arguments.values()) for arguments in shown]
    return found


# Problems with lines that no known form fits, and how many; their inputs are made by hand.
UNREAD = {
    "adding-two-negabinary-numbers": 1,
    "baseball-game": 4,
    "construct-binary-tree-from-inorder-and-postorder-traversal": 2,
    "construct-binary-tree-from-preorder-and-inorder-traversal": 2,
    "decode-the-slanted-ciphertext": 3,
    "design-a-text-editor": 3,
    "design-hashmap": 2,
    "find-players-with-zero-or-one-losses": 1,
    "find-positive-integer-solution-for-a-given-equation": 2,
    "generate-random-point-in-a-circle": 3,
    "invalid-transactions": 4,
    "linked-list-cycle": 1,
    "maximum-depth-of-n-ary-tree": 1,
    "minimum-speed-to-arrive-on-time": 1,
    "most-common-word": 1,
    "online-election": 7,
    "range-sum-query-immutable": 4,
    "replace-elements-in-an-array": 1,
    "restore-the-array-from-adjacent-pairs": 4,
    "reverse-bits": 1,
    "ugly-number-iii": 1,
    "valid-arrangement-of-pairs": 2,
}


def test_every_line_of_the_benchmark_is_read_but_these(shared):
    assert {name: len(found.unread) for name, (found, _) in benchmark(shared).items() if found.unread} == UNREAD


def test_the_examples_of_the_benchmark_keep_every_line(shared):
    checked = 0
    for constraints, shown in benchmark(shared).values():
        for arguments in shown:
            assert constraints.violations(arguments) == [], constraints.problem.problem_id
            checked += 1
    assert checked == 535


def test_every_problem_of_the_benchmark_but_those_without_signature_has_facts(shared):
    without = {name for name, (found, _) in benchmark(shared).items() if not found.facts}
    assert without == {
        "design-a-text-editor",
        "design-hashmap",
        "generate-random-point-in-a-circle",
        "online-election",
        "range-sum-query-immutable",
        "reverse-bits",  # its only line is about a string of bits, its argument a number
    }


def test_inputs_made_by_hand_keep_every_line(shared):
    for problem_id, (constraints, _) in benchmark(shared).items():
        generator = by_hand.GENERATORS.get(problem_id)
        for arguments in inputs(problem_id, generator, 0) if generator else ():
            assert constraints.violations(arguments) == [], (problem_id, str(arguments)[:200])
