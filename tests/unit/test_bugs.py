"""The bug injector: each subtype by hand, and what holds for every edit of every curriculum problem."""

import ast
import builtins
import random
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from codeq.data import curriculum
from codeq.data.bugs import Edit, apply, edits, inject
from codeq.data.taxonomy import CATEGORIES, CATEGORY_OF

PROBLEMS = curriculum.problems(0)
CODES = {problem.problem_id: problem.code for problem in PROBLEMS}
EDITS = {slug: edits(code) for slug, code in CODES.items()}
SINGLE = {subtype for category, subtypes in CATEGORIES.items() if category != "multiple" for subtype in subtypes}
PYTHON = SINGLE - {"illegal separation"}  # a misplaced semicolon: the benchmark has it for C++ and Java only


def parses(code: str) -> bool:
    try:
        ast.parse(code)
    except SyntaxError:
        return False
    return True


def results(code: str, subtype: str) -> set[str]:
    """Every program one edit of a subtype away."""
    return {apply(code, [edit]) for edit in edits(code) if edit.subtype == subtype}


# Program, subtype, and every program that one edit of that subtype makes of it.
EXAMPLES = [
    ("x = 1", "misused == or =", {"x == 1"}),
    ("if x == 1:\n    y = f(z=2)", "misused == or =", {"if x = 1:\n    y = f(z=2)", "if x == 1:\n    y == f(z=2)"}),
    ("if x:\n    y = z[1:]", "missing colons", {"if x\n    y = z[1:]"}),
    ("while x:\n    pass\nelse:\n    y()", "missing colons", {
        "while x\n    pass\nelse:\n    y()", "while x:\n    pass\nelse\n    y()"
    }),
    ("f([x])", "unclosed parentheses", {"f([x)", "f([x]"}),
    ("x = {}", "unclosed parentheses", {"x = {"}),
    ("if x:\n    y()", "illegal indentation", {"if x:\n     y()", "if x:\n        y()", "if x:\ny()"}),
    ("if x:\n  y()", "illegal indentation", {"if x:\n   y()", "if x:\n      y()", "if x:\ny()"}),
    ("x = 'a' + \"b\"", "unclosed string", {"x = 'a + \"b\"", "x = 'a' + \"b"}),
    ("f()", "illegal comment", {
        f"f()  {each}" for each in ("// check this", "// TODO", "/* loop */", "// done", "/* result */", "-- note")
    }),
    ("x[2]", "faulty indexing", {"x[1]", "x[3]"}),
    ("x[0]", "faulty indexing", {"x[1]"}),
    ("x[-1]", "faulty indexing", {"x[-1 + 1]", "x[-1 - 1]"}),
    ("x[i - 1]", "faulty indexing", {"x[i]"}),
    ("x[i:]", "faulty indexing", {"x[i + 1:]", "x[i - 1:]"}),
    ("x['key']", "faulty indexing", set()),
    ("range(1, n + 1)", "faulty indexing", {"range(1, n)"}),
    ("range(len(x))", "faulty indexing", {"range(len(x) + 1)", "range(len(x) - 1)"}),
    ("def f(n):\n    return n", "undefined objects", {
        f"def f(n):\n    return {name}" for name in ("ns", "n_", "nn")
    }),
    ("def f(ids):\n    return ids", "undefined objects", {  # not `id`, which is defined
        f"def f(ids):\n    return {name}" for name in ("idss", "ids_")
    }),
    ("def item(items):\n    return items", "undefined objects", {  # not `item`, which is the function
        f"def item(items):\n    return {name}" for name in ("itemss", "items_")
    }),
    ("x.append(1)", "undefined methods", {"x.add(1)"}),
    ("x.rotate(1)", "undefined methods", {"x.rotate_all(1)"}),
    ("len(x)", "undefined methods", {"length(x)"}),
    ("x = None", "illegal keywords", {"x = null"}),
    ("def f():\n    return 1", "illegal keywords", {"function f():\n    return 1", "def f():\n    ret 1"}),
    ("x < y", "condition error", {"x <= y", "x > y"}),
    ("x == y", "condition error", {"x != y"}),
    ("x and y", "condition error", {"x or y"}),
    ("x in y", "condition error", {"x not in y"}),
    ("x is not y", "condition error", {"x is y"}),
    ("(x or y) in (z or 1)", "condition error", {
        "(x and y) in (z or 1)", "(x or y) in (z and 1)", "(x or y) not in (z or 1)"
    }),
    ("not x", "condition error", {"x"}),
    ("not (x or y)", "condition error", {"(x or y)", "not (x and y)"}),
    ("1 if x else 2", "condition error", {"1 if not (x) else 2"}),
    ("x + y", "operation error", {"x - y", "x * y"}),
    ("x // 2 % y", "operation error", {"x / 2 % y", "x % 2 % y", "x // 2 // y"}),
    ("x += 1", "operation error", {"x -= 1", "x = 1"}),
    ("-x", "operation error", {"+x"}),
    ("+x", "operation error", {"-x"}),
    ("3 * 2", "operation error", {"3 + 2", "3 ** 2"}),
    ("f(*x, **y)", "operation error", set()),
    ("def f(a, /, *b, c=2, **d): pass", "operation error", set()),
    ("x, *y = z", "operation error", set()),
    ("max(x)", "operation error", {"min(x)"}),
    ("f(x, 1)", "variable error", {"f(1, x)"}),
    ("f((x := 1), 2)", "variable error", set()),  # swapped as text, the parentheses would stay behind
    ("f((1, 2), 3)", "variable error", {"f(3, (1, 2))"}),
    ("def f(a, b):\n    return a", "variable error", {"def f(a, b):\n    return b"}),
    ("x = 1", "other error", {"x = 0", "x = 2"}),
    ("x = True", "other error", {"x = False"}),
    ("while x:\n    break", "other error", {"while x:\n    continue"}),
    ("def f(a):\n    a.sort()\n    return a", "other error", {"def f(a):\n    return a"}),
    ("def f(a):\n    return a - b", "other error", {"def f(a):\n    return a"}),
]  # fmt: skip


