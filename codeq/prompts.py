"""Every prompt and the parsing of every reply: text in, text out.

Two styles of rewrite prompt. "instruct" carries the published content: a debugging assistant is given a
program with a bug, must answer with a complete corrected version and nothing else, and sees the test cases
that must pass; below the root of a tree also the last attempt and the tests it failed. "minimal" is for
the mini model, which was trained on ``<bug>CODE<fix>``: its one message is the program to repair alone,
the buggy one at the root and the attempt below it.
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from codeq import values

Style = Literal["instruct", "minimal"]
Messages = tuple[Mapping[str, str], ...]

# Longest text of one call, value or error message in a prompt, in characters.
SHOWN = 600

_REWRITE_SYSTEM = (
    "You are a debugging assistant. You are given a Python program that has a bug. Answer with a complete corrected "
    "version of the program: only the code, in one ```python fence, without any explanation."
)
_CRITIC_SYSTEM = (
    "You are a careful reviewer of bug fixes. You are given a Python program that has a bug and a proposed corrected "
    "version. Judge the proposal by reading it and by what became of its tests."
)
_CRITIC_QUESTION = (
    "Rate the proposed version from 0 to 1 on each of:\n"
    "- correctness: it does what the program is meant to do on every input\n"
    "- clarity: it is readable and changes no more than it must\n"
    "- plausibility: a maintainer could have written it as the fix of this bug\n\n"
    "Answer with one JSON object and nothing else:\n"
    '{"correctness": 0.0, "clarity": 0.0, "plausibility": 0.0, "rationale": "one brief sentence"}'
)


# What a test's expected value means where it is not what the call must return exactly.
_RESULTS = {
    "any_order": "{} in any order",
    "balanced_search_tree": "a height-balanced search tree such as {}",
    "chain_of_pairs": "a valid arrangement such as {}",
    "points_in_circle": "random points such as {}",
}
_PLACES = {
    "argument 0": " as its argument afterwards",
    "prefix 0": " as the first elements of its argument afterwards, and their number returned",
}


@dataclass(frozen=True)
class Case:
    """A public test as a reader sees it."""

    call: str
    expected: str


@dataclass(frozen=True)
class Feedback:
    """A public test that an attempt failed, what happened instead, and what was printed meanwhile."""

    case: Case
    outcome: str
    printed: str | None = None


@dataclass(frozen=True)
class Rewrite:
    """The program in a reply; `status` is fenced, unclosed_fence, several_fences, bare or empty."""

    code: str
    status: str


@dataclass(frozen=True)
class Critique:
    """A critic's judgement in 0..1; `score` is the mean of the three, and None where `status` is unparsed."""

    correctness: float | None
    clarity: float | None
    plausibility: float | None
    score: float | None
    rationale: str | None
    status: str  # parsed | unparsed | likelihood


def case(entry_point: str, kind: str, returns: str, arguments: str, expected: str, comparison: str) -> Case:
    """Write a test (`codeq.values` text, called as `kind` says) as Python a reader understands."""
    given = values.loads(arguments)
    assert isinstance(given, list)
    if kind == "operations":
        names, lists = given
        calls = [f"{name}({', '.join(map(show, items))})" for name, items in zip(names, lists, strict=True)]
        call = "; ".join([calls[0], *(f".{later}" for later in calls[1:])])
    else:
        prefix = "Solution()." if kind == "method" else ""
        call = f"{prefix}{entry_point}({', '.join(map(show, given))})"
    result = values.loads(expected)
    if comparison == "any_of":
        shown = f"one of {', '.join(map(show, result))}"
    else:
        shown = _RESULTS.get(comparison, "{}").format(show(result))
    return Case(shorten(call), shorten(f"{shown}{_PLACES.get(returns, '')}"))


def outcome(status: str, returned: str | None, message: str | None) -> str:
    """One failed test in words, from its status and what the sandbox reported."""
    if returned is not None:
        return f"it returned {shorten(returned)}"
    if message:
        return f"it raised {shorten(message)}" if status == "error" else shorten(message)
    words = {
        "timeout": "it did not finish in time",
        "oom": "it ran out of memory",
        "output_limit": "it printed too much",
    }
    return words.get(status, "it could not be run")


def show(value: object) -> str:
    """`repr` that does not depend on the order of sets."""
    if isinstance(value, (set, frozenset)):
        inner = "{" + ", ".join(sorted(map(show, value))) + "}" if value else "set()"
        return f"frozenset({inner})" if isinstance(value, frozenset) else inner
    if isinstance(value, list):
        return "[" + ", ".join(map(show, value)) + "]"
    if isinstance(value, tuple):
        return "(" + ", ".join(map(show, value)) + ("," if len(value) == 1 else "") + ")"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{show(key)}: {show(item)}" for key, item in value.items()) + "}"
    return repr(value)


def shorten(text: str) -> str:
    """The text, its middle left out where it is longer than SHOWN characters."""
    if len(text) <= SHOWN:
        return text
    return f"{text[: SHOWN * 2 // 3]} ...({len(text) - SHOWN} characters left out)... {text[-SHOWN // 3 :]}"


def rewrite(
    style: Style, buggy_code: str, cases: Sequence[Case], attempt: str | None = None, failed: Sequence[Feedback] = ()
) -> Messages:
    """Ask for a corrected version of `buggy_code`, or, below the root, of an `attempt` at it."""
    if style == "minimal":
        return ({"role": "user", "content": buggy_code if attempt is None else attempt},)
    parts = ["This program has a bug:", _fence(buggy_code)]
    parts += ["The corrected version must pass these test cases:", "\n".join(map(must, cases))]
    if attempt is not None:
        parts += ["This attempt to correct it fails:", _fence(attempt), *map(failure, failed)]
    parts.append("Write the complete corrected program.")
    return ({"role": "system", "content": _REWRITE_SYSTEM}, {"role": "user", "content": "\n\n".join(parts)})


