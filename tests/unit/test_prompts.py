import json
import textwrap

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codeq import prompts, values
from codeq.prompts import Case, Feedback, Rewrite, parse_critique, parse_rewrite

CODE = "def f(x):\n    return x"
TABBED = "class Solution:\n\tdef f(self, x):\n\t\treturn x"
DOCUMENTED = 'def f(x):\n    """As in\n\n    ```python\n    f(1)\n    ```\n    """\n    return x'
FENCED = f"```python\n{CODE}\n```"

REPLIES = [
    # (reply, program, status)
    (CODE, CODE, "bare"),
    (f"\n\n{CODE}\n\n", CODE, "bare"),
    (f"{CODE}  ", f"{CODE}  ", "bare"),
    (f"  \n    {CODE}", f"    {CODE}", "bare"),
    (TABBED, TABBED, "bare"),
    (f"Here is the fix:\n{CODE}", f"Here is the fix:\n{CODE}", "bare"),
    (CODE.replace("\n", "\r\n"), CODE, "bare"),
    ("x = '`'", "x = '`'", "bare"),
    ("x = '``'", "x = '``'", "bare"),
    ("`f(x)` is right", "`f(x)` is right", "bare"),
    ("", "", "empty"),
    (" \n\t\n", "", "empty"),
    ("```python\n```", "", "empty"),
    ("```python\n\n  \n```", "", "empty"),
    ("```", "", "empty"),
    (FENCED, CODE, "fenced"),
    (FENCED + "\n", CODE, "fenced"),
    (FENCED.replace("\n", "\r\n"), CODE, "fenced"),
    (f"```\n{CODE}\n```", CODE, "fenced"),
    (f"```py\n{CODE}\n```", CODE, "fenced"),
    (f"```Python\n{CODE}\n```", CODE, "fenced"),
    (f"```python3\n{CODE}\n```", CODE, "fenced"),
    (f"``` python  \n{CODE}\n```  ", CODE, "fenced"),
    (f"~~~python\n{CODE}\n~~~", CODE, "fenced"),
    (f"````python\n{CODE}\n````", CODE, "fenced"),
    (f"```python\n{TABBED}\n```", TABBED, "fenced"),
    (f"```python\n\n\n{CODE}\n\n```", CODE, "fenced"),
    (f"Sure! Here is the corrected version:\n\n{FENCED}\n\nThe bug was x.", CODE, "fenced"),
    (f"Sure: ```python\n{CODE}\n```", CODE, "fenced"),
    (f"```python\n{CODE}```", CODE, "fenced"),
    ("1. The fix:\n   ```python\n   def f(x):\n       return x\n   ```", CODE, "fenced"),
    ("  ```python\n  def f(x):\n\n      return x\n  ```", "def f(x):\n\n    return x", "fenced"),
    ("\t```python\n\tdef f(x):\n\t    return x\n\t```", CODE, "fenced"),
    (f"```java\nint x;\n```", "int x;", "fenced"),  # noqa: F541
    ("````python\ns = '''\n```\n'''\n````", "s = '''\n```\n'''", "fenced"),
    (f"```python\n{CODE}", CODE, "unclosed_fence"),
    (f"```python\n{CODE}\n", CODE, "unclosed_fence"),
    (f"Fix:\n```\n{CODE}\n``", f"{CODE}\n``", "unclosed_fence"),
    (f"{FENCED}\n{FENCED}", CODE, "several_fences"),
    (f"{FENCED}\nCall it:\n```python\nf(1)\n```", CODE, "several_fences"),
    (f"```python\nf(1)\n```\nis wrong; so:\n{FENCED}", CODE, "several_fences"),
    (f"```bash\n{'python fix.py ' * 9}\n```\n{FENCED}", CODE, "several_fences"),
    (f"{FENCED}\n```output\n{'1 2 3 ' * 20}\n```", CODE, "several_fences"),
    (f"```python\nf(1)\n```\n```python\n{CODE}", CODE, "several_fences"),
    ("```python\na = 1\n```\n```python\nb = 2\n```", "a = 1", "several_fences"),
    ("```java\nint x;\n```\n```rust\nlet x = 12;\n```", "let x = 12;", "several_fences"),
    ("```python\n```\n```python\n```", "", "empty"),
    # what a fence is marked with
    (f"```{{python}}\n{CODE}\n```", CODE, "fenced"),
    (f"```PYTHON\n{CODE}\n```", CODE, "fenced"),
    (f"```python3.11\n{CODE}\n```", CODE, "fenced"),
    (f'```python title="fix.py"\n{CODE}\n```', CODE, "fenced"),
    (f"```python:fix.py\n{CODE}\n```", CODE, "fenced"),
    (f"~~~ python linenos\n{CODE}\n~~~", CODE, "fenced"),
    (f"```python3.11\n{CODE}\n```\n```text\n{'1 2 3 ' * 20}\n```", CODE, "several_fences"),
    # a program that starts on the line of its fence
    ("```python def f(x):\n    return x\n```", CODE, "fenced"),
    ("```def f(x):\n    return x\n```", CODE, "fenced"),
    ("``` import re\nx = re\n```", "import re\nx = re", "fenced"),
    ("```python @cache\ndef f(x):\n    return x\n```", f"@cache\n{CODE}", "fenced"),
    ("```python class Solution:\n    pass```", "class Solution:\n    pass", "fenced"),
    # fences inside a program
    (f"```python\n{DOCUMENTED}\n```", DOCUMENTED, "fenced"),
    (f"   ```python\n{textwrap.indent(DOCUMENTED, '   ')}\n   ```", DOCUMENTED, "fenced"),
    (f"```python\n{DOCUMENTED.replace('    ', chr(9))}\n```", DOCUMENTED.replace("    ", "\t"), "fenced"),
    (f"````\n{DOCUMENTED}\n````", DOCUMENTED, "fenced"),
    (f"~~~\n{DOCUMENTED}\n~~~", DOCUMENTED, "fenced"),
    (f"```python\n{CODE}  # not ```x```\n```", f"{CODE}  # not ```x```", "fenced"),
    ("```python\ns = '```'\n```", "s = '```'", "fenced"),
    # fences that do not match
    (f"```python\n{CODE}\n~~~", f"{CODE}\n~~~", "unclosed_fence"),
    (f"```python\n{CODE}\n`````", CODE, "fenced"),
    (f"Use ``` to mark code, so\n{FENCED}", CODE, "fenced"),
    (f"Not ```this``` but\n{FENCED}", CODE, "fenced"),
    # layout
    (f"> {FENCED}", CODE, "fenced"),
    (f"\ufeff{FENCED}", CODE, "fenced"),
    (f"```python\n{TABBED}\n```\n\n{TABBED}", TABBED, "fenced"),
    (f"```python\nfrom x import y\n\n\n{TABBED}\n\n# end\n```", f"from x import y\n\n\n{TABBED}\n\n# end", "fenced"),
    (f"```python\r\n{TABBED.replace(chr(10), chr(13) + chr(10))}\r\n```\r\n", TABBED, "fenced"),
    (f"```python\n{CODE}   \n```", f"{CODE}   ", "fenced"),
    (f"**Fixed:**\n\n{FENCED}\n\n**Was:** `x`", CODE, "fenced"),
]


