"""How a problem's solutions are called: entry point, and the types of arguments and result in LeetCode's words."""

import ast
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from codeq.data.suites.examples import read
from codeq.data.suites.rules import ENTRY_POINTS, LISTS, PARAMETERS, RETURNS

_NODES = ("ListNode", "TreeNode", "Node", "CustomFunction")


@dataclass(frozen=True)
class Signature:
    """A callable of a reference solution.

    `kind` is as in `codeq.tables`; `names` and `annotations` are those of the parameters as written, `result`
    that of the result ("" where missing); `required` counts those without a default; `parameters`
    and `returns` are types as `codeq.sandbox.Program` takes them. "operations" has no names: its arguments
    are the names of the methods and the lists of their arguments.
    """

    entry_point: str
    kind: str
    returns: str
    names: tuple[str, ...] = ()
    annotations: tuple[str, ...] = ()
    parameters: tuple[str, ...] = ()
    required: int = 0
    result: str = ""


def signature(problem_id: str, codes: Sequence[str], examples: Sequence[str]) -> Signature | None:
    """The signature of the first reference that tells it; None if none does.

    A method of ``Solution``: the one that takes as many arguments as the examples give and is not called by
    another method. Any other class, and a ``Solution`` with a constructor whose examples name no arguments,
    is driven by operations. Without a class, the only function. Where the result has no annotation, the
    outputs of the examples show whether it is a list.
    """
    texts = [read(text) for text in examples]
    given = PARAMETERS.get(problem_id)
    arities = {len(given or text.arguments) for text in texts if text.arguments is not None}
    for code in codes:
        try:
            body = ast.parse(code).body
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            continue
        classes = {node.name: node for node in body if isinstance(node, ast.ClassDef)}
        if "Solution" in classes:
            methods = [node for node in classes["Solution"].body if isinstance(node, ast.FunctionDef)]
            if not arities and any(method.name == "__init__" for method in methods):
                return Signature("Solution", "operations", _void(problem_id, classes["Solution"]))
            named = [method for method in methods if method.name == ENTRY_POINTS.get(problem_id, method.name)]
            chosen, kind = _callable(named, arities, skip=1), "method"
        elif classes and not arities:
            name, definition = next(iter(classes.items()))
            return Signature(name, "operations", _void(problem_id, definition))
        else:
            functions = [node for node in body if isinstance(node, ast.FunctionDef)]
            chosen, kind = _callable(functions, arities, skip=0), "function"
        if chosen:
            depth = max((text.depth for text in texts), default=0)
            return _of(problem_id, chosen, kind, max(arities, default=None), depth)
    return None


def takes(node: ast.FunctionDef, count: int) -> bool:
    """Whether a function can be called with `count` positional arguments."""
    most = len(node.args.posonlyargs) + len(node.args.args)
    return most - len(node.args.defaults) <= count and (count <= most or node.args.vararg is not None)


def _of(problem_id: str, node: ast.FunctionDef, kind: str, most: int | None, depth: int) -> Signature:
    """The signature of a definition; of optional parameters only those to which some example gives a value."""
    own = 1 if kind == "method" else 0
    arguments = [*node.args.posonlyargs, *node.args.args][own:]
    required = len(arguments) - len(node.args.defaults)
    arguments = arguments[: max(required, most or 0)]
    annotations = tuple(_source(argument.annotation) for argument in arguments)
    result = _source(node.returns)
    return Signature(
        node.name,
        kind,
        RETURNS.get(problem_id) or _returns(problem_id, result, depth),
        tuple(argument.arg for argument in arguments),
        annotations,
        PARAMETERS.get(problem_id, tuple(map(_type, annotations))),
        required,
        result,
    )


def _type(annotation: str) -> str:
    """ "ListNode[]" for ``List[Optional[ListNode]]``; "" for plain values."""
    inner = annotation.removeprefix("List[").removesuffix("]") if annotation.startswith("List[") else annotation
    name = inner.removeprefix("Optional[").removesuffix("]").strip("'\"")
    return (f"{name}[]" if inner != annotation else name) if name in _NODES else ""


def _returns(problem_id: str, annotation: str, depth: int) -> str:
    """The type of a result; without an annotation it is a list if the examples show `depth` levels of lists."""
    if annotation == "None":
        return "argument 0"
    if problem_id in LISTS:
        return "list"
    if annotation in ("bool", "List[bool]"):
        return "boolean" if annotation == "bool" else "boolean[]"
    levels = sum(annotation.lower().startswith("list[" * level) for level in (1, 2)) if annotation else min(depth, 2)
    return _type(annotation) or "[]" * levels


def _void(problem_id: str, definition: ast.ClassDef) -> str:
    """The type of the results of operations: which methods return nothing, as annotated."""
    methods = [node for node in definition.body if isinstance(node, ast.FunctionDef) and node.name != "__init__"]
    void = [method.name for method in methods if _source(method.returns) == "None"]
    return RETURNS.get(problem_id) or " ".join(["void", *void] if void else [])


def _callable(nodes: Sequence[ast.FunctionDef], arities: set[int], skip: int) -> ast.FunctionDef | None:
    """The only public callable, else the only one of them that takes one of `arities` and no other one mentions."""
    public = {node.name: node for node in nodes if not node.name.startswith("_")}
    mentioned: dict[str, set[str]] = defaultdict(set)
    for node in nodes:
        for name in _mentions(node):
            mentioned[name].add(node.name)
    fitting = [name for name, node in public.items() if not arities or any(takes(node, n + skip) for n in arities)]
    free = [name for name in fitting if mentioned[name] <= {name}]
    for names in (list(public), fitting, free):
        if len(names) == 1:
            return public[names[0]]
    return None


def _mentions(node: ast.FunctionDef) -> Iterator[str]:
    for part in ast.walk(node):
        if isinstance(part, ast.Attribute | ast.Name):
            yield part.attr if isinstance(part, ast.Attribute) else part.id


def _source(annotation: ast.expr | None) -> str:
    """An annotation as text, quoted forward references unquoted."""
    return "" if annotation is None else ast.unparse(annotation).strip("'\"")
