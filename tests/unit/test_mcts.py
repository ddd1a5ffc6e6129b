import math
from collections.abc import Callable

import pytest
from fake_search import FakeEngine, completion, program, task, verdict
from hypothesis import given, settings
from hypothesis import strategies as st

from codeq import tables
from codeq.config import SearchSettings
from codeq.identity import code_key, derive_seed
from codeq.models import Completion, Rendered
from codeq.search import MODES
from codeq.search.requests import Execute, Sample, Sampled, Search
from codeq.search.trajectory import rows
from codeq.search.tree import Node, Tree, backpropagate, select, ucb1

Script = Callable[[tuple[int, ...]], Completion]


def run(search: Search, reply: Callable[[object, int], Completion]) -> Tree:
    """Drive one search; `reply(request, k)` answers its k-th completion."""
    answers: list[object] | None = None
    while True:
        try:
            requests = search.send(answers)
        except StopIteration as stop:
            return stop.value
        answers = []
        for request in requests:
            if isinstance(request, Execute):
                answers.append(verdict(request.program.code, request.tests))
            else:
                texts = tuple(reply(request, k) for k in range(len(request.seeds)))
                answers.append(Sampled(Rendered(request.prompt[-1]["content"], (1, 2, 3), "d"), texts, 0.4))


def scripted(script: dict[tuple[int, ...], list[int]]) -> Callable[[object, int], Completion]:
    """Reply with `program(n)` for the n at the path of the node expanded, in the order of the script."""
    left = [n for numbers in script.values() for n in numbers]
    return lambda request, k: completion(program(left.pop(0)))


def by_path(tree: Tree) -> dict[tuple[int, ...], Node]:
    return {node.path: node for node in tree.nodes}


LIKELIHOOD = SearchSettings(candidates=2, rollouts=10, depth=3, exploration=1.0, critic="likelihood")


def test_tree_computed_by_hand() -> None:
    # All programs differ and have one length, so likelihoods tie and creation order decides.
    # UCB1 at the root, c = 1 (a = child 0, b = child 1):
    #  after 1: a 0 + sqrt(ln 2 / 1) = b                                   -> a, the first
    #  after 2: a 1/3 + sqrt(ln 4 / 3) = 1.013, b 0 + sqrt(ln 4 / 1) = 1.177 -> b
    #  after 3: a 1/3 + sqrt(ln 6 / 3) = 1.106, b 0 + sqrt(ln 6 / 3) = 0.773 -> a; (0, 0) passes, so (0, 1)
    #  after 4: a 2/5 + ... is larger, but holds only solved nodes and nodes at the limit -> b, its first child
    #  after 5: only (1, 1) is left; after 6 nothing is, so rollouts 7 to 10 do not happen.
    expansions = {(): [2, 3], (0,): [1, 4], (1,): [5, 6], (0, 1): [7, 1], (1, 0): [8, 9], (1, 1): [12, 13]}
    # (0, 1, 1) repeats the fix of (0, 0) and shares its execution.
    tree = run(MODES["mcts"](task(), LIKELIHOOD, "minimal", False), scripted(expansions))
    nodes = by_path(tree)
    expanded = {nodes[path].rollout: nodes[path].parent.path for path in nodes if path}
    assert [expanded[rollout] for rollout in range(1, 7)] == list(expansions)
    assert max(node.rollout for node in tree.nodes) == 6
    found = {path: (node.visits, node.value) for path, node in nodes.items()}
    assert found == {
        (): (12, 2.0),
        (0,): (5, 2.0),
        (1,): (7, 0.0),
        (0, 0): (1, 1.0),
        (0, 1): (3, 1.0),
        (0, 1, 0): (1, 0.0),
        (0, 1, 1): (1, 1.0),
        (1, 0): (3, 0.0),
        (1, 1): (3, 0.0),
        (1, 0, 0): (1, 0.0),
        (1, 0, 1): (1, 0.0),
        (1, 1, 0): (1, 0.0),
        (1, 1, 1): (1, 0.0),
    }
    assert nodes[(0, 1, 1)].duplicate_of is nodes[(0, 0)]
    assert tree.executions == 11
    assert tree.samples == 12
    assert tree.first_solved_rollout == 2
    # q of (0, 1): q_mcts = 1/3; q_ai = exp(-2 / bytes of the completion), one token a byte.
    q_ai = math.exp(-2 / len(program(4)))
    assert nodes[(0, 1)].q(0.5) == pytest.approx(0.5 / 3 + 0.5 * q_ai)
    assert nodes[(0, 1)].q(1.0) == pytest.approx(1 / 3)


