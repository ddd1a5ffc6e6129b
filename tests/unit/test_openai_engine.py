"""The engine against a server that speaks as vLLM does, and against one that misbehaves."""

import logging
import shutil
import threading
import time
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import Any

import pytest
from tiny_policy import make
from vllm_stub import VllmStub

from codeq.config import ModelSettings
from codeq.errors import ModelError
from codeq.models import SampleRequest, load, openai_engine, server
from codeq.models.openai_engine import OpenaiEngine
from codeq.models.transformers_engine import TransformersEngine

# The stub is the server: the command only has to run.
SETTINGS = ModelSettings(
    engine="openai",
    dtype="float32",
    quantization="none",
    prompt="minimal",
    serve="sh -c 'exec sleep 600' $policy $port",
)
CODES = ["def f(x):\n    return x", "x + y", "if x:\n    y = 1"]


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make(tmp_path_factory.mktemp("policy"), scale=0.25)


@pytest.fixture(scope="module")
def local(directory: Path) -> TransformersEngine:
    return TransformersEngine.load(SETTINGS, directory, device="cpu")


@pytest.fixture
def stub(local: TransformersEngine, directory: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[VllmStub]:
    stub = VllmStub(local, str(directory.resolve()))
    monkeypatch.setattr(server, "_free_port", lambda: stub.port)
    monkeypatch.setattr(openai_engine, "DELAYS_S", (0.05, 0.1, 0.2, 0.4))
    yield stub
    stub.stop()


@pytest.fixture
def engine(stub: VllmStub, directory: Path) -> Iterator[OpenaiEngine]:
    made = load(SETTINGS, directory)
    assert isinstance(made, OpenaiEngine)
    stub.bodies.clear()
    yield made
    made.server.stop()


def request(code: str, seeds: tuple[int, ...], length: int = 16) -> SampleRequest:
    return SampleRequest(({"role": "user", "content": code},), seeds, 0.8, 1.0, length)


def test_completions_are_those_of_the_policy_that_is_served(engine: OpenaiEngine, local: TransformersEngine) -> None:
    asked = [request(code, tuple(range(10 * i, 10 * i + 4))) for i, code in enumerate(CODES)]
    asked.insert(1, request("y", ()))
    found, wanted = engine.sample(asked), local.sample(asked)
    assert [len(answer) for answer in found] == [4, 0, 4, 4]
    for left, right in zip(chain(*found), chain(*wanted), strict=True):
        assert (left.token_ids, left.text, left.finish_reason) == (right.token_ids, right.text, right.finish_reason)
        assert left.logprob == pytest.approx(right.logprob, abs=1e-4)
    assert {completion.finish_reason for completion in chain(*found)} == {"stop", "length"}
    assert engine._local is None  # the server's likelihoods sufficed
    assert engine.policy == local.policy
    assert engine.render(asked[0].prompt) == local.render(asked[0].prompt)
    assert engine.sample([]) == []


def test_every_request_asks_for_the_plain_distribution_and_names_the_policy(
    engine: OpenaiEngine, stub: VllmStub, directory: Path
) -> None:
    prompt = engine.render(request("x", ()).prompt)
    engine.sample([request("x", (7, 8), 9)])
    assert sorted(body["seed"] for body in stub.bodies) == [7, 8]
    for body in stub.bodies:
        assert body["model"] == str(directory.resolve())
        assert tuple(body["prompt"]) == prompt.token_ids
        assert (body["temperature"], body["top_p"], body["max_tokens"]) == (0.8, 1.0, 9)
        # Qwen2.5-Coder's generation_config.json would set top-k 20 and repetition penalty 1.1.
        assert (body["top_k"], body["min_p"], body["repetition_penalty"]) == (-1, 0.0, 1.0)


def test_ids_and_likelihoods_that_a_server_leaves_out_are_made_here(
    engine: OpenaiEngine, stub: VllmStub, local: TransformersEngine
) -> None:
    def strip(answer: dict[str, Any]) -> None:
        del answer["choices"][0]["token_ids"]
        answer["choices"][0]["logprobs"] = None

    stub.always = strip
    (answers,) = engine.sample([request(CODES[0], tuple(range(6)))])
    prompt = local.render(request(CODES[0], ()).prompt).token_ids
    for answer in answers:
        assert (answer.token_ids[-1] in local._eos) == (answer.finish_reason == "stop")
        shown = answer.token_ids[:-1] if answer.finish_reason == "stop" else answer.token_ids
        assert local._tokenizer.decode(shown) == answer.text
        assert answer.logprob == pytest.approx(local.logprobs([(prompt, answer.token_ids)])[0], abs=1e-4)


def test_requests_in_flight_are_as_many_as_the_token_budget_holds(
    stub: VllmStub, directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    length = len(TransformersEngine.load(SETTINGS, directory, "cpu").render(request("x", ()).prompt).token_ids) + 2
    engine = OpenaiEngine.load(SETTINGS.model_copy(update={"batch_tokens": 3 * length}), directory)
    flying, most, lock, original = 0, 0, threading.Lock(), engine._complete

    def complete(*asked: Any) -> Any:
        nonlocal flying, most
        with lock:
            flying += 1
            most = max(most, flying)
        time.sleep(0.05)
        try:
            return original(*asked)
        finally:
            with lock:
                flying -= 1

    monkeypatch.setattr(engine, "_complete", complete)
    engine.sample([request("x", tuple(range(9)), 2)])
    assert most == 3


@pytest.mark.parametrize("status", [429, 500, 503])
def test_an_overloaded_server_is_asked_again(
    engine: OpenaiEngine, stub: VllmStub, local: TransformersEngine, status: int, caplog: pytest.LogCaptureFixture
) -> None:
    stub.faults.extend([status, status])
    with caplog.at_level(logging.WARNING, "codeq"):
        ((answer,),) = engine.sample([request("x", (1,))])
    assert answer.token_ids == local.sample([request("x", (1,))])[0][0].token_ids
    assert len(stub.bodies) == 3
    (said,) = caplog.messages
    assert f"status {status}" in said
    assert "asking again for" in said


def test_a_server_that_goes_and_comes_back_loses_nothing(
    engine: OpenaiEngine, stub: VllmStub, local: TransformersEngine
) -> None:
    asked = [request(code, (1, 2, 3)) for code in CODES]
    port = stub.port
    stub.stop()
    returning = threading.Timer(0.3, stub.start, [port])
    returning.start()
    found = engine.sample(asked)
    returning.join()
    assert [[c.text for c in answer] for answer in found] == [[c.text for c in a] for a in local.sample(asked)]


def test_a_server_that_stays_away_stops_the_run(engine: OpenaiEngine, stub: VllmStub) -> None:
    stub.always = 503
    with pytest.raises(ModelError, match=r"no answer after 5 attempts, the last: status 503.*Run the job again"):
        engine.sample([request("x", (1,))])
    assert len(stub.bodies) == 5
    stub.stop()
    with pytest.raises(ModelError, match=rf"127.0.0.1:{stub.port}: no answer after 5 attempts, the last: ConnectError"):
        engine.sample([request("x", (1, 2, 3))])
    stub.start(stub.port)


def test_a_server_whose_process_ended_is_not_waited_for(
    engine: OpenaiEngine, stub: VllmStub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(openai_engine, "DELAYS_S", (0.1, 600.0))
    stub.stop()
    engine.server.process.kill()
    engine.server.process.wait()
    with pytest.raises(ModelError, match=r"the server ended with status -9.*its command: sh -c.*Run the job again"):
        engine.sample([request("x", (1, 2))])
    stub.start(stub.port)


def test_a_refused_request_is_an_error_at_once(engine: OpenaiEngine, stub: VllmStub) -> None:
    stub.always = 400
    with pytest.raises(ModelError, match=r"answered 400: .*told to say 400.*not sent again"):
        engine.sample([request("x", (1,))])
    assert len(stub.bodies) == 1


def change(**changes: Any) -> Any:
    return lambda answer: answer["choices"][0].update(changes)


@pytest.mark.parametrize(
    ("fault", "message"),
    [
        ("{not json", "not one completion"),
        ("[]", "not one completion"),
        ("{}", "'choices'"),
        ('{"choices": []}', "not one completion"),
        (lambda answer: answer["choices"].append(answer["choices"][0]), "not one completion"),
        (lambda answer: answer.pop("usage"), "'usage'"),
        (lambda answer: answer["choices"][0].pop("text"), "'text'"),
        (change(finish_reason="abort"), "ends by 'stop' or 'length'"),
        (change(finish_reason=None), "ends by 'stop' or 'length'"),
        (lambda answer: answer["usage"].update(prompt_tokens=99), "makes 99 tokens of a prompt of"),
    ],
)
def test_an_answer_that_is_not_one_completion_is_an_error(
    engine: OpenaiEngine, stub: VllmStub, fault: Any, message: str
) -> None:
    stub.faults.append(fault)
    with pytest.raises(ModelError, match=message):
        engine.sample([request("x", (1,))])


def test_a_server_that_hangs_is_an_error_that_names_the_remedy(
    stub: VllmStub, directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(openai_engine, "ANSWER_S", 0.5)
    engine = OpenaiEngine.load(SETTINGS, directory)
    stub.always = lambda answer: time.sleep(3)
    with pytest.raises(ModelError, match=r"no completion within .* lower model.batch_tokens"):
        engine.sample([request("x", (1,))])


def test_a_server_of_other_weights_is_refused(stub: VllmStub, directory: Path, tmp_path: Path) -> None:
    copy = shutil.copytree(directory, tmp_path / "copy")
    with pytest.raises(ModelError, match=r"Does model\.serve serve this policy"):
        OpenaiEngine.load(SETTINGS, copy)
    stub.checks_names = False
    with pytest.raises(ModelError, match=rf"lists \['{directory.resolve()}'\] and answers to any name"):
        OpenaiEngine.load(SETTINGS, copy)
    # A server that lists nothing, as `transformers serve`, is believed if it refuses other names.
    stub.lists, stub.checks_names = False, True
    assert OpenaiEngine.load(SETTINGS, directory).policy


def test_likelihoods_after_temperature_are_refused(stub: VllmStub, directory: Path) -> None:
    stub.tempered = True
    with pytest.raises(ModelError, match="after temperature; set --logprobs-mode raw_logprobs"):
        OpenaiEngine.load(SETTINGS, directory)


def test_a_hub_id_cannot_be_served() -> None:
    with pytest.raises(ModelError, match="serves a directory, not a hub id"):
        load(SETTINGS, "Qwen/Qwen2.5-Coder-7B-Instruct")