@pytest.mark.parametrize(("code", "subtype", "expected"), EXAMPLES)
def test_edits_of_a_subtype_by_hand(code, subtype, expected):
    assert results(code, subtype) == expected


def test_there_is_an_example_of_every_subtype():
    assert {subtype for _, subtype, _ in EXAMPLES} == PYTHON
    assert len(PYTHON) == 14


def test_the_taxonomy_is_that_of_the_paper():
    assert {category: len(subtypes) for category, subtypes in CATEGORIES.items()} == {
        "syntax": 7, "reference": 4, "logic": 4, "multiple": 3
    }  # fmt: skip
    assert len(CATEGORY_OF) == 18


def test_every_edit_of_the_curriculum_stays_in_bounds_and_changes_the_program():
    for slug, code in CODES.items():
        assert EDITS[slug], slug
        assert EDITS[slug] == sorted(set(EDITS[slug]), key=lambda edit: (edit.start, edit.end, edit.subtype, edit.text))
        for edit in EDITS[slug]:
            assert 0 <= edit.start <= edit.end <= len(code), (slug, edit)
            changed = apply(code, [edit])
            assert changed != code, (slug, edit)
            assert changed == code[: edit.start] + edit.text + code[edit.end :]


def test_every_python_subtype_occurs_often_in_the_curriculum():
    counts = Counter(edit.subtype for found in EDITS.values() for edit in found)
    assert set(counts) == PYTHON
    assert min(counts.values()) >= 80


def test_what_is_no_syntax_error_by_its_subtype_still_parses():
    """Except keywords of other languages, which DebugBench counts among the reference errors."""
    checked = 0
    for slug in sorted(CODES)[::6]:
        for edit in EDITS[slug]:
            if CATEGORY_OF[edit.subtype] != "syntax" and edit.subtype != "illegal keywords":
                assert parses(apply(CODES[slug], [edit])), (slug, edit)
                checked += 1
    assert checked > 1500


@pytest.mark.parametrize("subtype", ["unclosed parentheses", "missing colons", "unclosed string"])
def test_what_is_left_open_never_parses(subtype):
    for slug in sorted(CODES)[::4]:
        for edit in EDITS[slug]:
            if edit.subtype == subtype:
                assert not parses(apply(CODES[slug], [edit])), (slug, edit)


def test_an_undefined_object_is_defined_nowhere():
    for slug in sorted(CODES)[::4]:
        tree = ast.parse(CODES[slug])
        defined = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)} | set(dir(builtins))
        defined |= {node.arg for node in ast.walk(tree) if isinstance(node, ast.arg)}
        defined |= {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.ClassDef)}
        assert not {edit.text for edit in EDITS[slug] if edit.subtype == "undefined objects"} & defined, slug


@given(st.randoms(use_true_random=False), st.sampled_from(sorted(CODES)), st.integers(1, 4))
@settings(max_examples=80, deadline=None)
def test_a_bug_is_its_edits_which_do_not_touch_each_other(rng, slug, count):
    bug = inject(CODES[slug], count, rng)
    assert bug is not None
    assert len(bug.edits) == count
    assert set(bug.edits) <= set(EDITS[slug])
    for one, following in zip(bug.edits, bug.edits[1:], strict=False):
        assert one.end < following.start
    expected, position = "", 0
    for edit in bug.edits:
        expected += CODES[slug][position : edit.start] + edit.text
        position = edit.end
    assert bug.code == expected + CODES[slug][position:] != CODES[slug]
    if count == 1:
        assert (bug.subtype, bug.category) == (bug.edits[0].subtype, CATEGORY_OF[bug.edits[0].subtype])
    else:
        assert (bug.subtype, bug.category) == ({2: "double", 3: "triple", 4: "quadruple"}[count], "multiple")


