"""The tasks of a search: bugs, or one shard of them, each with its public tests."""

import re
from collections.abc import Collection, Mapping

import polars as pl

from codeq.errors import ConfigError
from codeq.sandbox.screening import suites
from codeq.search.requests import Task
from codeq.tables import CALL


def tasks(
    tables: Mapping[str, pl.DataFrame], bugs: Collection[str], *, round: int, seed: int, policy: str
) -> list[Task]:
    """One task per bug, in the order of their ids. `tables` holds `problems`, `bugs` and `tests`."""
    chosen = (
        tables["bugs"]
        .filter(pl.col("bug_id").is_in(bugs))
        .join(tables["problems"].select("problem_id", "statement", *CALL), on="problem_id")
        .sort("bug_id")
    )
    public = suites(tables["tests"].filter(pl.col("visibility") == "public").to_dicts())
    same = ("bug_id", "problem_id", "buggy_code", "entry_point", "kind", "returns", "statement")
    return [
        Task(
            **{key: bug[key] for key in same},
            parameters=tuple(bug["parameters"]),
            tests=public[bug["problem_id"]]["public"],
            round=round,
            seed=seed,
            policy=policy,
        )
        for bug in chosen.iter_rows(named=True)
    ]


def of_shard(tasks: list[Task], shard: str) -> list[Task]:
    """Every n-th task, from the i-th on, of shard "i-of-n". Raises ConfigError on any other text."""
    named = re.fullmatch(r"([1-9]\d*)-of-([1-9]\d*)", shard)
    if named is None or int(named[1]) > int(named[2]):
        raise ConfigError(f"--shard {shard!r}: not a shard; write it as 2-of-4")
    return tasks[int(named[1]) - 1 :: int(named[2])]
