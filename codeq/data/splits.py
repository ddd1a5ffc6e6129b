"""Train and test splits by cluster of near-duplicates, never by row.

Who lands where depends on ids and the seed alone: neither the order of rows nor further bugs of a
problem that already has a usable one move a cluster across the split.
"""

from collections import defaultdict
from collections.abc import Collection, Sequence

import polars as pl

from codeq import tables
from codeq.config import DataSettings, EvaluationSettings
from codeq.errors import DataError
from codeq.identity import digest


def splits(
    bugs: pl.DataFrame, duplicates: pl.DataFrame, usable: Collection[str], settings: DataSettings, seed: int
) -> pl.DataFrame:
    """Table `splits`, sorted by bug_id.

    Clusters that hold a usable bug are ordered by a hash of their smallest problem_id; the first
    `test_problems` of them form the test set, each with the usable bugs of one problem. The usable
    bugs of the other clusters are for training, at most `train_bugs`, in hash order. All other bugs
    are "unused".

    `usable` are bug ids. Raises DataError if a bug has no cluster or there are too few clusters.
    """
    cluster_of: dict[str, str] = dict(duplicates.select("bug_id", "cluster_id").iter_rows())
    problem_of: dict[str, str] = dict(bugs.select("bug_id", "problem_id").iter_rows())
    if lost := sorted(problem_of.keys() - cluster_of.keys()):
        raise DataError(f"bug {lost[0]} (and {len(lost) - 1} more) is in no cluster; rerun the duplicates stage")

    problems: dict[str, set[str]] = defaultdict(set)
    members: dict[str, list[str]] = defaultdict(list)
    for bug, problem in problem_of.items():
        problems[cluster_of[bug]].add(problem)
        if bug in usable:
            members[cluster_of[bug]].append(bug)
    if len(members) <= settings.test_problems:
        raise DataError(
            f"{len(members)} clusters hold a usable bug, but data.test_problems is {settings.test_problems} and "
            f"training needs one more; set data.test_problems to at most {max(len(members) - 1, 0)}"
        )

    clusters = sorted(members, key=lambda cluster: (digest("cluster", seed, min(problems[cluster])), cluster))
    split_of: dict[str, str] = {}
    for cluster in clusters[: settings.test_problems]:
        problem = _shuffled({problem_of[bug] for bug in members[cluster]}, seed)[0]
        split_of |= dict.fromkeys((bug for bug in members[cluster] if problem_of[bug] == problem), "test")
    rest = [bug for cluster in clusters[settings.test_problems :] for bug in members[cluster]]
    split_of |= dict.fromkeys(_shuffled(rest, seed)[: settings.train_bugs], "train")

    return tables.frame(
        "splits",
        [
            {
                "bug_id": bug,
                "problem_id": problem_of[bug],
                "cluster_id": cluster_of[bug],
                "split": split_of.get(bug, "unused"),
            }
            for bug in sorted(problem_of)
        ],
    )


def evaluated(splits: pl.DataFrame, settings: EvaluationSettings, seed: int) -> list[str]:
    """The test bugs that are evaluated, sorted: of each problem the first `bugs_per_problem` in hash order, and of
    these the first `max_bugs` by id."""
    kept = [
        bug
        for rows in splits.filter(pl.col("split") == "test").partition_by("problem_id")
        for bug in _shuffled(rows["bug_id"].to_list(), seed)[: settings.bugs_per_problem]
    ]
    return sorted(kept)[: settings.max_bugs]


def check_disjoint(splits: pl.DataFrame, table: pl.DataFrame, split: str = "test") -> None:
    """Raise DataError, naming bug and cluster, if `table` has a bug of a cluster that holds `split`.

    Call it on every table that training reads: a row of a test cluster is a leak even if the bug
    itself is unused.
    """
    cluster_of: dict[str, str] = dict(splits.select("bug_id", "cluster_id").iter_rows())
    forbidden = set(splits.filter(pl.col("split") == split)["cluster_id"])
    for bug in sorted(set(table["bug_id"])):
        if bug not in cluster_of:
            raise DataError(f"bug {bug} is in no split; rerun the splits stage")
        if cluster_of[bug] in forbidden:
            raise DataError(f"bug {bug} is of cluster {cluster_of[bug]}, which the {split} split holds: drop its rows")


def check_prompts(splits: pl.DataFrame, bugs: pl.DataFrame, prompts: pl.Series) -> None:
    """Raise DataError, naming the bug, if a training prompt holds the code of a bug of a test cluster."""
    test = splits.filter(pl.col("split") == "test")["cluster_id"]
    held_out = splits.filter(pl.col("cluster_id").is_in(test.implode())).select("bug_id")
    codes = bugs.join(held_out, on="bug_id").select("bug_id", "buggy_code").sort("bug_id")
    leaking = prompts.unique().to_frame("text").filter(pl.col("text").str.contains_any(codes["buggy_code"].implode()))
    for text in leaking["text"]:
        bug = next(bug for bug, code in codes.iter_rows() if code in text)
        raise DataError(f"bug {bug} is of a test cluster, but a training prompt holds its code: drop that pair")


def _shuffled(ids: Collection[str], seed: int) -> Sequence[str]:
    """Ids in an order that depends on the seed and on nothing else."""
    return sorted(ids, key=lambda item: digest("order", seed, item))
