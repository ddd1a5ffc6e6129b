"""A journal: finished work as lines of a file, so that a run that was stopped goes on where it was.

Each line is the CRC-32 of its text and the text itself, the JSON list [key, value]. The key names everything
that determines the value: a line under another key is of no use to a run, and does no harm. A line cut off by a
crash is dropped, one damaged in any other way as well; that work is done again.
"""

import contextlib
import fcntl
import json
import logging
import os
import time
import zlib
from collections.abc import Iterable
from pathlib import Path
from types import TracebackType
from typing import Any

from codeq.errors import DataError

log = logging.getLogger(__name__)
SECONDS_BETWEEN_SYNCS = 1.0


class Journal:
    """A journal open for more; `done` holds the value of every key written before.

    One process at a time may have it open: DataError if another has.
    """

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file = path.open("a+b")
        try:
            _lock(self._file.fileno(), path)
            self._file.seek(0)
            self.done, end = _parse(self._file, path)
            self._file.truncate(end)  # what follows the last whole line would spoil the next
        except BaseException:
            self._file.close()
            raise
        self._synced = time.monotonic()

    def append(self, key: str, value: object) -> None:
        """Write a line. A killed process loses none; a machine that fails, those of about a second."""
        self._file.write(_line(key, value))
        self._file.flush()
        if time.monotonic() - self._synced >= SECONDS_BETWEEN_SYNCS:
            os.fdatasync(self._file.fileno())
            self._synced = time.monotonic()

    def __enter__(self) -> "Journal":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._file.close()


def read(path: Path) -> dict[str, Any]:
    """Value by key of every whole line, also while another process appends to the file."""
    with path.open("rb") as file:
        return _parse(file, path)[0]


def _line(key: str, value: object) -> bytes:
    text = json.dumps([key, value], separators=(",", ":")).encode()
    return b"%08x %s\n" % (zlib.crc32(text), text)


def _parse(lines: Iterable[bytes], path: Path) -> tuple[dict[str, Any], int]:
    """Value by key, and where the last line that ends in a line break ends."""
    done: dict[str, Any] = {}
    end = damaged = 0
    for line in lines:
        if not line.endswith(b"\n"):
            break
        end += len(line)
        checksum, _, text = line[:-1].partition(b" ")
        if checksum == b"%08x" % zlib.crc32(text):
            key, value = json.loads(text)
            done[key] = value
        else:
            damaged += 1
    if damaged:
        log.warning("%s: %d lines are damaged; what they held is done again", path, damaged)
    return done, end


def _lock(descriptor: int, path: Path) -> None:
    """Held until the file is closed, or the process has ended in whatever way."""
    with contextlib.suppress(OSError):  # a file system without locks
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise DataError(f"{path}: another run is writing it; wait for that run, or end it") from error
