"""Fixtures that every test may use."""

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]


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
