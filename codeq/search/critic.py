"""The critic: an opinion on a rewrite in 0..1, from the same policy that wrote it.

"rubric" asks the policy, at the critic's temperature, for correctness, clarity and plausibility; the score
is their mean, and a reply that cannot be parsed has none. "likelihood" needs no request: its score is
exp(logprob / tokens), the geometric mean of the probabilities the policy gave the tokens it wrote. With
"none" there is no opinion, and q is q_mcts.
"""

import math

from codeq import prompts
from codeq.config import SearchSettings
from codeq.prompts import Case, Critique
from codeq.search.requests import Sample, Sampled
from codeq.search.tree import Node, Tree


def rubric_request(tree: Tree, node: Node, cases: tuple[Case, ...], settings: SearchSettings) -> Sample:
    """The question whether `node` is a good fix."""
    assert node.parent is not None
    return Sample(
        prompts.critique(tree.task.statement, tree.task.buggy_code, node.code, cases),
        (tree.seed(node.parent, node.path[-1], "critique"),),
        settings.critic_temperature,
        1.0,
        settings.critic_max_new_tokens,
    )


def rubric_answer(answer: Sampled) -> Critique:
    """The judgement in the policy's reply; a reply cut off before its JSON ends is unparsed."""
    return prompts.parse_critique(answer.completions[0].text)


def likelihood(node: Node) -> Critique:
    """The length-normalised likelihood of the node's completion, its end token included."""
    assert node.completion is not None
    score = math.exp(node.completion.logprob / len(node.completion.token_ids))
    return Critique(None, None, None, min(score, 1.0), None, "likelihood")
