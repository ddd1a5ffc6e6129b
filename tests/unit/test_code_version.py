"""Code versions change with code that matters and with nothing else."""

import ast
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from codeq.errors import LineageError
from codeq.lineage import code_version
from codeq.lineage.code_versions import EXCLUDED, code_digests

REPOSITORY = Path(__file__).resolve().parents[2]

FILES = {
    "codeq/__init__.py": '"""The package."""\n',
    "codeq/errors.py": "class CodeqError(Exception): pass\n",
    "codeq/config.py": "from codeq import errors\nLIMIT = 3\n",
    "codeq/lineage/__init__.py": "import codeq.lineage.records\n",
    "codeq/lineage/records.py": "FORMAT = 1\n",
    "codeq/stage.py": "import codeq.config\n",
    "codeq/tables.py": "import json\nKEYS = ['a']\n",
    "codeq/values.py": "def same(a, b):\n    return a == b\n",
    "codeq/unrelated.py": "X = 1\n",
    "codeq/hints.py": "class Hint: pass\n",
    "codeq/search/__init__.py": "from codeq.search.tree import grow\n",
    "codeq/search/tree.py": "import codeq.tables as tables\n\ndef grow(n):\n    # twice\n    return 2 * n\n",
    "codeq/search/mcts.py": (
        "from typing import TYPE_CHECKING\n"
        "from codeq.search import grow, ucb\n"
        "if TYPE_CHECKING:\n    from codeq.hints import Hint\n"
        "def run(hint: 'Hint'):\n"
        '    """Run."""\n'
        "    from codeq import values\n"
        "    return values.same(ucb.C, grow(1))\n"
    ),
    "codeq/search/ucb.py": "import codeq.errors\nC = 1.414\n",
    "codeq/sandbox/__init__.py": "from codeq.sandbox.pool import judge\n",
    "codeq/sandbox/pool.py": "def judge(): pass\n",
    "codeq/sandbox/server.py": "def serve(): pass\n",
    "codeq/report.py": "TEMPLATE = 'report.html.j2'\nSCRIPT = open('draw.js')\n",
    "codeq/draw.js": "draw(1);\n",
    "codeq/page.css": "p { margin: 0; }\n",
    "codeq/report.html.j2": "<h1>{{ title }}</h1>\n{% include 'part.html.j2' %}\n",
    "codeq/part.html.j2": '<p>{{ text }}</p>{% include "small.html.j2" %}{% include "page.css" %}\n',
    "codeq/small.html.j2": "<small>{{ text }}</small>\n",
    "codeq/other.html.j2": "<h2>{{ title }}</h2>\n",
    "scripts/search.py": "from codeq import config, lineage, stage\nfrom codeq.search import mcts\nmcts.run(None)\n",
    "scripts/judge.py": "import codeq.sandbox.pool\n",
    "scripts/report.py": "from codeq.report import TEMPLATE\n",
}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for name, text in FILES.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return tmp_path


def version(root: Path, script: str = "search") -> str:
    return code_version(root / f"scripts/{script}.py", root)


def test_the_modules_covered_are_those_python_really_imports(root: Path) -> None:
    probe = (
        "import runpy, sys; sys.path.insert(0, sys.argv[2]); runpy.run_path(sys.argv[1])\n"
        "print('\\n'.join(name for name in sys.modules if name.split('.')[0] == 'codeq'))"
    )
    script = str(root / "scripts/search.py")
    command = [sys.executable, "-I", "-c", probe, script, str(root)]
    imported = set(subprocess.run(command, capture_output=True, text=True, check=True).stdout.split())
    expected = {name for name in imported if not any(name == x or name.startswith(x + ".") for x in EXCLUDED)}
    assert set(code_digests(root / "scripts/search.py", root)) - {"__main__"} == expected
    assert {"codeq.search.ucb", "codeq.values", "codeq.tables"} <= expected
    assert {"codeq.config", "codeq.stage", "codeq.lineage.records"} <= imported


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("codeq/search/tree.py", "# twice", "# two times, as in the paper"),
        ("codeq/search/tree.py", "2 * n", "(2*n)  # shorter"),
        ("codeq/search/tree.py", "\n\ndef", "\n\n\n\ndef"),
        ("codeq/search/tree.py", "def grow(n):\n", "def grow(n):\n    '''Twice n.'''\n"),
        ("codeq/search/mcts.py", '"""Run."""', '"""Run the search."""'),
        ("codeq/search/mcts.py", "import Hint\n", "import Hint as Hint\n"),
        ("codeq/__init__.py", "The package", "The whole package"),
        ("codeq/unrelated.py", "X = 1", "X = 2"),
        ("codeq/hints.py", "class Hint", "class Clue"),
        ("codeq/config.py", "LIMIT = 3", "LIMIT = 4"),
        ("codeq/lineage/records.py", "FORMAT = 1", "FORMAT = 2"),
        ("codeq/report.html.j2", "h1", "h2"),
        ("scripts/search.py", "mcts.run(None)", "\nmcts.run(  # now\n    None,\n)"),
        ("scripts/judge.py", "pool", "server"),
    ],
)
def test_comments_layout_and_unrelated_code_leave_it_unchanged(root: Path, name: str, old: str, new: str) -> None:
    before = version(root)
    edit(root / name, old, new)
    assert version(root) == before


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("codeq/search/tree.py", "2 * n", "3 * n"),
        ("codeq/search/tree.py", "2 * n", "2.0 * n"),
        ("codeq/search/ucb.py", "C = 1.414", "C = 1.4"),
        ("codeq/values.py", "a == b", "a is b"),
        ("codeq/tables.py", "['a']", "('a',)"),
        ("codeq/search/__init__.py", "grow\n", "grow\ngrow(1)\n"),
        ("codeq/__init__.py", '"""\n', '"""\nV = 1\n'),
        ("scripts/search.py", "None", "False"),
    ],
)
def test_a_change_in_reached_code_changes_it(root: Path, name: str, old: str, new: str) -> None:
    before = version(root)
    edit(root / name, old, new)
    assert version(root) != before


