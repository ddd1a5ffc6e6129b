"""The built-in curriculum: small textbook functions and classes of our own, with public and hidden test inputs.

To add one, write it in the module of its theme under ``@problem(...)``; a docstring states the problem. Bodies
are plain Python without annotations, imports or comments: they are the code a model is asked to repair.
"""

from typing import Any

from codeq.data.curriculum import (  # noqa: F401  (importing a theme registers its problems)
    classes,
    dicts,
    digits,
    grids,
    lists,
    numbers,
    recursion,
    search_and_sort,
    sequences,
    sets_and_tuples,
    strings,
    text,
)
from codeq.data.curriculum.problem import REGISTRY, Problem, run

__all__ = ["Problem", "expected", "problems"]


def problems(seed: int) -> list[Problem]:
    """Every problem, by id, with hidden inputs that depend on the seed and the problem's id alone."""
    return [REGISTRY[slug].with_hidden(seed) for slug in sorted(REGISTRY)]


def expected(problem: Problem, arguments: list[Any]) -> Any:
    """What the reference returns for one argument list; runs our own code in this process."""
    return run(problem.reference, problem.kind, arguments)
