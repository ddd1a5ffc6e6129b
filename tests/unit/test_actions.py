"""Line actions: every form of a reply, what an action makes of a program, and the prompt that asks for it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codeq import actions
from codeq.actions import Action, apply, ask, numbered, parse
from codeq.prompts import Case, Feedback

PLAN = "PLAN: find the bug, fix it.\nTHOUGHT: line 2 is wrong.\n"
LINE = "    return x"
FENCE = f"```python\n{LINE}\n```"
EDIT = Action("EDIT", 2, 2, LINE)
RUN = Action("RUN_TESTS")

REPLIES = [
    # the four actions
    (f"{PLAN}CODE_ACTION: EDIT 2\n{FENCE}", EDIT),
    (f"{PLAN}CODE_ACTION: EDIT 2-4\n{FENCE}", Action("EDIT", 2, 4, LINE)),
    (f"{PLAN}CODE_ACTION: INSERT 2\n{FENCE}", Action("INSERT", 2, 2, LINE)),
    (f"{PLAN}CODE_ACTION: INSERT 0\n{FENCE}", Action("INSERT", 0, 0, LINE)),
    (f"{PLAN}CODE_ACTION: DELETE 3", Action("DELETE", 3, 3)),
    (f"{PLAN}CODE_ACTION: DELETE 3-5", Action("DELETE", 3, 5)),
    (f"{PLAN}CODE_ACTION: RUN_TESTS", RUN),
    # without its plan or thought, which change nothing
    (f"CODE_ACTION: EDIT 2\n{FENCE}", EDIT),
    ("CODE_ACTION: RUN_TESTS", RUN),
    ("THOUGHT: done\nCODE_ACTION: RUN_TESTS\n", RUN),
    # how the head is written
    (f"{PLAN}code_action: edit 2\n{FENCE}", EDIT),
    (f"{PLAN}Code Action: Edit 2\n{FENCE}", EDIT),
    (f"{PLAN}**CODE_ACTION:** EDIT 2\n{FENCE}", EDIT),
    (f"{PLAN}**CODE_ACTION**: **EDIT 2**\n{FENCE}", EDIT),
    (f"{PLAN}### CODE_ACTION\nEDIT 2\n{FENCE}", EDIT),
    (f"{PLAN}CODE_ACTION:\n\n  EDIT 2\n{FENCE}", EDIT),
    (f"{PLAN}CODE_ACTION: `EDIT 2`\n{FENCE}", EDIT),
    (f"{PLAN}3. CODE_ACTION: EDIT 2\n{FENCE}", EDIT),
    (f"{PLAN}- CODE_ACTION: EDIT 2\n{FENCE}", EDIT),
    (f"{PLAN}  CODE_ACTION = EDIT 2\n{FENCE}", EDIT),
    (f"{PLAN}CODE_ACTION: RUN TESTS", RUN),
    (f"{PLAN}CODE_ACTION: RUN_TEST", RUN),
    (f"{PLAN}CODE_ACTION: RUN_TESTS()", RUN),
    (f"{PLAN}CODE_ACTION: RUN_TESTS, then see", RUN),
    (f"{PLAN}```\nCODE_ACTION: RUN_TESTS\n```", RUN),
    # how lines are written
    (f"{PLAN}CODE_ACTION: EDIT 2:\n{FENCE}", EDIT),
    (f"{PLAN}CODE_ACTION: EDIT: 2\n{FENCE}", EDIT),
    (f"{PLAN}CODE_ACTION: EDIT line 2\n{FENCE}", EDIT),
    (f"{PLAN}CODE_ACTION: EDIT lines 2-4:\n{FENCE}", Action("EDIT", 2, 4, LINE)),
    (f"{PLAN}CODE_ACTION: EDIT 2 to 4\n{FENCE}", Action("EDIT", 2, 4, LINE)),
    (f"{PLAN}CODE_ACTION: EDIT(2, 4)\n{FENCE}", Action("EDIT", 2, 4, LINE)),
    (f"{PLAN}CODE_ACTION: EDIT [2-4]\n{FENCE}", Action("EDIT", 2, 4, LINE)),
    (f"{PLAN}CODE_ACTION: EDIT 2 – 4\n{FENCE}", Action("EDIT", 2, 4, LINE)),
    (f"{PLAN}CODE_ACTION: EDIT 2-2\n{FENCE}", EDIT),
    (f"{PLAN}CODE_ACTION: INSERT after line 2\n{FENCE}", Action("INSERT", 2, 2, LINE)),
    (f"{PLAN}CODE_ACTION: DELETE lines 3, 5.", Action("DELETE", 3, 5)),
    (f"{PLAN}CODE_ACTION: DELETE 999999", Action("DELETE", 999999, 999999)),
    # how the new lines are written
    (f"{PLAN}CODE_ACTION: EDIT 2\n{LINE}", EDIT),
    (f"{PLAN}CODE_ACTION: EDIT 2\n\n{LINE}\n\n", EDIT),
    (f"{PLAN}CODE_ACTION: EDIT 2\n```\n{LINE}\n```", EDIT),
    (f"{PLAN}CODE_ACTION: EDIT 2\n~~~python\n{LINE}\n~~~", EDIT),
    (f"{PLAN}CODE_ACTION: EDIT 2\n```python\n{LINE}", EDIT),
    (f"{PLAN}CODE_ACTION: EDIT 2\nThe new line:\n{FENCE}\nThat is all.", EDIT),
    (f"{PLAN}CODE_ACTION: EDIT 2\n{FENCE}".replace("\n", "\r\n"), EDIT),
    (f"{PLAN}CODE_ACTION: EDIT 2\n```python\n\treturn x\n```", Action("EDIT", 2, 2, "\treturn x")),
    (f"{PLAN}CODE_ACTION: EDIT 2\n```\n  y = x\n\n  return y\n```", Action("EDIT", 2, 2, "  y = x\n\n  return y")),
    (f"THOUGHT: it was\n{FENCE}\nCODE_ACTION: EDIT 2\n```python\ny = 1\n```", Action("EDIT", 2, 2, "y = 1")),
    (f"{PLAN}CODE_ACTION: RUN_TESTS\n{FENCE}", RUN),
    (f"{PLAN}CODE_ACTION: DELETE 2\n{FENCE}", Action("DELETE", 2, 2)),
    ("THOUGHT: the next CODE_ACTION: EDIT 2 would do, but first\nCODE_ACTION: RUN_TESTS", RUN),
    # no action
    ("", None),
    (PLAN, None),
    (FENCE, None),
    ("def f(x):\n    return x", None),
    (f"{PLAN}CODE_ACTION:", None),
    (f"{PLAN}CODE_ACTION: none\nEDIT 2\n{FENCE}", None),
    (f"{PLAN}CODE_ACTION: REPLACE 2\n{FENCE}", None),
    (f"{PLAN}CODE_ACTION: EDITS 2\n{FENCE}", None),
    (f"{PLAN}EDIT 2\n{FENCE}", None),
    ("I would RUN_TESTS now.", None),
    # several actions
    (f"{PLAN}CODE_ACTION: EDIT 2\n{FENCE}\nCODE_ACTION: RUN_TESTS", None),
    (f"{PLAN}CODE_ACTION: RUN_TESTS\n{PLAN}CODE_ACTION: RUN_TESTS", None),
    # without its lines, or with lines that cannot be read
    (f"{PLAN}CODE_ACTION: EDIT\n{FENCE}", None),
    (f"{PLAN}CODE_ACTION: DELETE", None),
    (f"{PLAN}CODE_ACTION: EDIT two\n{FENCE}", None),
    (f"{PLAN}CODE_ACTION: EDIT -2\n{FENCE}", None),
    (f"{PLAN}CODE_ACTION: EDIT 2.5\n{FENCE}", None),
    (f"{PLAN}CODE_ACTION: EDIT 4-2\n{FENCE}", None),
    (f"{PLAN}CODE_ACTION: EDIT 2-\n{FENCE}", None),
    (f"{PLAN}CODE_ACTION: EDIT 2 and 4\n{FENCE}", None),
    (f"{PLAN}CODE_ACTION: EDIT 2: return x", None),
    (f"{PLAN}CODE_ACTION: INSERT 2-4\n{FENCE}", None),
    (f"{PLAN}CODE_ACTION: DELETE 1234567", None),
    (f"{PLAN}CODE_ACTION: DELETE {'9' * 5000}", None),
    # without its code
    (f"{PLAN}CODE_ACTION: EDIT 2", None),
    (f"{PLAN}CODE_ACTION: EDIT 2\n\n  \n", None),
    (f"{PLAN}CODE_ACTION: INSERT 2\n```python\n```", None),
]


@pytest.mark.parametrize(("reply", "action"), REPLIES)
def test_parse(reply: str, action: Action | None) -> None:
    assert parse(reply) == action


PIECES = st.sampled_from(
    [
        "CODE_ACTION",
        ":",
        " ",
        "\n",
        "EDIT",
        "INSERT",
        "DELETE",
        "RUN_TESTS",
        "1",
        "-",
        "٣",
        "```",
        "x",
        "\r\n",
        "\ud800",
    ]
)
TEXTS = st.one_of(st.text(), st.lists(PIECES, max_size=30).map("".join))


@given(TEXTS, st.text())
def test_parse_and_apply_never_crash_whatever_the_reply_and_the_program(reply: str, program: str) -> None:
    action = parse(reply)
    if action is not None:
        assert action.name in ("EDIT", "INSERT", "DELETE", "RUN_TESTS")
        assert bool(action.code) == (action.name in ("EDIT", "INSERT"))
        assert 0 <= action.first <= action.last
        changed = apply(action, program)
        assert changed is None or action.name != "RUN_TESTS" or changed == program


@given(
    st.lists(st.text("ab ", max_size=3), min_size=1, max_size=6),
    st.sampled_from(["EDIT", "INSERT", "DELETE"]),
    st.integers(0, 7),
    st.integers(0, 7),
)
def test_apply_changes_the_named_lines_alone(lines: list[str], name: str, first: int, length: int) -> None:
    last = first if name == "INSERT" else first + length
    changed = apply(Action(name, first, last, "" if name == "DELETE" else "new\nlines"), "\n".join(lines))
    if name == "INSERT":
        expected = [*lines[:first], "new", "lines", *lines[first:]] if first <= len(lines) else None
    elif first >= 1 and last <= len(lines):
        kept = {number: line for number, line in enumerate(lines, 1) if not first <= number <= last}
        new = [] if name == "DELETE" else ["new", "lines"]
        expected = [*(kept[n] for n in kept if n < first), *new, *(kept[n] for n in kept if n > last)]
    else:
        expected = None
    assert changed == (None if expected is None else "\n".join(expected))


@given(st.integers(0, 99), st.integers(0, 99), st.sampled_from(["EDIT", "INSERT", "DELETE"]))
def test_an_action_reads_as_it_is_written(first: int, more: int, name: str) -> None:
    action = Action(name, first, first if name == "INSERT" else first + more, "" if name == "DELETE" else "x = 1")
    assert parse(f"CODE_ACTION: {action}\n```python\n{action.code}\n```") == action


def test_lines_are_numbered_from_one_in_a_column() -> None:
    assert numbered("a\n\n  b") == "1| a\n2| \n3|   b"
    assert numbered("\n".join("x" * 10)).split("\n")[8:] == [" 9| x", "10| x"]


CASES = [Case("f(1)", "2"), Case("f(5)", "6")]


def test_the_prompt_shows_numbered_lines_tests_history_and_failures_and_asks_for_one_action() -> None:
    failed = [Feedback(CASES[1], "it returned 5")]
    system, user = ask("instruct", "def f(x):\n    return x", CASES, ["EDIT 2: done", "RUN_TESTS: 1 of 2"], failed)
    assert (system["role"], user["role"]) == ("system", "user")
    for word in ("PLAN", "THOUGHT", "CODE_ACTION", "EDIT", "INSERT", "DELETE", "RUN_TESTS"):
        assert word in system["content"]
    parts = [
        "```\n1| def f(x):\n2|     return x\n```",
        "- f(1) must give 2\n- f(5) must give 6",
        "1. EDIT 2: done\n2. RUN_TESTS: 1 of 2",
        "- f(5) must give 6, but it returned 5",
    ]
    places = [user["content"].index(part) for part in parts]
    assert places == sorted(places)


def test_the_first_prompt_has_no_history_and_the_minimal_one_the_program_alone() -> None:
    _, user = ask("instruct", "x = 1", CASES)
    assert "turns so far" not in user["content"]
    assert "last ran" not in user["content"]
    assert ask("minimal", "x = 1", CASES, ["EDIT 1: done"]) == ({"role": "user", "content": "x = 1"},)


def test_the_examples_in_the_prompt_can_be_parsed() -> None:
    shown = [line.strip().split("  ")[0] for line in actions._SYSTEM.splitlines() if line.startswith("  ")]
    names = [parse(f"CODE_ACTION: {line}\nx = 1") for line in shown]
    assert [action.name for action in names if action] == ["EDIT", "INSERT", "DELETE", "RUN_TESTS"]
