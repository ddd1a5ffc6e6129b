"""Tables of rounds, regressions, pass@k and the unfixed program, against figures made by hand or by brute force."""

from collections import defaultdict
from itertools import combinations
from statistics import mean

import polars as pl
import pytest
from test_curves import curve
from test_evaluation_tables import evaluation

from codeq import tables
from codeq.errors import DataError
from codeq.evaluation import comparisons
from codeq.evaluation.pass_at_k import over_seeds
from codeq.evaluation.rounds import NODES, regressions, rounds
from codeq.evaluation.statistics import clustered_interval
from codeq.evaluation.tables import fix_rates, pooled, predecessor
from codeq.evaluation.unfixed import unfixed
from codeq.identity import code_key

# Solved under hidden tests, by policy and bug, in the mode MCTS at seed 0. The last bug has no hidden test.
SOLVED = {
    "base": (True, True, False, False, None),
    "round-1": (True, False, True, False, None),
    "round-2": (False, True, True, True, None),
}


def small(modes: tuple[str, ...] = ("mcts",)) -> pl.DataFrame:
    rows = [
        dict.fromkeys(tables.SCHEMAS["evaluation"])
        | {"bug_id": f"bug-{number}", "problem_id": f"problem-{number // 2}", "category": "logic", "level": "easy"}
        | {"policy": policy, "mode": mode, "seed": 0, "solved_public": True, "solved_hidden": solved}
        | {"tree_id": f"tree-{policy}-{mode}-{number}", "node_id": f"node-{policy}-{mode}-{number}-1"}
        for policy, verdicts in SOLVED.items()
        for mode in modes
        for number, solved in enumerate(verdicts)
    ]
    return tables.frame("evaluation", rows)


def nodes(table: pl.DataFrame, *programs: tuple[str | None, int, str]) -> pl.DataFrame:
    """Of each tree a root and a node for each (program, tokens, finish_reason)."""
    rows = []
    for tree in table["tree_id"]:
        name = tree.removeprefix("tree-")
        rows.append((tree, f"node-{name}-0", None, code_key("bug"), 0))
        rows += [
            (tree, f"node-{name}-{number}", reason, program and code_key(program), tokens)
            for number, (program, tokens, reason) in enumerate(programs, 1)
        ]
    return pl.DataFrame(rows, schema=list(NODES), orient="row")


def drift(mean: float) -> pl.DataFrame:
    return tables.frame("drift", [{"prompts": 2, "tokens": 30, "kl_mean": mean, "kl_largest": 9 * mean}])


def test_regressions_are_named_with_what_each_policy_handed_in():
    found = regressions(small())
    assert found.select("policy_before", "policy_after", "bug_id", "problem_id").rows() == [
        ("base", "round-1", "bug-1", "problem-0"),
        ("round-1", "round-2", "bug-0", "problem-0"),
    ]
    assert found.select("seed", "mode", "category", "level").unique().rows() == [(0, "mcts", "logic", "easy")]
    assert found.select("node_before", "node_after").row(0) == ("node-base-mcts-1-1", "node-round-1-mcts-1-1")


def test_a_round_is_told_by_its_training_its_drift_and_what_it_gained_and_lost():
    table = small()
    same = ("def f():\n    return 1", "def f():  # other layout\n    return 1")
    drawn = nodes(
        table,
        (same[0], 20, "stop"),
        (same[1], 30, "stop"),
        ("def f(): return 2", 40, "stop"),
        ("def f(): return 3", 50, "length"),  # cut off
        (None, 10, "stop"),  # no program in it
    )
    kept = (pl.col("metric") == "eval_rewards/margins") & (pl.col("step") == 5)
    trained = curve().with_columns(value=pl.when(kept).then(0.3).otherwise("value"))
    key = ("round-1", 0)
    base, first, second = rounds(table, drawn, {key: trained}, {key: drift(0.02)}).to_dicts()
    assert [row["policy"] for row in (base, first, second)] == ["base", "round-1", "round-2"]
    assert (base["regressions"], base["gains"]) == (None, None)
    assert (first["regressions"], first["gains"]) == (1, 1)
    assert (second["regressions"], second["gains"]) == (1, 2)
    assert [first[name] for name in ("pairs", "held_out", "dropped", "step", "accuracy", "margin")] == [
        *(400, 40, 3, 5, 0.75, 0.3)
    ]
    assert (first["kl_mean"], first["kl_largest"]) == (0.02, 9 * 0.02)
    assert {base[name] for name in ("pairs", "margin", "kl_mean")} == {None}
    # The first node of each tree is handed in. Problems have two bugs, the last one: 5 samples each, 2 programs in all.
    for row in (base, first, second):
        assert (row["fix_tokens"], row["distinct"]) == (20, 2)
        assert row["samples"] == pytest.approx((10 + 10 + 5) / 3)


def test_line_edits_count_among_regressions_and_neither_as_lengths_nor_as_programs():
    table = small(("line_edits", "mcts"))
    edits = table.filter(mode="line_edits")
    drawn = pl.concat([nodes(edits, ("x = 5", 900, "stop")), nodes(table.filter(mode="mcts"), ("x = 1", 20, "stop"))])
    found = rounds(table, drawn, {}, {})
    assert found["fix_tokens"].unique().to_list() == [20]
    assert found["distinct"].unique().to_list() == [1]
    assert found["regressions"].to_list() == [None, 2, 2]
    alone = rounds(edits, drawn, {}, {})
    assert alone.select("fix_tokens", "samples", "distinct").null_count().row(0) == (3, 3, 3)


