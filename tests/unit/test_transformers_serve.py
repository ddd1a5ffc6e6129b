"""The engine against a real server: `transformers serve` with the mini model on this machine's CPU."""

import os
import signal
import sys
import time
from collections.abc import Iterator
from itertools import chain
from pathlib import Path

import numpy as np
import pytest
import torch
from scipy.stats import chisquare

from codeq import values
from codeq.config import ModelSettings, SandboxSettings, SearchSettings
from codeq.errors import ModelError
from codeq.models import SampleRequest, load
from codeq.models.openai_engine import OpenaiEngine
from codeq.models.transformers_engine import TransformersEngine
from codeq.sandbox import Sandbox, Test
from codeq.search import MODES
from codeq.search.driver import drive
from codeq.search.requests import Task
from codeq.search.tree import Tree

pytestmark = pytest.mark.slow
MINI = Path(__file__).resolve().parents[2] / "codeq" / "models" / "mini" / "weights"
TRANSFORMERS = Path(sys.executable).parent / "transformers"
SETTINGS = ModelSettings(
    engine="openai",
    dtype="float32",
    quantization="none",
    prompt="minimal",
    serve=f"{TRANSFORMERS} serve $policy --port $port --device cpu --dtype float32",
)
BUGGY = "def f(x):\n    return x - 1"


@pytest.fixture(scope="module")
def engine() -> Iterator[OpenaiEngine]:
    made = load(SETTINGS, MINI)
    assert isinstance(made, OpenaiEngine)
    yield made
    made.server.stop()


@pytest.fixture(scope="module")
def local() -> TransformersEngine:
    return TransformersEngine.load(SETTINGS, MINI, "cpu")


def request(seeds: tuple[int, ...], length: int = 48, temperature: float = 0.8) -> SampleRequest:
    return SampleRequest(({"role": "user", "content": BUGGY},), seeds, temperature, 1.0, length)


def test_completions_carry_the_likelihoods_of_the_same_policy(engine: OpenaiEngine, local: TransformersEngine) -> None:
    asked = [request((1, 2, 3)), request((4,), 4)]
    answers = engine.sample(asked)
    assert [len(answer) for answer in answers] == [3, 1]
    assert engine.policy == local.policy
    prompt = engine.render(asked[0].prompt)
    assert prompt == local.render(asked[0].prompt)
    items = [(prompt.token_ids, completion.token_ids) for completion in chain(*answers)]
    assert [completion.logprob for completion in chain(*answers)] == pytest.approx(local.logprobs(items), abs=1e-4)
    assert {completion.finish_reason for completion in answers[0]} == {"stop"}
    assert all("def f(x):" in completion.text for completion in answers[0])
    assert answers[1][0].finish_reason == "length"
    assert len(answers[1][0].token_ids) == 4


def test_tokens_have_the_distribution_of_the_policy_at_that_temperature(
    engine: OpenaiEngine, local: TransformersEngine
) -> None:
    # Greedy decoding or a top-k of 50, the library's defaults, would both fail here, and so would temperature 1.
    (answers,) = engine.sample([request(tuple(range(80)), 1, temperature=3.0)])
    prompt = local.render(request(()).prompt).token_ids
    with torch.inference_mode():
        logits = local._model(input_ids=torch.tensor([prompt])).logits[0, -1].double()
    probabilities = torch.softmax(logits / 3.0, -1)
    texts = [local._tokenizer.decode([token], skip_special_tokens=True) for token in range(len(probabilities))]
    first, *likely = (texts[token] for token in probabilities.argsort(descending=True)[:50])

    def cell(text: str) -> int:
        return 0 if text == first else 1 if text in likely else 2

    expected = np.zeros(3)
    np.add.at(expected, [cell(text) for text in texts], 80 * probabilities.numpy())
    assert expected.min() > 5
    observed = np.bincount([cell(answer.text) for answer in answers], minlength=3)
    assert chisquare(observed, expected).pvalue > 1e-3


def test_one_request_at_a_time_repeats_with_its_seed(engine: OpenaiEngine) -> None:
    def sample(seed: int) -> str:
        return engine.sample([request((seed,), 24, temperature=1.5)])[0][0].text

    assert sample(5) == sample(5)
    assert len({sample(seed) for seed in (5, 6, 7)}) > 1


def tasks(policy: str, count: int) -> list[Task]:
    tests = tuple(Test(f"test-{x}", "public", values.dumps([x]), values.dumps(x + 1), "exact") for x in (1, 5))
    return [
        Task(f"bug-{n}", "add-one", BUGGY, "f", "function", (), "", "Add one.", tests, 1, n, policy)
        for n in range(count)
    ]


def test_a_search_whose_server_is_killed_stops_and_can_be_finished_with_another() -> None:
    search = SearchSettings(rollouts=2, candidates=2, critic="likelihood", max_new_tokens=32)

    def trees(engine: OpenaiEngine, found: set[str]) -> Iterator[Tree]:
        searches = (
            MODES["mcts"](task, search, "minimal", True) for task in tasks(engine.policy, 3) if task.bug_id not in found
        )
        with Sandbox(SandboxSettings(workers=1, timeout_s=5.0)) as sandbox:
            yield from drive(searches, engine, sandbox, live_trees=1)

    first = OpenaiEngine.load(SETTINGS, MINI)
    running = trees(first, set())
    done = {next(running).task.bug_id}
    os.kill(first.server.process.pid, signal.SIGKILL)
    begun = time.monotonic()
    with pytest.raises(ModelError, match=r"the server ended with status -9; .*transformers serve .*Run the job again"):
        done |= {tree.task.bug_id for tree in running}
    assert time.monotonic() - begun < 60
    second = OpenaiEngine.load(SETTINGS, MINI)
    rest = list(trees(second, done))
    second.server.stop()
    assert done.isdisjoint(tree.task.bug_id for tree in rest)
    assert len(done) + len(rest) == 3
    for tree in rest:
        for node in tree.nodes[1:]:
            assert node.completion.logprob < 0
