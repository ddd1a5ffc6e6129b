"""Every mode with the mini model and the real sandbox."""

from pathlib import Path

import pytest

from codeq import models, tables, values
from codeq.config import ModelSettings, SandboxSettings, SearchSettings
from codeq.models import Engine
from codeq.sandbox import Sandbox, Test
from codeq.search import MODES
from codeq.search.driver import drive
from codeq.search.requests import Task
from codeq.search.trajectory import rows

MINI = Path(models.__file__).parent / "mini" / "weights"
SEARCH = SearchSettings(candidates=4, rollouts=3, depth=3, critic="likelihood", max_new_tokens=96)
EXTREME = """\
def {}(items):
    best = items[0]
    for item in items:
        if item {} best:
            best = item
    return best"""
BUGS = {  # a buggy program, and what it should compute
    "total": (
        "def total(items):\n    result = 0\n    for item in items:\n        result -= item\n    return result",
        sum,
    ),
    "largest": (EXTREME.format("largest", "<"), max),
    "smallest": (EXTREME.format("smallest", ">"), min),
    "size": ("def size(items):\n    count = 1\n    for item in items:\n        count += 1\n    return count", len),
}


def tasks() -> list[Task]:
    found = []
    for name, (code, right) in BUGS.items():
        tests = tuple(
            Test(f"{name}-{i}", "public", values.dumps([items]), values.dumps(right(items)), "exact")
            for i, items in enumerate(([3, 1, 2], [5], [-4, -7, 0, 2]))
        )
        found.append(Task(name, name, code, name, "function", (), "", "", tests, 0, 0, "mini"))
    return found


@pytest.fixture(scope="module")
def engine() -> Engine:
    settings = ModelSettings(dtype="float32", quantization="none", prompt="minimal")
    return models.load(settings, MINI, device="cpu")


@pytest.mark.parametrize("mode", MODES)
def test_the_mini_model_repairs_bugs_in_every_mode_but_line_edits(engine: Engine, mode: str) -> None:
    with Sandbox(SandboxSettings(timeout_s=5.0, test_timeout_s=1.0, workers=1)) as sandbox:
        searches = (MODES[mode](task, SEARCH, "minimal", True) for task in tasks())
        trees = list(drive(searches, engine, sandbox, 8))
    table = tables.frame("trajectories", [row for tree in trees for row in rows(tree, 0.5)])
    assert table["tree_id"].n_unique() == len(BUGS)
    for row in table.filter(verdict="pass").to_dicts():
        scope: dict[str, object] = {}
        exec(row["code"], scope)
        assert scope[row["bug_id"]]([4, 9, 1]) == BUGS[row["bug_id"]][1]([4, 9, 1])
        assert row["finish_reason"] == "stop"
    solved = sum(tree.solved for tree in trees)
    if mode == "line_edits":
        assert set(table["parse_status"].drop_nulls()) == {"unparsed"}
        assert (solved, table["completion"].count()) == (0, 4 * 3 * len(BUGS))
    else:
        assert solved >= (0 if mode == "single_pass" else 1)