@pytest.mark.parametrize(("reply", "code", "status"), REPLIES)
def test_parse_rewrite(reply: str, code: str, status: str) -> None:
    assert parse_rewrite(reply) == Rewrite(code, status)


STATUSES = {"fenced", "unclosed_fence", "several_fences", "bare", "empty"}
PIECES = st.sampled_from(
    ["```", "```python\n", "~~~", "\n", " ", "\t", "x = 1", "def f():", "\r\n", "`", "é", "\x00", "\ud800"]
)


@given(st.one_of(st.text(), st.lists(PIECES, max_size=30).map("".join)))
def test_parse_rewrite_never_crashes_and_is_empty_only_when_it_says_so(text: str) -> None:
    reply = parse_rewrite(text)
    assert reply.status in STATUSES
    assert (reply.code == "") == (reply.status == "empty")


@given(st.lists(st.text(st.characters(exclude_characters="`~\r\n", exclude_categories=["Cs"])), min_size=1, max_size=8))
def test_parse_rewrite_gives_back_what_was_fenced(lines: list[str]) -> None:
    code = "\n".join(["x", *lines, "y"])
    assert parse_rewrite(f"Prose.\n```python\n{code}\n```\nMore.") == Rewrite(code, "fenced")
    assert parse_rewrite(code) == Rewrite(code, "bare")


