"""The search tree: nodes, their values, selection by UCB1 and backpropagation.

The root is the buggy program; every other node is one rewrite of its parent's program, or one line action on
it (mode `line_edits`, which adds rules of its own). Definitions, the same for every mode:

- reward: 1.0 if the rewrite passes all public tests, else 0.0. A completion that was cut off at the token
  limit ("length") is never a fix, and is not executed (verdict "truncated"); neither is a rewrite that is no
  Python ("syntax_error") or holds no program at all ("missing_entry_point").
- every evaluated rewrite is backpropagated once, along its own path to the root: each node on it counts one
  visit and adds the reward to its value. So visits(root) is the number of rewrites in the tree, and
  visits(node) one more than the number of its descendants.
- q_mcts = value / visits; q_ai = the critic's score; q = alpha * q_mcts + (1 - alpha) * q_ai, or q_mcts where
  the critic gave no score. UCB1 uses q_mcts alone; the critic's score only breaks its ties.
- a node may be expanded if it is above the depth limit, has not been expanded, does not pass, and was not
  cut off or empty. Selection never enters a branch without such a node.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property

from codeq.identity import code_key, content_id, derive_seed
from codeq.models import Completion, Rendered
from codeq.prompts import Critique
from codeq.sandbox import Verdict
from codeq.search.requests import Task


@dataclass(eq=False)
class Node:
    """The root, or one rewrite of its parent. `path` holds the child indices from the root."""

    node_id: str
    parent: "Node | None"
    path: tuple[int, ...]
    rollout: int  # the rollout, from 1, that created the node; 0 for the root
    code: str
    parse_status: str = "given"
    completion: Completion | None = None
    prompt: Rendered | None = None  # what the completion answers
    seed: int | None = None
    verdict: Verdict | None = None
    reward: float = 0.0
    critique: Critique | None = None
    critic_tokens: int = 0  # of the critic's reply about this node; 0 where none was asked
    duplicate_of: "Node | None" = None  # the equal program whose execution this node shares
    seconds: float = 0.0  # its share of the engine's time, and its own sandbox time
    visits: int = 0
    value: float = 0.0  # sum of the rewards backpropagated through the node
    children: list["Node"] = field(default_factory=list)

    @cached_property
    def code_key(self) -> str:
        """The key of its program, once that has been parsed out of the completion."""
        return code_key(self.code)

    @property
    def depth(self) -> int:
        return len(self.path)

    @property
    def truncated(self) -> bool:
        return self.completion is not None and self.completion.finish_reason == "length"

    @property
    def usable(self) -> bool:
        """Whether the reply was completed and holds a program."""
        return not self.truncated and self.parse_status != "empty"

    @property
    def passed(self) -> bool:
        return self.reward == 1.0

    @property
    def q_mcts(self) -> float | None:
        """Mean reward backpropagated through the node; None before the first."""
        return self.value / self.visits if self.visits else None

    @property
    def q_ai(self) -> float | None:
        """The critic's score; None for the root and where there is none."""
        return self.critique.score if self.critique is not None else None

    def q(self, alpha: float) -> float | None:
        """alpha * q_mcts + (1 - alpha) * q_ai."""
        if self.q_mcts is None or self.q_ai is None:
            return self.q_mcts
        return alpha * self.q_mcts + (1 - alpha) * self.q_ai

    def expandable(self, depth_limit: int) -> bool:
        return self.depth < depth_limit and not self.children and not self.passed and self.usable

    def open(self, depth_limit: int) -> bool:
        """Whether the branch still holds a node that may be expanded."""
        if self.children:
            return any(child.open(depth_limit) for child in self.children)
        return self.expandable(depth_limit)


class Tree:
    """One search: its task, its nodes in order of creation, and what they cost."""

    def __init__(self, task: Task, mode: str) -> None:
        self.task, self.mode = task, mode
        self.tree_id = content_id("tree", task.seed, task.round, task.policy, mode, task.bug_id)
        self.root = Node(content_id("node", self.tree_id), None, (), 0, task.buggy_code)
        self.nodes = [self.root]
        self.executed: dict[str, Node] = {}  # code key -> the node whose execution equal programs share

    def seed(self, parent: Node, index: int, use: str = "rewrite") -> int:
        """The seed of one candidate: a function of study seed, round, mode, bug, path and index alone.

        Mode and round (hence policy) are part of it, so that rates of different modes and policies come
        from independent samples; the completions above it are not, so that it can be recomputed by hand.
        """
        task = self.task
        return derive_seed(task.seed, task.round, self.mode, task.bug_id, list(parent.path), index, use)

    def add(self, parent: Node, rollout: int, completion: Completion, prompt: Rendered, seed: int) -> Node:
        """Append an unevaluated rewrite; its program is still to be parsed out of the completion."""
        index = len(parent.children)
        node_id = content_id("node", self.tree_id, parent.node_id, index, completion.text)
        node = Node(
            node_id, parent, (*parent.path, index), rollout, "", completion=completion, prompt=prompt, seed=seed
        )
        parent.children.append(node)
        self.nodes.append(node)
        return node

    @property
    def rewrites(self) -> list[Node]:
        """Every node but the root, in order of creation."""
        return self.nodes[1:]

    @property
    def samples(self) -> int:
        return len(self.nodes) - 1

    @property
    def tokens(self) -> int:
        """Tokens generated, the critic's included."""
        return sum(len(node.completion.token_ids) + node.critic_tokens for node in self.nodes if node.completion)

    @property
    def executions(self) -> int:
        return len(self.executed)

    @property
    def seconds(self) -> float:
        return sum(node.seconds for node in self.nodes)

    @property
    def solved(self) -> bool:
        return any(node.passed for node in self.nodes)

    @property
    def first_solved_rollout(self) -> int | None:
        return min((node.rollout for node in self.nodes if node.passed), default=None)


def backpropagate(node: Node) -> None:
    """Count the node's reward once at the node and at each of its ancestors."""
    for ancestor in path_to_root(node):
        ancestor.visits += 1
        ancestor.value += node.reward


def path_to_root(node: Node | None) -> Iterator[Node]:
    """The node, its parent, and so on up to the root."""
    while node is not None:
        yield node
        node = node.parent


def ucb1(node: Node, exploration: float) -> float:
    """Mean reward plus exploration * sqrt(ln(visits of the parent) / visits) (Auer et al. 2002, fig. 1).

    Infinite for a node never visited, so that these come first.
    """
    if node.visits == 0:
        return math.inf
    assert node.parent is not None
    return node.value / node.visits + exploration * math.sqrt(math.log(node.parent.visits) / node.visits)


def select(root: Node, exploration: float, depth_limit: int) -> Node | None:
    """Follow the best open branch by UCB1 down to a node that may be expanded; None if no branch is open.

    Ties go to the higher critic's score, to three decimals, then to the node created first. Further decimals of a
    likelihood depend on the batch in which it was computed.
    """
    if not root.open(depth_limit):
        return None
    node = root
    while node.children:
        # max() keeps the first of equals, and children stand in order of creation.
        node = max(
            (child for child in node.children if child.open(depth_limit)),
            key=lambda child: (ucb1(child, exploration), round(child.q_ai or 0.0, 3)),
        )
    return node
