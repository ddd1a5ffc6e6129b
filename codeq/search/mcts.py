"""Monte Carlo tree search over full rewrites."""

from codeq.config import SearchSettings
from codeq.prompts import Style
from codeq.search.critic import criticise
from codeq.search.expansion import execute, expand
from codeq.search.requests import Search, Task
from codeq.search.tree import Tree, backpropagate, select


def mcts(task: Task, settings: SearchSettings, style: Style, stop_when_solved: bool, mode: str = "mcts") -> Search:
    """One expansion per rollout; ends early when no branch can be expanded or, if asked to, when solved."""
    tree = Tree(task, mode)
    for rollout in range(1, settings.rollouts + 1):
        leaf = select(tree.root, settings.exploration, settings.depth)
        if leaf is None:
            break
        candidates = yield from expand(tree, [leaf] * settings.candidates, rollout, settings, style)
        yield from execute(tree, candidates)
        solved = any(candidate.passed for candidate in candidates)
        if not (stop_when_solved and solved):  # then nothing is left to choose
            yield from criticise(tree, candidates, settings)
        for candidate in candidates:
            backpropagate(candidate)
        if stop_when_solved and solved:
            break
    return tree


def mcts_no_critic(task: Task, settings: SearchSettings, style: Style, stop_when_solved: bool) -> Search:
    """MCTS without a critique: q is q_mcts, and ties of UCB1 go to the node created first."""
    return mcts(task, settings.model_copy(update={"critic": "none"}), style, stop_when_solved, "mcts_no_critic")
