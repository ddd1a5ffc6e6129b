"""The linear modes and MCTS without a critic, step by step with scripted replies, and what holds of every mode."""

from typing import get_args

import pytest
from fake_search import FakeEngine, completion, program, task
from hypothesis import given, settings
from hypothesis import strategies as st
from test_mcts import run

from codeq import tables
from codeq.config import Mode, SearchSettings
from codeq.evaluation.metrics import handed_in
from codeq.identity import code_key, derive_seed
from codeq.models import Completion
from codeq.search import MODES
from codeq.search.trajectory import rows
from codeq.search.tree import Tree

CONFIG = SearchSettings(candidates=2, rollouts=4, depth=2, critic="rubric")
CHAIN = CONFIG.model_copy(update={"candidates": 1, "rollouts": 8})


class Script:
    """Replies in order, and the requests that they answered."""

    def __init__(self, *replies: Completion | str) -> None:
        self.left = [reply if isinstance(reply, Completion) else completion(reply) for reply in replies]
        self.asked: list[str] = []

    def __call__(self, request: object, k: int) -> Completion:
        self.asked.append(request.prompt[-1]["content"])
        return self.left.pop(0)


def search(mode: str, script: Script, stop: bool = False, config: SearchSettings = CONFIG) -> Tree:
    return run(MODES[mode](task(), config, "instruct", stop), script)


def test_every_mode_of_the_configuration_is_there_and_names_its_trees() -> None:
    assert tuple(MODES) == get_args(Mode)
    engine = FakeEngine()
    for mode, make in MODES.items():
        tree = run(make(task(), CONFIG, "instruct", False), lambda r, k: engine._reply(r.prompt, r.seeds[k]))
        assert tree.mode == mode
        for node in tree.rewrites:
            assert node.seed == derive_seed(0, 1, mode, "bug-0", list(node.path[:-1]), node.path[-1], "rewrite")


# --- MCTS without a critic


def test_mcts_without_critic_asks_for_rewrites_alone_and_its_q_is_the_mean_reward() -> None:
    script = Script(*(program(n) for n in (2, 3, 4, 1, 5, 6, 7, 8)))
    tree = search("mcts_no_critic", script)
    assert len(script.asked) == tree.samples == 6
    assert not any("Rate the proposed version" in prompt for prompt in script.asked)
    assert sum(node.critic_tokens for node in tree.nodes) == 0
    assert [node.critique for node in tree.nodes] == [None] * 7
    # Ties go to the first created, so (0,) is expanded at once; of its children (0, 1) passes: q = 1/3 of three.
    assert [node.path for node in tree.rewrites[:4]] == [(0,), (1,), (0, 0), (0, 1)]
    first = tree.rewrites[0]
    assert first.q(0.3) == first.q_mcts == pytest.approx(1 / 3)


def test_a_search_without_critic_is_configured_for_every_mode_alike() -> None:
    bare = CONFIG.model_copy(update={"critic": "none"})
    numbers = [program(n) for n in (2, 3, 4, 1, 5, 6, 7, 8)]
    with_mode, by_setting = search("mcts_no_critic", Script(*numbers)), search("mcts", Script(*numbers), config=bare)
    assert [(n.path, n.visits, n.value) for n in with_mode.nodes] == [
        (n.path, n.visits, n.value) for n in by_setting.nodes
    ]
    assert with_mode.tree_id != by_setting.tree_id


# --- refine


def test_refine_follows_a_chain_to_the_depth_limit_and_starts_anew_at_the_bug() -> None:
    script = Script(*(program(n) for n in (2, 3, 4, 5, 6, 7, 8, 9)))
    tree = search("refine", script, config=CHAIN)
    assert [node.path for node in tree.rewrites] == [(0,), (0, 0), (1,), (1, 0), (2,), (2, 0), (3,), (3, 0)]
    assert [node.rollout for node in tree.rewrites] == list(range(1, 9))
    assert tree.root.visits == 8
    assert "attempt" not in script.asked[0]
    assert f"```python\n{program(2)}\n```" in script.asked[1]
    assert "- f(5) must give 6, but it returned 7" in script.asked[1]
    assert "attempt" not in script.asked[2]
    assert not any("Rate the proposed version" in prompt for prompt in script.asked)


def test_refine_does_not_build_on_attempts_that_were_cut_off_or_are_empty_but_on_those_that_are_no_python() -> None:
    cut, broken = completion(program(1), "length"), "def f(x:\n    return x"
    script = Script(cut, program(2), "", cut, broken, program(3), "```python\n```", program(1))
    tree = search("refine", script, config=CHAIN)
    assert [(node.path, node.verdict.status) for node in tree.rewrites if node.verdict] == [
        ((0,), "truncated"),
        ((1,), "fail"),
        ((1, 0), "missing_entry_point"),
        ((1, 1), "truncated"),
        ((1, 2), "syntax_error"),  # the depth limit: back to the bug
        ((2,), "fail"),
        ((2, 0), "missing_entry_point"),
        ((2, 1), "pass"),
    ]
    shown = [f"```python\n{program(2)}\n```" in prompt for prompt in script.asked]
    assert shown == [False, False, True, True, True, False, False, False]
    assert tree.first_solved_rollout == 8


