"""Agreement with TreeQuest's StandardMCTS (Sakana AI), an independent implementation, where both define the same.

The same: one selection by mean + exploration * sqrt(ln N / n) from the root to a leaf, ties to the first; K children
per expansion; every child's reward counted once at each node of its path.

Different, so taken out of the comparison: TreeQuest multiplies the bonus by a prior, the softmax of the siblings'
rewards, which is 1/K where these are equal and is switched off here where they are not; it has no depth limit, expands
nodes that pass, and knows neither equal programs nor nodes that cannot be expanded.
"""

import itertools

import pytest
import treequest
from fake_search import completion, program, task
from hypothesis import given, settings
from hypothesis import strategies as st
from test_mcts import run

from codeq.config import SearchSettings
from codeq.models import Rendered
from codeq.search import MODES
from codeq.search.tree import Tree, backpropagate, select

UNLIMITED = 1000
PROMPT = Rendered("p", (1,), "d")
Path = tuple[int, ...]


class WithoutPriors(treequest.StandardMCTS):
    """UCT as it is published: no prior in the bonus."""

    def _update_priors(self, state: object, parent: object) -> None:
        pass


def theirs(
    algorithm: treequest.StandardMCTS, rollouts: int, count: int, rewards: dict[Path, float]
) -> dict[Path, tuple[int, float]]:
    """Visits and summed rewards by path, after so many expansions; a reward not given is 0."""
    state = algorithm.init_tree()
    for _ in range(rollouts):
        state, trials = algorithm.ask_batch(state, count, ["rewrite"])
        for index, trial in enumerate(trials):
            path = (*(trial.parent_state or ()), index)
            state = algorithm.tell(state, trial.trial_id, (path, rewards.get(path, 0.0)))
    statistics = {(): -1} | {node.state: node.expand_idx for node in state.tree.get_nodes() if node.state}
    return {path: (state.visit_counts[index], state.value_sums[index]) for path, index in statistics.items()}


def ours(exploration: float, rollouts: int, count: int, rewards: dict[Path, float]) -> dict[Path, tuple[int, float]]:
    tree = Tree(task(), "mcts")
    for rollout in range(1, rollouts + 1):
        leaf = select(tree.root, exploration, UNLIMITED)
        assert leaf is not None
        children = [tree.add(leaf, rollout, completion("x"), PROMPT, 0) for _ in range(count)]
        for child in children:
            child.reward = rewards.get(child.path, 0.0)
        for child in children:
            backpropagate(child)
    return {node.path: (node.visits, node.value) for node in tree.nodes}


@settings(deadline=None, max_examples=100)
@given(data=st.data(), count=st.integers(1, 4), rollouts=st.integers(1, 25), c=st.sampled_from([0.0, 0.3, 1.414, 4.0]))
def test_visits_and_values_agree_for_any_rewards(data: st.DataObject, count: int, rollouts: int, c: float) -> None:
    rng = data.draw(st.randoms(use_true_random=False))
    rewards: dict[Path, float] = {}

    class Drawn(dict[Path, float]):
        def get(self, path: Path, default: object = None) -> float:
            # Below 1, which is a pass, and is not expanded by us.
            return rewards.setdefault(path, rng.choice([0.0, 0.25, 0.5, 0.75]))

    algorithm = WithoutPriors(samples_per_action=count, exploration_weight=c)
    assert theirs(algorithm, rollouts, count, Drawn()) == ours(c, rollouts, count, Drawn())


@pytest.mark.parametrize("count", [1, 2, 4])
def test_visits_of_a_whole_search_agree_where_siblings_are_rewarded_alike(count: int) -> None:
    # TreeQuest's bonus is divided by K, its prior; a search without a fix has equal rewards everywhere.
    rollouts = 20
    config = SearchSettings(candidates=count, rollouts=rollouts, depth=UNLIMITED, critic="likelihood")
    numbers = itertools.count(2)  # of programs, all of them wrong
    tree = run(MODES["mcts"](task(), config, "minimal", False), lambda request, k: completion(program(next(numbers))))
    algorithm = treequest.StandardMCTS(samples_per_action=count, exploration_weight=count * config.exploration)
    assert {node.path: (node.visits, node.value) for node in tree.nodes} == theirs(algorithm, rollouts, count, {})
    assert tree.samples == count * rollouts
