"""The critic: an opinion on a rewrite in 0..1, from the same policy that wrote it.

"rubric" asks the policy, at the critic's temperature, for correctness, clarity and plausibility; the score
is their mean, and a reply that cannot be parsed has none. "likelihood" needs no request: its score is
exp(logprob / tokens), the geometric mean of the probabilities the policy gave the tokens it wrote. With
"none" there is no opinion, and q is q_mcts.
"""

import math
from collections.abc import Sequence

from codeq import prompts
from codeq.config import SearchSettings
from codeq.prompts import Critique
from codeq.search.expansion import Nothing, cases, failures
from codeq.search.requests import Sample, Sampled
from codeq.search.tree import Node, Tree


def criticise(tree: Tree, candidates: Sequence[Node], settings: SearchSettings) -> Nothing:
    """Give the executed candidates their critique, those that were cut off or are empty excepted.

    Equal programs of one tree share the critique of the first: even their likelihoods differ, by rounding.
    """
    judged = [node for node in candidates if node.code and not node.truncated]
    first = [node for node in judged if node.duplicate_of is None]
    if settings.critic == "likelihood":
        for node in first:
            node.critique = likelihood(node)
    elif settings.critic == "rubric":
        answers: Sequence[Sampled] = yield [rubric_request(tree, node, settings) for node in first]
        for node, answer in zip(first, answers, strict=True):
            # A reply cut off before its JSON ends is unparsed.
            node.critique = prompts.parse_critique(answer.completions[0].text)
            node.seconds += answer.seconds
            node.critic_tokens = len(answer.completions[0].token_ids)
    for node in judged:
        if node.duplicate_of is not None:
            node.critique = node.duplicate_of.critique


def rubric_request(tree: Tree, node: Node, settings: SearchSettings) -> Sample:
    """The question whether `node` is a good fix, with what became of its tests."""
    assert node.parent is not None
    assert node.verdict is not None
    task, public = tree.task, cases(tree.task)
    return Sample(
        prompts.critique(task.statement, task.buggy_code, node.code, public, failures(public, node.verdict)),
        (tree.seed(node.parent, node.path[-1], "critique"),),
        settings.critic_temperature,
        1.0,
        settings.critic_max_new_tokens,
    )


def likelihood(node: Node) -> Critique:
    """The length-normalised likelihood of the node's completion, its end token included."""
    assert node.completion is not None
    score = math.exp(node.completion.logprob / len(node.completion.token_ids))
    return Critique(None, None, None, min(score, 1.0), None, "likelihood")
