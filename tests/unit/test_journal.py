"""The journal: what was finished is kept, whatever happens to the file."""

import logging
import multiprocessing
import os
import signal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codeq import journal
from codeq.errors import DataError
from codeq.journal import Journal

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(st.characters()),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
ENTRIES = st.dictionaries(st.text(), VALUES, max_size=6)


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("journal") / "journal.jsonl"


def write(path: Path, entries: dict[str, object]) -> None:
    path.unlink(missing_ok=True)
    with Journal(path) as opened:
        for key, value in entries.items():
            opened.append(key, value)


@given(entries=ENTRIES)
def test_what_was_appended_is_read_back_exactly(path: Path, entries: dict[str, object]) -> None:
    write(path, entries)
    assert journal.read(path) == entries
    with Journal(path) as again:
        assert again.done == entries


@given(entries=ENTRIES, data=st.data())
def test_a_cut_at_any_byte_loses_the_line_it_falls_into_and_what_follows_alone(
    path: Path, entries: dict[str, object], data: st.DataObject
) -> None:
    write(path, entries)
    whole = path.read_bytes()
    cut = data.draw(st.integers(0, len(whole)))
    path.write_bytes(whole[:cut])
    kept = dict(list(entries.items())[: whole[:cut].count(b"\n")])
    assert journal.read(path) == kept
    with Journal(path) as opened:  # the rest of the torn line must not spoil the next one
        assert opened.done == kept
        opened.append("more", [1])
    assert journal.read(path) == {**kept, "more": [1]}


@given(entries=ENTRIES, data=st.data())
def test_a_damaged_byte_loses_its_line_or_lines_and_never_changes_a_value(
    path: Path, entries: dict[str, object], data: st.DataObject
) -> None:
    entries = {**entries, "last": 0}
    write(path, entries)
    whole = bytearray(path.read_bytes())
    at = data.draw(st.integers(0, len(whole) - 1))
    whole[at] = data.draw(st.integers(0, 255).filter(lambda byte: byte != whole[at]))
    path.write_bytes(whole)
    found = journal.read(path)
    assert all(value == entries[key] for key, value in found.items())
    assert len(entries) - 2 <= len(found) < len(entries)  # a lost line break joins two lines


def test_a_damaged_line_is_reported(path: Path, caplog: pytest.LogCaptureFixture) -> None:
    write(path, {"a": 1, "b": 2, "c": 3})
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(lines[0] + lines[1].replace(b",2]", b",7]") + lines[2])
    caplog.set_level(logging.WARNING)
    assert journal.read(path) == {"a": 1, "c": 3}
    assert "1 lines are damaged; what they held is done again" in caplog.messages[0]


def test_a_key_that_was_written_twice_has_its_last_value(path: Path) -> None:
    write(path, {"a": 1})
    with Journal(path) as opened:
        opened.append("a", 2)
    assert journal.read(path) == {"a": 2}


def test_a_second_writer_is_refused_and_a_reader_is_not(path: Path) -> None:
    write(path, {"a": 1})
    with Journal(path) as first:
        first.append("b", 2)
        with pytest.raises(DataError, match=r"journal\.jsonl: another run is writing it"):
            Journal(path)
        assert journal.read(path) == {"a": 1, "b": 2}
    with Journal(path) as second:
        assert second.done == {"a": 1, "b": 2}


def append_and_die(path: Path) -> None:
    opened = Journal(path)
    for number in range(100):
        opened.append(str(number), number)
    os.kill(os.getpid(), signal.SIGKILL)


def test_a_killed_writer_loses_no_line_and_leaves_no_lock(tmp_path: Path) -> None:
    path = tmp_path / "new" / "journal.jsonl"
    process = multiprocessing.get_context("spawn").Process(target=append_and_die, args=[path])
    process.start()
    process.join(60)
    assert process.exitcode == -signal.SIGKILL
    with Journal(path) as opened:
        assert opened.done == {str(number): number for number in range(100)}
