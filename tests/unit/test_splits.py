import random

import polars as pl
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from codeq import tables
from codeq.config import DataSettings, EvaluationSettings
from codeq.data.splits import check_disjoint, check_prompts, evaluated, splits
from codeq.errors import DataError


def study(sizes: list[list[int]]) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Bugs and duplicates: one cluster per entry, in it one problem per number, of so many bugs."""
    rows = [
        {"bug_id": f"bug-{c}-{p}-{b}", "problem_id": f"problem-{c}-{p}", "cluster_id": f"cluster-{c}"}
        for c, problems in enumerate(sizes)
        for p, count in enumerate(problems)
        for b in range(count)
    ]
    table = pl.DataFrame(rows, schema={"bug_id": pl.String, "problem_id": pl.String, "cluster_id": pl.String})
    return table.select("bug_id", "problem_id"), table.select("bug_id", "cluster_id")


SIZES = st.lists(st.lists(st.integers(1, 4), min_size=1, max_size=3), min_size=2, max_size=8)


@hypothesis_settings(deadline=None)
@given(SIZES, st.integers(0, 5), st.data())
def test_splits_are_disjoint_by_cluster_capped_and_independent_of_row_order(sizes, seed, data):
    bugs, duplicates = study(sizes)
    usable = {bug for bug in bugs["bug_id"] if data.draw(st.booleans())}
    clusters = duplicates.filter(pl.col("bug_id").is_in(usable))["cluster_id"].n_unique()
    settings = DataSettings(
        test_problems=data.draw(st.integers(1, len(sizes))),
        train_bugs=data.draw(st.none() | st.integers(1, 5)),
    )
    if clusters <= settings.test_problems:
        with pytest.raises(DataError, match="test_problems to at most"):
            splits(bugs, duplicates, usable, settings, seed)
        return
    table = splits(bugs, duplicates, usable, settings, seed)

    order = random.Random(0)
    shuffled = [t.sample(fraction=1, shuffle=True, seed=order.randrange(99)) for t in (bugs, duplicates)]
    assert splits(*shuffled, sorted(usable, reverse=True), settings, seed).equals(table)

    assert table["bug_id"].to_list() == sorted(bugs["bug_id"])
    test, train = (table.filter(pl.col("split") == split) for split in ("test", "train"))
    assert not set(test["cluster_id"]) & set(train["cluster_id"])
    assert not set(test["problem_id"]) & set(train["problem_id"])
    assert set(test["bug_id"]) | set(train["bug_id"]) <= usable
    assert test["cluster_id"].n_unique() == test["problem_id"].n_unique() == settings.test_problems
    for (problem,), rows in test.group_by("problem_id"):
        available = [bug for bug in usable if bug.startswith(problem.replace("problem", "bug") + "-")]
        assert sorted(rows["bug_id"]) == sorted(available)
    left = [bug for bug in usable if f"cluster-{bug.split('-')[1]}" not in set(test["cluster_id"])]
    assert train.height == (len(left) if settings.train_bugs is None else min(len(left), settings.train_bugs))
    check_disjoint(table, train)
    with pytest.raises(DataError):
        check_disjoint(table, test)


@hypothesis_settings(deadline=None)
@given(SIZES, st.integers(1, 5), st.none() | st.integers(1, 5), st.integers(0, 5))
def test_evaluation_takes_so_many_test_bugs_of_each_problem_and_these_by_id(sizes, per_problem, most, seed):
    bugs, duplicates = study(sizes)
    table = splits(bugs, duplicates, set(bugs["bug_id"]), DataSettings(test_problems=len(sizes) - 1), seed)
    test = table.filter(pl.col("split") == "test")

    def taken(count, first=None):
        return evaluated(
            test.sample(fraction=1, shuffle=True), EvaluationSettings(bugs_per_problem=count, max_bugs=first), seed
        )

    counts = test.filter(pl.col("bug_id").is_in(taken(per_problem)))["problem_id"].value_counts()
    whole = test["problem_id"].value_counts()
    assert dict(counts.iter_rows()) == {problem: min(count, per_problem) for problem, count in whole.iter_rows()}
    assert taken(per_problem) == sorted(taken(per_problem))
    assert set(taken(per_problem)) <= set(taken(per_problem + 1))
    assert taken(per_problem, most) == taken(per_problem)[:most]
    assert evaluated(table, EvaluationSettings(bugs_per_problem=per_problem), seed) == taken(per_problem)


def test_further_bugs_of_a_problem_leave_every_cluster_on_its_side():
    settings = DataSettings(test_problems=5)
    small, large = study([[1]] * 12), study([[4]] * 12)
    sides = []
    for bugs, duplicates in (small, large):
        table = splits(bugs, duplicates, set(bugs["bug_id"]), settings, 0)
        sides.append(set(table.filter(pl.col("split") == "test")["cluster_id"]))
    assert sides[0] == sides[1]
    assert len(sides[0]) == 5


def test_the_seed_changes_the_split_and_every_cluster_can_be_in_the_test_set():
    bugs, duplicates = study([[1]] * 10)
    chosen = [
        frozenset(
            splits(bugs, duplicates, set(bugs["bug_id"]), DataSettings(test_problems=3), seed)
            .filter(pl.col("split") == "test")["cluster_id"]
            .to_list()
        )
        for seed in range(30)
    ]
    assert len(set(chosen)) > 15
    assert frozenset().union(*chosen) == set(duplicates["cluster_id"])


def test_too_few_clusters_say_what_would_fit():
    bugs, duplicates = study([[2], [1], [1]])
    with pytest.raises(DataError, match=r"^3 clusters hold .*test_problems is 3 .* to at most 2$"):
        splits(bugs, duplicates, set(bugs["bug_id"]), DataSettings(test_problems=3), 0)
    with pytest.raises(DataError, match=r"^2 clusters hold .* to at most 1$"):
        splits(bugs, duplicates, {"bug-0-0-0", "bug-1-0-0"}, DataSettings(test_problems=3), 0)


def test_a_bug_without_a_cluster_is_named():
    bugs, duplicates = study([[2], [1]])
    with pytest.raises(DataError, match=r"bug bug-1-0-0 .* is in no cluster"):
        splits(bugs, duplicates.head(2), set(), DataSettings(test_problems=1), 0)


def test_an_unused_bug_of_a_test_cluster_is_a_leak_too():
    bugs, duplicates = study([[2, 2], [2, 2]])
    table = splits(bugs, duplicates, set(bugs["bug_id"]), DataSettings(test_problems=1), 0)
    cluster = table.filter(pl.col("split") == "test")["cluster_id"][0]
    unused = table.filter((pl.col("cluster_id") == cluster) & (pl.col("split") == "unused"))["bug_id"][0]
    with pytest.raises(DataError, match=f"bug {unused} is of cluster {cluster}, which the test split holds"):
        check_disjoint(table, pl.DataFrame({"bug_id": [unused]}))
    with pytest.raises(DataError, match="bug bug-x is in no split"):
        check_disjoint(table, pl.DataFrame({"bug_id": ["bug-x"]}))


def test_a_prompt_with_the_code_of_a_test_cluster_is_named():
    columns = ("bug_id", "problem_id", "cluster_id", "split")
    rows = [("b1", "p1", "c1", "test"), ("b2", "p1", "c1", "unused"), ("b3", "p2", "c2", "train")]
    table = tables.frame("splits", [dict(zip(columns, row, strict=True)) for row in rows])
    bugs = pl.DataFrame({"bug_id": ["b1", "b2", "b3"], "buggy_code": ["x = 1", "x = 2", "x = 3"]})
    check_prompts(table, bugs, pl.Series(["fix x = 3", "fix it"]))
    with pytest.raises(DataError, match="bug b2 is of a test cluster, but a training prompt holds its code"):
        check_prompts(table, bugs, pl.Series(["fix x = 3", "fix\nx = 2\nplease"]))
