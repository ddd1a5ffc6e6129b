"""The corpus of the mini model: canonical small programs, none of them near the curriculum."""

import ast
import io
import sysconfig
import textwrap
import tokenize
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from codeq.data import curriculum
from codeq.models.mini import corpus

CODES = [problem.code for problem in curriculum.problems(0)]
SOURCE = '''
import functools

@functools.cache
def gcd(a: int, b: int = 0, *rest: int, key: str = "x", **more: int) -> int:
    """Greatest common divisor."""
    # Euclid
    total: int = 0
    unused: list[int]
    @functools.wraps(gcd)
    def step(x: int) -> int:
        """One step."""
        return x % b
    while b:
        a, b = b, step(a)   # swap
    return (a)

class Box:
    """Holds items."""
    size: int = 0
    items: list[int]
    def add(self, item: object) -> None:
        "Add one."
        if item > 0:
            self.size += 1

async def later(x): return x + 1
'''


def test_functions_and_classes_lose_decorators_docstrings_annotations_and_comments():
    found = list(corpus.functions(SOURCE))
    assert found == [
        "def gcd(a, b=0, *rest, key='x', **more):\n"
        "    total = 0\n\n"
        "    def step(x):\n        return x % b\n"
        "    while b:\n        a, b = (b, step(a))\n"
        "    return a",
        "class Box:\n    size = 0\n\n    def add(self, item):\n        if item > 0:\n            self.size += 1",
        "def step(x):\n    return x % b",
        "def add(self, item):\n    if item > 0:\n        self.size += 1",
    ]


def test_canonical_functions_stay_as_they_are():
    for code in CODES:
        assert next(corpus.functions(code)) == code


def test_long_non_ascii_and_broken_sources_are_left_out():
    long = "def f(x):\n" + "    x += 1\n" * (corpus.MAX_LINES + 1)
    assert list(corpus.functions(long)) == []
    assert len(list(corpus.functions("def f(x):\n" + "    x += 1\n" * corpus.MAX_LINES))) == 1
    assert list(corpus.functions("def f(x):\n    return x + 'é'")) == []
    assert list(corpus.functions("def f(x:\n    return x")) == []
    assert list(corpus.functions("\x00")) == []


def test_an_exercise_has_logic_and_few_attributes():
    assert corpus.is_exercise("def f(x):\n    return x + 1")
    assert corpus.is_exercise("def f(x):\n    return [y for y in x]")
    assert not corpus.is_exercise("def f(x):\n    return x.y")
    assert not corpus.is_exercise("def f(x):\n    pass")
    assert not corpus.is_exercise("def test_f(x):\n    return x + 1")
    assert not corpus.is_exercise("def f(x):")  # nothing but a docstring was in it
    assert corpus.is_exercise("def f(x):\n    return " + " + ".join(["x.a"] * 5))
    assert not corpus.is_exercise("def f(x):\n    return " + " + ".join(["x.a"] * 6))


def tokens_of(code: str) -> list[str]:
    """Independent of the module: every token with a text, and the dedents."""
    found = tokenize.generate_tokens(io.StringIO(code).readline)
    layout = (tokenize.NEWLINE, tokenize.NL, tokenize.ENDMARKER)
    return [token.string for token in found if token.type not in layout]


def test_shingles_are_runs_of_four_tokens():
    assert corpus.shingles("return a + b") == {("return", "a", "+", "b")}
    assert corpus.shingles("a = b + c") == {("a", "=", "b", "+"), ("=", "b", "+", "c")}
    assert corpus.shingles("a = b + c", shape=True) == {("_", "=", "_", "+"), ("=", "_", "+", "_")}
    assert corpus.shingles("x") == {("x",)}
    assert corpus.shingles("return not a == 1", shape=True) == {("return", "not", "_", "=="), ("not", "_", "==", "1")}
    for code in CODES[::20]:
        tokens = tokens_of(code)
        assert corpus.shingles(code) == set(zip(tokens, tokens[1:], tokens[2:], tokens[3:], strict=False))


def jaccard(one: frozenset, other: frozenset) -> float:
    return len(one & other) / len(one | other)


SETS = st.frozensets(st.tuples(st.sampled_from("abcde"), st.sampled_from("ab")), min_size=1, max_size=8)


@given(SETS, st.lists(SETS, max_size=6))
def test_the_nearest_is_that_of_brute_force(own, others):
    found = corpus.nearest(own, corpus._index(others))
    assert found == max((jaccard(own, other) for other in others), default=0.0)


