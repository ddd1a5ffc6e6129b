"""Fixtures that every test may use."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from needed import required

from codeq.errors import SandboxError

ROOT = Path(__file__).resolve().parents[1]
pytest_plugins = ["finished_study"]


# Tests that wait most of the time, or are long, begin first: that which needs no finished study, while one is made.
# Those of the workflow, which run jobs of the finished study again, come after those that compare with it.
FIRST = ("cluster/test_two_machines.py", "cluster/*", "rules/*", "workflow/*")
# Files that share a fixture that is dear, or a machine: one process tests those of one pattern.
TOGETHER = ("suites/*", "cluster/test_ssh*", "cluster/*")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The order of the tests."""

    def place(item: pytest.Item) -> int:
        return next((rank for rank, pattern in enumerate(FIRST) if item.path.match(pattern)), len(FIRST))

    items.sort(key=place)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Where several processes share the tests out, files stay whole: their tests share fixtures."""
    from xdist.scheduler import LoadScopeScheduling

    class Whole(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            path = Path(nodeid.partition("::")[0])
            return next((pattern for pattern in TOGETHER if path.match(pattern)), str(path))

    return Whole(config, log)


@pytest.fixture(scope="session")
def shared() -> Path:
    """The directory with the real benchmark and the sandbox cases, beside the checkout or at CODEQ_SHARED."""
    directory = Path(os.environ.get("CODEQ_SHARED", ROOT.parent / "shared"))
    if not (directory / "debugbench").is_dir():
        if required("shared"):
            pytest.fail(f"{directory}: no benchmark data, and CODEQ_REQUIRE asks for it")
        pytest.skip(f"{directory}: no benchmark data; set CODEQ_SHARED to a directory that has it")
    return directory


@pytest.fixture(scope="session")
def docker() -> Iterator[Any]:
    """A client of a Docker that has, or can make, the sandbox's image."""
    from codeq.sandbox import image

    try:
        image.ensure()
    except SandboxError as error:
        if required("docker"):
            pytest.fail(f"CODEQ_REQUIRE asks for Docker: {error}")
        pytest.skip(str(error))
    client = image.connect()
    yield client
    client.close()
