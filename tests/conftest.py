"""Fixtures that every test may use."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from codeq.errors import SandboxError

ROOT = Path(__file__).resolve().parents[1]
pytest_plugins = ["finished_study"]


def required(what: str) -> bool:
    """Whether a missing part of the machine is a failure here: CODEQ_REQUIRE lists such parts in CI."""
    return what in os.environ.get("CODEQ_REQUIRE", "").split(",")


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
