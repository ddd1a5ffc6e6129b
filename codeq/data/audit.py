"""The audit of a study's data: counts at every filter, with the reasons for what was left out."""

from collections.abc import Iterator, Mapping
from typing import Any

import polars as pl

from codeq.identity import digest

_NEAREST = "several bugs, no nodes"


def audit(
    *,
    problems: pl.DataFrame,
    bugs: pl.DataFrame,
    duplicates: pl.DataFrame,
    tests: pl.DataFrame,
    untested: pl.DataFrame,
    screen: pl.DataFrame,
    hidden_tests: pl.DataFrame,
    hidden_untested: pl.DataFrame,
    hidden_screen: pl.DataFrame,
    splits: pl.DataFrame,
) -> dict[str, Any]:
    """Counts of the tables named as in `codeq.tables` (`hidden_`: those of hidden tests), as plain JSON values.

    "filters" is the funnel: what every step leaves. "duplication" gives the share of rows that repeat another
    row's problem or cluster, of all rows and of those nearest to the study's selection (about 81 % of about 650
    rows, 123 problems). "bugs shown" counts the bugs that fail a test. "excluded" names every row that cannot be
    used, and why. The digest of a split is that of its sorted bug ids.
    """
    tested = set(tests["problem_id"])
    tests, untested = pl.concat([tests, hidden_tests]), pl.concat([untested, hidden_untested])
    usable = set(screen.filter("usable")["bug_id"])
    located = bugs.join(duplicates.select("bug_id", "cluster_id"), on="bug_id", how="left").join(
        splits.select("bug_id", "split"), on="bug_id", how="left"
    )
    steps = {
        "rows of the benchmark": located,
        "problem has a public test": located.filter(pl.col("problem_id").is_in(tested)),
        "usable: bug fails a public test, reference passes all of them": located.filter(pl.col("bug_id").is_in(usable)),
        "train": located.filter(pl.col("split") == "train"),
        "test": located.filter(pl.col("split") == "test"),
    }
    verdicts = screen.select("bug_id", public="bug_verdict").join(
        hidden_screen.select("bug_id", hidden="bug_verdict"), on="bug_id", how="left"
    )
    either = verdicts.filter(pl.any_horizontal(pl.col("public", "hidden") != "pass"))
    return {
        "filters": {
            step: {
                "bugs": len(left),
                "problems": _distinct(left, "problem_id"),
                "clusters": _distinct(left, "cluster_id"),
            }
            for step, left in steps.items()
        },
        "duplication": {"all rows": _duplication(located), _NEAREST: _duplication(_nearest(located, problems))},
        "categories": _counts(bugs, "category"),
        "subtypes": _counts(bugs, "subtype"),
        "levels": _counts(bugs.join(problems, on="problem_id", how="left"), "level"),
        "kinds of entry point": _counts(problems.with_columns(kind=pl.col("kind").replace("", "none")), "kind"),
        "tests": _counts(tests, "visibility"),
        "comparisons": _counts(tests, "comparison"),
        "examples that are no test": _counts(untested.filter(pl.col("origin") == "example"), "reason"),
        "generated inputs that are no test": _counts(untested.filter(pl.col("origin") == "generated"), "reason"),
        "problems with fewer than 50 hidden tests": _few_hidden(problems, tests),
        "bugs shown": {
            **{
                kind: _share(int((verdicts[kind] != "pass").sum()), verdicts[kind].count())
                for kind in ("public", "hidden")
            },
            "public or hidden": _share(len(either), len(screen)),
        },
        "bugs left out by the screen": _counts(screen.filter(~pl.col("usable")), "reason"),
        "bugs whose reference fails a hidden test": _counts(
            hidden_screen.filter(pl.col("reference_verdict") != "pass"), "reference_verdict"
        ),
        "excluded": _excluded(bugs, screen),
        "splits": {
            split: {
                "bugs": len(part),
                "problems": _distinct(part, "problem_id"),
                "clusters": _distinct(part, "cluster_id"),
                "digest": digest(sorted(part["bug_id"])),
            }
            for (split,), part in sorted(splits.partition_by("split", as_dict=True).items())
        },
    }


def markdown(audit: Mapping[str, Any], title: str = "Audit of the data") -> str:
    """An audit as a Markdown document: one table per part."""
    return "\n".join([f"# {title}", *_tables(audit)]) + "\n"


def _tables(audit: Mapping[str, Any]) -> Iterator[str]:
    for part, counts in audit.items():
        yield f"\n## {part[0].upper()}{part[1:]}\n"
        if not counts:
            yield "None."
            continue
        records = {name: value if isinstance(value, Mapping) else {"count": value} for name, value in counts.items()}
        columns = list(next(iter(records.values())))
        yield f"| | {' | '.join(columns)} |"
        yield f"|---|{'---:|' * len(columns)}"
        for name, record in records.items():
            yield f"| {name} | {' | '.join(str(record[column]) for column in columns)} |"


def _nearest(located: pl.DataFrame, problems: pl.DataFrame) -> pl.DataFrame:
    """Rows with several bugs each, of problems that have no linked list, tree or other node."""
    types = pl.col("parameters").list.join(" ") + " " + pl.col("returns")
    plain = problems.filter(~types.str.contains("Node|Function"))["problem_id"]
    return located.filter((pl.col("category") == "multiple") & pl.col("problem_id").is_in(plain.implode()))


def _duplication(rows: pl.DataFrame) -> dict[str, Any]:
    found = {"rows": len(rows), "problems": _distinct(rows, "problem_id"), "clusters": _distinct(rows, "cluster_id")}
    shares = {f"repeat a {of[:-1]}": f"{1 - found[of] / max(len(rows), 1):.1%}" for of in ("problems", "clusters")}
    return {**found, **shares}


def _few_hidden(problems: pl.DataFrame, tests: pl.DataFrame) -> dict[str, int]:
    """The number of hidden tests of each problem that has fewer than 50."""
    counts = tests.filter(pl.col("visibility") == "hidden")["problem_id"].value_counts()
    each = problems.select("problem_id").join(counts, on="problem_id", how="left").fill_null(0)
    return dict(each.filter(pl.col("count") < 50).sort("count", "problem_id").iter_rows())


def _share(count: int, total: int) -> dict[str, Any]:
    return {"bugs": count, "of": total, "share": f"{count / total:.1%}" if total else "-"}


def _excluded(bugs: pl.DataFrame, screen: pl.DataFrame) -> dict[str, dict[str, Any]]:
    """By bug id: where the row is and why it cannot be used."""
    rows = bugs.join(screen.filter(~pl.col("usable")), on="bug_id").sort("reason", "problem_id", "bug_id")
    columns = ("problem_id", "shard", "row", "reason")
    return {row["bug_id"]: {column: row[column] for column in columns} for row in rows.iter_rows(named=True)}


def _distinct(table: pl.DataFrame, column: str) -> int:
    return table[column].n_unique()


def _counts(table: pl.DataFrame, column: str) -> dict[str, int]:
    """How often each value occurs, most frequent first, then by name."""
    counted = table.group_by(column).len().sort(["len", column], descending=[True, False])
    return dict(counted.iter_rows())
