"""Progress of long work: a bar on a terminal, a log line now and then elsewhere."""

import logging
import time
from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

log = logging.getLogger(__name__)
SECONDS_BETWEEN_LINES = 15.0

T = TypeVar("T")


def track(
    items: Iterable[T], total: int, label: str, good: Callable[[T], bool], *, noun: str, adjective: str
) -> Iterator[T]:
    """Pass items on as they come, showing how many of `total` came and how many of them are good.

    `noun` and `adjective` say what is counted: "12 of 40 trees, 3 solved".
    """
    console = Console(stderr=True)
    if console.is_terminal:
        yield from _bar(items, total, label, good, adjective, console)
    else:
        yield from _lines(items, total, label, good, noun, adjective)


def _bar(
    items: Iterable[T], total: int, label: str, good: Callable[[T], bool], adjective: str, console: Console
) -> Iterator[T]:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console) as progress:
        bar = progress.add_task(label, total=total)
        count = 0
        for item in items:
            count += good(item)
            progress.update(bar, advance=1, description=f"{label}, {count} {adjective}")
            yield item


def _lines(
    items: Iterable[T], total: int, label: str, good: Callable[[T], bool], noun: str, adjective: str
) -> Iterator[T]:
    started = last = time.monotonic()
    count = 0
    for finished, item in enumerate(items, start=1):
        count += good(item)
        now = time.monotonic()
        if finished == total or now - last >= SECONDS_BETWEEN_LINES:
            log.info("%s: %d of %d %s, %d %s, %.0f s", label, finished, total, noun, count, adjective, now - started)
            last = now
        yield item
