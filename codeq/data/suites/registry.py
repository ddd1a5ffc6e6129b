"""Input generators written by hand, by problem: `by_hand` enters one, `also` adds fixed inputs."""

from collections import defaultdict
from collections.abc import Callable

from codeq.data.suites.draw import Draw

Arguments = list[object]  # of one call, as plain values: lists of nodes by value, trees level by level
Generator = Callable[[Draw], Arguments]

GENERATORS: dict[str, Generator] = {}
FIXED: dict[str, list[Arguments]] = defaultdict(list)


def by_hand(problem_id: str) -> Callable[[Generator], Generator]:
    """Enter a generator for a problem (the slug); it replaces the one that constraints would give."""

    def enter(generator: Generator) -> Generator:
        if problem_id in GENERATORS:
            raise ValueError(f"problem {problem_id!r} has two generators by hand; keep one")
        GENERATORS[problem_id] = generator
        return generator

    return enter


def also(problem_id: str, *inputs: Arguments) -> None:
    """Add inputs to what the problem's generator makes: cases that chance would rarely hit."""
    FIXED[problem_id].extend(inputs)