def test_any_import_of_the_sandbox_takes_the_whole_package(root: Path) -> None:
    before = version(root, "judge")
    edit(root / "codeq/sandbox/server.py", "pass", "return 1")
    assert version(root, "judge") != before


def test_a_template_counts_for_those_who_name_it(root: Path) -> None:
    before, others = version(root, "report"), version(root, "judge")
    edit(root / "codeq/other.html.j2", "h2", "h3")
    assert version(root, "report") == before
    edit(root / "codeq/report.html.j2", "h1", "h3")
    assert version(root, "report") != before
    assert version(root, "judge") == others


@pytest.mark.parametrize(
    ("name", "old"),
    [
        ("codeq/part.html.j2", "<p>"),
        ("codeq/small.html.j2", "<small>"),
        ("codeq/page.css", "margin"),
        ("codeq/draw.js", "draw"),
    ],
)
def test_what_a_page_is_made_of_counts_for_those_who_name_it_or_a_template_that_includes_it(
    root: Path, name: str, old: str
) -> None:
    before, others = version(root, "report"), version(root, "judge")
    edit(root / name, old, f"{old} ")
    assert version(root, "report") != before
    assert version(root, "judge") == others


def test_every_resource_of_a_page_is_named_by_a_module_or_a_template_beside_it() -> None:
    found = [path for kind in ("j2", "css", "js") for path in (REPOSITORY / "codeq").rglob(f"*.{kind}")]
    assert {"report.html.j2", "viewer.js", "viewer.css"} <= {path.name for path in found}
    for resource in found:
        beside = {*resource.parent.glob("*.py"), *resource.parent.glob("*.j2")} - {resource}
        assert any(f'"{resource.name}"' in path.read_text() for path in beside), resource


def test_it_does_not_depend_on_where_the_checkout_lies(root: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    copy = tmp_path_factory.mktemp("elsewhere") / "checkout"
    root.rename(copy)
    moved = version(copy)
    copy.rename(root)
    assert version(root) == moved


def test_reformatting_the_real_package_changes_no_digest(root: Path) -> None:
    modules = sorted((REPOSITORY / "codeq/lineage").rglob("*.py"))
    assert len(modules) > 5
    for module in modules:
        (root / "codeq/tables.py").write_text(module.read_text().replace("from codeq.", "from "))
        before = version(root)
        (root / "codeq/tables.py").write_text(ast.unparse(ast.parse((root / "codeq/tables.py").read_text())))
        assert version(root) == before, module


@given(st.dictionaries(st.integers(0, 7), st.sets(st.integers(0, 7)), max_size=8), st.sets(st.integers(0, 7)))
@settings(max_examples=40, deadline=None)
def test_the_closure_is_what_a_search_of_the_import_graph_reaches(graph: dict[int, set[int]], first: set[int]) -> None:
    reached, frontier = set(first), list(first)
    while frontier:
        new = graph.get(frontier.pop(), set()) - reached
        reached |= new
        frontier += new
    with tempfile.TemporaryDirectory() as name:
        root = Path(name)
        (root / "codeq").mkdir()
        (root / "codeq/__init__.py").touch()
        for module in range(8):
            lines = [f"import codeq.m{other}" for other in sorted(graph.get(module, ()))]
            (root / f"codeq/m{module}.py").write_text("\n".join(lines))
        (root / "script.py").write_text("\n".join(f"from codeq import m{module}" for module in sorted(first)))
        found = set(code_digests(root / "script.py", root)) - {"__main__", "codeq"}
    assert found == {f"codeq.m{module}" for module in reached}


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("import codeq.serach", "imports codeq.serach, which is no module"),
        ("from . import tree", "relative import"),
        ("def f(:", "line 1"),
    ],
)
def test_code_that_cannot_be_followed_is_an_error(root: Path, line: str, message: str) -> None:
    (root / "codeq/search/ucb.py").write_text(line)
    with pytest.raises(LineageError, match=message) as caught:
        version(root)
    assert "ucb.py" in str(caught.value)


def test_a_missing_script_is_an_error(root: Path) -> None:
    with pytest.raises(LineageError, match=r"scripts/nothing\.py: cannot be read"):
        version(root, "nothing")


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))
