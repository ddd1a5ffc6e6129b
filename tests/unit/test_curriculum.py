"""The curriculum: enough problems, all different, correct as stated, and with public tests that see common bugs."""

import ast
import builtins
import calendar
import io
import itertools
import keyword
import math
import statistics
import sys
import textwrap
import tokenize
from bisect import bisect_left
from collections import Counter
from copy import deepcopy
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codeq import values
from codeq.data import curriculum
from codeq.data.curriculum import Problem, inputs
from codeq.data.curriculum.problem import REGISTRY, canonical_code, problem, run, slug_of
from codeq.errors import DataError

PROBLEMS = curriculum.problems(0)
BY_NAME = {item.entry_point: item for item in PROBLEMS}
LINE_BUDGET = 2500


class OutOfBudget(BaseException):
    """A mutant ran too many lines."""


def answer(reference: object, item: Problem, arguments: list) -> tuple[str, object]:
    """What a program returns, or the kind of error it ends with; it is stopped after LINE_BUDGET lines."""
    lines = 0

    def count(frame, event, arg):
        nonlocal lines
        lines += 1
        if lines > LINE_BUDGET:
            raise OutOfBudget
        return count

    before = sys.gettrace()
    sys.settrace(count)
    try:
        return "returned", run(reference, item.kind, arguments)
    except OutOfBudget:
        return "endless", None
    except Exception as error:
        return "raised", type(error).__name__
    finally:
        sys.settrace(before)


def alike(left: tuple[str, object], right: tuple[str, object]) -> bool:
    try:
        return left[0] == right[0] and values.same(left[1], right[1])
    except values.UnsupportedValue:
        return False


def load(item: Problem, code: str) -> object:
    namespace: dict[str, object] = {}
    exec(code, namespace)
    return namespace[item.entry_point]


def five_grams(code: str, *, anonymous: bool = False) -> set[tuple[str, ...]]:
    """All runs of five Python tokens; `anonymous` makes the names that a program chose itself equal."""
    tokens = []
    for token in tokenize.generate_tokens(io.StringIO(code).readline):
        chosen = (
            token.type == tokenize.NAME and not keyword.iskeyword(token.string) and token.string not in dir(builtins)
        )
        tokens.append("name" if anonymous and chosen else token.string.strip() or tokenize.tok_name[token.type])
    return set(zip(*(tokens[start:] for start in range(5)), strict=False))


FLIPS = {
    ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq, ast.NotEq: ast.Eq,
    ast.In: ast.NotIn, ast.NotIn: ast.In, ast.Is: ast.IsNot, ast.IsNot: ast.Is, ast.Add: ast.Sub, ast.Sub: ast.Add,
}  # fmt: skip


def mutants(code: str) -> list[str]:
    """Every program with one comparison or + or - replaced, or one whole number changed by one."""
    found = []
    tree = ast.parse(code)
    for node in ast.walk(tree):
        if isinstance(node, ast.Compare):
            for at, operator in enumerate(node.ops):
                node.ops[at] = FLIPS[type(operator)]()
                found.append(ast.unparse(tree))
                node.ops[at] = operator
        elif isinstance(node, ast.BinOp | ast.AugAssign) and type(node.op) in FLIPS:
            operator, node.op = node.op, FLIPS[type(node.op)]()
            found.append(ast.unparse(tree))
            node.op = operator
        elif isinstance(node, ast.Constant) and type(node.value) is int:
            for step in (1, -1):
                node.value += step
                found.append(ast.unparse(tree))
                node.value -= step
    return found


def test_there_are_many_problems_of_three_levels_and_two_kinds():
    levels, kinds = Counter(item.level for item in PROBLEMS), Counter(item.kind for item in PROBLEMS)
    assert len(PROBLEMS) >= 240
    assert {level: round(levels[level] / len(PROBLEMS), 1) for level in ("easy", "medium", "hard")} == {
        "easy": pytest.approx(0.45, abs=0.06),
        "medium": pytest.approx(0.35, abs=0.06),
        "hard": pytest.approx(0.2, abs=0.06),
    }
    assert kinds["operations"] >= 12
    assert kinds["function"] + kinds["operations"] == len(PROBLEMS)
    assert [item.problem_id for item in PROBLEMS] == sorted(REGISTRY)


