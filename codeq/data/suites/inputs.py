"""The inputs of a problem's hidden tests: fixed ones first, then draws at every scale, all different."""

import contextlib
import random
from collections.abc import Collection

from codeq import values
from codeq.data.suites.draw import Draw, RejectedDraw, Scale
from codeq.data.suites.registry import FIXED, Arguments, Generator
from codeq.identity import digest

PLAN: dict[Scale, int] = {"tiny": 16, "small": 40, "medium": 28, "extreme": 12, "large": 2}
_ATTEMPTS = 25  # draws per wanted input: a problem with few possible inputs gives fewer


def inputs(problem_id: str, generator: Generator, seed: int, known: Collection[str] = ()) -> list[Arguments]:
    """About 100 different argument lists, the same for the same seed; none whose `values` text is `known`.

    What a scale cannot give, because few inputs are that small, the small and medium ones make up for.
    """
    seen = set(known)
    found: list[Arguments] = []

    def keep(arguments: Arguments) -> bool:
        text = values.dumps(arguments)
        new = text not in seen
        if new:
            seen.add(text)
            found.append(arguments)
        return new

    for arguments in FIXED.get(problem_id, ()):
        keep(arguments)
    missing = 0
    for scale in ("large", "tiny", "extreme", "small", "medium"):
        wanted = PLAN[scale]
        if scale in ("small", "medium"):
            wanted, missing = wanted + missing, 0
        for attempt in range(wanted * _ATTEMPTS):
            if not wanted:
                break
            rng = random.Random(digest("input", seed, problem_id, scale, attempt))
            with contextlib.suppress(RejectedDraw):
                wanted -= keep(generator(Draw(rng, scale)))
        missing += wanted
    return found
