"""Progress of a search: a bar on a terminal, a log line now and then elsewhere."""

import logging
import time
from collections.abc import Iterable, Iterator

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from codeq.search.tree import Tree

log = logging.getLogger(__name__)
SECONDS_BETWEEN_LINES = 15.0


def track(trees: Iterable[Tree], total: int, label: str) -> Iterator[Tree]:
    """Pass trees on as they come, showing how many are finished and how many solved."""
    console = Console(stderr=True)
    if console.is_terminal:
        yield from _bar(trees, total, label, console)
    else:
        yield from _lines(trees, total, label)


def _bar(trees: Iterable[Tree], total: int, label: str, console: Console) -> Iterator[Tree]:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console) as progress:
        bar = progress.add_task(label, total=total)
        solved = 0
        for tree in trees:
            solved += tree.first_solved_rollout is not None
            progress.update(bar, advance=1, description=f"{label}, {solved} solved")
            yield tree


def _lines(trees: Iterable[Tree], total: int, label: str) -> Iterator[Tree]:
    started = last = time.monotonic()
    solved = 0
    for finished, tree in enumerate(trees, start=1):
        solved += tree.first_solved_rollout is not None
        now = time.monotonic()
        if finished == total or now - last >= SECONDS_BETWEEN_LINES:
            log.info("%s: %d of %d trees, %d solved, %.0f s", label, finished, total, solved, now - started)
            last = now
        yield tree
