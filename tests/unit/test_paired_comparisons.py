"""Paired comparisons, recomputed bug by bug in plain Python from seeded synthetic evaluations."""

from pathlib import Path

import polars as pl
import pytest
from scipy.stats import binomtest
from test_evaluation_tables import evaluation
from typer.testing import CliRunner

from codeq import lineage, tables
from codeq.cli import app
from codeq.errors import DataError
from codeq.evaluation import comparisons
from codeq.evaluation.statistics import holm, pairs_needed


def test_tests_are_corrected_for_their_number_and_say_how_many_bugs_they_would_need():
    compared = comparisons.within(evaluation())
    assert compared["p_holm"].to_list() == holm(compared["p_value"].to_list())
    for row in compared.to_dicts():
        if row["only_a"] == row["only_b"]:
            assert row["bugs_needed"] is None
        else:
            assert row["bugs_needed"] == pairs_needed(row["only_a"] / row["n"], row["only_b"] / row["n"])
    without = comparisons.within(evaluation(bugs=4, untested=4))
    assert without.select("p_value", "p_holm", "bugs_needed").null_count().row(0) == (without.height,) * 3


def test_tests_equal_those_recomputed_bug_by_bug():
    table = evaluation()
    hidden = {
        (row["policy"], row["mode"], row["seed"], row["bug_id"]): row["solved_hidden"]
        for row in table.iter_rows(named=True)
        if row["solved_hidden"] is not None
    }
    rows = comparisons.within(table).to_dicts()
    assert len(rows) == 3 * 3 * 2 + 3 * 2 + 4 * 2 * 2
    for row in rows:
        a, b = (row["policy_a"], row["mode_a"], row["seed"]), (row["policy_b"], row["mode_b"], row["seed"])
        pairs = [(hidden[(*a, f"bug-{bug}")], hidden[(*b, f"bug-{bug}")]) for bug in range(3, 24)]
        only_a, only_b = pairs.count((True, False)), pairs.count((False, True))
        assert (row["n"], row["only_a"], row["only_b"]) == (21, only_a, only_b)
        assert row["difference"] == pytest.approx(sum(x for x, _ in pairs) / 21 - sum(y for _, y in pairs) / 21)
        assert row["p_value"] == pytest.approx(binomtest(only_a, only_a + only_b).pvalue)


def test_tests_within_a_study_are_those_with_base_with_the_round_before_and_with_single_pass():
    """There is no round 9 before round 10, and round 1 has the base before it, once."""
    found = comparisons.within(evaluation(seeds=(0,))).select("policy_a", "mode_a", "policy_b", "mode_b").rows()
    modes = ("single_pass", "best_of_n", "mcts")
    assert found == [
        *((policy, mode, "base", mode) for policy in ("round-1", "round-2", "round-10") for mode in modes),
        *(("round-2", mode, "round-1", mode) for mode in modes),
        *(
            (policy, mode, policy, "single_pass")
            for policy in ("base", "round-1", "round-2", "round-10")
            for mode in ("best_of_n", "mcts")
        ),
    ]


def test_only_bugs_that_both_evaluated_are_compared():
    table = evaluation(seeds=(0,)).filter((pl.col("policy") != "round-1") | (pl.col("bug_id") != "bug-5"))
    compared = comparisons.within(table)
    touched = (pl.col("policy_a") == "round-1") | (pl.col("policy_b") == "round-1")
    assert set(compared.filter(touched)["n"]) == {20}
    assert set(compared.filter(~touched)["n"]) == {21}


def test_different_seeds_are_never_paired():
    table = evaluation(seeds=(0, 1)).filter((pl.col("policy") == "base") == (pl.col("seed") == 0))
    assert comparisons.within(table).filter(pl.col("policy_b") == "base")["policy_a"].unique().to_list() == ["base"]


def test_a_comparison_without_hidden_tests_has_neither_difference_nor_p():
    compared = comparisons.within(evaluation(bugs=4, untested=4, seeds=(0,)))
    assert compared.height == 20
    assert compared.select("n", "difference", "p_value").unique().rows() == [(0, None, None)]


def test_an_empty_evaluation_gives_no_tests_in_the_same_columns():
    assert comparisons.within(evaluation().clear()).schema == comparisons.within(evaluation()).schema


def test_a_bug_evaluated_twice_is_refused():
    table = evaluation()
    twice = pl.concat([table, table.head(1)])
    for compare in (comparisons.within, lambda table: comparisons.between(evaluation(), table)):
        with pytest.raises(DataError, match="occurs more than once"):
            compare(twice)


def flipped(table: pl.DataFrame, share: int) -> pl.DataFrame:
    """The evaluation with every `share`-th hidden verdict turned round."""
    turned = ~pl.col("solved_hidden")
    return table.with_columns(
        solved_hidden=pl.when(pl.int_range(pl.len()) % share == 0).then(turned).otherwise("solved_hidden")
    )