def test_refine_starts_anew_behind_a_pass_or_stops_there_if_asked_to() -> None:
    replies = [program(n) for n in (1, 2, 3, 1, 4, 5, 6, 7)]
    tree = search("refine", Script(*replies), config=CHAIN)
    assert [node.path for node in tree.rewrites] == [(0,), (1,), (1, 0), (2,), (3,), (3, 0), (4,), (4, 0)]
    assert tree.rewrites[3].duplicate_of is tree.rewrites[0]
    assert tree.root.value == 2.0
    stopped = search("refine", Script(*replies[1:]), stop=True, config=CHAIN)
    assert (stopped.samples, stopped.first_solved_rollout) == (3, 3)


def test_chains_of_refine_go_side_by_side_and_fill_a_rollout_together() -> None:
    script = Script(*(program(n) for n in (2, 3)), completion("", "length"), *(program(n) for n in (4, 5, 6, 7, 1)))
    tree = search("refine", script)
    assert [(node.path, node.rollout) for node in tree.rewrites] == [
        *[((0,), 1), ((1,), 1)],
        *[((0, 0), 2), ((1, 0), 2)],  # (0, 0) is cut off, (1, 0) at the depth limit
        *[((0, 1), 3), ((2,), 3)],
        *[((3,), 4), ((2, 0), 4)],
    ]
    assert (tree.samples, tree.first_solved_rollout) == (8, 4)


# --- line edits


def action(text: str) -> str:
    return f"PLAN: mend it\nTHOUGHT: why not\nCODE_ACTION: {text}"


def test_line_edits_computed_by_hand() -> None:
    # The first episode mends the bug in two steps and says so only when it runs the tests, as its third. The
    # second tests the bug, errs in three ways, and is tested as it stands at its end.
    script = Script(
        *[action("EDIT 2\n```python\n    y = x + 1\n```"), action("RUN_TESTS")],
        *[action("INSERT 2\n```python\n    return y\n```"), action("DELETE 7")],
        *[action("RUN_TESTS"), "I would rather not."],
        completion(action("EDIT 2\n    return x + 1"), "length"),
    )
    tree = search("line_edits", script)
    mended = "def f(x):\n    y = x + 1\n    return y"
    assert [(node.path, node.rollout, node.parse_status, node.code) for node in tree.rewrites] == [
        ((0,), 1, "edit", "def f(x):\n    y = x + 1"),
        ((1,), 1, "run_tests", program(0)),
        ((0, 0), 2, "insert", mended),
        ((1, 0), 2, "inapplicable", program(0)),
        ((0, 0, 0), 3, "run_tests", mended),
        ((1, 0, 0), 3, "unparsed", program(0)),
        ((1, 0, 0, 0), 4, "unparsed", program(0)),
    ]
    verdicts = [node.verdict.status if node.verdict else None for node in tree.rewrites]
    assert verdicts == [None, "fail", None, None, "pass", None, "truncated"]
    assert [(node.visits, node.value) for node in tree.nodes] == [
        (7, 1.0),
        *[(3, 1.0), (4, 0.0)],
        *[(2, 1.0), (3, 0.0)],
        *[(1, 1.0), (2, 0.0)],
        (1, 0.0),
    ]
    assert (tree.executions, tree.first_solved_rollout) == (2, 3)
    assert "1| def f(x):\n2|     return x + 0" in script.asked[0]
    assert "turns so far" not in script.asked[0]
    assert "1| def f(x):\n2|     y = x + 1\n```" in script.asked[2]
    assert "1. EDIT 2: done" in script.asked[2]
    assert "1. EDIT 2: done\n2. INSERT 2: done" in script.asked[4]
    assert "last ran" not in script.asked[4]
    assert (
        "1. RUN_TESTS: 2 of 2 tests failed\n2. DELETE 7: the program had no such lines, nothing was done\n"
        "3. a reply without one readable CODE_ACTION: nothing was done\n\n"
        "When the tests last ran, these failed:\n\n- f(1) must give 2, but it returned 1\n"
    ) in script.asked[6]
    table = tables.frame("trajectories", rows(tree, 0.5))
    assert table["reward"].to_list() == [None, None, 0.0, None, None, 1.0, None, 0.0]
    assert handed_in(table)["node_id"] == tree.rewrites[4].node_id


def test_every_episode_is_tested_after_its_last_turn() -> None:
    last = [action("EDIT 1\n" + program(1)), action("RUN_TESTS")]
    script = Script(action("DELETE 2"), action("DELETE 2"), *last)
    tree = search("line_edits", script, config=CONFIG.model_copy(update={"rollouts": 2}))
    verdicts = [node.verdict.status if node.verdict else None for node in tree.rewrites]
    assert verdicts == [None, None, "pass", "syntax_error"]