def test_counts_are_those_of_the_paired_comparisons_with_the_round_before():
    table = evaluation()
    found = rounds(table, nodes(table.head(1)), {}, {})
    lost = regressions(table)
    compared = comparisons.within(table).filter(pl.col("mode_a") == pl.col("mode_b"))
    for policy, before in (("round-1", "base"), ("round-2", "round-1")):
        for seed in (0, 1):
            tests = compared.filter(policy_a=policy, policy_b=before, seed=seed)
            (row,) = found.filter(policy=policy, seed=seed).to_dicts()
            assert (row["regressions"], row["gains"]) == (tests["only_b"].sum(), tests["only_a"].sum())
            assert row["regressions"] == lost.filter(policy_after=policy, seed=seed).height > 0
    (tenth,) = found.filter(policy="round-10", seed=0).to_dicts()
    assert tenth["regressions"] is None, "round 9 was not evaluated"
    assert found.select("policy", "seed").rows() == [
        (policy, seed) for policy in ("base", "round-1", "round-2", "round-10") for seed in (0, 1)
    ]


@pytest.mark.parametrize("make", [regressions, over_seeds, lambda table: rounds(table, nodes(table), {}, {})])
def test_a_bug_evaluated_twice_is_refused(make):
    table = small()
    with pytest.raises(DataError, match="occurs more than once"):
        make(pl.concat([table, table.head(1)]))


@pytest.mark.parametrize(
    ("policy", "before"),
    [("base", None), ("round-1", "base"), ("round-10", "round-9"), ("unfixed", None), ("round-0", None)],
)
def test_the_policy_before(policy: str, before: str | None):
    assert predecessor(policy) == before


def test_pass_at_k_over_seeds_is_the_mean_over_every_choice_of_k_seeds():
    """By brute force: for every bug and every set of k seeds, whether one of them solved it."""
    table = evaluation(seeds=(0, 1, 2, 3))
    found = over_seeds(table)
    assert found.select("policy", "mode", "k").rows() == [
        (policy, mode, k)
        for policy in ("base", "round-1", "round-2", "round-10")
        for mode in ("single_pass", "best_of_n", "mcts")
        for k in (1, 2, 3, 4)
    ]
    for row in found.to_dicts():
        verdicts = defaultdict(list)
        for each in table.filter(policy=row["policy"], mode=row["mode"]).iter_rows(named=True):
            if each["solved_hidden"] is not None:
                verdicts[each["problem_id"], each["bug_id"]].append(each["solved_hidden"])
        share = {bug: mean(any(chosen) for chosen in combinations(seen, row["k"])) for bug, seen in verdicts.items()}
        assert row["bugs"] == len(share) == 21
        assert row["rate"] == pytest.approx(mean(share.values()), abs=1e-12)
        problems = sorted({problem for problem, _ in share})
        clusters = [[rate for (problem, _), rate in share.items() if problem == name] for name in problems]
        interval = clustered_interval([sum(each) for each in clusters], [len(each) for each in clusters])
        assert (row["ci_low"], row["ci_high"]) == pytest.approx(interval, abs=1e-9)
    first = found.filter(k=1)
    assert first["rate"].to_list() == pytest.approx(pooled(table)["rate_hidden"].to_list())


def test_one_seed_has_pass_at_1_alone_and_without_hidden_tests_there_is_none():
    assert over_seeds(evaluation(seeds=(0,)))["k"].unique().to_list() == [1]
    assert over_seeds(evaluation(bugs=4, untested=4)).is_empty()


def screens(*verdicts: tuple[str, str | None]) -> list[pl.DataFrame]:
    """The public and the hidden screen of bug-0, bug-1, ..."""
    return [
        tables.frame(
            "screen",
            [
                dict.fromkeys(tables.SCHEMAS["screen"]) | {"bug_id": f"bug-{number}", "bug_verdict": pair[side]}
                for number, pair in enumerate(verdicts)
            ],
        )
        for side in (0, 1)
    ]


def test_the_unfixed_program_is_judged_on_exactly_the_evaluated_bugs():
    """Of five bugs the hidden tests do not see one; bug-5 was not evaluated and bug-4 has no hidden test."""
    public, hidden = screens(
        ("fail", "fail"), ("error", "pass"), ("timeout", "oom"), ("fail", "fail"), ("fail", None), ("pass", "pass")
    )
    both = pl.concat([small(), small().with_columns(seed=pl.lit(1, pl.Int64))])
    rows = unfixed(both, public, hidden)
    assert rows.schema == both.schema
    assert rows.select("policy", "mode").unique().rows() == [("unfixed", "none")]
    assert rows.filter(seed=0).select("bug_id", "solved_public", "solved_hidden").sort("bug_id").rows() == [
        ("bug-0", False, False),
        ("bug-1", False, True),
        ("bug-2", False, False),
        ("bug-3", False, False),
        ("bug-4", False, None),
    ]
    assert rows.height == 10
    rates = fix_rates(pl.concat([rows, both.with_columns(samples=pl.lit(1), unparsed=pl.lit(0)).cast(rows.schema)]))
    first = rates.row(0, named=True)
    assert [first[name] for name in ("policy", "seed", "n", "n_hidden", "rate_public", "rate_hidden")] == [
        *("unfixed", 0, 5, 4, 0.0, 0.25)
    ]
    assert [first[name] for name in ("overfit", "rate_overfit", "samples", "tokens", "seconds")] == [0, None, 0, 0, 0]


def test_an_evaluated_bug_without_a_verdict_is_named():
    public, hidden = screens(*[("fail", "fail")] * 5)
    with pytest.raises(DataError, match="bug-3 was evaluated, but is not in the hidden screen"):
        unfixed(small(), public, hidden.filter(pl.col("bug_id") != "bug-3"))
