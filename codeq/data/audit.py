"""The audit of a study's data: counts at every filter, with the reasons for what was left out."""

from collections.abc import Iterator, Mapping
from typing import Any

import polars as pl


def audit(
    *,
    problems: pl.DataFrame,
    bugs: pl.DataFrame,
    duplicates: pl.DataFrame,
    tests: pl.DataFrame,
    untested: pl.DataFrame,
    screen: pl.DataFrame,
    splits: pl.DataFrame,
) -> dict[str, Any]:
    """Counts of the tables named as in `codeq.tables`, as plain JSON values.

    "duplication" gives the share of rows that repeat another row's problem, and the share that
    repeat another row's cluster. "filters" is the funnel: what every step leaves.
    """
    tested = set(tests.filter(pl.col("visibility") == "public")["problem_id"])
    usable = set(screen.filter("usable")["bug_id"])
    located = bugs.join(duplicates.select("bug_id", "cluster_id"), on="bug_id", how="left").join(
        splits.select("bug_id", "split"), on="bug_id", how="left"
    )
    steps = {
        "rows of the benchmark": located,
        "problem has a public test": located.filter(pl.col("problem_id").is_in(tested)),
        "usable: bug fails a public test, reference passes all": located.filter(pl.col("bug_id").is_in(usable)),
        "train": located.filter(pl.col("split") == "train"),
        "test": located.filter(pl.col("split") == "test"),
    }
    rows = max(len(bugs), 1)
    return {
        "filters": {
            step: {
                "bugs": len(left),
                "problems": _distinct(left, "problem_id"),
                "clusters": _distinct(left, "cluster_id"),
            }
            for step, left in steps.items()
        },
        "duplication": {
            "by problem": round(1 - _distinct(bugs, "problem_id") / rows, 4),
            "by cluster": round(1 - _distinct(duplicates, "cluster_id") / rows, 4),
        },
        "categories": _counts(bugs, "category"),
        "subtypes": _counts(bugs, "subtype"),
        "levels": _counts(bugs.join(problems, on="problem_id", how="left"), "level"),
        "kinds of entry point": _counts(problems.with_columns(kind=pl.col("kind").replace("", "none")), "kind"),
        "tests": _counts(tests, "visibility"),
        "comparisons": _counts(tests, "comparison"),
        "examples that are no test": _counts(untested, "reason"),
        "bugs left out by the screen": _counts(screen.filter(~pl.col("usable")), "reason"),
        "splits": _counts(splits, "split"),
    }


def markdown(audit: Mapping[str, Any]) -> str:
    """The audit as a Markdown document: one table per part."""
    return "\n".join(["# Audit of the data", *_tables(audit)]) + "\n"


def _tables(audit: Mapping[str, Any]) -> Iterator[str]:
    for part, counts in audit.items():
        yield f"\n## {part[0].upper()}{part[1:]}\n"
        if not counts:
            yield "None."
            continue
        records = {name: value if isinstance(value, Mapping) else {"count": value} for name, value in counts.items()}
        if part == "duplication":
            records = {name: {"share of rows": f"{value:.1%}"} for name, value in counts.items()}
        columns = list(next(iter(records.values())))
        yield f"| | {' | '.join(columns)} |"
        yield f"|---|{'---:|' * len(columns)}"
        for name, record in records.items():
            yield f"| {name} | {' | '.join(str(record[column]) for column in columns)} |"


def _distinct(table: pl.DataFrame, column: str) -> int:
    return table[column].n_unique()


def _counts(table: pl.DataFrame, column: str) -> dict[str, int]:
    """How often each value occurs, most frequent first, then by name."""
    counted = table.group_by(column).len().sort(["len", column], descending=[True, False])
    return dict(counted.iter_rows())
