"""Refinement: fix, look at the failing public tests, fix again, in chains without a tree's choice."""

from codeq.config import SearchSettings
from codeq.prompts import Style
from codeq.search.expansion import execute, expand
from codeq.search.requests import Search, Task
from codeq.search.tree import Node, Tree, backpropagate


def refine(task: Task, settings: SearchSettings, style: Style, stop_when_solved: bool) -> Search:
    """`candidates` chains side by side, one rewrite of each per rollout: the budget of best of n and MCTS.

    Chains share nothing but the execution of equal programs; side by side they make larger batches, and a stop at the
    first pass counts samples as the other modes do. No critic is asked, since it would have nothing to choose.
    """
    tree = Tree(task, "refine")
    attempts = [tree.root] * settings.candidates
    for rollout in range(1, settings.rollouts + 1):
        rewrites = yield from expand(tree, attempts, rollout, settings, style)
        yield from execute(tree, rewrites)
        for rewrite in rewrites:
            backpropagate(rewrite)
        if stop_when_solved and any(rewrite.passed for rewrite in rewrites):
            break
        attempts = [to_refine(tree, rewrite, settings.depth) for rewrite in rewrites]
    return tree


def to_refine(tree: Tree, rewrite: Node, depth_limit: int) -> Node:
    """What its chain refines next: the rewrite itself; the bug, for a new chain, behind a pass or at the depth limit.

    A rewrite that was cut off or is empty is not built on: the attempt before it is tried again.
    """
    if not rewrite.usable:
        assert rewrite.parent is not None
        return rewrite.parent
    return rewrite if rewrite.expandable(depth_limit) else tree.root
