"""The corpus: small functions and classes of the standard library and of installed packages."""

import ast
import io
import keyword
import sysconfig
import tokenize
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

SHINGLE = 4  # tokens
MAX_LINES = 24  # of a body; longer ones are too long for the mini model
MAX_ATTRIBUTES = 5
LOGIC = (ast.For, ast.While, ast.If, ast.IfExp, ast.Compare, ast.BinOp, ast.Subscript, ast.comprehension)
# A corpus function this similar to an excluded one is dropped: same words, or same shape.
MAX_SIMILARITY, MAX_SHAPE_SIMILARITY = 0.5, 0.8


def source_files() -> list[Path]:
    """Every third Python file of the standard library and of the installed packages but this one, sorted.

    A third gave 23,251 functions in six and a half minutes on one core.
    """
    paths = sysconfig.get_paths()
    roots = sorted({paths["stdlib"], paths["purelib"], paths["platlib"]})
    files = {file for root in roots for file in Path(root).rglob("*.py") if "codeq" not in file.parts}
    return sorted(files)[::3]


def functions(text: str) -> Iterator[str]:
    """The short definitions of a file as `ast.unparse` prints them: no decorators, docstrings, annotations."""
    try:
        tree = _Strip().visit(ast.parse(text))
    except (SyntaxError, ValueError, RecursionError):
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and node.body and _lines(node) <= MAX_LINES:
            canonical = ast.unparse(ast.fix_missing_locations(node))
            if canonical.isascii():
                yield canonical


class _Strip(ast.NodeTransformer):
    """Removes what carries no behaviour."""

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        node.decorator_list, node.returns = [], None
        return self._without_docstring(node)

    def visit_ClassDef(self, node: ast.ClassDef) -> ast.AST:
        node.decorator_list = []
        return self._without_docstring(node)

    def visit_arg(self, node: ast.arg) -> ast.AST:
        node.annotation = None
        return node

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.AST | None:
        if node.value is None:
            return None
        return ast.copy_location(ast.Assign(targets=[node.target], value=node.value), node)

    def _without_docstring(self, node: ast.FunctionDef | ast.ClassDef) -> ast.AST:
        if node.body and isinstance(node.body[0], ast.Expr) and isinstance(node.body[0].value, ast.Constant):
            node.body = node.body[1:]
        self.generic_visit(node)
        return node


def _lines(node: ast.FunctionDef | ast.ClassDef) -> int:
    """Lines of the body of a definition."""
    assert node.end_lineno is not None
    return node.end_lineno - node.body[0].lineno + 1


def is_exercise(code: str) -> bool:
    """Whether a program looks like one to repair: some logic, not a test, few attributes of other objects."""
    if code.startswith("def test"):
        return False
    try:
        nodes = list(ast.walk(ast.parse(code)))
    except SyntaxError:  # an inner body that was nothing but a docstring or annotations
        return False
    return any(isinstance(node, LOGIC) for node in nodes) and (
        sum(isinstance(node, ast.Attribute) for node in nodes) <= MAX_ATTRIBUTES
    )


def build(texts: Iterable[str], exclude: Iterable[str], min_chars: int, max_chars: int) -> list[str]:
    """Distinct programs to repair of a length in characters, none near any program of `exclude`.

    Near means: Jaccard similarity of 4-token shingles of at least 0.5 with the words as they
    stand, or at least 0.8 with every name replaced by a placeholder. Sorted, so that the result
    depends on the texts alone.
    """
    excluded = [(shingles(code), shingles(code, shape=True)) for code in exclude]
    words = _index(code for code, _ in excluded)
    shapes = _index(code for _, code in excluded)
    kept = set()
    for text in texts:
        for code in functions(text):
            if not min_chars <= len(code) <= max_chars or code in kept or not is_exercise(code):
                continue
            if nearest(shingles(code), words) >= MAX_SIMILARITY:
                continue
            if nearest(shingles(code, shape=True), shapes) >= MAX_SHAPE_SIMILARITY:
                continue
            kept.add(code)
    return sorted(kept)


def shingles(code: str, shape: bool = False) -> frozenset[tuple[str, ...]]:
    """The set of runs of 4 tokens; with `shape`, names other than keywords are all alike."""
    tokens = [
        "_" if shape and token.type == tokenize.NAME and not keyword.iskeyword(token.string) else token.string
        for token in tokenize.generate_tokens(io.StringIO(code).readline)
        if token.type not in (tokenize.NEWLINE, tokenize.NL, tokenize.ENDMARKER)
    ]
    return frozenset(tuple(tokens[i : i + SHINGLE]) for i in range(max(1, len(tokens) - SHINGLE + 1)))


def nearest(own: frozenset[tuple[str, ...]], index: dict[tuple[str, ...], list[tuple[int, int]]]) -> float:
    """The largest Jaccard similarity of a shingle set to any set of the index."""
    shared: Counter[tuple[int, int]] = Counter()
    for shingle in own:
        shared.update(index.get(shingle, ()))
    return max((both / (len(own) + size - both) for (_, size), both in shared.items()), default=0.0)


def _index(sets: Iterable[frozenset[tuple[str, ...]]]) -> dict[tuple[str, ...], list[tuple[int, int]]]:
    index: dict[tuple[str, ...], list[tuple[int, int]]] = {}
    for number, members in enumerate(sets):
        for shingle in members:
            index.setdefault(shingle, []).append((number, len(members)))
    return index
