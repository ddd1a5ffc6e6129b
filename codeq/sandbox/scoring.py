"""Programs from a file, judged by a table of tests: what `codeq judge` does.

Finished programs go to a journal beside the output at once, so a run that is stopped goes on where it was.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from dataclasses import astuple, dataclass
from itertools import islice
from pathlib import Path
from typing import Any, Literal

import polars as pl

from codeq import progress, tables
from codeq.errors import DataError
from codeq.identity import digest
from codeq.journal import Journal
from codeq.sandbox import Program, Sandbox, Test, Verdict
from codeq.sandbox.screening import program, suites

Visibility = Literal["public", "hidden", "all"]
_KEYS = ("id", "problem_id", "code")
_WAITING_PER_WORKER = 8


@dataclass(frozen=True)
class Submission:
    """One line of a programs file, with the tests it is judged by."""

    id: str
    problem_id: str
    program: Program
    tests: tuple[Test, ...]

    @property
    def key(self) -> str:
        """Everything that determines its verdict but the sandbox's limits."""
        return digest(
            self.id,
            self.problem_id,
            astuple(self.program),
            [(test.test_id, test.reference_seconds) for test in self.tests],
        )


def read_submissions(programs: Path, tests: Sequence[Path], visibility: Visibility) -> list[Submission]:
    """The programs of a JSON Lines file, each an object {"id", "problem_id", "code"}.

    Raises DataError, naming the line, for what is no such object, an id used before, and a problem
    without tests of that visibility.
    """
    table = pl.concat([tables.read("tests", path) for path in tests])
    named = " and ".join(map(str, tests))
    calls = {row["problem_id"]: row for row in table.unique("problem_id").iter_rows(named=True)}
    by_problem = suites(table.iter_rows(named=True))
    found: dict[str, Submission] = {}
    try:
        lines = programs.read_text(encoding="utf-8").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"{programs}: cannot be read ({error}); give a file of JSON lines") from error
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        where = f"{programs}, line {number}"
        record = _record(line, where)
        if record["id"] in found:
            raise DataError(f"{where}: id {record['id']!r} was used before; give every program its own")
        if record["problem_id"] not in calls:
            raise DataError(f"{where}: no tests of problem {record['problem_id']!r} in {named}; remove the line")
        suite = by_problem[record["problem_id"]][visibility]
        if not suite:
            raise DataError(
                f"{where}: no {visibility} tests of problem {record['problem_id']!r} in {named}; "
                "remove the line or choose another --visibility"
            )
        called = program(record["code"], calls[record["problem_id"]])
        found[record["id"]] = Submission(record["id"], record["problem_id"], called, suite)
    return list(found.values())


def score(
    submissions: Sequence[Submission], sandbox: Sandbox, workers: int, journal: Path, limits: str
) -> pl.DataFrame:
    """Table `scores`, in the order of the submissions; those in the journal are not run again.

    `limits` names what else verdicts depend on: those made under other limits do not count.
    """
    keys = [digest(limits, submission.key) for submission in submissions]
    with Journal(journal) as log:
        done = log.done
        rest = {key: submission for key, submission in zip(keys, submissions, strict=True) if key not in done}
        judged = _judge(rest, sandbox, _WAITING_PER_WORKER * workers)
        label = f"judging ({len(submissions) - len(rest)} done before)" if len(rest) < len(submissions) else "judging"
        for key, row in progress.track(judged, len(rest), label, _passed, noun="programs", adjective="passed"):
            done[key] = row
            log.append(key, row)
    return tables.frame("scores", [done[key] for key in keys])


def row(submission: Submission, verdict: Verdict) -> dict[str, Any]:
    """The row of table `scores`."""
    counts = dict.fromkeys(("public_passed", "public_failed", "hidden_passed", "hidden_failed"), 0)
    failing = None
    for test, result in zip(submission.tests, verdict.results, strict=True):
        passed = result.status == "pass"
        counts[f"{test.visibility}_{'passed' if passed else 'failed'}"] += 1
        if not passed and failing is None:
            failing = {
                "test_id": test.test_id,
                "visibility": test.visibility,
                "arguments": test.arguments,
                "expected": test.expected,
                "returned": result.returned,
                "message": result.message,
            }
    return {
        "id": submission.id,
        "problem_id": submission.problem_id,
        "verdict": "error" if verdict.status == "output_limit" else verdict.status,
        **counts,
        **(failing or dict.fromkeys(("test_id", "visibility", "arguments", "expected", "returned", "message"))),
        "seconds": verdict.seconds,
    }


def _record(line: str, where: str) -> Mapping[str, str]:
    try:
        record = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise DataError(f"{where}: not JSON ({error}); each line is one object with the keys {_KEYS}") from error
    if not isinstance(record, dict):
        raise DataError(f"{where}: a {type(record).__name__}, not an object with the keys {_KEYS}")
    for key in _KEYS:
        if not isinstance(record.get(key), str):
            raise DataError(f"{where}: no text under the key {key!r}; each line needs the keys {_KEYS}")
    return record


def _judge(submissions: Mapping[str, Submission], sandbox: Sandbox, most: int) -> Iterator[tuple[str, dict[str, Any]]]:
    """(key, row) of each submission as it finishes, with at most `most` waiting in the sandbox."""
    queue = iter(submissions.items())
    running: dict[Future[Verdict], tuple[str, Submission]] = {}
    while True:
        for key, submission in islice(queue, most - len(running)):
            running[sandbox.submit(submission.program, submission.tests)] = key, submission
        if not running:
            return
        for future in wait(running, return_when=FIRST_COMPLETED).done:
            key, submission = running.pop(future)
            yield key, row(submission, future.result())


def _passed(item: tuple[str, dict[str, Any]]) -> bool:
    return bool(item[1]["verdict"] == "pass")
