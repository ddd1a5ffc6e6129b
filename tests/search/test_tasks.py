"""Tasks: the chosen bugs in a stable order, each with public tests alone, shared out among shards."""

import polars as pl
import pytest

from codeq import tables
from codeq.data.curriculum import records
from codeq.data.tasks import tasks as table
from codeq.errors import ConfigError, DataError
from codeq.sandbox.screening import suites
from codeq.search.requests import Task
from codeq.search.tasks import of_shard, tasks

Study = dict[str, pl.DataFrame]


@pytest.fixture(scope="module")
def study() -> Study:
    raw = records.raw(0, 1)
    return {
        "problems": records.problem_rows(raw),
        "bugs": records.bug_rows(raw).sample(fraction=1, shuffle=True, seed=1),
        "tests": records.test_rows(raw),
    }


@pytest.fixture(scope="module")
def made(study: Study, tmp_path_factory: pytest.TempPathFactory) -> list[Task]:
    """Tasks of every third bug, asked for in another order, by way of the table on disk."""
    path = tmp_path_factory.mktemp("tasks") / "tasks.parquet"
    tables.write("tasks", table(**study, chosen=asked(study)), path)
    return tasks(tables.read("tasks", path), round=2, seed=3, policy="digest")


def asked(study: Study) -> list[str]:
    return study["bugs"]["bug_id"].sort(descending=True)[::3].to_list()


def test_every_bug_that_is_asked_for_is_a_task_in_the_order_of_ids(study: Study, made: list[Task]) -> None:
    assert [task.bug_id for task in made] == sorted(asked(study))


def test_a_task_holds_its_bug_its_problem_and_its_public_tests_alone(study: Study, made: list[Task]) -> None:
    bugs = {row["bug_id"]: row for row in study["bugs"].to_dicts()}
    problems = {row["problem_id"]: row for row in study["problems"].to_dicts()}
    public = suites(study["tests"].to_dicts())
    assert {row["visibility"] for row in study["tests"].to_dicts()} == {"public", "hidden"}
    for task in made:
        bug, problem = bugs[task.bug_id], problems[task.problem_id]
        assert (task.buggy_code, task.problem_id) == (bug["buggy_code"], bug["problem_id"])
        assert (task.round, task.seed, task.policy) == (2, 3, "digest")
        assert (task.statement, task.entry_point, task.kind) == tuple(
            problem[key] for key in ("statement", "entry_point", "kind")
        )
        assert (list(task.parameters), task.returns) == (problem["parameters"], problem["returns"])
        assert task.tests == public[task.problem_id]["public"]


@pytest.mark.parametrize("lacking", ["bugs", "problems", "tests"])
def test_a_bug_without_row_problem_or_public_test_is_named(study: Study, lacking: str) -> None:
    bug = asked(study)[1]
    problem = study["bugs"].filter(bug_id=bug)["problem_id"][0]
    of_bug = pl.col("bug_id") == bug if lacking == "bugs" else pl.col("problem_id") == problem
    if lacking == "tests":  # hidden ones do not count
        of_bug &= pl.col("visibility") == "public"
    with pytest.raises(DataError, match=f"bug {bug} has no row, no problem or no public test"):
        table(**{**study, lacking: study[lacking].filter(~of_bug)}, chosen=[bug])


@pytest.mark.parametrize("count", [1, 2, 7, 500])
def test_shards_share_out_all_tasks_evenly_and_each_once(made: list[Task], count: int) -> None:
    shards = [of_shard(made, f"{number}-of-{count}") for number in range(1, count + 1)]
    assert sorted(task.bug_id for shard in shards for task in shard) == [task.bug_id for task in made]
    sizes = [len(shard) for shard in shards]
    assert max(sizes) - min(sizes) <= 1


@pytest.mark.parametrize("text", ["", "1", "0-of-2", "3-of-2", "1-of-0", "-1-of-2", "1-of-2 ", "a-of-b"])
def test_what_names_no_shard_is_refused(text: str) -> None:
    with pytest.raises(ConfigError, match="not a shard; write it as 2-of-4"):
        of_shard([], text)
