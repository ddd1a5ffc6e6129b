"""The trainer tokenises a pair's prompt to the very ids that the search put to the policy."""

from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest
import tiny_policy
from fake_search import FakeEngine, FakeSandbox, program, task

from codeq import models, tables
from codeq.config import ModelSettings, PairSettings, SearchSettings
from codeq.identity import digest
from codeq.models import Messages, Rendered, tokenizers
from codeq.preferences import pairs
from codeq.search import MODES
from codeq.search.driver import drive
from codeq.search.trajectory import rows
from codeq.training.data import encode

MINI = Path(models.__file__).parent / "mini" / "weights"
SEARCH = SearchSettings(candidates=4, rollouts=6, critic="likelihood")
# White space of every kind, letters outside the alphabet of the merges, and the names of special tokens.
ODD = "\t# é 漢 🙂 e\u0301 \u00a0\u2028\r\n  \x00 <end> <bug><fix> <|im_end|> ``` {{ x }} {% raw %}\\n  "


class Policy(FakeEngine):
    """Scripted replies to prompts that a real policy's template and tokenizer render."""

    def __init__(self, directory: Path) -> None:
        super().__init__()
        settings = ModelSettings(dtype="float32", quantization="none")
        self.real = models.load(settings, directory, device="cpu")

    def render(self, messages: Messages) -> Rendered:
        return self.real.render(messages)


@pytest.fixture(scope="module", params=["tiny", "mini"])
def directory(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return MINI if request.param == "mini" else tiny_policy.make(tmp_path_factory.mktemp("policy"))


@pytest.mark.parametrize("style", ["instruct", "minimal"])
def test_the_trainer_sees_the_ids_of_the_search(directory: Path, style: str, tmp_path: Path) -> None:
    policy = Policy(directory)
    bugs = [replace(task(f"bug-{i}"), buggy_code=program(0) + (ODD if i % 2 else "")) for i in range(12)]
    with FakeSandbox() as sandbox:
        trees = list(drive((MODES["mcts"](bug, SEARCH, style, False) for bug in bugs), policy, sandbox, 12))
    found = tables.frame("trajectories", [row for tree in trees for row in rows(tree, 0.5)])
    preferred = pl.concat([part for part, _ in pairs(found.lazy(), PairSettings(threshold=0.01))])
    for name, table in (("trajectories", found), ("pairs", preferred)):
        tables.write(name, table, tmp_path / f"{name}.parquet")
    nodes = {row["node_id"]: row for row in tables.read("trajectories", tmp_path / "trajectories.parquet").to_dicts()}
    encoded, dropped = encode(tables.read("pairs", tmp_path / "pairs.parquet"), tokenizers.load(directory), 10**6)
    assert (dropped["dropped_too_long"], dropped["dropped_inner_eos"]) == (0, 0)
    assert {any(mark in prompt for mark in "漢\0") for prompt in encoded["prompt"]} == {False, True}
    depths = set()
    for pair in encoded.to_dicts():
        for side in ("chosen_node", "rejected_node"):
            node = nodes[pair[side]]
            assert digest(pair["prompt_ids"]) == node["prompt_digest"]
            assert len(pair["prompt_ids"]) == node["prompt_tokens"]
            depths.add(node["depth"])
    assert len(depths) > 1  # answers to the root's prompt, and to one that shows an attempt
    rendered = {rewrite.prompt for tree in trees for rewrite in tree.rewrites}
    assert {tuple(ids) for ids in encoded["prompt_ids"].to_list()} <= {
        prompt.token_ids for prompt in rendered if prompt
    }