def test_ten_rollouts_computed_by_hand() -> None:
    # c = 1, depth limit 4; fixes are (0, 0) and (1, 1, 0). UCB1 of the root's children before each rollout from the
    # second on, as mean + sqrt(ln N / n):
    before = {
        2: (0.8326, 0.8326),  # 0 + sqrt(ln 2 / 1) twice: the first
        3: (1.0131, 1.1774),  # 1/3 + sqrt(ln 4 / 3), 0 + sqrt(ln 4 / 1)
        4: (1.1062, 0.7728),  # 1/3 + sqrt(ln 6 / 3), 0 + sqrt(ln 6 / 3); below, (0, 0) has 2.3 but passes
        5: (0.8449, 0.8326),  # 1/5 + sqrt(ln 8 / 5), 0 + sqrt(ln 8 / 3)
        6: (0.7164, 0.8761),  # 1/7 + sqrt(ln 10 / 7), 0 + sqrt(ln 10 / 3)
        7: (0.7387, 0.7050),  # 1/7 + sqrt(ln 12 / 7), 0 + sqrt(ln 12 / 5)
        8: (0.6526, 0.7265),  # 1/9 + sqrt(ln 14 / 9), 0 + sqrt(ln 14 / 5); 0 holds no open node from here on
        9: (0.6661, 0.7722),  # 1/9 + sqrt(ln 16 / 9), 1/7 + sqrt(ln 16 / 7)
        10: (0.6778, 0.6778),  # both 1/9 + sqrt(ln 18 / 9); below 1, 0.856 of (1, 0) and 0.863 of a closed branch
    }
    expanded = [(), (0,), (1,), (0, 1), (0, 1, 0), (1, 0), (0, 1, 1), (1, 1), (1, 1, 1), (1, 0, 0)]
    numbers = [2, 3, 1, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 1, 15, 16, 17, 18, 19]
    for rollouts in range(1, 11):
        config = LIKELIHOOD.model_copy(update={"rollouts": rollouts, "depth": 4})
        tree = run(MODES["mcts"](task(), config, "minimal", False), scripted({(): numbers[: 2 * rollouts]}))
        assert [node.parent.path for node in tree.rewrites[::2] if node.parent] == expanded[:rollouts]
        scores = tuple(ucb1(child, 1.0) for child in tree.root.children)
        assert rollouts + 1 not in before or scores == pytest.approx(before[rollouts + 1], abs=1e-4)
    inner = {
        (): (20, 2.0),
        (0,): (9, 1.0),
        (1,): (11, 1.0),
        (0, 1): (7, 0.0),
        (1, 0): (5, 0.0),
        (1, 1): (5, 1.0),
        (0, 1, 0): (3, 0.0),
        (0, 1, 1): (3, 0.0),
        (1, 0, 0): (3, 0.0),
        (1, 1, 1): (3, 0.0),
    }
    found = by_path(tree)
    assert {path: (found[path].visits, found[path].value) for path in inner} == inner
    leaves = set(found) - set(inner)
    assert {path for path in leaves if found[path].value} == {(0, 0), (1, 1, 0)}
    assert {found[path].visits for path in leaves} == {1}
    assert tree.first_solved_rollout == 2


def test_a_reward_is_backpropagated_along_one_path_alone() -> None:
    tree = run(
        MODES["mcts"](task(), LIKELIHOOD.model_copy(update={"rollouts": 4}), "minimal", False),
        lambda request, k: completion(program(2 + k)),
    )
    leaf = max(tree.rewrites, key=lambda node: node.depth)
    before = {node.path: (node.visits, node.value) for node in tree.nodes}
    leaf.reward = 1.0
    backpropagate(leaf)
    for node in tree.nodes:
        on_path = leaf.path[: node.depth] == node.path
        visits, value = before[node.path]
        assert (node.visits, node.value) == (visits + on_path, value + on_path)
    assert len([node for node in tree.nodes if node.visits != before[node.path][0]]) == leaf.depth + 1