def test_statements_are_sentences_and_all_different():
    assert not [item.problem_id for item in PROBLEMS if not (20 <= len(item.statement) <= 200)]
    assert not [item.problem_id for item in PROBLEMS if not item.statement.endswith(".")]
    assert len({item.statement for item in PROBLEMS}) == len(PROBLEMS)


def test_every_problem_has_two_to_four_public_and_at_least_twelve_other_hidden_inputs():
    for item in PROBLEMS:
        keys = [values.dumps(arguments) for arguments in item.public + item.hidden]
        assert 2 <= len(item.public) <= 4, item.problem_id
        assert 12 <= len(item.hidden) <= 16, item.problem_id
        assert len(set(keys)) == len(keys), item.problem_id
    assert sum(len(item.hidden) == 16 for item in PROBLEMS) / len(PROBLEMS) > 0.95


def test_hidden_inputs_depend_on_the_seed_and_the_problem_alone():
    assert curriculum.problems(0) == PROBLEMS
    item = BY_NAME["quick_sort"]
    assert REGISTRY["quick-sort"].with_hidden(0).hidden == item.hidden
    assert REGISTRY["quick-sort"].with_hidden(1).hidden != item.hidden


def test_results_can_be_encoded_are_repeatable_and_leave_the_arguments_alone():
    for item in PROBLEMS:
        for arguments in item.public + item.hidden:
            kept = deepcopy(arguments)
            result = curriculum.expected(item, arguments)
            assert values.same(values.loads(values.dumps(result)), result), item.problem_id
            assert values.same(curriculum.expected(item, arguments), result), item.problem_id
            assert values.same(arguments, kept), item.problem_id


def test_no_problem_is_solved_by_a_constant():
    for item in PROBLEMS:
        for group in (item.public, item.hidden):
            assert len({values.dumps(curriculum.expected(item, each)) for each in group}) > 1, item.problem_id


def test_code_is_one_bare_definition_of_moderate_length():
    for item in PROBLEMS:
        tree = ast.parse(item.code)
        kind = ast.ClassDef if item.kind == "operations" else ast.FunctionDef
        assert [(type(node), node.name) for node in tree.body] == [(kind, item.entry_point)]
        assert 40 <= len(item.code) <= 260, item.problem_id
        assert item.code == canonical_code(item.code), item.problem_id
        for node in ast.walk(tree):
            assert not isinstance(node, ast.Import | ast.ImportFrom | ast.AnnAssign), item.problem_id
            if isinstance(node, ast.FunctionDef):
                assert not node.decorator_list, item.problem_id
                assert node.returns is None, item.problem_id
                assert not any(argument.annotation for argument in node.args.args), item.problem_id


def test_code_alone_in_a_fresh_namespace_behaves_as_the_reference():
    for item in PROBLEMS:
        lone = load(item, item.code)
        for arguments in item.public + item.hidden:
            assert values.same(run(lone, item.kind, arguments), curriculum.expected(item, arguments)), item.problem_id


@pytest.mark.parametrize("anonymous", [False, True])
def test_no_two_problems_are_nearly_the_same_code(anonymous):
    grams = [five_grams(item.code, anonymous=anonymous) for item in PROBLEMS]
    close = [
        (PROBLEMS[i].problem_id, PROBLEMS[j].problem_id)
        for i, j in itertools.combinations(range(len(PROBLEMS)), 2)
        if len(grams[i] & grams[j]) >= 0.7 * len(grams[i] | grams[j])
    ]
    assert close == []


