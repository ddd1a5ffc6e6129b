"""Line actions: what the policy may do in one turn of the mode `line_edits`, and the prompt that asks for it.

The study's first design, in our words. A reply has a PLAN, a THOUGHT and one CODE_ACTION: EDIT (replace
lines), INSERT, DELETE or RUN_TESTS. Only the action is needed to go on, so only it must be there.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from codeq import prompts
from codeq.prompts import Case, Feedback, Messages, Style

_SYSTEM = """\
You are a debugging assistant. You repair a Python program that has a bug by one action at a time. Answer in three
parts:

PLAN: the steps that are still to be done
THOUGHT: what follows from what has happened so far
CODE_ACTION: exactly one of these four
  EDIT 3-5    replace lines 3 to 5 by new lines (EDIT 3 replaces one)
  INSERT 3    insert new lines after line 3 (INSERT 0: before the first)
  DELETE 3-5  delete lines 3 to 5 (DELETE 3 deletes one)
  RUN_TESTS   run the test cases

After EDIT and INSERT write the new lines, with their indentation and without line numbers, in one ```python fence."""


@dataclass(frozen=True)
class Action:
    """EDIT and DELETE concern lines `first` to `last`, counted from 1; INSERT puts its `code` after line `first`."""

    name: str  # EDIT | INSERT | DELETE | RUN_TESTS
    first: int = 0
    last: int = 0
    code: str = ""

    def __str__(self) -> str:
        if self.name == "RUN_TESTS":
            return self.name
        return f"{self.name} {self.first}" + (f"-{self.last}" if self.last != self.first else "")


def ask(
    style: Style, program: str, cases: Sequence[Case], history: Sequence[str] = (), failed: Sequence[Feedback] = ()
) -> Messages:
    """Ask for the next action on `program`; `failed` is what the tests said when they last ran.

    "minimal" shows the program alone, all that the mini model knows, which answers with a program, never an action.
    """
    if style == "minimal":
        return ({"role": "user", "content": program},)
    parts = ["This program has a bug:", f"```\n{numbered(program)}\n```"]
    parts += ["The corrected version must pass these test cases:", "\n".join(map(prompts.must, cases))]
    if history:
        turns = (f"{number}. {turn}" for number, turn in enumerate(history, start=1))
        parts += ["Your turns so far, the program above being their result:", "\n".join(turns)]
    if failed:
        parts += ["When the tests last ran, these failed:", "\n".join(map(prompts.failure, failed))]
    parts.append("What is your next PLAN, THOUGHT and CODE_ACTION?")
    return ({"role": "system", "content": _SYSTEM}, {"role": "user", "content": "\n\n".join(parts)})


def numbered(program: str) -> str:
    """The program with the number of each line, from 1, before it."""
    lines = program.split("\n")
    width = len(str(len(lines)))
    return "\n".join(f"{number:{width}}| {line}" for number, line in enumerate(lines, start=1))


_ACTION = re.compile(
    r"^[^\w\n]*(?:\d+[.)]\s*)?CODE[_ ]?ACTION[\W_]*(?P<name>EDIT|INSERT|DELETE|RUN[_ ]?TESTS?)\b(?P<lines>[^\n]*)",
    re.MULTILINE | re.IGNORECASE,
)
_LINES = re.compile(
    r"[\s:(\[*`]*(?:after\s+)?(?:lines?\s+)?(?P<first>[0-9]{1,6})"
    r"(?:\s*(?:-|\N{EN DASH}|,|to)\s*(?P<last>[0-9]{1,6}))?[\s:.)\]*`]*",
    re.IGNORECASE,
)


def parse(text: str) -> Action | None:
    """The one action of a reply; None if there is none, several, or one without its lines or its code.

    New lines are taken from the text behind the action as `prompts.parse_rewrite` takes a program.
    """
    text = text.replace("\r\n", "\n")
    found = list(_ACTION.finditer(text))
    if len(found) != 1:
        return None
    name = found[0]["name"].upper()
    if name.startswith("RUN"):
        return Action("RUN_TESTS")
    lines = _LINES.fullmatch(found[0]["lines"])
    if lines is None or (name == "INSERT" and lines["last"]):
        return None
    first, last = int(lines["first"]), int(lines["last"] or lines["first"])
    code = "" if name == "DELETE" else prompts.parse_rewrite(text[found[0].end() :]).code
    if last < first or (not code and name != "DELETE"):
        return None
    return Action(name, first, last, code)


def apply(action: Action, program: str) -> str | None:
    """The program after the action; None if it has no such lines."""
    if action.name == "RUN_TESTS":
        return program
    lines = program.split("\n")
    start = action.first - (action.name != "INSERT")
    if not 0 <= start <= action.last <= len(lines):
        return None
    return "\n".join([*lines[:start], *([action.code] if action.code else []), *lines[action.last :]])
