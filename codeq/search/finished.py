"""Finished trees: kept in a journal until their table is written, and not searched again by a later run."""

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from types import TracebackType
from typing import TypeAlias

from codeq import journal
from codeq.identity import digest
from codeq.search.requests import Task

Rows: TypeAlias = list[dict[str, object]]  # of the table `trajectories`


class FinishedTrees:
    """The rows of every finished tree, by its task; a context that holds this shard's journal open.

    A tree counts as finished if its task and `conditions` - everything else that determines a tree: settings,
    mode, versions of the code and of packages - are what they were. All journals in `directory` count, so a
    search that goes on with another number of shards loses nothing.
    """

    def __init__(self, directory: Path, shard: str, conditions: Mapping[str, object]) -> None:
        self._conditions = dict(conditions)
        own = directory / f"{shard}.jsonl"
        self._journal = journal.Journal(own)
        self._rows: dict[str, Rows] = self._journal.done
        for path in sorted(directory.glob("*.jsonl")):
            if path != own:
                self._rows |= journal.read(path)

    def __contains__(self, task: Task) -> bool:
        return self._key(task) in self._rows

    def __getitem__(self, task: Task) -> Rows:
        return self._rows[self._key(task)]

    def add(self, task: Task, rows: Rows) -> None:
        """Keep the rows of a tree from here on, whatever becomes of this process."""
        key = self._key(task)
        self._journal.append(key, rows)
        self._rows[key] = rows

    def _key(self, task: Task) -> str:
        return digest(self._conditions, asdict(task))

    def __enter__(self) -> "FinishedTrees":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._journal.__exit__(kind, error, traceback)
