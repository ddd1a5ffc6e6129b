"""Refinement: fix, look at the failing public tests, fix again, in a chain without a tree's choice."""

from codeq.config import SearchSettings
from codeq.prompts import Style
from codeq.search.expansion import evaluate, expand
from codeq.search.requests import Search, Task
from codeq.search.tree import Tree, backpropagate


def refine(task: Task, settings: SearchSettings, style: Style, stop_when_solved: bool) -> Search:
    """candidates * rollouts rewrites, the budget of best of n and MCTS, each of the usable attempt before it.

    The depth limit is the length of a chain: behind an attempt that reached it, or that passes, the next chain
    starts at the bug. An attempt that was cut off or empty is not built on: the one before it is tried again.
    Every `candidates` rewrites count as one rollout. No critic is asked, since it would have nothing to choose.
    """
    settings = settings.model_copy(update={"critic": "none"})
    tree = Tree(task, "refine")
    attempt = tree.root
    while tree.samples < settings.candidates * settings.rollouts:
        rollout = 1 + tree.samples // settings.candidates
        (rewrite,) = yield from expand(tree, attempt, 1, rollout, settings, style)
        yield from evaluate(tree, [rewrite], settings)
        backpropagate(rewrite)
        if rewrite.passed and stop_when_solved:
            break
        if rewrite.usable:
            attempt = rewrite if rewrite.expandable(settings.depth) else tree.root
    return tree
