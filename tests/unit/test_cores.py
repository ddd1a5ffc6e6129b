"""A model on the CPU leaves the cores that others need, and samples the same with however many it has."""

import os
from collections.abc import Iterator
from itertools import cycle
from pathlib import Path

import pytest
import torch
from tiny_policy import make

from codeq.config import ModelSettings
from codeq.models import SampleRequest, load
from codeq.models.cores import leave_cores

SETTINGS = ModelSettings(dtype="float32", quantization="none", batch_tokens=4096, prompt="minimal")


@pytest.fixture(autouse=True)
def eight_cores(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    threads = torch.get_num_threads()
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: set(range(8)))
    yield
    torch.set_num_threads(threads)


def test_each_pass_takes_the_cores_that_are_left_and_never_more_than_it_had() -> None:
    torch.set_num_threads(6)
    busy = [0, 2, 3, 7, 8, 20, 1]
    model, seen = torch.nn.Identity(), []
    leave_cores(model, lambda: busy[len(seen)])
    for _ in busy:
        model(torch.zeros(1))
        seen.append(torch.get_num_threads())
    assert seen == [6, 6, 5, 1, 1, 1, 6]


def test_completions_do_not_depend_on_the_cores(tmp_path: Path) -> None:
    torch.set_num_threads(3)
    policy, turns = make(tmp_path, scale=0.25), cycle([8, 6, 0])
    asked = [SampleRequest(({"role": "user", "content": f"x + {i}"},), (i, i + 50), 0.8, 1.0, 24) for i in range(8)]
    plain, shared = load(SETTINGS, policy, "cpu"), load(SETTINGS, policy, "cpu", busy=lambda: next(turns))
    threads = set()
    shared._model.register_forward_hook(lambda *_: threads.add(torch.get_num_threads()))
    for left, right in zip(plain.sample(asked), shared.sample(asked), strict=True):
        assert [completion.token_ids for completion in left] == [completion.token_ids for completion in right]
        assert [completion.logprob for completion in left] == pytest.approx([each.logprob for each in right], abs=1e-4)
    assert threads == {1, 2, 3}