def test_equal_candidates_are_executed_and_judged_once_and_each_is_counted() -> None:
    config = LIKELIHOOD.model_copy(update={"candidates": 4, "rollouts": 1, "critic": "rubric"})
    judged = completion('{"correctness": 1, "clarity": 0.5, "plausibility": 0.6, "rationale": "ok"}')
    texts = [program(2), program(3), program(2) + "  # the same", program(2)]
    asked = []

    def reply(request: Sample, k: int) -> Completion:
        asked.append(request)
        return completion(texts[k]) if len(asked) <= 4 else judged

    tree = run(MODES["mcts"](task(), config, "instruct", False), reply)
    first, _, *same = tree.rewrites
    assert tree.executions == 2
    assert len(asked) == 4 + 2  # the rubric is asked of each program once
    for node in same:
        assert node.duplicate_of is first
        assert node.verdict is first.verdict
        assert node.critique is first.critique
        assert (node.visits, node.value) == (1, 0.0)
    assert tree.root.visits == 4


def test_ucb1_is_mean_reward_plus_bonus_and_infinite_before_the_first_visit() -> None:
    tree = Tree(task(), "mcts")
    first, second = (tree.add(tree.root, 1, completion(text), Rendered("p", (1,), "d"), 0) for text in "ab")
    assert ucb1(first, 1.414) == math.inf
    tree.root.visits, first.visits, first.value = 10, 4, 3.0
    assert ucb1(first, 1.414) == pytest.approx(0.75 + 1.414 * 0.758714, abs=1e-5)  # sqrt(ln 10 / 4) = 0.758714
    first.code = second.code = "x"
    assert select(tree.root, 1.414, 3) is second


def test_ties_of_ucb1_go_to_the_higher_critic_score() -> None:
    settings_ = LIKELIHOOD.model_copy(update={"rollouts": 2})
    replies = [completion(program(2), logprob=-9.0), completion(program(3), logprob=-1.0)] + [
        completion(program(4))
    ] * 2
    tree = run(MODES["mcts"](task(), settings_, "minimal", False), lambda request, k: replies.pop(0))
    assert [node.path for node in tree.rewrites] == [(0,), (1,), (1, 0), (1, 1)]


def test_likelihoods_that_differ_by_rounding_alone_are_a_tie() -> None:
    # Two equal programs that cannot be executed, so that each has a likelihood of its own.
    for logprobs in ((-9.0, -9.000001), (-9.000001, -9.0)):
        replies = [completion("def f(x:", logprob=logprob) for logprob in logprobs] + [completion(program(4))] * 2
        settings_ = LIKELIHOOD.model_copy(update={"rollouts": 2})
        tree = run(MODES["mcts"](task(), settings_, "minimal", False), lambda request, k, left=replies: left.pop(0))
        assert [node.path for node in tree.rewrites] == [(0,), (1,), (0, 0), (0, 1)]


def test_evaluation_stops_at_the_first_pass_and_training_does_not() -> None:
    for stop, samples in ((True, 2), (False, 6)):
        for mode in ("mcts", "best_of_n"):
            settings_ = LIKELIHOOD.model_copy(update={"rollouts": 3})
            numbers = [2, 1, 3, 4, 5, 6]
            reply = lambda request, k, numbers=numbers: completion(program(numbers.pop(0)))  # noqa: E731
            tree = run(MODES[mode](task(), settings_, "minimal", stop), reply)
            assert (tree.samples, tree.first_solved_rollout) == (samples, 1)


