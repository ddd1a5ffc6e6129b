"""Single pass: one rewrite of the bug, at the search's temperature."""

from codeq.config import SearchSettings
from codeq.prompts import Style
from codeq.search.expansion import execute, expand
from codeq.search.requests import Search, Task
from codeq.search.tree import Tree, backpropagate


def single_pass(task: Task, settings: SearchSettings, style: Style, stop_when_solved: bool) -> Search:
    """One candidate; `stop_when_solved` has nothing to stop."""
    tree = Tree(task, "single_pass")
    (candidate,) = yield from expand(tree, [tree.root], 1, settings, style)
    yield from execute(tree, [candidate])
    backpropagate(candidate)
    return tree
