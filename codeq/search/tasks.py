"""The tasks of a search, or one shard of them."""

import re

import polars as pl

from codeq.errors import ConfigError
from codeq.sandbox import Test
from codeq.search.requests import Task


def tasks(table: pl.DataFrame, *, round: int, seed: int, policy: str) -> list[Task]:
    """One task per row of table `tasks`, in its order."""
    return [
        Task(
            **{
                **row,
                "parameters": tuple(row["parameters"]),
                "tests": tuple(Test(visibility="public", **test) for test in row["tests"]),
            },
            round=round,
            seed=seed,
            policy=policy,
        )
        for row in table.iter_rows(named=True)
    ]


def of_shard(tasks: list[Task], shard: str) -> list[Task]:
    """Every n-th task, from the i-th on, of shard "i-of-n". Raises ConfigError on any other text."""
    named = re.fullmatch(r"([1-9]\d*)-of-([1-9]\d*)", shard)
    if named is None or int(named[1]) > int(named[2]):
        raise ConfigError(f"--shard {shard!r}: not a shard; write it as 2-of-4")
    return tasks[int(named[1]) - 1 :: int(named[2])]
