"""Code versions: one hash over the code that can change what a script writes.

The version of a script covers its own AST and those of every ``codeq`` module it imports,
directly or not, anywhere in the file. Comments, docstrings, layout and blocks under
``if TYPE_CHECKING`` do not count. It is found by reading source files: nothing is imported,
written or asked of git, so a Snakefile may call it while it is parsed. What it cannot see: an
import whose name is computed, and other packages (their versions are in every sidecar).
"""

import ast
import functools
import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from codeq.errors import LineageError
from codeq.identity import digest

PACKAGE = "codeq"
# These record, validate or report and never compute a result; a setting acts through the parameters.
EXCLUDED = ("codeq.errors", "codeq.config", "codeq.lineage", "codeq.cli", "codeq.stage")
# Parts of these packages run in another process, loaded by path: any import takes the whole package.
WHOLE_PACKAGES = ("codeq.sandbox",)
# Such a file belongs to the modules beside it that name it in a string, and to the templates that do.
RESOURCES = (".j2", ".css", ".js")
_NAMED = re.compile(r"""["']([\w.-]+\.(?:j2|css|js))["']""")


def code_version(script: Path, root: Path) -> str:
    """SHA-256 over `script` and the ``codeq`` modules under `root` that it reaches."""
    return digest(code_digests(script, root))


def code_digests(script: Path, root: Path) -> dict[str, str]:
    """SHA-256 of each part of a script's code: ``__main__``, modules by dotted name, resources by path.

    Raises LineageError on a ``codeq`` module that does not exist, a syntax error or a relative import.
    """
    source = _read(script)
    digests = {"__main__": source.sha256}
    waiting = _modules(source, script, root)
    while waiting:
        name, path = waiting.popitem()
        if name in digests:
            continue
        source = _read(path)
        digests[name] = source.sha256
        for resource, content in _resources(path.parent, source.resources).items():
            digests[resource.relative_to(root).as_posix()] = hashlib.sha256(content).hexdigest()
        waiting |= _modules(source, path, root)
    return dict(sorted(digests.items()))


@dataclass(frozen=True)
class _Source:
    """What matters of one Python file: its digest, the modules and the resources it names."""

    sha256: str
    imports: frozenset[tuple[str, str]]  # (module, name or "")
    resources: frozenset[str]


def _read(path: Path) -> _Source:
    try:
        return _parse(path.read_bytes())
    except OSError as error:
        raise LineageError(f"{path}: cannot be read ({error.strerror}); give the path of a Python file") from error
    except SyntaxError as error:
        raise LineageError(f"{path}, line {error.lineno}: {error.msg}; its code version cannot be known") from error


@functools.cache
def _parse(source: bytes) -> _Source:
    """Keyed by content, so a file that changes within one process is read anew."""
    reader = _Reader()
    reader.visit(ast.parse(source))
    sha256 = hashlib.sha256("".join(reader.parts).encode("utf-8", "surrogatepass")).hexdigest()
    return _Source(sha256, frozenset(reader.imports), frozenset(reader.resources))


class _Reader:
    """One walk over an AST that writes its normal form and collects imports and names of resources."""

    def __init__(self) -> None:
        self.parts: list[str] = []
        self.imports: set[tuple[str, str]] = set()
        self.resources: set[str] = set()

    def visit(self, value: object) -> None:
        write = self.parts.append
        if isinstance(value, list):
            write("[")
            for item in value:
                if not _is_bare_string(item):
                    self.visit(item)
            write("]")
        elif not isinstance(value, ast.AST):
            if isinstance(value, str) and value.endswith(RESOURCES):
                self.resources.add(value)
            write(f"{value!r},")
        elif isinstance(value, ast.If) and _is_type_checking(value.test):
            self.visit(value.orelse)
        elif not isinstance(value, ast.expr_context):
            self._collect(value)
            write(f"{type(value).__name__}(")
            for field in value._fields:
                self.visit(getattr(value, field))
            write(")")

    def _collect(self, node: ast.AST) -> None:
        if isinstance(node, ast.Import):
            self.imports |= {(alias.name, "") for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            if node.level:
                raise SyntaxError("relative import: write it as an absolute one", ("", node.lineno, None, None))
            self.imports |= {(node.module or "", alias.name) for alias in node.names}


def _is_bare_string(item: object) -> bool:
    """Docstrings, and strings used as comments: statements without effect."""
    return isinstance(item, ast.Expr) and isinstance(item.value, ast.Constant) and isinstance(item.value.value, str)


def _is_type_checking(test: ast.expr) -> bool:
    return (isinstance(test, ast.Name) and test.id == "TYPE_CHECKING") or (
        isinstance(test, ast.Attribute) and test.attr == "TYPE_CHECKING"
    )


def _resources(directory: Path, names: Iterable[str]) -> dict[Path, bytes]:
    """The files of these names in a directory, and those that templates among them name, with their content."""
    found: dict[Path, bytes] = {}
    waiting = {directory / name for name in names}
    while waiting:
        path = waiting.pop()
        if path not in found and path.is_file():
            found[path] = path.read_bytes()
            waiting |= {directory / name for name in _NAMED.findall(found[path].decode())}
    return found


def _modules(source: _Source, importer: Path, root: Path) -> dict[str, Path]:
    """The ``codeq`` modules a file imports, with the packages on the way, and their files."""
    found: dict[str, Path] = {}
    for module, name in source.imports:
        if module.partition(".")[0] != PACKAGE:
            continue
        names = module.split(".")
        for length in range(1, len(names) + 1):
            dotted = ".".join(names[:length])
            path = _module_file(dotted, root)
            if path is None:
                raise LineageError(f"{importer}: imports {dotted}, which is no module under {root}")
            found[dotted] = path
        if name and (path := _module_file(f"{module}.{name}", root)):
            found[f"{module}.{name}"] = path
    for package in WHOLE_PACKAGES:
        if package in found:
            found |= _whole(package, root)
    return {name: path for name, path in found.items() if not _is_below(name, EXCLUDED)}


@functools.cache
def _module_file(name: str, root: Path) -> Path | None:
    """Looked for once: which modules there are does not change while a process runs, but what is in them may."""
    stem = root.joinpath(*name.split("."))
    return next((path for path in (stem / "__init__.py", stem.with_suffix(".py")) if path.is_file()), None)


def _whole(package: str, root: Path) -> dict[str, Path]:
    paths = root.joinpath(*package.split(".")).rglob("*.py")
    return {".".join(path.relative_to(root).with_suffix("").parts).removesuffix(".__init__"): path for path in paths}


def _is_below(name: str, packages: tuple[str, ...]) -> bool:
    return any(name == package or name.startswith(f"{package}.") for package in packages)
