"""Tasks: what a search of one split is given, and no more."""

from collections.abc import Collection

import polars as pl

from codeq import tables
from codeq.errors import DataError


def tasks(bugs: pl.DataFrame, problems: pl.DataFrame, tests: pl.DataFrame, chosen: Collection[str]) -> pl.DataFrame:
    """Table `tasks`: the chosen bugs, sorted by bug_id, each with its problem and its public tests in their order.

    Raises DataError if a chosen bug is in no table, or its problem has no public test.
    """
    fields = [field.name for field in tables.PUBLIC_TEST.fields]
    public = (
        tests.filter(pl.col("visibility") == "public")
        .group_by("problem_id", maintain_order=True)
        .agg(pl.struct(fields).alias("tests"))
    )
    made = (
        bugs.filter(pl.col("bug_id").is_in(list(chosen)))
        .join(problems.select("problem_id", "statement", *tables.CALL), on="problem_id")
        .join(public, on="problem_id")
        .sort("bug_id")
        .select(list(tables.SCHEMAS["tasks"]))
    )
    if lost := set(chosen) - set(made["bug_id"]):
        raise DataError(f"bug {min(lost)} has no row, no problem or no public test; rerun problems and tests")
    return made
