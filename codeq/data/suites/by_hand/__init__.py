"""Input generators written by hand, by subject; a problem's is found by searching for its slug."""

from codeq.data.suites.by_hand import (  # noqa: F401 - importing a module enters its generators
    arrays,
    designs,
    graphs,
    grids,
    nodes,
    numbers,
    sequences,
    stories,
    strings,
    tables,
    texts,
    trees,
    word_lists,
    words,
)
from codeq.data.suites.registry import GENERATORS

__all__ = ["GENERATORS"]
