"""Finished trees: whose they are, and in which journals they are found."""

from dataclasses import replace
from pathlib import Path

import pytest

from codeq.errors import DataError
from codeq.sandbox import Test
from codeq.search.finished import FinishedTrees
from codeq.search.requests import Task

TEST = Test("test-0", "public", "[1]", "2", "exact")
TASK = Task("bug-0", "add", "f = 0", "f", "function", (), "", "Add one.", (TEST,), 1, 0, "policy")
CONDITIONS = {"search": {"rollouts": 4}, "mode": "mcts", "code": "1f0c"}
ROWS = [{"tree_id": "tree-0", "q": 0.1, "results": [{"status": "pass"}], "critic": None}]


def test_a_tree_is_found_again_with_its_rows(tmp_path: Path) -> None:
    with FinishedTrees(tmp_path, "1-of-1", CONDITIONS) as first:
        assert TASK not in first
        first.add(TASK, ROWS)
        assert first[TASK] == ROWS
    with FinishedTrees(tmp_path, "1-of-1", dict(reversed(CONDITIONS.items()))) as second:
        assert second[TASK] == ROWS


@pytest.mark.parametrize(
    "other",
    [
        {"bug_id": "bug-1"},
        {"buggy_code": "f = 1"},
        {"parameters": ("int",)},
        {"statement": "Add two."},
        {"tests": (replace(TEST, expected="3"),)},
        {"tests": (TEST, replace(TEST, test_id="test-1"))},
        {"round": 2},
        {"seed": 1},
        {"policy": "another"},
    ],
)
def test_a_tree_of_another_task_is_none_of_this_one(tmp_path: Path, other: dict[str, object]) -> None:
    with FinishedTrees(tmp_path, "1-of-1", CONDITIONS) as finished:
        finished.add(TASK, ROWS)
        assert replace(TASK, **other) not in finished


@pytest.mark.parametrize("other", [{"search": {"rollouts": 5}}, {"mode": "best_of_n"}, {"code": "2e1d"}, {"x": None}])
def test_a_tree_made_under_other_conditions_does_not_count_and_stays_for_theirs(
    tmp_path: Path, other: dict[str, object]
) -> None:
    with FinishedTrees(tmp_path, "1-of-1", CONDITIONS) as first:
        first.add(TASK, ROWS)
    with FinishedTrees(tmp_path, "1-of-1", {**CONDITIONS, **other}) as second:
        assert TASK not in second
        second.add(TASK, [])
        assert second[TASK] == []
    with FinishedTrees(tmp_path, "1-of-1", CONDITIONS) as third:
        assert third[TASK] == ROWS


def test_trees_of_every_shard_are_found_while_others_write_theirs(tmp_path: Path) -> None:
    tasks = [replace(TASK, bug_id=f"bug-{number}") for number in range(3)]
    with (
        FinishedTrees(tmp_path, "1-of-2", CONDITIONS) as first,
        FinishedTrees(tmp_path, "2-of-2", CONDITIONS) as second,
    ):
        first.add(tasks[0], ROWS)
        second.add(tasks[1], ROWS)
        with FinishedTrees(tmp_path, "1-of-1", CONDITIONS) as whole:
            assert [task in whole for task in tasks] == [True, True, False]
        with pytest.raises(DataError, match="another run is writing it"):
            FinishedTrees(tmp_path, "2-of-2", CONDITIONS)
