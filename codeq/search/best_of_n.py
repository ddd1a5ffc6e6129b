"""Best of n: n = candidates * rollouts independent rewrites of the bug, the baseline of equal budget."""

from codeq.config import SearchSettings
from codeq.prompts import Style
from codeq.search.expansion import execute, expand
from codeq.search.requests import Search, Task
from codeq.search.tree import Tree, backpropagate


def best_of_n(task: Task, settings: SearchSettings, style: Style, stop_when_solved: bool) -> Search:
    """Draw as MCTS does, `candidates` at a time, so that a stop at the first pass counts samples alike.

    No critic is asked: it would choose nothing, and its tokens would count against this baseline.
    """
    tree = Tree(task, "best_of_n")
    for rollout in range(1, settings.rollouts + 1):
        candidates = yield from expand(tree, [tree.root] * settings.candidates, rollout, settings, style)
        yield from execute(tree, candidates)
        for candidate in candidates:
            backpropagate(candidate)
        if stop_when_solved and any(candidate.passed for candidate in candidates):
            break
    return tree
