"""What a search is given, what it may ask for, and what it is answered.

A search is a generator. It yields a batch of requests that may be answered at the same time, is sent their
answers in the same order, and returns its finished tree. It knows no model, no sandbox and no file.
"""

from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

from codeq.config import SearchSettings
from codeq.models import Completion, Rendered
from codeq.models import SampleRequest as Sample
from codeq.prompts import Style
from codeq.sandbox import Program, Test, Verdict

if TYPE_CHECKING:
    from codeq.search.tree import Tree

__all__ = ["Answer", "Execute", "Request", "Sample", "Sampled", "Search", "SearchMode", "Task"]


@dataclass(frozen=True)
class Task:
    """One bug to repair. `round` names the policy within a study, so it is part of every seed."""

    bug_id: str
    problem_id: str
    buggy_code: str
    entry_point: str
    kind: str  # function | method | operations
    parameters: tuple[str, ...]  # types of arguments and result, as in codeq.sandbox.Program
    returns: str
    statement: str
    tests: tuple[Test, ...]  # the public ones
    round: int
    seed: int  # the study's
    policy: str  # digest of the policy's manifest: a name, for ids

    def program(self, code: str) -> Program:
        """A rewrite, to be called as the problem says."""
        return Program(code, self.entry_point, self.kind, self.parameters, self.returns)


@dataclass(frozen=True)
class Sampled:
    """The answer to a Sample; `seconds` is its share, by tokens, of the engine's time."""

    prompt: Rendered
    completions: tuple[Completion, ...]
    seconds: float


@dataclass(frozen=True)
class Execute:
    """A program to run on tests; the answer is a Verdict."""

    program: Program
    tests: tuple[Test, ...]


Request: TypeAlias = Sample | Execute
Answer: TypeAlias = Sampled | Verdict
Search: TypeAlias = Generator[Sequence[Request], Sequence[Any], "Tree"]
SearchMode: TypeAlias = Callable[[Task, SearchSettings, Style, bool], Search]
