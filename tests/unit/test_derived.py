import contextlib
import functools
import json
import random
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from test_constraints import benchmark

from codeq.data.suites import by_hand
from codeq.data.suites.constraints import Problem, parse
from codeq.data.suites.derived import NotDerivable, generator_of
from codeq.data.suites.draw import SCALES, Draw, RejectedDraw
from codeq.data.suites.inputs import inputs

SHOWN = {"int": 1, "float": 1.5, "str": "a", "List[int]": [1], "List[str]": ["a"], "List[List[int]]": [[1, 2]]}


def problem(lines, statement="", **parameters):
    """A problem with these parameters (name to type)."""
    shown = ", ".join(f"{name} = {json.dumps(SHOWN.get(kind, [1]))}" for name, kind in parameters.items())
    return Problem("p", statement, lines, (f"Input: {shown}\nOutput: 0",), tuple(parameters.items()))


def suite(lines, statement="", **parameters):
    made = problem(lines, statement, **parameters)
    return inputs("p", generator(made), 0)


ARRAY = problem("1 <= a.length <= 105\n-109 <= a[i] <= 109", a="List[int]")
SEARCH = problem(
    "1 <= a.length <= 104\n-104 <= a[i], k <= 104\nAll the integers in a are unique.\na is sorted in ascending order.",
    a="List[int]",
    k="int",
)
LINKED = problem(
    "n == a.length == b.length\n1 <= n <= 1000\n1 <= k <= n\n0 <= a[i], b[i] <= n",
    a="List[int]",
    b="List[int]",
    k="int",
)
TEXTS = problem("s.length == t.length\n1 <= s.length <= 500\ns and t consist of digits.", s="str", t="str")
WORDS = problem(
    "1 <= w.length <= 50\n0 <= w[i].length <= 10\nw[i] consists of lowercase English letters.\n"
    "All the strings of w are unique.",
    w="List[str]",
)
GRID = problem(
    "m == g.length\nn == g[i].length\n1 <= m, n <= 105\n2 <= m * n <= 105\ng[i][j] is either 0 or 1.",
    g="List[List[int]]",
)
ROWS = problem(
    "2 <= n <= 105\n1 <= jobs.length <= 105\njobs[i].length == 3\n1 <= firsti <= lasti <= n\n1 <= payi <= 104",
    "where jobs[i] = [firsti, lasti, payi]",
    n="int",
    jobs="List[List[int]]",
)
TREE = problem(
    "The number of nodes in the tree is in the range [0, 104].\n1 <= Node.val <= 105\nEach node has a unique value.",
    root="Optional[TreeNode]",
)
SEARCH_TREE = problem(
    "The number of nodes in the tree is in the range [1, 300].\n0 <= Node.val <= 9",
    "Given a binary search tree.",
    root="TreeNode",
)
CITIES = problem(
    "2 <= n <= 105\nroads.length == n - 1\nroads[i].length == 2\n0 <= ai, bi < n\nroads represents a valid tree.",
    "where roads[i] = [ai, bi]",
    n="int",
    roads="List[List[int]]",
)
TIMES = problem(
    "1 <= a.length <= 9\n1 <= a[i] <= 9\n1 <= hour <= 109\n"
    "There will be at most two digits after the decimal point in hour.",
    a="List[int]",
    hour="float",
)
PROBLEMS = [ARRAY, SEARCH, LINKED, TEXTS, WORDS, GRID, ROWS, TREE, SEARCH_TREE, CITIES, TIMES]


@functools.cache
def generator(made):
    return generator_of(made)


@settings(deadline=None, max_examples=300)
@given(st.sampled_from(PROBLEMS), st.sampled_from(("tiny", "small", "medium", "extreme")), st.integers(0, 10**6))
def test_derived_inputs_keep_every_line(made, scale, seed):
    constraints = parse(made)
    assert constraints.unread == ()
    with contextlib.suppress(RejectedDraw):
        arguments = generator(made)(Draw(random.Random(seed), scale))
        assert constraints.violations(arguments) == []


@pytest.mark.parametrize("made", PROBLEMS)
def test_a_derived_suite_is_about_a_hundred_different_inputs_of_all_sizes(made):
    found = inputs("p", generator(made), 0)
    assert 90 <= len(found) <= 98
    texts = [json.dumps(arguments) for arguments in found]
    assert len(set(texts)) == len(texts)
    assert len(min(texts, key=len)) < 40
    assert sum(map(len, texts)) < 500_000


