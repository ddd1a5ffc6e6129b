"""Progress of long work: a bar on a terminal, a log line now and then elsewhere."""

import logging
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TypeVar

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

log = logging.getLogger(__name__)
SECONDS_BETWEEN_LINES = 15.0

T = TypeVar("T")


def track(
    items: Iterable[T],
    total: int,
    label: str,
    good: Callable[[T], bool],
    *,
    noun: str,
    adjective: str,
    work: Callable[[T], Mapping[str, int]] = lambda item: {},
) -> Iterator[T]:
    """Pass items on as they come, showing how many of `total` came, how many of them are good, and how fast.

    `noun` and `adjective` say what is counted: "12 of 40 trees, 3 solved"; `work` names what an item took, such as
    {"tokens": 512}, whose sums are shown per second.
    """
    console = Console(stderr=True)
    counted = _Counts(items, good, adjective, work)
    if console.is_terminal:
        yield from _bar(counted, total, label, console)
    else:
        yield from _lines(counted, total, label, noun)


class _Counts(Iterator[T]):
    """The items, and as text what came up to now."""

    def __init__(
        self, items: Iterable[T], good: Callable[[T], bool], adjective: str, work: Callable[[T], Mapping[str, int]]
    ) -> None:
        self.items, self.good, self.adjective, self.work = iter(items), good, adjective, work
        self.count, self.done = 0, Counter[str]()
        self.started = time.monotonic()

    def __next__(self) -> T:
        item = next(self.items)
        self.count += self.good(item)
        self.done.update(self.work(item))
        return item

    @property
    def seconds(self) -> float:
        return time.monotonic() - self.started

    def __str__(self) -> str:
        rates = [f", {done / self.seconds:,.0f} {name}/s" for name, done in self.done.items()]
        return f"{self.count} {self.adjective}{''.join(rates)}"


def _bar(items: _Counts[T], total: int, label: str, console: Console) -> Iterator[T]:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console) as progress:
        bar = progress.add_task(label, total=total)
        for item in items:
            progress.update(bar, advance=1, description=f"{label}, {items}")
            yield item


def _lines(items: _Counts[T], total: int, label: str, noun: str) -> Iterator[T]:
    last = items.started
    for finished, item in enumerate(items, start=1):
        now = time.monotonic()
        if finished == total or now - last >= SECONDS_BETWEEN_LINES:
            log.info("%s: %d of %d %s, %s, %.0f s", label, finished, total, noun, items, items.seconds)
            last = now
        yield item
