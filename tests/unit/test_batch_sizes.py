"""The mini model searches real bugs through driver and sandbox: what is found does not depend on the batches.

On a CPU in float32. Between batches of 1 and of 8 a draw differs with a chance of about 2e-6
(benchmarks/search_throughput.md), so about one kind of CPU in a hundred could see a difference in this test's draws.
"""

from pathlib import Path

import polars as pl
import pytest

from codeq.config import ModelSettings, SandboxSettings, SearchSettings
from codeq.data import tasks as data
from codeq.data.curriculum import records
from codeq.models import Completion
from codeq.models.transformers_engine import TransformersEngine
from codeq.sandbox import Sandbox
from codeq.search import MODES
from codeq.search import tasks as of_search
from codeq.search.driver import drive
from codeq.search.requests import Task
from codeq.search.trajectory import rows

WEIGHTS = Path(__file__).resolve().parents[2] / "codeq" / "models" / "mini" / "weights"
MODEL = ModelSettings(dtype="float32", quantization="none", prompt="minimal")
SEARCH = SearchSettings(rollouts=2, max_new_tokens=40, critic="likelihood")
FLOATS = ("logprob", "q_ai", "q")  # sums of logits' rounding errors


@pytest.fixture(scope="module")
def tasks() -> list[Task]:
    """The sixteen shortest bugs of different problems."""
    raw = records.raw(0, 1)
    bugs = records.bug_rows(raw)
    shortest = bugs.sort(pl.col("buggy_code").str.len_bytes(), "bug_id")["bug_id"].head(16)
    given = data.tasks(bugs, records.problem_rows(raw), records.test_rows(raw), shortest)
    return of_search.tasks(given, round=1, seed=0, policy="mini")


def search(
    tasks: list[Task], sandbox: Sandbox, sequences: int, live_trees: int
) -> tuple[list[dict[str, object]], list[int]]:
    """Rows of all trees, without their timings, and the sizes of the batches."""
    engine = TransformersEngine.load(MODEL, WEIGHTS, "cpu")
    longest = max(len(engine.render(({"role": "user", "content": task.buggy_code},)).token_ids) for task in tasks)
    engine._batch_tokens = sequences * (longest + SEARCH.max_new_tokens) if sequences > 1 else 1
    sizes, original = [], engine._sample_batch

    def sample_batch(batch: list[object], *rest: object) -> list[Completion]:
        sizes.append(len(batch))
        return original(batch, *rest)

    engine._sample_batch = sample_batch
    searches = (MODES["mcts"](task, SEARCH, "minimal", False) for task in tasks)
    trees = sorted(drive(searches, engine, sandbox, live_trees), key=lambda tree: tree.task.bug_id)
    found = []
    for row in (row for tree in trees for row in rows(tree, SEARCH.alpha)):
        results = [{**result, "seconds": None} for result in row["results"] or ()]
        found.append({**row, "results": results, "seconds": None, "peak_mb": None})
    return found, sizes


def test_trajectories_do_not_depend_on_the_batch_size(tasks: list[Task]) -> None:
    with Sandbox(SandboxSettings(workers=1)) as sandbox:
        alone, sizes = search(tasks, sandbox, 1, 4)
        assert set(sizes) == {1}
        assert sum(row["reward"] == 1.0 for row in alone) > 0
        assert max(row["depth"] for row in alone) == 2
        for sequences, live_trees in ((8, 16), (32, 16)):
            found, sizes = search(tasks, sandbox, sequences, live_trees)
            assert sequences <= sizes[0] < 1.5 * sequences  # a call's longest prompt is not that of all
            for left, right in zip(alone, found, strict=True):
                exact = {key for key in left if key not in (*FLOATS, "critic")}
                assert {key: left[key] for key in exact} == {key: right[key] for key in exact}
                for key in FLOATS:
                    assert left[key] == pytest.approx(right[key], abs=1e-4)