@pytest.mark.parametrize(
    ("unit", "status"), [("`", "empty"), ("~`", "bare"), ("```a", "bare"), (" ", "empty"), ("```\n", "empty")]
)
def test_a_long_and_degenerate_reply_is_parsed_in_one_pass(unit: str, status: str) -> None:
    assert parse_rewrite(unit * 50_000).status == status  # a regex that goes back would take hours


def verdict(**changes: object) -> str:
    data = {"correctness": 0.9, "clarity": 0.6, "plausibility": 0.3, "rationale": "why", **changes}
    return json.dumps({key: value for key, value in data.items() if value != "absent"})


@pytest.mark.parametrize(
    "reply",
    [
        verdict(),
        f"```json\n{verdict()}\n```",
        f"Here you go: {verdict()} Done.",
        f"{{not json}} {verdict()}",
        f'{{"other": 1}} {verdict()}',
        verdict().replace("correctness", "Correctness"),
        f"{verdict()} {verdict(correctness=0)}",
    ],
)
def test_parse_critique(reply: str) -> None:
    critique = parse_critique(reply)
    assert (critique.correctness, critique.clarity, critique.plausibility) == (0.9, 0.6, 0.3)
    assert critique.score == pytest.approx(0.6)
    assert (critique.rationale, critique.status) == ("why", "parsed")


def test_parse_critique_takes_the_ends_of_the_scale_and_no_rationale() -> None:
    critique = parse_critique(verdict(correctness=1, clarity=0, plausibility=1, rationale="absent"))
    assert critique.score == pytest.approx(2 / 3)
    assert critique.rationale is None


@pytest.mark.parametrize(
    "reply",
    [
        "",
        "Score: 0.9",
        "0.9",
        "[0.9, 0.6, 0.3]",
        verdict(clarity="absent"),
        verdict(clarity=None),
        verdict(clarity="0.6"),
        verdict(clarity=True),
        verdict(clarity=1.01),
        verdict(clarity=-0.1),
        verdict(correctness=90, clarity=60, plausibility=30),
        verdict(clarity=float("nan")),
        verdict(clarity=float("inf")),
        verdict()[:-1],
        '{"a":' * 5000,
        "[" * 100_000 + "{",
    ],
)
def test_a_reply_that_is_no_critique_gets_no_score(reply: str) -> None:
    critique = parse_critique(reply)
    assert critique.status == "unparsed"
    assert critique.score is critique.correctness is critique.clarity is critique.plausibility is None


@given(st.one_of(st.text(), st.recursive(st.none() | st.floats() | st.text(), st.lists).map(json.dumps)))
def test_parse_critique_never_crashes_nor_leaves_the_scale(text: str) -> None:
    critique = parse_critique(text)
    assert critique.score is None or 0 <= critique.score <= 1


def test_instruct_prompt_at_the_root_has_the_bug_and_its_tests_and_no_attempt() -> None:
    system, user = prompts.rewrite("instruct", CODE, [Case("f(1)", "2"), Case("f(2)", "3")])
    assert (system["role"], user["role"]) == ("system", "user")
    assert "debugging assistant" in system["content"]
    assert "one ```python fence" in system["content"]
    assert "without any explanation" in system["content"]
    assert user["content"].index(FENCED) < user["content"].index("- f(1) must give 2\n- f(2) must give 3")
    assert "attempt" not in user["content"]


def test_instruct_prompt_below_the_root_adds_the_attempt_and_its_failures() -> None:
    failed = [Feedback(Case("f(1)", "2"), "it raised TypeError: no (line 1)")]
    (_, user) = prompts.rewrite("instruct", CODE, [Case("f(1)", "2")], "attempted = 1", failed)
    assert (
        "```python\nattempted = 1\n```\n\n- f(1) must give 2, but it raised TypeError: no (line 1)" in user["content"]
    )
    assert FENCED in user["content"]


def test_instruct_prompt_tells_what_a_failed_test_printed() -> None:
    failed = [Feedback(Case("f(1)", "2"), "it returned 1", "x = 1\n")]
    (_, user) = prompts.rewrite("instruct", CODE, [Case("f(1)", "2")], "attempted = 1", failed)
    assert "- f(1) must give 2, but it returned 1; it printed 'x = 1\\n'" in user["content"]