def test_best_of_n_draws_as_many_candidates_as_mcts_may_all_at_depth_one() -> None:
    engine = FakeEngine()
    tree = run(
        MODES["best_of_n"](task(), LIKELIHOOD, "minimal", False), lambda r, k: engine._reply(r.prompt, r.seeds[k])
    )
    assert tree.samples == LIKELIHOOD.candidates * LIKELIHOOD.rollouts
    assert {node.depth for node in tree.rewrites} == {1}
    assert [node.rollout for node in tree.rewrites] == [1 + i // 2 for i in range(20)]
    assert len({node.seed for node in tree.rewrites}) == 20


def test_single_pass_is_one_rewrite_of_the_bug() -> None:
    tree = run(MODES["single_pass"](task(), LIKELIHOOD, "minimal", True), scripted({(): [1]}))
    assert [(node.path, node.passed, node.visits) for node in tree.rewrites] == [((0,), True, 1)]


def test_cut_off_unparsable_and_empty_replies_are_never_executed_nor_fixes() -> None:
    replies = [
        completion(program(1), "length"),
        completion("def f(x:\n  pass"),
        completion(""),
        completion("```python\n"),
    ]
    settings_ = LIKELIHOOD.model_copy(update={"candidates": 4, "rollouts": 1})
    tree = run(MODES["mcts"](task(), settings_, "minimal", True), lambda request, k: replies[k])
    assert [node.verdict.status for node in tree.rewrites if node.verdict] == [
        "truncated",
        "syntax_error",
        "missing_entry_point",
        "missing_entry_point",
    ]
    assert tree.executions == 0
    assert [node.reward for node in tree.rewrites] == [0.0] * 4
    assert [node.expandable(3) for node in tree.rewrites] == [False, True, False, False]
    assert [node.q_ai is None for node in tree.rewrites] == [True, False, True, True]
    syntax = tree.rewrites[1].verdict
    assert syntax is not None
    assert [(r.status, r.message) for r in syntax.results] == [
        ("not_run", "SyntaxError: '(' was never closed (line 1)")
    ] * 2


def test_rubric_critic_scores_what_it_can_parse_and_counts_its_tokens() -> None:
    settings_ = LIKELIHOOD.model_copy(update={"critic": "rubric", "rollouts": 1})
    good = completion('{"correctness": 1, "clarity": 0.5, "plausibility": 0.6, "rationale": "ok"}')
    junk = completion("a fine fix, 10/10")
    seen = []

    def reply(request: object, k: int) -> Completion:
        seen.append(request)
        return completion(program(2 + k)) if len(seen) < 3 else (good, junk)[len(seen) - 3]

    tree = run(MODES["mcts"](task(), settings_, "instruct", True), reply)
    scored, unparsed = tree.rewrites
    assert scored.q_ai == pytest.approx(0.7)
    assert unparsed.q_ai is None
    assert unparsed.q(0.5) == unparsed.q_mcts == 0.0
    assert scored.q(0.5) == pytest.approx(0.35)
    assert [request.temperature for request in seen[2:]] == [0.2, 0.2]
    assert "f(5) must give 6, but it returned 7" in seen[2].prompt[-1]["content"]
    assert [node.critic_tokens for node in tree.rewrites] == [len(good.token_ids), len(junk.token_ids)]
    assert tree.tokens == sum(len(reply.token_ids) for reply in (good, junk)) + 2 * len(program(2))
    assert [row["critic_tokens"] for row in rows(tree, 0.5)] == [None, len(good.token_ids), len(junk.token_ids)]
    assert rows(tree, 0.5)[2]["critic"] == {
        **dict.fromkeys(("correctness", "clarity", "plausibility", "score", "rationale")),
        "status": "unparsed",
    }


def test_below_the_root_the_prompt_shows_the_attempt_and_what_it_returned() -> None:
    prompts = []

    def reply(request: object, k: int) -> Completion:
        prompts.append(request.prompt)
        return completion(f"```python\n{program(2)}\n```")

    settings_ = LIKELIHOOD.model_copy(update={"candidates": 1, "rollouts": 2})
    run(MODES["mcts"](task(), settings_, "instruct", False), reply)
    assert program(2) not in prompts[0][-1]["content"]
    assert "- f(1) must give 2\n- f(5) must give 6" in prompts[0][-1]["content"]
    assert program(2) in prompts[1][-1]["content"]
    assert "- f(5) must give 6, but it returned 7" in prompts[1][-1]["content"]
    assert program(0) in prompts[1][-1]["content"]


def test_seed_of_a_candidate_is_a_function_of_study_round_mode_bug_path_and_index() -> None:
    engine = FakeEngine()
    seeds = {}
    for mode in ("mcts", "best_of_n"):
        tree = run(
            MODES[mode](task(seed=5), LIKELIHOOD, "minimal", False), lambda r, k: engine._reply(r.prompt, r.seeds[k])
        )
        seeds[mode] = {node.path: node.seed for node in tree.rewrites}
        for path, seed in seeds[mode].items():
            assert seed == derive_seed(5, 1, mode, "bug-0", list(path[:-1]), path[-1], "rewrite")
    assert not set(seeds["mcts"].values()) & set(seeds["best_of_n"].values())


def test_rows_fit_the_table_of_trajectories() -> None:
    engine = FakeEngine()
    settings_ = LIKELIHOOD.model_copy(update={"critic": "rubric"})
    tree = run(MODES["mcts"](task(), settings_, "instruct", False), lambda r, k: engine._reply(r.prompt, r.seeds[k]))
    table = tables.frame("trajectories", rows(tree, 0.5))
    root = table.row(0, named=True)
    assert root["completion"] is root["parent_id"] is root["verdict"] is root["reward"] is root["q"] is None
    assert root["code"] == program(0)
    assert [row["code_key"] for row in table.iter_rows(named=True)] == [
        code_key(row["code"]) if row["code"] else None for row in table.iter_rows(named=True)
    ]
    assert "" in table["code"]
    assert root["visits"] == table.height - 1
    assert table["node_id"].n_unique() == table.height
    assert set(table["parent_id"].drop_nulls()) <= set(table["node_id"])
    assert table["tokens"].sum() + table["critic_tokens"].sum() == tree.tokens


def reference_selection(tree: Tree, rollout: int, config: SearchSettings) -> tuple[int, ...] | None:
    """Independent of Tree: visits, values and the UCB1 descent from the rewrites made before `rollout`."""
    known = [node for node in tree.rewrites if node.rollout < rollout]

    def below(path: tuple[int, ...]) -> list[Node]:
        return [node for node in known if node.path[: len(path)] == path]

    def is_open(path: tuple[int, ...]) -> bool:
        children = [node.path for node in known if node.path[:-1] == path]
        if children:
            return any(map(is_open, children))
        if path == ():
            return True
        (node,) = [node for node in known if node.path == path]
        final = node.reward == 1 or node.completion.finish_reason == "length" or node.code == ""
        return not final and len(path) < config.depth

    path: tuple[int, ...] = ()
    if not is_open(path):
        return None
    while children := [node for node in known if node.path[:-1] == path and is_open(node.path)]:
        total = len(below(path)) or 1

        def score(node: Node, total: int = total) -> tuple[float, float, int]:
            rewards = [other.reward for other in below(node.path)]
            bonus = config.exploration * (math.log(total) / len(rewards)) ** 0.5
            return (sum(rewards) / len(rewards) + bonus, round(node.q_ai or 0.0, 3), -node.path[-1])

        path = max(children, key=score).path
    return path


@settings(deadline=None, max_examples=60)
@given(
    seed=st.integers(0, 10**6),
    candidates=st.integers(1, 4),
    rollouts=st.integers(1, 9),
    depth=st.integers(1, 3),
    exploration=st.sampled_from([0.0, 0.5, 1.414, 5.0]),
    stop=st.booleans(),
    critic=st.sampled_from(["rubric", "likelihood"]),
)
def test_properties_of_any_search_tree(
    seed: int, candidates: int, rollouts: int, depth: int, exploration: float, stop: bool, critic: str
) -> None:
    config = SearchSettings(
        candidates=candidates, rollouts=rollouts, depth=depth, exploration=exploration, critic=critic, alpha=0.3
    )
    engine = FakeEngine()
    tree = run(
        MODES["mcts"](task(seed=seed), config, "instruct", stop), lambda r, k: engine._reply(r.prompt, r.seeds[k])
    )
    assert tree.root.visits == tree.samples <= candidates * rollouts
    for node in tree.nodes:
        subtree = [other for other in tree.rewrites if other.path[: node.depth] == node.path]
        assert node.visits == len(subtree)
        assert node.value == sum(other.reward for other in subtree)
        assert node.depth <= depth
        assert node.q_mcts is None or 0 <= node.q_mcts <= 1
        assert node.parent is None or 0 <= node.q(0.3) <= 1
        assert len(node.children) in (0, candidates)
        assert not (node.children and (node.passed or node.truncated))
    executed = [node for node in tree.rewrites if node in tree.executed.values()]
    assert len({code_key(node.code) for node in executed}) == len(executed) == tree.executions
    for node in tree.rewrites:
        if node.duplicate_of is not None:
            assert code_key(node.code) == code_key(node.duplicate_of.code)
            assert node.verdict is node.duplicate_of.verdict
            # After a pass at which the search stops, nobody is criticised any more.
            if not (stop and tree.solved and node.rollout == tree.nodes[-1].rollout):
                assert node.critique is node.duplicate_of.critique
            assert tree.nodes.index(node.duplicate_of) < tree.nodes.index(node)
    made = {node.rollout: node.parent.path for node in tree.rewrites if node.parent}
    for rollout in range(1, max(made) + 1):
        assert made[rollout] == reference_selection(tree, rollout, config)
    if max(made) < rollouts:
        solved = stop and any(node.passed for node in tree.rewrites)
        assert solved or reference_selection(tree, max(made) + 1, config) is None