@given(st.integers(0, 2**64), st.sampled_from(sorted(CODES)), st.integers(1, 4))
@settings(max_examples=30, deadline=None)
def test_the_same_seed_makes_the_same_bug(seed, slug, count):
    assert inject(CODES[slug], count, random.Random(seed)) == inject(CODES[slug], count, random.Random(seed))


def test_different_seeds_make_different_bugs():
    codes = {inject(CODES["quick-sort"], 1, random.Random(seed)).code for seed in range(60)}
    assert len(codes) > 35


@pytest.mark.parametrize("category", ["syntax", "reference", "logic"])
def test_a_category_holds_for_every_edit(category):
    for number, slug in enumerate(sorted(CODES)[::8]):
        rng = random.Random(number)
        single, double = (inject(CODES[slug], count, rng, category) for count in (1, 2))
        assert single is None or single.category == category
        for bug in (single, double):
            assert bug is None or {CATEGORY_OF[edit.subtype] for edit in bug.edits} == {category}


def test_a_program_that_admits_no_such_bug_gets_none():
    rng = random.Random(0)
    assert inject("pass", 1, rng, "logic") is None
    assert inject("x.f()", 1, rng, "logic") is None
    assert inject("x[0]", 4, rng, "reference") is None  # one place only
    assert inject("x = 'é'", 1, rng) is None  # offsets of non-ASCII programs are another matter
    assert inject("", 2, rng) is None


def test_a_program_that_does_not_parse_is_refused():
    with pytest.raises(SyntaxError):
        inject("def f(:", 1, random.Random(0))


def test_subtypes_are_drawn_evenly_whatever_their_number_of_edits():
    """Chi-squared over the subtypes that the program admits: 99.9 % quantile of 10 degrees of freedom."""
    code = "def f(items, goal):\n    return items[0] == goal"
    counts = Counter(inject(code, 1, random.Random(seed)).subtype for seed in range(600))
    kinds = {edit.subtype for edit in edits(code)}
    assert set(counts) == kinds
    assert len(kinds) == 11
    expected = 600 / len(kinds)
    assert sum((counts[kind] - expected) ** 2 / expected for kind in kinds) < 29.6


def test_places_are_those_of_the_parser_whatever_ends_a_line():
    """A form feed ends a line for str.splitlines but not for Python; a carriage return does for both."""
    assert "x = 1\f\ny == x\n" in results("x = 1\f\ny = x\n", "misused == or =")
    assert "x = 1\r\ny == x\r\n" in results("x = 1\r\ny = x\r\n", "misused == or =")
    assert "if x:\r\ny = 1" in results("if x:\r\n    y = 1", "illegal indentation")


SNIPPETS = st.sampled_from(
    ["x", "(x or 1)", "not x", "[x, *y]", "f(x, *y)", "f'{x}{y!r}'", "lambda: 0", "x[y:1]", "(x := 2)", "x if y else 1",
     "x not in y", "[z for z in x if z]", "{**x}", "-x ** 2", "x < 1 < y", "x is None", "'a' 'b'", "x.y.get(1, 2)"]
)  # fmt: skip
LINES = st.one_of(
    st.builds("x = {}".format, SNIPPETS),
    st.builds("if {}:\n  y = 1".format, SNIPPETS),
    st.builds("for x in {}:\n\tcontinue".format, SNIPPETS),
    st.builds("def f(x, y=({}), *a, **k):\n    y()\n    return ({}) + ({})".format, SNIPPETS, SNIPPETS, SNIPPETS),
    st.builds("while {}: x = {}; break".format, SNIPPETS, SNIPPETS),
)


@given(st.lists(LINES, min_size=1, max_size=4), st.sampled_from(["\n", "\r\n", "\f\n"]), st.integers(0, 2**32))
@settings(max_examples=80, deadline=None)
def test_edits_of_any_program_stay_in_bounds_and_off_the_syntax(lines, end, seed):
    code = end.join(lines)
    found = edits(code)
    for edit in found:
        assert 0 <= edit.start <= edit.end <= len(code)
        assert apply(code, [edit]) != code
        if edit.subtype in ("condition error", "operation error", "undefined objects", "undefined methods"):
            assert parses(apply(code, [edit])), edit
    assert inject(code, 1, random.Random(seed)) is not None


def test_edits_apply_together_in_any_order():
    code = "a + b == c"
    chosen = [Edit(0, 1, "long", "x"), Edit(4, 5, "", "x"), Edit(9, 10, "c2", "x")]
    assert apply(code, chosen) == apply(code, chosen[::-1]) == "long +  == c2"
