"""Which generator makes a problem's inputs: one written by hand, else one derived from the constraints."""

from collections.abc import Mapping
from typing import Any

from codeq.data.suites import by_hand, derived
from codeq.data.suites.constraints import Problem
from codeq.data.suites.derived import NotDerivable
from codeq.data.suites.registry import Generator
from codeq.data.suites.signatures import Signature


def generator(problem: Mapping[str, Any], called: Signature) -> Generator | str:
    """The generator for a `problems` row, or the reason why there is none."""
    written = by_hand.GENERATORS.get(problem["problem_id"])
    if written is not None:
        return written
    parameters = tuple(zip(called.names, called.annotations, strict=True))
    texts = (problem["statement"], problem["constraints"], tuple(problem["examples"]))
    try:
        return derived.generator_of(Problem(problem["problem_id"], *texts, parameters))
    except NotDerivable as error:
        return f"no generator: {error}"