def test_mutants_are_exactly_the_small_changes():
    code = "def f(a):\n    return a + 1 if a < 2 else -a"
    assert {mutant.splitlines()[1].strip() for mutant in mutants(code)} == {
        "return a - 1 if a < 2 else -a",
        "return a + 2 if a < 2 else -a",
        "return a + 0 if a < 2 else -a",
        "return a + 1 if a <= 2 else -a",
        "return a + 1 if a < 3 else -a",
        "return a + 1 if a < 1 else -a",
    }


def test_public_tests_see_most_mutants_that_hidden_tests_see():
    wrong, seen = Counter(), Counter()
    for item in PROBLEMS:
        public, hidden = (
            [(arguments, answer(item.reference, item, arguments)) for arguments in group]
            for group in (item.public, item.hidden)
        )
        assert {outcome for _, (outcome, _) in public + hidden} == {"returned"}, item.problem_id
        for code in mutants(item.code):
            mutant = load(item, code)
            if any(not alike(answer(mutant, item, each), right) for each, right in hidden):
                wrong[item.problem_id] += 1
                seen[item.problem_id] += any(not alike(answer(mutant, item, each), right) for each, right in public)
    assert wrong.total() > 1000
    assert seen.total() / wrong.total() > 0.9
    assert [slug for slug in wrong if wrong[slug] >= 4 and seen[slug] / wrong[slug] < 0.5] == []


def trial_division(number):
    return number > 1 and all(number % divisor for divisor in range(2, number))


def edit_distance(a, b):
    row = list(range(len(b) + 1))
    for i, left in enumerate(a, 1):
        diagonal, row[0] = row[0], i
        for j, right in enumerate(b, 1):
            diagonal, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, diagonal + (left != right))
    return row[-1]


def sublists(items):
    return [items[i:j] for i in range(len(items)) for j in range(i + 1, len(items) + 1)]


def subsequences(text):
    return {"".join(each) for size in range(len(text) + 1) for each in itertools.combinations(text, size)}


def reduced(text):
    """What is left of a text after removing "()" until there is none."""
    text = "".join(sign for sign in text if sign in "()[]")
    while "()" in text or "[]" in text:
        text = text.replace("()", "").replace("[]", "")
    return text