def test_the_nearest_of_real_programs_is_that_of_brute_force():
    sets = [corpus.shingles(code, shape=True) for code in CODES]
    index = corpus._index(sets[1::2])
    for own in sets[::24]:
        assert corpus.nearest(own, index) == max(jaccard(own, other) for other in sets[1::2])


class Renamed(ast.NodeTransformer):
    """Gives every function, parameter and variable of a program another name."""

    def __init__(self, tree: ast.AST) -> None:
        stored = [node for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)]
        names = {node.id for node in stored} | {node.arg for node in ast.walk(tree) if isinstance(node, ast.arg)}
        names |= {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.ClassDef)}
        self.names = {name: f"name_{number}" for number, name in enumerate(sorted(names))}

    def visit_Name(self, node):
        node.id = self.names.get(node.id, node.id)
        return node

    def visit_arg(self, node):
        node.arg = self.names.get(node.arg, node.arg)
        return node

    def visit_FunctionDef(self, node):
        node.name = self.names[node.name]
        return self.generic_visit(node)

    def visit_ClassDef(self, node):
        return self.visit_FunctionDef(node)


def renamed(code: str) -> str:
    tree = ast.parse(code)
    return ast.unparse(Renamed(tree).visit(tree))


def dressed(code: str) -> str:
    """The same program with a decorator, a docstring, annotations and comments, inside a class."""
    tree = ast.parse(code)
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef):
            node.body.insert(0, ast.Expr(ast.Constant("Do it.")))
            node.decorator_list = [ast.Name("traced", ast.Load())]
            node.returns = ast.Name("int", ast.Load())
            for argument in node.args.args:
                argument.annotation = ast.Constant("list[int]")
    return "class Holder:\n    x = 1\n\n" + textwrap.indent(ast.unparse(ast.fix_missing_locations(tree)), "    ")


def kept(texts: list[str]) -> list[str]:
    return corpus.build(texts, exclude=CODES, min_chars=1, max_chars=100_000)


def test_the_variants_are_other_texts_of_the_same_program():
    assert renamed("def f(a):\n    b = len(a)\n    return b") == (
        "def name_2(name_0):\n    name_1 = len(name_0)\n    return name_1"
    )
    assert all(renamed(code) != code for code in CODES)
    assert all(code in corpus.functions(dressed(code)) for code in CODES)


def test_no_curriculum_problem_comes_out_of_the_corpus_even_renamed_or_dressed():
    # To Python 3.11's tokenizer an f-string is one token, names and all: its shape changes with its names.
    nameless = [
        code for code in CODES if not any(isinstance(node, ast.JoinedStr) for node in ast.walk(ast.parse(code)))
    ]
    assert len(nameless) > 0.95 * len(CODES)
    variants = [*map(renamed, nameless)]
    for texts in (CODES, variants, [*map(dressed, CODES)], [*map(dressed, variants)]):
        assert {*CODES, *variants}.isdisjoint(kept(texts))


def test_without_the_exclusion_they_would_come_out():
    found = corpus.build(CODES, exclude=[], min_chars=1, max_chars=100_000)
    assert len(set(CODES) & set(found)) > 0.9 * len(CODES)
    assert found == sorted(set(found))


def test_a_corpus_of_the_standard_library_has_no_near_duplicate_of_the_curriculum():
    library = Path(sysconfig.get_paths()["stdlib"])
    names = ("bisect", "heapq", "colorsys", "fractions", "random")
    texts = [(library / f"{name}.py").read_text() for name in names]
    found = corpus.build(texts, exclude=CODES, min_chars=30, max_chars=260)
    assert len(found) >= 20
    assert all(30 <= len(code) <= 260 and code.isascii() for code in found)
    for shape, most in ((False, 0.5), (True, 0.8)):
        excluded = [corpus.shingles(code, shape) for code in CODES]
        for own in (corpus.shingles(code, shape) for code in found):
            assert max(jaccard(own, other) for other in excluded) < most


def test_the_corpus_does_not_depend_on_the_order_or_repetition_of_texts():
    texts = ["def f(x):\n    return x + 1", "def g(x):\n    return x - 1\ndef h(x):\n    return x * 2"]
    assert corpus.build(texts, [], 1, 100) == corpus.build([*reversed(texts), texts[0]], [], 1, 100)
    assert len(corpus.build(texts, [], 1, 100)) == 3
    assert corpus.build(texts, [], 1, 20) == []


def test_source_files_are_a_sorted_third_of_the_installed_python():
    files = corpus.source_files()
    assert files == sorted(set(files))
    library = Path(sysconfig.get_paths()["stdlib"])
    everything = sum(1 for _ in library.rglob("*.py"))
    assert len(files) * 3 >= everything > 1000
    assert all(file.suffix == ".py" for file in files)
