"""The constraint lines of a problem as facts that can be checked: `parse` reads them, `violations` checks an input.

Every line is read, ignored knowingly, or reported in `Constraints.unread`; so is every sentence of the statement that
gives a guarantee. Trees count as the list of their values.
"""

import ast
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from codeq.data.suites import examples, terms
from codeq.data.suites.facts import Fact
from codeq.data.suites.lines import Reader, UnreadLine
from codeq.data.suites.terms import UnreadTerm

_IGNORED = re.compile(
    r"Follow-?up\b|Note: This question is the same|.*\banswer (?:is guaranteed to fit|fits)\b"
    r"|.* at least one valid solution|It is guaranteed that k is valid|.*\bsolution .* is guaranteed to be unique",
    re.I,
)
_SENTENCE = re.compile(r"(?<=[.:])\s+|[\r\n]+")
_GUARANTEE = re.compile(r"\bguaranteed\b|\bgenerated (?:so|such) that\b", re.I)
_INVISIBLE = re.compile("[\u200b-\u200d\ufeff]")


@dataclass(frozen=True)
class Problem:
    """What is known of a problem: its texts, and name and annotation ("" if none) of each parameter."""

    problem_id: str
    statement: str
    constraints: str
    examples: tuple[str, ...]
    parameters: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Constraints:
    """The facts of a problem by line, how its other symbols are computed, and the lines not understood."""

    problem: Problem
    names: tuple[str, ...]  # of the parameters, as the lines call them
    symbols: tuple[tuple[str, ast.expr], ...]  # n == nums.length
    facts: tuple[tuple[str, Fact], ...]
    unread: tuple[str, ...]

    def known(self, arguments: Sequence[object]) -> dict[str, Any]:
        """The values of all names for these arguments, trees as the list of their values."""
        known: dict[str, Any] = {}
        if len(arguments) < len(self.names) and isinstance(arguments[0], list):
            arguments = arguments[0]  # a list with a cycle is the pair of its values and where the cycle starts
        for argument, name in zip(arguments, self.names, strict=False):
            known[f"{name}.levels"] = argument
            known[name] = [item for item in argument if item is not None] if isinstance(argument, list) else argument
        for symbol, term in self.symbols:
            values = [value for _, value in terms.instances(term, known, {})]
            known[symbol] = values[0] if values else 0
        return known

    def violations(self, arguments: Sequence[object]) -> list[str]:
        """The lines that an input breaks."""
        known = self.known(arguments)
        return list(dict.fromkeys(line for line, fact in self.facts if not fact.holds(known)))


def parse(problem: Problem) -> Constraints:
    """Read all lines of a problem's constraints."""
    shown = next((list(found) for text in problem.examples if (found := examples.read(text).arguments)), [])
    names = _names(shown, [name for name, _ in problem.parameters], problem.constraints)
    reader = Reader(names, [annotation for _, annotation in problem.parameters], problem.statement)
    guarantees = [part for part in _SENTENCE.split(problem.statement) if _GUARANTEE.search(part)]
    lines = [" ".join(_INVISIBLE.sub("", line).split()) for line in [*problem.constraints.splitlines(), *guarantees]]
    facts = reader.stated(problem.statement)
    unread: list[str] = []
    wanted = [line for line in lines if line and not _IGNORED.match(line)]
    for line in wanted:
        reader.define(line)
    for line in wanted:
        try:
            facts += [(line, fact) for fact in reader.facts(line)]
        except (UnreadLine, UnreadTerm):
            unread.append(line)
    return Constraints(problem, tuple(names), tuple(reader.symbols.items()), tuple(facts), tuple(unread))


def _names(shown: Sequence[str], signature: Sequence[str], lines: str) -> list[str]:
    """What the constraints call the parameters: as in the examples, or where these names do not occur, the signature.

    A list with a cycle is one parameter, shown as two.
    """
    return [
        own if own not in shown and not re.search(rf"\b{name}\b", lines) else name
        for name, own in zip(shown, [*signature, *shown[len(signature) :]], strict=False)
    ] or list(signature)