def test_the_same_seed_gives_the_same_inputs():
    first = inputs("p", generator(LINKED), 3)
    assert first == inputs("p", generator_of(LINKED), 3)
    assert first != inputs("p", generator(LINKED), 4)


def test_extreme_values_and_long_lists_occur():
    found = [arguments[0] for arguments in inputs("p", generator(ARRAY), 0)]
    assert {-(10**9), 10**9} <= {number for numbers in found for number in numbers}
    assert max(map(len, found)) > 10_000
    assert min(map(len, found)) == 1


def test_lists_in_order_and_lists_of_few_values_occur():
    lists = [numbers for (numbers,) in inputs("p", generator(ARRAY), 0) if 5 < len(numbers) <= 40]
    assert sum(numbers in (sorted(numbers), sorted(numbers, reverse=True)) for numbers in lists) >= 5
    assert sum(len(set(numbers)) <= 3 for numbers in lists) >= 5
    assert sum(len(set(numbers)) > 5 for numbers in lists) >= 10


def test_a_number_within_the_limits_of_a_list_is_often_one_of_its_elements():
    found = inputs("p", generator(SEARCH), 0)
    present = sum(k in numbers for numbers, k in found)
    assert 30 <= present <= 80


def test_texts_of_the_same_kind_are_often_related():
    found = inputs("p", generator(TEXTS), 0)
    anagrams = sum(Counter(s) == Counter(t) for s, t in found)
    assert 20 <= anagrams <= 70


def test_a_large_grid_has_at_most_ten_thousand_cells():
    grids = [grid for (grid,) in inputs("p", generator(GRID), 0)]
    assert 9_000 < max(len(grid) * len(grid[0]) for grid in grids) <= 10_000


def test_even_lengths_and_powers_of_two():
    even = suite("n == a.length\n2 <= n <= 104\nn is even.\n0 <= a[i] <= 9", a="List[int]")
    assert {len(a) % 2 for (a,) in even} == {0}


def test_a_member_is_drawn_from_its_list():
    found = suite("1 <= a.length <= 9\n0 <= a[i] <= 109\nk is in a.", a="List[int]", k="int")
    assert all(k in a for a, k in found)
    assert len({a.index(k) for a, k in found}) > 3


def test_types_missing_in_the_signature_are_those_of_the_examples():
    made = Problem("p", "", "1 <= x.length <= 9\n1 <= x[i] <= 9", ("Input: x = [1,2]\nOutput: 1",), (("A", ""),))
    assert all(isinstance(arguments[0], list) for arguments in inputs("p", generator(made), 0))


@pytest.mark.parametrize(
    ("made", "reason"),
    [
        (problem("a is as a judge likes it.", a="List[int]"), "unread line: a is as a judge likes it."),
        (problem("1 <= a.length <= 9", a="List[int]"), r"no bounds for a\[\]"),
        (problem("1 <= a.length\n1 <= a[i] <= 2", a="List[int]"), r"no upper bound for a\.length"),
        (problem("1 <= s.length <= 9", s="str"), "no alphabet for s"),
        (problem("1 <= a.length <= 9", a="List[List[str]]"), r"a is of type List\[List\[str\]\]"),
        (problem("1 <= a[i] <= 99\na.length == 30\na[i] < a[i + 1]", a="List[int]"), "few draws keep all lines"),
        (Problem("p", "", "1 <= a", ("no example",), (("a", "int"),)), "the parameters are not those of the examples"),
    ],
)
def test_what_cannot_be_derived_says_why(made, reason):
    with pytest.raises(NotDerivable, match=reason):
        generator_of(made)


def test_every_scale_is_drawn():
    lengths = {scale: len(generator(ARRAY)(Draw(random.Random(1), scale))[0]) for scale in SCALES}
    assert lengths["tiny"] <= 3 < lengths["medium"] <= 40 < 10_000 < lengths["large"]


def test_most_problems_of_the_benchmark_can_be_derived_and_all_others_are_made_by_hand(shared):
    derivable = set()
    for problem_id, (constraints, _) in benchmark(shared).items():
        with contextlib.suppress(NotDerivable):
            generator_of(constraints.problem)
            derivable.add(problem_id)
    assert len(derivable) == 188
    assert benchmark(shared).keys() - derivable <= by_hand.GENERATORS.keys()
