"""The pins: two files that agree, and every package that CodeQ imports is pinned."""

import ast
import re
import sys
from collections import Counter
from importlib.metadata import packages_distributions, version
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
DISTRIBUTIONS = packages_distributions()  # import name -> distributions that bring it
SOURCES = sorted([*(ROOT / "codeq").rglob("*.py"), *(ROOT / "scripts").glob("*.py")])


def requirements() -> list[str]:
    lines = (line.split("#")[0].strip() for line in (ROOT / "requirements.txt").read_text().splitlines())
    return [line for line in lines if line]


def normal(name: str) -> str:
    """PEP 503."""
    return re.sub(r"[-_.]+", "-", name).lower()


PINS = {normal(line.split("==")[0]): line.split("==")[1] for line in requirements()}


def test_every_requirement_is_one_exact_pin():
    lines = requirements()
    assert all(re.fullmatch(r"[A-Za-z0-9._-]+==[A-Za-z0-9.]+", line) for line in lines)
    assert max(Counter(normal(line.split("==")[0]) for line in lines).values()) == 1


def test_the_conda_environment_holds_the_same_pins():
    environment = yaml.safe_load((ROOT / "environment.yml").read_text())
    python, pip, pinned = environment["dependencies"]
    assert (python, pip) == ("python=3.11", "pip")
    assert sorted(pinned["pip"]) == sorted(requirements())


@pytest.mark.parametrize("name", PINS)
def test_the_pinned_version_is_the_one_tested_here(name):
    assert version(name).split("+")[0] == PINS[name]


def test_trl_is_the_version_whose_trainer_is_patched():
    assert PINS["trl"] == "0.29.1"


def third_party(path: Path) -> set[str]:
    """The top-level packages a file imports, wherever in it, that are neither Python's nor CodeQ's."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            names.add(node.module.split(".")[0])
    return names - set(sys.stdlib_module_names) - {"codeq"}


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_imported_package_is_pinned(path):
    for name in third_party(path):
        assert {normal(each) for each in DISTRIBUTIONS[name]} & set(PINS), f"{path} imports {name}, which no pin brings"
