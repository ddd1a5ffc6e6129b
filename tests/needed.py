"""Which parts of the machine the tests may not do without."""

import os


def required(what: str) -> bool:
    """Whether a missing part of the machine is a failure here: CODEQ_REQUIRE lists such parts in CI."""
    return what in os.environ.get("CODEQ_REQUIRE", "").split(",")
