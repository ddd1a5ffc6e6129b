"""Expected outputs of generated inputs: what the references return, where they agree."""

import math
from collections.abc import Sequence
from typing import Protocol

from codeq import values
from codeq.sandbox.comparisons import COMPARISONS
from codeq.sandbox.protocol import Observation

Answer = tuple[str | None, str | None]  # the expected output (`codeq.values` text), or None and why there is none


class Questions(Protocol):
    """What the references were asked, as in `codeq.data.suites.hidden`."""

    @property
    def arguments(self) -> Sequence[str]: ...
    @property
    def accepted(self) -> Sequence[str | None]: ...
    @property
    def comparison(self) -> str: ...


def consensus(observed: Sequence[Sequence[Observation]], asked: Questions) -> list[Answer]:
    """One answer per input from what each reference returned: one observation per input.

    Where a rule says which results are accepted, each must be one of them; else the first reference's
    result is expected of the others.
    """
    return [
        _answer([each[index] for each in observed], values.loads(given), accepted, asked.comparison)
        for index, (given, accepted) in enumerate(zip(asked.arguments, asked.accepted, strict=True))
    ]


def slowest(observed: Sequence[Sequence[Observation]]) -> list[float]:
    """The CPU time that the slowest reference took on each input, in seconds, rounded up to tenths.

    Below 0.2 s it is 0: shorter times raise no limit that is 2 s at least, and differ from run to run.
    """
    longest = [max(observation.seconds for observation in seen) for seen in zip(*observed, strict=True)]
    return [math.ceil(10 * seconds) / 10 if seconds > 0.2 else 0.0 for seconds in longest]


def _answer(seen: Sequence[Observation], given: list[object], accepted: str | None, comparison: str) -> Answer:
    for observation in seen:
        if observation.status != "value":
            return None, f"reference: {observation.status}"
    expected = seen[0].value if accepted is None else values.loads(accepted)
    if comparison == "float":
        expected = _as_floats(expected)
    if all(COMPARISONS[comparison](observation.value, expected, given) for observation in seen):
        return values.dumps(expected), None
    return None, "references disagree" if len(seen) > 1 else "reference breaks the rule of comparison"


def _as_floats(value: object) -> object:
    """A whole result may be an int in one reference and a float in another: what is due is a float."""
    if isinstance(value, list):
        return [_as_floats(item) for item in value]
    return float(value) if type(value) is int else value
