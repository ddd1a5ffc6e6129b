"""Identity: ids, seeds and code equality, all derived from content.

Nothing here depends on the order of rows, on the process or on Python's hash seed.
"""

import ast
import hashlib
import json
from collections.abc import Callable

# Name and fields of every kind of node, but for whether it loads or stores: its place says that.
_LAYOUTS = {
    kind: (kind.__name__, tuple(field for field in kind._fields if field != "ctx"))
    for kind in vars(ast).values()
    if isinstance(kind, type) and issubclass(kind, ast.AST)
}


def digest(*parts: object) -> str:
    """SHA-256 (hex) of JSON-serialisable parts."""
    text = json.dumps(parts, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def content_id(kind: str, *parts: object) -> str:
    """A short id such as ``bug-1f0c9a2b3c4d5e6f`` that depends on the parts alone."""
    return f"{kind}-{digest(kind, *parts)[:16]}"


def derive_seed(*parts: object) -> int:
    """A 63-bit seed for one random decision, from everything that names the decision."""
    return int(digest("seed", *parts)[:16], 16) >> 1


def code_key(code: str) -> str:
    """An id such as ``ast-1f0c9a2b3c4d5e6f`` that equal programs share.

    Programs that parse are equal when their ASTs are (comments and layout do not count);
    programs that do not parse are equal when they differ in white space only.
    """
    try:
        parts: list[str] = []
        _write(ast.parse(code), parts.append)
        return content_id("ast", " ".join(parts))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return content_id("text", " ".join(code.split()))


def _write(node: ast.AST, write: Callable[[str], None]) -> None:
    """What `ast.dump` says of a node, but sooner: the search asks for the key of every candidate."""
    name, fields = _LAYOUTS[type(node)]
    write(name)
    values = node.__dict__
    for field in fields:
        value = values.get(field)
        if isinstance(value, list):
            write(f"[{len(value)}")
            for item in value:
                if isinstance(item, ast.AST):
                    _write(item, write)
                else:
                    write(repr(item))
        elif isinstance(value, ast.AST):
            _write(value, write)
        else:
            write(repr(value))
