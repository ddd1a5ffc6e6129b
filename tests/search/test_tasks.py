"""Tasks: bugs in a stable order, shared out among shards."""

import polars as pl
import pytest

from codeq.data.curriculum import records
from codeq.errors import ConfigError
from codeq.search.requests import Task
from codeq.search.tasks import of_shard, tasks


@pytest.fixture(scope="module")
def study() -> dict[str, pl.DataFrame]:
    raw = records.raw(0, 1)
    return {
        "problems": records.problem_rows(raw),
        "bugs": records.bug_rows(raw).sample(fraction=1, shuffle=True, seed=1),
        "tests": records.test_rows(raw),
    }


def made(study: dict[str, pl.DataFrame]) -> list[Task]:
    """Tasks of every third bug, asked for in another order."""
    return tasks(study, study["bugs"]["bug_id"].sort(descending=True)[::3].to_list(), round=2, seed=3, policy="digest")


def test_every_bug_that_is_asked_for_is_a_task_in_the_order_of_ids(study: dict[str, pl.DataFrame]) -> None:
    assert [task.bug_id for task in made(study)] == study["bugs"]["bug_id"].sort(descending=True)[::3].sort().to_list()


def test_a_task_holds_its_bug_and_its_problem_s_public_tests_alone(study: dict[str, pl.DataFrame]) -> None:
    bugs = {row["bug_id"]: row for row in study["bugs"].to_dicts()}
    public = study["tests"].filter(pl.col("visibility") == "public")
    for task in made(study):
        assert task.buggy_code == bugs[task.bug_id]["buggy_code"]
        assert task.problem_id == bugs[task.bug_id]["problem_id"]
        assert (task.round, task.seed, task.policy) == (2, 3, "digest")
        of_problem = public.filter(pl.col("problem_id") == task.problem_id)["test_id"].to_list()
        assert [test.test_id for test in task.tests] == of_problem


@pytest.mark.parametrize("count", [1, 2, 7, 500])
def test_shards_share_out_all_tasks_evenly_and_each_once(study: dict[str, pl.DataFrame], count: int) -> None:
    whole = made(study)
    shards = [of_shard(whole, f"{number}-of-{count}") for number in range(1, count + 1)]
    assert sorted(task.bug_id for shard in shards for task in shard) == [task.bug_id for task in whole]
    sizes = [len(shard) for shard in shards]
    assert max(sizes) - min(sizes) <= 1


@pytest.mark.parametrize("text", ["", "1", "0-of-2", "3-of-2", "1-of-0", "-1-of-2", "1-of-2 ", "a-of-b"])
def test_what_names_no_shard_is_refused(study: dict[str, pl.DataFrame], text: str) -> None:
    with pytest.raises(ConfigError, match="not a shard; write it as 2-of-4"):
        of_shard([], text)
