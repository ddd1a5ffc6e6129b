"""`codeq judge`: programs from a file, judged by a table of tests."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from codeq import tables, values
from codeq.cli import app
from codeq.config import SandboxSettings
from codeq.errors import DataError
from codeq.sandbox import Sandbox, scoring

RIGHT = "class Solution:\n    def double(self, n):\n        return 2 * n\n"


def case(number: int, visibility: str, problem: str = "double") -> dict[str, object]:
    return {
        "problem_id": problem,
        "test_id": f"{problem}-{number}",
        "visibility": visibility,
        "entry_point": "double",
        "kind": "method",
        "parameters": [""],
        "returns": "",
        "arguments": values.dumps([number]),
        "expected": values.dumps(2 * number),
        "comparison": "exact",
        "reference_seconds": 0.0,
        "origin": "example",
    }


@pytest.fixture
def suite(tmp_path: Path) -> Path:
    rows = [case(n, "public") for n in (1, 2)] + [case(n, "hidden") for n in (3, 4, 5)]
    path = tmp_path / "tests.parquet"
    tables.write("tests", tables.frame("tests", [*rows, case(1, "public", "only-public")]), path)
    return path


def write(path: Path, *lines: object) -> Path:
    path.write_text("".join((line if isinstance(line, str) else json.dumps(line)) + "\n" for line in lines))
    return path


def line(name: str, code: str = RIGHT, problem: str = "double") -> dict[str, str]:
    return {"id": name, "problem_id": problem, "code": code}


def judge(*options: object) -> tuple[int, str, str]:
    result = CliRunner().invoke(app, ["judge", *map(str, options), "--jobs", "1"])
    return result.exit_code, result.stdout, result.stderr


@pytest.mark.parametrize("backend", ["process", "docker"])
def test_every_kind_of_ending_gets_its_verdict_and_the_first_failure_is_shown(
    backend: str, suite: Path, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    if backend == "docker":
        request.getfixturevalue("docker")
    programs = {
        "right": RIGHT,
        "from three on": RIGHT.replace("2 * n", "2 * n if n < 4 else n"),
        "wrong": RIGHT.replace("2 * n", "float(2 * n)"),
        "raises": RIGHT.replace("2 * n", "2 * m"),
        "endless": RIGHT.replace("return", "while n > 2: pass\n        return"),
        "hungry": RIGHT.replace("2 * n", "len('x' * (n << 40))"),
        "no syntax": RIGHT.replace(":", ""),
        "no method": RIGHT.replace("double", "twice"),
    }
    file = write(tmp_path / "programs.jsonl", *(line(name, code) for name, code in programs.items()), "", "  ")
    out = tmp_path / "made" / "scores.parquet"
    code, shown, _ = judge("--tests", suite, "--programs", file, "--out", out, "--backend", backend)
    assert code == 0
    assert shown.startswith("8 programs: ")
    scores = {row["id"]: row for row in tables.read("scores", out).iter_rows(named=True)}
    assert list(scores) == list(programs)
    assert {name: row["verdict"] for name, row in scores.items()} == {
        "right": "pass",
        "from three on": "fail",
        "wrong": "fail",
        "raises": "error",
        "endless": "timeout",
        "hungry": "oom",
        "no syntax": "syntax_error",
        "no method": "missing_entry_point",
    }
    counts = ("public_passed", "public_failed", "hidden_passed", "hidden_failed")
    assert [scores["right"][key] for key in counts] == [2, 0, 3, 0]
    assert [scores["from three on"][key] for key in counts] == [2, 0, 1, 2]
    assert [scores["endless"][key] for key in counts] == [2, 0, 0, 3]  # what was not run did not pass
    assert scores["right"]["test_id"] is None
    first = {
        key: scores["from three on"][key] for key in ("test_id", "visibility", "arguments", "expected", "returned")
    }
    assert first == {
        "test_id": "double-4",
        "visibility": "hidden",
        "arguments": "[4]",
        "expected": "8",
        "returned": "4",
    }
    assert "NameError" in scores["raises"]["message"]
    assert list(out.parent.iterdir()) == [out]  # no journal is left


@pytest.mark.parametrize(("visibility", "counts"), [("public", (2, 0)), ("hidden", (0, 3)), ("all", (2, 3))])
def test_the_visibility_chooses_the_tests(
    suite: Path, tmp_path: Path, visibility: str, counts: tuple[int, int]
) -> None:
    file, out = write(tmp_path / "programs.jsonl", line("a")), tmp_path / "scores.parquet"
    assert judge("--tests", suite, "--programs", file, "--out", out, "--visibility", visibility)[0] == 0
    (row,) = tables.read("scores", out).iter_rows(named=True)
    assert (row["public_passed"], row["hidden_passed"]) == counts


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        ("{", "line 2: not JSON"),
        ("[1]", "line 2: a list, not an object"),
        ({"id": "b", "problem_id": "double"}, "line 2: no text under the key 'code'"),
        ({"id": 3, "problem_id": "double", "code": ""}, "line 2: no text under the key 'id'"),
        (line("a"), "line 2: id 'a' was used before"),
        (line("b", problem="triple"), "no tests of problem 'triple' in"),
        (line("b", problem="only-public"), "no hidden tests of problem 'only-public' in"),
    ],
)
def test_a_bad_line_is_named_before_anything_runs(suite: Path, tmp_path: Path, bad: object, message: str) -> None:
    file, out = write(tmp_path / "programs.jsonl", line("a"), bad), tmp_path / "scores.parquet"
    code, _, error = judge("--tests", suite, "--programs", file, "--out", out, "--visibility", "hidden")
    assert code == 1
    assert f"{file}, line 2" in " ".join(error.split())
    assert message in " ".join(error.split())
    assert not out.exists()


class InterruptedRunError(Exception):
    pass


class Counting:
    """A sandbox that counts what it is asked, and breaks when it has done enough."""

    def __init__(self, sandbox: Sandbox, most: int = 99) -> None:
        self.sandbox, self.most, self.asked = sandbox, most, 0

    def submit(self, program, tests):
        if self.asked == self.most:
            raise InterruptedRunError
        self.asked += 1
        return self.sandbox.submit(program, tests)


def test_a_run_that_was_stopped_goes_on_where_it_was(suite: Path, tmp_path: Path) -> None:
    programs = write(tmp_path / "programs.jsonl", *(line(f"p{n}", RIGHT + f"# {n}") for n in range(30)))
    submissions = scoring.read_submissions(programs, [suite], "all")
    journal = tmp_path / "scores.journal"
    with Sandbox(SandboxSettings(workers=1)) as sandbox:
        with pytest.raises(InterruptedRunError):
            scoring.score(submissions, Counting(sandbox, most=20), 1, journal, "limits")
        whole = journal.read_text()
        done = whole.count("\n")
        assert 12 <= done <= 20
        journal.write_text(whole[:-9])  # the last line was cut off by the crash
        rest = Counting(sandbox)
        scores = scoring.score(submissions, rest, 1, journal, "limits")
        assert rest.asked == 30 - (done - 1)
        assert scores["id"].to_list() == [f"p{n}" for n in range(30)]
        assert scores["verdict"].unique().to_list() == ["pass"]
        # Another program under an old id, and other limits, are judged anew.
        changed = scoring.read_submissions(
            write(programs, line("p0", RIGHT + "# new"), line("p1", RIGHT + "# 1")), [suite], "all"
        )
        again = Counting(sandbox)
        scoring.score(changed, again, 1, journal, "limits")
        assert again.asked == 1
        scoring.score(changed, again, 1, journal, "other limits")
        assert again.asked == 3
        scoring.score(changed, again, 1, journal, "limits")
        assert again.asked == 3


def test_a_missing_file_is_named(suite: Path, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"nowhere\.jsonl: cannot be read"):
        scoring.read_submissions(tmp_path / "nowhere.jsonl", [suite], "all")
