"""The anytime curve equals what searches of smaller budgets find, run again or replayed sample by sample."""

import hashlib
from functools import cache

import polars as pl
import pytest
from fake_search import FakeEngine, FakeSandbox, completion, program, task
from hypothesis import given, settings
from hypothesis import strategies as st

from codeq import tables
from codeq.config import SearchSettings
from codeq.errors import DataError
from codeq.evaluation.anytime import anytime, budgets, tokens_per_sample
from codeq.evaluation.metrics import evaluation_row, handed_in
from codeq.evaluation.statistics import wilson
from codeq.evaluation.tables import fix_rates
from codeq.search import MODES
from codeq.search.driver import drive
from codeq.search.trajectory import rows

K, ROLLOUTS, BUGS, SEEDS = 3, 12, 24, (0, 1)
SEARCHED = ("best_of_n", "mcts")
OTHER = (
    "n_parsed",
    "rate_parsed",
    "overfit",
    "rate_overfit",
    "samples",
    "unparsed",
    "tokens",
    "executions",
    "seconds",
)  # not in the curve


def right(node_id: str) -> bool:
    """The hidden tests of these tests: two of three rewrites that pass in public pass them too."""
    return hashlib.sha256(node_id.encode()).digest()[0] % 3 > 0


@cache
def searched(mode: str, seed: int, rollouts: int) -> pl.DataFrame:
    """Table `trajectories` of one mode and seed, searched as the test split is: until the first pass."""
    config = SearchSettings(candidates=K, rollouts=rollouts, depth=3, critic="rubric")
    with FakeSandbox() as sandbox:
        found = drive(
            (MODES[mode](task(f"bug-{bug}", seed), config, "instruct", True) for bug in range(BUGS)),
            RareFixes(),
            sandbox,
            8,
        )
        trees = sorted(found, key=lambda tree: tree.task.bug_id)
    return tables.frame("trajectories", [row for tree in trees for row in rows(tree, 0.5)])


class RareFixes(FakeEngine):
    """Of the scripted policy's fixes, four of five are replaced by a wrong program of their own."""

    def _reply(self, prompt, seed):
        reply = super()._reply(prompt, seed)
        if "return x + 1" not in reply.text or seed % 5 == 0:
            return reply
        return completion(program(5 + seed % 97), reply.finish_reason)


def evaluated(nodes: pl.DataFrame, seed: int, untested: int = 4) -> list[dict[str, object]]:
    """Rows of `evaluation`; the first bugs have no hidden tests."""
    made = []
    for number, tree in enumerate(nodes.partition_by("tree_id", maintain_order=True)):
        node = handed_in(tree)
        made.append(
            evaluation_row(
                bug={
                    "bug_id": tree["bug_id"][0],
                    "problem_id": tree["problem_id"][0],
                    "category": "logic",
                    "level": "easy",
                },
                policy="base",
                mode=tree["mode"][0],
                seed=seed,
                policy_digest=tree["policy"][0],
                nodes=tree,
                handed_in=node["node_id"] if node else None,
                solved_hidden=(
                    None
                    if number < untested
                    else node is not None and node["verdict"] == "pass" and right(node["node_id"])
                ),
            )
        )
    return made


@cache
def evaluation(rollouts: int = ROLLOUTS) -> pl.DataFrame:
    made = [row for mode in SEARCHED for seed in SEEDS for row in evaluated(searched(mode, seed, rollouts), seed)]
    return tables.frame("evaluation", made)


def test_a_curve_computed_by_hand():
    # Two candidates, three rollouts. MCTS spent 300 tokens on 12 samples, 25 each: budgets of 2, 4 and 6 samples
    # or of 50, 100 and 150 tokens.
    found = {
        # bug: public, hidden, samples, tokens, first samples, first tokens
        "a": (True, True, 2, 40, 1, 40),
        "b": (True, False, 4, 130, 4, 130),  # passes in public alone
        "c": (False, False, 2, 30, None, None),  # nothing was left to expand
        "d": (True, None, 4, 100, 3, 100),  # has no hidden test
    }
    table = tables.frame(
        "evaluation",
        [
            {
                **dict.fromkeys(tables.SCHEMAS["evaluation"]),
                **{"bug_id": bug, "policy": "base", "mode": mode, "seed": 0, "seconds": 1.0},
                **dict(zip(("solved_public", "solved_hidden", "samples", "tokens"), values, strict=False)),
                **dict(zip(("first_solved_samples", "first_solved_tokens"), values[4:], strict=True)),
            }
            for mode in ("mcts", "single_pass")
            for bug, values in found.items()
        ],
    )
    counts = ("unit", "rollouts", "budget", "n", "n_hidden", "solved_public", "solved_hidden", "ended")
    curve = anytime(table, candidates=2, rollouts=3)
    assert curve.select("policy", "mode", "seed").unique().rows() == [("base", "mcts", 0)]
    assert curve.select(counts).rows() == [
        ("samples", 1, 2, 4, 3, 1, 1, 0),
        ("samples", 2, 4, 4, 3, 3, 1, 1),
        ("samples", 3, 6, 4, 3, 3, 1, 1),
        ("tokens", 1, 50, 4, 3, 1, 1, 1),
        ("tokens", 2, 100, 4, 3, 2, 1, 1),
        ("tokens", 3, 150, 4, 3, 3, 1, 1),
    ]
    assert curve["rate_public"].to_list() == [0.25, 0.75, 0.75, 0.25, 0.5, 0.75]
    assert curve["rate_hidden"].to_list() == [pytest.approx(1 / 3)] * 6
    assert set(curve.select("ci_low", "ci_high").rows()) == {wilson(1, 3)}


