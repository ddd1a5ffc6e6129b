"""The worked examples of a problem statement, from text to values.

An example reads ``Input: name = literal, ...``, ``Output: literal`` and perhaps ``Explanation: ...``, each on
lines of its own; those of a design problem put the names of the methods, the lists of their arguments and
the list of results below bare headings. A literal is JSON without objects, or the 32 bits of a number.
"""

import json
import re
from dataclasses import dataclass

from codeq import values

_NAME = re.compile(r"\s*([A-Za-z_]\w*)\s*=\s*")
_BITS = re.compile(r"[01]{32}\b\s*")


@dataclass(frozen=True)
class Example:
    """What an example shows: arguments by name in their order, or as operations; and its output's text."""

    arguments: dict[str, object] | None  # None: not so written, as of a design problem
    operations: list[object] | None
    output: str

    @property
    def depth(self) -> int:
        """How many lists open at once in the output: 0 for plain values."""
        return len(self.output) - len(self.output.lstrip("["))


def read(text: str) -> Example:
    """The parts of an example's text; arguments and operations are None where they cannot be read."""
    text = text.replace("\r\n", "\n").strip()
    head, _, tail = text.partition("\nOutput")
    output = re.split(r"\n\s*Explanation", tail)[0].removeprefix(":").strip()
    if head.startswith("Input:"):
        return Example(_bindings(head.removeprefix("Input:").strip()), None, output)
    return Example(None, _operations(head.removeprefix("Input").strip()), output)


def literal(text: str) -> object:
    """One JSON literal without objects. Raises ValueError for anything else."""
    value, end = _decode(text, 0)
    if end != len(text):
        raise ValueError(f"trailing text {text[end : end + 20]!r}")
    return value


def _bindings(text: str) -> dict[str, object] | None:
    found: dict[str, object] = {}
    position = 0
    while name := _NAME.match(text, position):
        try:
            value, position = _decode(text, name.end())
        except ValueError:
            return None
        if name[1] in found:
            return None
        found[name[1]] = value
        if position == len(text):
            return found
        if text[position] != ",":
            return None
        position += 1
    return None


def _operations(text: str) -> list[object] | None:
    """``[names, argument_lists]``, which stand one below the other."""
    try:
        names, position = _decode(text, 0)
        lists, position = _decode(text, position)
    except ValueError:
        return None
    return [names, lists] if position == len(text) else None


def _decode(text: str, start: int) -> tuple[object, int]:
    """The literal at `start` and the position behind it and the white space that follows."""
    if bits := _BITS.match(text, start):
        return int(bits[0], 2), bits.end()
    try:
        value, end = json.JSONDecoder(object_pairs_hook=_refuse, parse_constant=_refuse).raw_decode(text, start)
        values.dumps([value]).encode()
    except RecursionError as error:
        raise ValueError("nested too deeply") from error
    while end < len(text) and text[end].isspace():
        end += 1
    return value, end


def _refuse(token: object) -> object:
    raise ValueError(f"{token!r} is no plain value")