@pytest.mark.parametrize(("stop", "samples"), [(True, 4), (False, 6)])
def test_an_episode_ends_when_the_tests_pass_and_the_search_with_it_if_asked_to(stop: bool, samples: int) -> None:
    nothing = action("DELETE 9")
    script = Script(action("EDIT 2\n    return x + 1"), nothing, action("RUN_TESTS"), nothing, nothing, nothing)
    tree = search("line_edits", script, stop)
    assert (tree.samples, tree.first_solved_rollout) == (samples, 2)


def test_a_program_of_line_edits_that_is_no_python_is_shown_its_error() -> None:
    script = Script(action("DELETE 1"), *[action("RUN_TESTS")] * 3)
    tree = search("line_edits", script, config=CHAIN.model_copy(update={"rollouts": 4}))
    assert tree.rewrites[1].verdict.status == "syntax_error"
    assert "but IndentationError: unexpected indent (line 1)" in script.asked[2]
    assert tree.executions == 0


def test_line_edits_with_the_minimal_prompt_parse_nothing_and_do_not_crash() -> None:
    tree = run(MODES["line_edits"](task(), CONFIG, "minimal", True), Script(*[program(1)] * 8))
    assert {(node.parse_status, node.code) for node in tree.rewrites} == {("unparsed", program(0))}
    assert (tree.samples, tree.executions, tree.solved) == (8, 1, False)


# --- every mode


@settings(deadline=None, max_examples=150)
@given(
    mode=st.sampled_from(list(MODES)),
    seed=st.integers(0, 10**6),
    candidates=st.integers(1, 4),
    rollouts=st.integers(1, 6),
    depth=st.integers(1, 3),
    stop=st.booleans(),
    critic=st.sampled_from(["rubric", "likelihood", "none"]),
    style=st.sampled_from(["instruct", "minimal"]),
)
def test_properties_of_the_tree_of_any_mode(
    mode: Mode, seed: int, candidates: int, rollouts: int, depth: int, stop: bool, critic: str, style: str
) -> None:
    config = SearchSettings(candidates=candidates, rollouts=rollouts, depth=depth, critic=critic)
    engine = FakeEngine()
    asked = []

    def reply(request: object, k: int) -> Completion:
        asked.append(request)
        return engine._reply(request.prompt, request.seeds[k])

    tree = run(MODES[mode](task(seed=seed), config, style, stop), reply)
    assert 1 <= tree.samples <= candidates * rollouts
    if mode in ("best_of_n", "refine") and not stop:
        assert tree.samples == candidates * rollouts
    assert max(node.depth for node in tree.nodes) <= (rollouts if mode == "line_edits" else depth)
    # Statistics: every reply is counted once, along its own path.
    assert tree.root.visits == tree.samples
    for node in tree.nodes:
        below = [other for other in tree.rewrites if other.path[: node.depth] == node.path]
        assert (node.visits, node.value) == (len(below), sum(other.reward for other in below))
    # A rollout is `candidates` replies, so that its number means the same budget in every mode.
    if mode == "line_edits":
        assert [node.rollout for node in tree.rewrites] == sorted(node.depth for node in tree.rewrites)
        assert len(tree.root.children) == candidates
        assert all(len(node.children) <= 1 for node in tree.rewrites)
    else:
        assert [node.rollout for node in tree.rewrites] == [1 + index // candidates for index in range(tree.samples)]
    assert len({node.seed for node in tree.rewrites}) == tree.samples
    # What was cut off is never a fix, nor built on, nor handed in; and equal programs ran once.
    for node in tree.rewrites:
        if node.truncated:
            assert not node.passed
            assert node.verdict is None or node.verdict.status == "truncated"
            assert mode == "line_edits" or not node.children
        assert mode == "line_edits" or node.verdict is not None
    assert len({code_key(node.code) for node in tree.executed.values()}) == tree.executions
    table = tables.frame("trajectories", rows(tree, 0.5))
    chosen = handed_in(table)
    assert chosen is None or chosen["finish_reason"] == "stop"
    assert tree.solved == (chosen is not None and chosen["verdict"] == "pass")
    # A critic is asked only where there is one.
    critiques = [request for request in asked if "Rate the proposed" in request.prompt[-1]["content"]]
    if critic != "rubric" or mode != "mcts":
        assert critiques == []
    if critic == "none" or mode != "mcts":
        assert not any(node.critique for node in tree.nodes)
    elif not (stop and tree.solved):
        assert all(node.critique for node in tree.rewrites if node.code and not node.truncated)
    assert len(asked) == tree.samples + len(critiques)
    if stop:
        solved = [node.rollout for node in tree.rewrites if node.passed]
        assert not solved or max(node.rollout for node in tree.rewrites) == min(solved)