def critique(
    statement: str, buggy_code: str, candidate: str, cases: Sequence[Case], failed: Sequence[Feedback]
) -> Messages:
    """Ask for a judgement of a candidate fix as JSON; `failed` are the test cases that it did not pass."""
    parts = ["What the program is meant to do:", statement] if statement else []
    parts += ["The program with the bug:", _fence(buggy_code), "The proposed version:", _fence(candidate)]
    parts += ["Test cases it must pass:", "\n".join(map(must, cases))]
    if failed:
        parts += [f"It fails {len(failed)} of them:", "\n".join(map(failure, failed))]
    else:
        parts.append("It passes all of them, but must be right on every other input too.")
    parts.append(_CRITIC_QUESTION)
    return ({"role": "system", "content": _CRITIC_SYSTEM}, {"role": "user", "content": "\n\n".join(parts)})


def _fence(code: str) -> str:
    return f"```python\n{code}\n```"


def failure(item: Feedback) -> str:
    """A failed public test as one item of a list."""
    printed = f"; it printed {item.printed!r}" if item.printed else ""
    return f"{must(item.case)}, but {item.outcome}{printed}"


def must(item: Case) -> str:
    """A public test as one item of a list."""
    return f"- {item.call} must give {item.expected}"


_STATEMENT = r"(?:(?:def|class|import|from|async)\b|@)"
_OPENING = re.compile(
    r"^(?P<before>.*?)(?<![`~])(?P<fence>`{3,}+|~{3,}+)[ \t]*"
    rf"(?P<language>(?:(?!{_STATEMENT})[\w.+#-]+)?)[ \t]*(?P<after>[^`]*)$"
)
_PYTHON = re.compile(r"(?:py(?:thon)?[\d.]*)?", re.IGNORECASE)


def parse_rewrite(text: str) -> Rewrite:
    """The program in a reply to `rewrite`.

    A reply without fences is the program itself, verbatim but for outer blank lines: prose is not guessed
    away. Of several fences the longest that is not marked as another language wins, the first of equals:
    a complete program is longer than the snippets that explain it or call it.
    """
    blocks = _fenced_blocks(text.replace("\r\n", "\n"))
    if not blocks:
        code, status = _strip_blank_lines(text.replace("\r\n", "\n")), "bare"
    else:
        python = [block for block in blocks if _PYTHON.fullmatch(block[1])] or blocks
        code, _, closed = max(python, key=lambda block: len(block[0]))
        status = "several_fences" if len(blocks) > 1 else "fenced" if closed else "unclosed_fence"
    return Rewrite(code, status) if code else Rewrite("", "empty")


def _fenced_blocks(text: str) -> list[tuple[str, str, bool]]:
    """(code, language, closed) of every fence; an indented fence loses its indentation inside too.

    An opening fence may follow prose on its line, or be followed by attributes or by the program's first
    statement; a closing one may follow code on its line. As in CommonMark (section 4.5), a fence indented four
    columns deeper than the opening one does not close it: it stands in a docstring.
    """
    blocks: list[tuple[str, str, bool]] = []
    lines = iter(text.split("\n"))
    for line in lines:
        opening = _OPENING.match(line)
        if opening is None:
            continue
        fence, before = opening["fence"], opening["before"]
        if fence in before or (before.strip() and opening["after"]):
            continue  # prose that mentions fences
        indent = len(before) if not before.strip() else 0
        inside = [opening["after"]] if re.match(_STATEMENT, opening["after"]) else []
        closed = False
        for inner in lines:
            stripped = inner.rstrip()
            last = stripped.rstrip(fence[0])
            deeper = not last.strip() and len(last.expandtabs(4)) >= len(before[:indent].expandtabs(4)) + 4
            closed = stripped.endswith(fence) and fence not in last and not deeper
            if not closed:
                last = inner
            if not closed or last.strip():
                inside.append(last[indent:] if not last[:indent].strip() else last)
            if closed:
                break
        blocks.append((_strip_blank_lines("\n".join(inside)), opening["language"], closed))
    return blocks


def _strip_blank_lines(text: str) -> str:
    """Drop leading and trailing lines of white space only; leave the indentation of the first line."""
    lines = text.split("\n")
    while lines and not lines[0].strip():
        lines.pop(0)
    while lines and not lines[-1].strip():
        lines.pop()
    return "\n".join(lines)


def parse_critique(text: str) -> Critique:
    """The judgement in a reply to `critique`.

    The first JSON object that carries all three numbers counts, wherever it stands. A number that is
    missing, of another type or outside 0..1 makes the whole reply unparsed: no score is made up.
    """
    for start in re.finditer(r"\{", text):
        try:
            data, _ = json.JSONDecoder().raw_decode(text, start.start())
        except (ValueError, RecursionError):
            continue
        found = {str(key).lower(): value for key, value in data.items()}
        if not found.keys() >= {"correctness", "clarity", "plausibility"}:
            continue
        scores = [found[name] for name in ("correctness", "clarity", "plausibility")]
        if not all(type(score) in (int, float) and 0 <= score <= 1 for score in scores):
            break
        correctness, clarity, plausibility = map(float, scores)
        score = (correctness + clarity + plausibility) / 3
        rationale = found.get("rationale")
        return Critique(
            correctness, clarity, plausibility, score, rationale if isinstance(rationale, str) else None, "parsed"
        )
    return Critique(None, None, None, None, None, "unparsed")