def test_two_studies_are_compared_on_the_bugs_of_both():
    """Study a lacks two bugs and a policy, study b a mode and a seed."""
    a = evaluation().filter(~pl.col("bug_id").is_in(["bug-7", "bug-20"]), pl.col("policy") != "round-2")
    b = flipped(evaluation(), 5).filter(pl.col("mode") != "best_of_n", pl.col("seed") == 1)
    rows = comparisons.between(a, b).to_dicts()
    assert [(row["policy"], row["mode"], row["seed"]) for row in rows] == [
        (policy, mode, 1) for policy in ("base", "round-1", "round-10") for mode in ("single_pass", "mcts")
    ]
    for row in rows:
        ours, theirs = (
            {
                each["bug_id"]: each["solved_hidden"]
                for each in side.iter_rows(named=True)
                if all(each[key] == row[key] for key in ("policy", "mode", "seed"))
                and each["solved_hidden"] is not None
            }
            for side in (a, b)
        )
        pairs = [(ours[bug], theirs[bug]) for bug in ours if bug in theirs]
        assert (row["n_a"], row["n_b"], row["n"]) == (len(ours), len(theirs), len(pairs)) == (19, 21, 19)
        assert row["rate_a"] == sum(x for x, _ in pairs) / 19
        assert row["rate_b"] == sum(y for _, y in pairs) / 19
        assert (row["only_a"], row["only_b"]) == (pairs.count((True, False)), pairs.count((False, True)))
        assert row["difference"] == pytest.approx(row["rate_a"] - row["rate_b"])
    assert [row["p_holm"] for row in rows] == holm([row["p_value"] for row in rows])


def test_studies_without_a_common_bug_are_refused():
    a, b = evaluation(bugs=6, untested=0), evaluation(bugs=6, untested=0)
    others = b.with_columns(bug_id=pl.col("bug_id") + "-other")
    for other in (
        others,
        b.with_columns(seed=pl.col("seed") + 7),
        b.with_columns(solved_hidden=pl.lit(None, pl.Boolean)),
    ):
        with pytest.raises(DataError, match="there is nothing to pair"):
            comparisons.between(a, other)


def run(directory: Path, evaluations: pl.DataFrame, hidden: str = "hidden tests") -> Path:
    """A study's evaluations on disk, with the records that name what judged them."""
    tests = directory / "hidden_tests.parquet"
    directory.mkdir()
    tests.write_text(hidden)
    for (policy, mode, seed), part in evaluations.partition_by("policy", "mode", "seed", as_dict=True).items():
        path = directory / f"seed-{seed}" / "evaluation" / str(policy) / f"{mode}.parquet"
        path.parent.mkdir(parents=True, exist_ok=True)
        with lineage.record(script=__file__, inputs={"hidden_tests": tests}, outputs={"evaluation": path}, settings={}):
            tables.write("evaluation", part, path)
    return directory


def compare(*arguments: object) -> str:
    done = CliRunner(env={"COLUMNS": "100"}).invoke(app, ["compare", *map(str, arguments)])
    assert done.exit_code == 0, done.output
    return done.output


def test_the_command_shows_a_row_for_each_pair_and_says_what_is_not_alike(tmp_path: Path):
    whole = evaluation(seeds=(0,))
    a, b = run(tmp_path / "a", whole), run(tmp_path / "b", flipped(whole, 4))
    (row,) = comparisons.between(whole, flipped(whole, 4)).filter(policy="round-2", mode="mcts").to_dicts()
    shown = compare(a, b)
    (line,) = [line.split() for line in shown.splitlines() if line.strip().startswith("round 2") and "MCTS" in line]
    assert line[:4] == ["round", "2", "MCTS", "21"]
    assert line[4:8] == [f"{100 * row['rate_a']:.1f}", "%", f"{100 * row['rate_b']:.1f}", "%"]
    assert line[8:10] == [str(row["only_a"]), str(row["only_b"])]
    assert sum("%" in line for line in shown.splitlines()) == 12
    assert "did not evaluate" not in shown
    assert "different hidden tests" not in shown

    only = compare(a, b, "--mode", "mcts")
    assert sum("%" in line for line in only.splitlines()) == 4

    fewer = run(tmp_path / "c", whole.filter(pl.col("bug_id") != "bug-9"), "other hidden tests")
    shown = compare(a, fewer)
    assert "The two did not evaluate the same bugs. Everything above is on those in both" in shown
    assert "The two were judged by different hidden tests" in shown


def test_a_directory_without_evaluations_is_named(tmp_path: Path):
    a = run(tmp_path / "a", evaluation(seeds=(0,)))
    for arguments, said in (
        ((a, tmp_path), f"{tmp_path}: no evaluations in it; give the directory of a finished study"),
        ((a, a, "--mode", "refine"), "no evaluations of mode refine in it"),
    ):
        done = CliRunner().invoke(app, ["compare", *map(str, arguments)])
        assert done.exit_code == 1
        assert said in " ".join(done.output.split())
