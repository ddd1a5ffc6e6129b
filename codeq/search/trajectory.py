"""A finished tree as rows of the `trajectories` table, one per node in order of creation."""

from codeq.search.tree import Node, Tree


def rows(tree: Tree, alpha: float) -> list[dict[str, object]]:
    """Every node as a row; the root has no completion, verdict, seed, tokens or q, and no reward where nothing ran."""
    return [_row(tree, node, alpha) for node in tree.nodes]


def _row(tree: Tree, node: Node, alpha: float) -> dict[str, object]:
    completion, prompt, verdict = node.completion, node.prompt, node.verdict
    is_root = node.parent is None
    return {
        "tree_id": tree.tree_id,
        "node_id": node.node_id,
        "parent_id": node.parent.node_id if node.parent else None,
        "bug_id": tree.task.bug_id,
        "problem_id": tree.task.problem_id,
        "round": tree.task.round,
        "policy": tree.task.policy,
        "mode": tree.mode,
        "depth": node.depth,
        "rollout": node.rollout,
        "prompt": prompt.text if prompt else None,
        "prompt_digest": prompt.digest if prompt else None,
        "completion": completion.text if completion else None,
        "finish_reason": completion.finish_reason if completion else None,
        "code": node.code,
        "code_key": node.code_key if node.code else None,
        "parse_status": None if is_root else node.parse_status,
        "results": [dict(vars(result)) for result in verdict.results] if verdict else None,
        "verdict": verdict.status if verdict else None,
        "peak_mb": verdict.peak_mb if verdict else None,
        "duplicate_of": node.duplicate_of.node_id if node.duplicate_of else None,
        "reward": node.reward if verdict else None,
        "critic": dict(vars(node.critique)) if node.critique else None,
        "visits": node.visits,
        "q_mcts": node.q_mcts,
        "q_ai": node.q_ai,
        "q": None if is_root else node.q(alpha),
        "logprob": completion.logprob if completion else None,
        "seed": node.seed,
        "prompt_tokens": len(prompt.token_ids) if prompt else None,
        "tokens": len(completion.token_ids) if completion else None,
        "critic_tokens": None if is_root else node.critic_tokens,
        "seconds": node.seconds,
    }
