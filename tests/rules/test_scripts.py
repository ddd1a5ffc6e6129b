"""The scripts: each explains itself quickly, and each belongs to a rule that calls it with options it has."""

import ast
import importlib
import re
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SCRIPTS = {path.stem: path for path in sorted((ROOT / "scripts").glob("*.py"))}
RULES = sorted((ROOT / "workflow" / "rules").glob("*.smk"))
# No rule runs these: two show what a finished study found, one completes models where they came without weights.
BY_HAND = {"readme", "show", "restore"}
HEAVY = ("torch", "transformers", "trl", "peft", "datasets", "altair", "scipy", "datasketch", "snakemake")
# Runs a script as `python script --help` does, then says which heavy packages that took.
PROBE = """
import runpy, sys
script, *heavy = sys.argv[1:]
sys.argv = [script, "--help"]
try:
    runpy.run_path(script, run_name="__main__")
except SystemExit as end:
    print("\\x00", *[name for name in heavy if name in sys.modules])
    sys.exit(end.code)
"""


@cache
def help_of(name: str) -> tuple[str, list[str]]:
    """What `--help` prints, and the heavy packages that were imported by then."""
    command = [sys.executable, "-c", PROBE, str(SCRIPTS[name]), *HEAVY]
    ended = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT)
    assert ended.returncode == 0, ended.stderr
    assert ended.stderr == ""
    text, _, heavy = ended.stdout.partition("\x00")
    return text, heavy.split()


def options(name: str) -> dict[str, bool]:
    """Options that a script's source adds to its parser, and whether they must be given."""
    tree, found = ast.parse(SCRIPTS[name].read_text()), {}
    constants = {
        target.id: ast.literal_eval(node.value)
        for node in tree.body
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Tuple)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    for loop in ast.walk(tree):
        if isinstance(loop, ast.For):
            names = constants[loop.iter.id] if isinstance(loop.iter, ast.Name) and loop.iter.id in constants else None
            if names is None and isinstance(loop.iter, ast.Tuple):
                names = [ast.literal_eval(each) for each in loop.iter.elts]
            for node in ast.walk(loop):
                if names and is_option(node) and isinstance(node.args[0], ast.JoinedStr):
                    found |= dict.fromkeys((f"--{each}" for each in names), required(node))
    for node in ast.walk(tree):
        if is_option(node) and isinstance(node.args[0], ast.Constant):
            found[node.args[0].value] = required(node) or not node.args[0].value.startswith("-")
        elif isinstance(node, ast.Call) and ast.unparse(node.func) == "stage.parser" and not node.keywords:
            found["--settings"] = True
    return found


def is_option(node: ast.AST) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "add_argument"


def required(node: ast.Call) -> bool:
    return any(keyword.arg == "required" and keyword.value.value is True for keyword in node.keywords)


@pytest.mark.parametrize("name", SCRIPTS)
def test_help_shows_the_docstring_and_every_option_with_a_text(name):
    text, _ = help_of(name)
    docstring = ast.get_docstring(ast.parse(SCRIPTS[name].read_text()))
    assert " ".join(docstring.split()) in " ".join(text.split())
    described = {
        match[1]: match[2].strip()
        for match in re.finditer(
            r"^  (?:-h, )?(--?[\w-]+|\w+)(?: [^\n]*?)?(?:  |\n {20,})(\S[^\n]*)", text, re.MULTILINE
        )
    }
    assert set(options(name)) == set(described) - {"--help"}
    assert all(len(line) >= 5 for line in described.values())


@pytest.mark.parametrize("name", SCRIPTS)
def test_help_imports_no_heavy_package(name):
    assert help_of(name)[1] == []


@pytest.mark.parametrize("name", SCRIPTS)
def test_a_script_uses_only_what_codeq_has(name):
    """Every name imported from codeq exists, and so does every attribute of an imported module."""
    tree, modules = ast.parse(SCRIPTS[name].read_text()), {}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.split(".")[0] == "codeq":
            package = importlib.import_module(node.module)
            for alias in node.names:
                if not hasattr(package, alias.name):
                    importlib.import_module(f"{node.module}.{alias.name}")
                value = getattr(package, alias.name)
                if type(value) is type(ast):
                    modules[alias.asname or alias.name] = value
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in modules:
            assert hasattr(modules[node.value.id], node.attr), f"line {node.lineno}: {ast.unparse(node)}"


def commands() -> dict[str, str]:
    """The shell command of each rule: its text from `rule` to the next, with the constants it names filled in."""
    found = {}
    for path in RULES:
        text = path.read_text()
        constants = dict(re.findall(r"^([A-Z_]+) = \(\n(.*?)^\)", text, re.MULTILINE | re.DOTALL))
        for name, body in re.findall(r"^rule (\w+):\n(.*?)(?=^\S|\Z)", text, re.MULTILINE | re.DOTALL):
            shell = body.partition("    shell:\n")[2]
            for constant, value in constants.items():
                shell = shell.replace(constant, value)
            found[name] = body.partition("    shell:\n")[0] + shell
    return found


COMMANDS = commands()


def test_every_rule_is_found():
    count = sum(len(re.findall(r"^rule ", path.read_text(), re.MULTILINE)) for path in RULES)
    assert len(COMMANDS) == count >= 14


@pytest.mark.parametrize("rule", COMMANDS)
def test_a_rule_runs_a_script_that_exists_and_depends_on_its_code(rule):
    called = re.findall(r"python scripts/(\w+)\.py", COMMANDS[rule])
    assert len(called) == 1
    assert called[0] in SCRIPTS
    assert re.findall(r'code=code\("(\w+)"\)', COMMANDS[rule]) == called


@pytest.mark.parametrize("rule", COMMANDS)
def test_a_rule_gives_the_options_its_script_asks_for_and_no_others(rule):
    name = re.search(r"python scripts/(\w+)\.py", COMMANDS[rule])[1]
    given = re.findall(r"(?<![\w-])(--[a-z][\w-]*)", COMMANDS[rule].partition("python scripts")[2])
    known = options(name)
    assert set(given) <= set(known)
    assert {option for option, needed in known.items() if needed} <= set(given)
    assert len(given) == len(set(given))


def test_every_script_belongs_to_a_rule():
    called = {name for text in COMMANDS.values() for name in re.findall(r"python scripts/(\w+)\.py", text)}
    assert set(SCRIPTS) - called == BY_HAND
