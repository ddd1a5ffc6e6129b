import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from codeq import values
from codeq.config import SandboxSettings
from codeq.sandbox import Sandbox, Test


@pytest.fixture(scope="module", params=["process", "docker"])
def sandbox(request: pytest.FixtureRequest) -> Iterator[Sandbox]:
    """One worker of each backend."""
    if request.param == "docker":
        request.getfixturevalue("docker")
    with Sandbox(SandboxSettings(backend=request.param, workers=1, test_timeout_s=2.0, timeout_s=10.0)) as running:
        yield running


@pytest.fixture(scope="session")
def make_tests() -> Callable[..., list[Test]]:
    """Tests from pairs of arguments and expected value."""

    def make(*pairs: tuple[Sequence[Any], Any], comparison: str = "exact") -> list[Test]:
        return [
            Test(f"t{number}", "hidden", values.dumps(list(arguments)), values.dumps(expected), comparison)
            for number, (arguments, expected) in enumerate(pairs)
        ]

    return make


@pytest.fixture(scope="session")
def addition(make_tests: Callable[..., list[Test]]) -> list[Test]:
    return make_tests(((1, 2), 3), ((0, 0), 0), ((-1, 1), 0))


@pytest.fixture(scope="session")
def descendants() -> Callable[[int], set[int]]:
    """The living processes below a process."""

    def below(pid: int) -> set[int]:
        parents: dict[int, int] = {}
        for entry in Path("/proc").iterdir():
            if entry.name.isdigit():
                try:
                    state, parent = (entry / "stat").read_text().rpartition(")")[2].split()[:2]
                except (OSError, ValueError):  # it just ended
                    continue
                if state != "Z":
                    parents[int(entry.name)] = int(parent)
        found: set[int] = set()
        while more := {child for child, parent in parents.items() if parent in found | {pid}} - found:
            found |= more
        return found

    return below


@pytest.fixture(scope="session")
def settled(descendants: Callable[[int], set[int]]) -> Callable[..., set[int]]:
    """The same, once nothing comes or goes: then each server has one child, which waits for the next program.

    With `count`, once there are so many: on a busy machine a server may rest before it has forked. After 5 s, as it is.
    """

    def below(pid: int, count: int | None = None) -> set[int]:
        found, until = descendants(pid), time.monotonic() + 5
        while time.monotonic() < until:
            time.sleep(0.03)
            before, found = found, descendants(pid)
            if before == found and count in (None, len(found)):
                break
        return found

    return below