def test_minimal_prompt_is_the_program_to_repair_alone() -> None:
    assert prompts.rewrite("minimal", CODE, [Case("f(1)", "2")]) == ({"role": "user", "content": CODE},)
    assert prompts.rewrite("minimal", CODE, [], "attempt", []) == ({"role": "user", "content": "attempt"},)


def test_critique_prompt_shows_bug_and_candidate_and_asks_for_json() -> None:
    failed = [Feedback(Case("f(1)", "2"), "it returned 3", "odd\n")]
    (system, user) = prompts.critique("Add one.", CODE, "candidate = 1", [Case("f(1)", "2")], failed)
    assert system["role"] == "system"
    for part in ("Add one.", FENCED, "```python\ncandidate = 1\n```", "- f(1) must give 2", '"plausibility": 0.0'):
        assert part in user["content"]
    assert "It fails 1 of them:\n\n- f(1) must give 2, but it returned 3; it printed 'odd\\n'" in user["content"]
    (_, passed) = prompts.critique("Add one.", CODE, "candidate = 1", [Case("f(1)", "2")], [])
    assert "It passes all of them" in passed["content"]
    assert "It fails" not in passed["content"]


@pytest.mark.parametrize(
    ("kind", "arguments", "expected", "call", "shown"),
    [
        ("function", [[1, 2], "a"], (1,), "f([1, 2], 'a')", "(1,)"),
        ("method", [{"k": 1.5}], None, "Solution().f({'k': 1.5})", "None"),
        (
            "operations",
            [["LRU", "put", "get"], [[2], [1, 1], [1]]],
            [None, None, 1],
            "LRU(2); .put(1, 1); .get(1)",
            "[None, None, 1]",
        ),
        ("function", [{"b", "a", "c"}, set()], frozenset({2, 1}), "f({'a', 'b', 'c'}, set())", "frozenset({1, 2})"),
        ("function", [], True, "f()", "True"),
    ],
)
def test_tests_are_shown_as_python(kind: str, arguments: object, expected: object, call: str, shown: str) -> None:
    name = "LRU" if kind == "operations" else "f"
    assert prompts.case(name, kind, "", values.dumps(arguments), values.dumps(expected), "exact") == Case(call, shown)


@pytest.mark.parametrize(
    ("returns", "comparison", "expected", "shown"),
    [
        ("", "any_order", [2, 1], "[2, 1] in any order"),
        ("[]", "any_of", [[1], [2]], "one of [1], [2]"),
        ("argument 0", "exact", [0, 1], "[0, 1] as its argument afterwards"),
        ("TreeNode", "balanced_search_tree", [1], "a height-balanced search tree such as [1]"),
    ],
)
def test_what_is_due_is_said_in_words(returns: str, comparison: str, expected: object, shown: str) -> None:
    case = prompts.case("f", "method", returns, values.dumps([[1, 0]]), values.dumps(expected), comparison)
    assert case == Case("Solution().f([1, 0])", shown)


def test_long_values_are_cut_in_the_middle() -> None:
    shown = prompts.case("f", "function", "", values.dumps([list(range(2000))]), values.dumps(0), "exact").call
    assert shown.startswith("f([0, 1, 2,")
    assert shown.endswith("1998, 1999])")
    assert "characters left out" in shown
    assert len(shown) < 700


@pytest.mark.parametrize(
    ("status", "returned", "message", "words"),
    [
        ("fail", "3", None, "it returned 3"),
        ("fail", None, "type complex cannot leave the sandbox", "type complex cannot leave the sandbox"),
        ("error", None, "KeyError: 1 (line 2)", "it raised KeyError: 1 (line 2)"),
        ("timeout", None, None, "it did not finish in time"),
        ("not_run", None, "SyntaxError: invalid syntax (line 1)", "SyntaxError: invalid syntax (line 1)"),
        ("not_run", None, None, "it could not be run"),
    ],
)
def test_outcomes_in_words(status: str, returned: str | None, message: str | None, words: str) -> None:
    assert prompts.outcome(status, returned, message) == words