INDEPENDENT = {
    "greatest_common_divisor": math.gcd,
    "least_common_multiple": math.lcm,
    "factorial_by_loop": math.factorial,
    "integer_square_root": math.isqrt,
    "binomial": math.comb,
    "catalan_number": lambda n: math.comb(2 * n, n) // (n + 1),
    "power_modulo": pow,
    "is_leap_year": calendar.isleap,
    "is_prime": trial_division,
    "primes_up_to": lambda limit: [n for n in range(limit + 1) if trial_division(n)],
    "are_coprime": lambda a, b: math.gcd(a, b) == 1,
    "digital_root": lambda n: 1 + (n - 1) % 9 if n else 0,
    "factorial_trailing_zeros": lambda n: len(s := str(math.factorial(n))) - len(s.rstrip("0")),
    "count_set_bits": int.bit_count,
    "to_binary": "{:b}".format,
    "from_binary": lambda bits: int(bits, 2),
    "triangular_rows": lambda n: (math.isqrt(8 * n + 1) - 1) // 2 if n >= 0 else 0,
    "hanoi_moves": lambda n: 2**n - 1,
    "swap_letter_case": str.swapcase,
    "are_anagrams": lambda a, b: Counter(a) == Counter(b),
    "run_length_encode": lambda text: "".join(f"{k}{len(list(g))}" for k, g in itertools.groupby(text)),
    "longest_unique_run": lambda s: max((len(p) for p in sublists(s) if len(set(p)) == len(p)), default=0),
    "longest_palindrome": lambda s: max((len(p) for p in sublists(s) if p == p[::-1]), default=0),
    "is_subsequence": lambda short, text: short in subsequences(text),
    "longest_common_subsequence": lambda a, b: max(map(len, subsequences(a) & subsequences(b))),
    "edit_distance": edit_distance,
    "wrap_words": textwrap.wrap,
    "running_totals": lambda numbers: list(itertools.accumulate(numbers)),
    "largest_block_sum": lambda numbers: max(map(sum, sublists(numbers))),
    "merge_sorted": lambda a, b: sorted(a + b),
    "products_of_others": lambda n: [math.prod(n[:i] + n[i + 1 :]) for i in range(len(n))],
    "group_runs": lambda items: [(k, len(list(g))) for k, g in itertools.groupby(items)],
    "unordered_pairs": lambda items: list(itertools.combinations(items, 2)),
    "best_single_trade": lambda p: max([0, *(b - a for a, b in itertools.combinations(p, 2))]),
    "count_inversions": lambda n: sum(a > b for a, b in itertools.combinations(n, 2)),
    "next_larger": lambda n: [next((b for b in n[i:] if b > a), -1) for i, a in enumerate(n)],
    "count_letters": lambda text: dict(Counter(text)),
    "permutations_of": lambda text: sorted({"".join(p) for p in itertools.permutations(text)}),
    "combinations_of": lambda items, size: [list(c) for c in itertools.combinations(items, size)],
    "count_change": lambda amount, coins: sum(
        sum(c * n for c, n in zip(coins, counts, strict=True)) == amount
        for counts in itertools.product(range(amount + 1), repeat=len(coins))
    ),
    "subset_reaches": lambda n, target: any(
        sum(c) == target for size in range(len(n) + 1) for c in itertools.combinations(n, size)
    ),
    "insertion_index": bisect_left,
    "has_pair_sum": lambda n, goal: any(a + b == goal for a, b in itertools.combinations(n, 2)),
    "lower_median": statistics.median_low,
    "quick_select": lambda items, k: sorted(items)[k],
    "mountain_top": lambda heights: heights.index(max(heights)),
    **dict.fromkeys(["bubble_sort", "insertion_sort", "quick_sort"], sorted),
    "selection_sort_descending": lambda numbers: sorted(numbers, reverse=True),
    "counting_sort": lambda numbers, size: sorted(numbers),
    "binary_search": lambda items, goal: items.index(goal) if goal in items else -1,
    "found_by_halving": lambda items, target: target in items,
    "pascal_triangle": lambda rows: [[math.comb(n, k) for k in range(n + 1)] for n in range(rows)],
    "all_subsets": lambda items: sorted(
        list(c) for n in range(len(items) + 1) for c in itertools.combinations(sorted(items), n)
    ),
    "split_seconds": lambda s: (s // 3600, s // 60 % 60, s % 60),
    **dict.fromkeys(["parentheses_balanced", "brackets_match"], lambda text: reduced(text) == ""),
}


@pytest.mark.parametrize("name", sorted(INDEPENDENT))
def test_reference_agrees_with_an_independent_solution(name):
    item = BY_NAME[name]
    for arguments in item.public + item.hidden:
        assert values.same(curriculum.expected(item, arguments), INDEPENDENT[name](*deepcopy(arguments))), arguments


def test_operations_answer_none_for_the_constructor_and_then_each_call():
    stack = BY_NAME["Stack"]
    arguments = [["Stack", "push", "push", "size", "pop", "pop", "pop"], [[], [4], [7], [], [], [], []]]
    assert curriculum.expected(stack, arguments) == [None, None, None, 2, 7, 4, None]


@pytest.fixture
def registry():
    """The registry, restored afterwards."""
    kept = dict(REGISTRY)
    yield REGISTRY
    REGISTRY.clear()
    REGISTRY.update(kept)


def test_a_decorated_function_becomes_a_problem_without_decorator_docstring_and_comments(registry):
    @problem("easy", examples=[[1], [-1]], inputs=[inputs.integers(2, 99)])
    def twice_as_much(number):
        """Return a number
        times two."""
        return 2 * number  # not shown

    made = registry["twice-as-much"].with_hidden(3)
    assert made.code == "def twice_as_much(number):\n    return 2 * number"
    assert (made.statement, made.level, made.kind) == ("Return a number times two.", "easy", "function")
    assert made.public == ([1], [-1])
    assert len(made.hidden) == 16
    assert [curriculum.expected(made, each) for each in made.public] == [2, -2]
    assert twice_as_much(4) == 8


def test_a_problem_without_docstring_is_refused(registry):
    with pytest.raises(DataError, match="nameless_wonder has no docstring"):

        @problem("easy", examples=[[1], [2]], inputs=[inputs.integers(0, 99)])
        def nameless_wonder(number):
            return number


def test_a_second_problem_of_the_same_name_is_refused(registry):
    with pytest.raises(DataError, match="quick_sort is already a problem of codeq"):

        @problem("easy", examples=[[1], [2]], inputs=[inputs.integers(0, 99)])
        def quick_sort(number):
            """Return it."""
            return number


@pytest.mark.parametrize("examples", [[[1]], [[1], [2], [3], [4], [5]], [[1], [1], [2]]])
def test_too_few_too_many_or_repeated_examples_are_refused(registry, examples):
    with pytest.raises(DataError, match="give 2 to 4 different ones"):

        @problem("easy", examples=examples, inputs=[inputs.integers(0, 99)])
        def unheard_of(number):
            """Return it."""
            return number


def test_too_narrow_generators_are_refused(registry):
    @problem("easy", examples=[[1], [2]], inputs=[inputs.integers(0, 12)])
    def narrow(number):
        """Return it."""
        return number

    with pytest.raises(DataError, match="narrow has 11 hidden inputs"):
        registry["narrow"].with_hidden(0)


def test_slugs_have_dashes():
    assert slug_of("is_prime") == "is-prime"
    assert slug_of("RunningMean") == "running-mean"
    assert slug_of("in_base2") == "in-base2"


@given(seed=st.integers(0, 2**63), lo=st.integers(0, 4), extra=st.integers(0, 4))
def test_generators_keep_their_bounds(seed, lo, extra):
    rng, hi = Random(seed), lo + extra
    digit = inputs.integers(-9, 9)
    items = inputs.lists(digit, lo, hi)(rng)
    assert lo <= len(items) <= hi
    assert all(-9 <= item <= 9 for item in items)
    ascending = inputs.sorted_lists(digit, lo, hi)(rng)
    assert ascending == sorted(ascending)
    assert lo <= len(ascending) <= hi
    different = inputs.distinct_lists(digit, lo, hi)(rng)
    assert len(set(different)) == len(different) <= hi
    text = inputs.words(lo, hi, "ab")(rng)
    assert lo <= len(text) <= hi
    assert set(text) <= {"a", "b"}
    mirror = inputs.palindromes(hi)(rng)
    assert mirror == mirror[::-1]
    assert len(mirror) <= hi
    assert lo <= len(inputs.sentences(inputs.words(1, 2), lo, hi)(rng).split()) <= hi
    left, right = inputs.equal_lengths(digit, digit, lo=lo, hi=hi)(rng)
    assert lo <= len(left) == len(right) <= hi
    square = inputs.squares(digit, lo, hi)(rng)
    assert {len(row) for row in square} <= {len(square)}
    grid = inputs.grids(digit, (1, 3), (lo, hi))(rng)
    assert len({len(row) for row in grid}) == 1
    names, arglists = inputs.operations("Box", [digit], calls=(lo, hi), put=[digit, digit], get=[])(rng)
    assert (names[0], len(arglists[0])) == ("Box", 1)
    assert lo <= len(names) - 1 == len(arglists) - 1 <= hi
    assert all(len(each) == {"put": 2, "get": 0}[name] for name, each in zip(names[1:], arglists[1:], strict=True))