def test_one_run_tells_what_runs_of_fewer_rollouts_would_find():
    """The reference: the same searches, run again with the smaller number of rollouts."""
    curve = anytime(evaluation(), K, ROLLOUTS).filter(pl.col("unit") == "samples")
    solved = []
    for number in (1, 2, 5, 10, 12):
        again = fix_rates(evaluation(number)).drop(OTHER)
        now = curve.filter(pl.col("rollouts") == number)
        assert now["budget"].unique().to_list() == [number * K]
        assert now.select(again.columns).equals(again)
        solved.append(again["solved_hidden"].sum())
    assert curve["rollouts"].unique().sort().to_list() == [1, 2, 5, 10, 12]
    assert len(set(solved)) >= 4, "the searches solve all or nothing at once: the curve shows nothing"


def replayed(tree: pl.DataFrame, unit: str, budget: int) -> bool:
    """Walk through a tree, expansion by expansion, until the budget is spent or a candidate passes in public."""
    spent = 0
    for rollout in sorted(set(tree["rollout"]) - {0}):
        for node in tree.filter(pl.col("rollout") == rollout).to_dicts():
            spent += 1 if unit == "samples" else node["tokens"] + node["critic_tokens"]
        if spent > budget:
            return False
        passing = tree.filter(pl.col("rollout") == rollout, pl.col("verdict") == "pass")
        if passing.height:
            return True
    return False


@pytest.mark.parametrize("unit", ["samples", "tokens"])
def test_the_curve_equals_a_replay_of_the_trajectories(unit: str):
    curve = anytime(evaluation(), K, ROLLOUTS).filter(pl.col("unit") == unit)
    partly = 0
    for row in curve.iter_rows(named=True):
        trees = searched(row["mode"], row["seed"], ROLLOUTS).partition_by("tree_id", maintain_order=True)
        public = [replayed(tree, unit, row["budget"]) for tree in trees]
        hidden = [
            passed and right(tree.filter(pl.col("verdict") == "pass")["node_id"][0])
            for tree, passed in list(zip(trees, public, strict=True))[4:]
        ]
        assert (row["n"], row["solved_public"]) == (BUGS, sum(public))
        assert (row["n_hidden"], row["solved_hidden"]) == (BUGS - 4, sum(hidden))
        partly += 0 < sum(public) < BUGS
    assert partly >= 8


def test_token_budgets_are_what_mcts_spends_and_count_its_critic():
    nodes = pl.concat([searched("mcts", seed, ROLLOUTS) for seed in SEEDS])
    spent, samples = nodes["tokens"].sum() + nodes["critic_tokens"].sum(), nodes["completion"].count()
    assert nodes["critic_tokens"].sum() > 0
    curve = anytime(evaluation(), K, ROLLOUTS)
    for budget in curve.filter(pl.col("unit") == "tokens").select("rollouts", "budget").unique().iter_rows():
        assert budget == (budget[0], round(budget[0] * K * spent / samples))
    alone = evaluation().filter(pl.col("mode") == "best_of_n")
    assert tokens_per_sample(alone) == alone["tokens"].sum() / alone["samples"].sum()


def test_the_rate_at_the_full_budget_is_the_fix_rate():
    rates = fix_rates(evaluation()).drop(OTHER)
    curve = anytime(evaluation(), K, ROLLOUTS)
    last = curve.filter(pl.col("unit") == "samples", pl.col("rollouts") == ROLLOUTS)
    assert last.select(rates.columns).equals(rates)


def test_searches_that_ended_unsolved_are_counted_at_every_budget_they_did_not_spend():
    curve = anytime(evaluation(), K, ROLLOUTS)
    for row in curve.iter_rows(named=True):
        trees = searched(row["mode"], row["seed"], ROLLOUTS).partition_by("tree_id")
        spent = [
            tree["completion"].count()
            if row["unit"] == "samples"
            else tree["tokens"].sum() + tree["critic_tokens"].sum()
            for tree in trees
            if "pass" not in set(tree["verdict"])
        ]
        assert row["ended"] == sum(each < row["budget"] for each in spent)
    assert curve.filter(pl.col("mode") == "mcts", pl.col("unit") == "samples")["ended"].max() > 0
    assert curve.filter(pl.col("mode") == "best_of_n", pl.col("unit") == "samples")["ended"].max() == 0


def test_searches_that_go_on_after_a_pass_have_the_same_first_pass():
    config = SearchSettings(candidates=K, rollouts=5, depth=3, critic="likelihood")
    first = {}
    for stop in (True, False):
        with FakeSandbox() as sandbox:
            searches = (MODES["mcts"](task(f"bug-{bug}"), config, "instruct", stop) for bug in range(BUGS))
            trees = sorted(drive(searches, RareFixes(), sandbox, 8), key=lambda tree: tree.task.bug_id)
        nodes = tables.frame("trajectories", [row for tree in trees for row in rows(tree, 0.5)])
        table = tables.frame("evaluation", evaluated(nodes, 0))
        first[stop] = table.select("bug_id", "node_id", "solved_hidden", pl.col("^first_solved_.*$"))
        if stop:
            solved = table.filter("solved_public")
            assert solved["first_solved_tokens"].equals(solved["tokens"], null_equal=True)
    passed = first[True]["first_solved_rollout"].is_not_null()
    assert 0 < passed.sum() < BUGS
    assert first[True].filter(passed).equals(first[False].filter(passed))


@pytest.mark.parametrize(
    ("rollouts", "expected"),
    [(1, [1]), (2, [1, 2]), (4, [1, 2, 4]), (10, [1, 2, 5, 10]), (20, [1, 2, 5, 10, 20]), (30, [1, 2, 5, 10, 20, 30])],
)
def test_budgets_are_those_of_the_ablation_up_to_the_searchs_own(rollouts: int, expected: list[int]):
    assert budgets(rollouts) == expected


def test_a_table_without_searches_has_an_empty_curve():
    single = evaluation().with_columns(mode=pl.lit("single_pass")).filter(pl.col("seed") == 0)
    for nothing in (single.unique("bug_id"), evaluation().clear()):
        assert anytime(nothing, K, ROLLOUTS).equals(tables.frame("anytime", []))


def test_without_hidden_tests_only_the_public_rate_is_known():
    untested = evaluation().with_columns(solved_hidden=pl.lit(None, pl.Boolean))
    curve = anytime(untested, K, ROLLOUTS)
    assert set(curve["n_hidden"]) == {0}
    assert curve.select("rate_hidden", "ci_low", "ci_high").null_count().row(0) == (curve.height,) * 3
    assert curve["solved_public"].max() > 0


def test_a_bug_evaluated_twice_is_refused():
    with pytest.raises(DataError, match="occurs more than once"):
        anytime(pl.concat([evaluation(), evaluation().head(1)]), K, ROLLOUTS)


OUTCOME = st.tuples(
    st.sampled_from(["base", "round-1"]),
    st.sampled_from(["best_of_n", "mcts", "single_pass"]),
    st.integers(1, 80),  # samples
    st.integers(1, 5000),  # tokens
    st.floats(0, 1),  # where in the search the first pass was
    st.sampled_from(["unsolved", "public", "hidden", "untested"]),
)


@settings(deadline=None, max_examples=60)
@given(st.lists(OUTCOME, max_size=40), st.integers(1, 4), st.integers(1, 30))
def test_more_budget_never_solves_less(outcomes: list[tuple], candidates: int, rollouts: int):
    table = tables.frame(
        "evaluation",
        [
            {
                **dict.fromkeys(tables.SCHEMAS["evaluation"]),
                **{"bug_id": f"bug-{number}", "policy": policy, "mode": mode, "seed": 0, "seconds": 0.0},
                **{"samples": samples, "tokens": tokens, "solved_public": ended != "unsolved"},
                "solved_hidden": None if ended == "untested" else ended == "hidden",
                "first_solved_samples": None if ended == "unsolved" else max(1, int(at * samples)),
                "first_solved_tokens": None if ended == "unsolved" else max(1, int(at * tokens)),
            }
            for number, (policy, mode, samples, tokens, at, ended) in enumerate(outcomes)
        ],
    )
    full = {row["policy"] + row["mode"]: row for row in fix_rates(table).to_dicts()}
    for curve in anytime(table, candidates, rollouts).partition_by("policy", "mode", "unit", maintain_order=True):
        for column in ("rollouts", "budget", "solved_public", "solved_hidden", "ended"):
            assert curve[column].is_sorted()
        limit = full[curve["policy"][0] + curve["mode"][0]]
        assert curve["solved_public"].max() <= limit["solved_public"]
        assert curve["solved_hidden"].max() <= limit["solved_hidden"]
        assert set(curve["n_hidden"]) == {limit["n_hidden"]}
