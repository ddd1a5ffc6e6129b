import json
import logging
from itertools import chain
from pathlib import Path

import numpy as np
import pytest
import torch
from scipy.stats import chisquare
from tiny_policy import make

from codeq.config import ModelSettings
from codeq.errors import ModelError
from codeq.models import SampleRequest, load
from codeq.models.transformers_engine import TransformersEngine, invert, uniforms

SETTINGS = ModelSettings(dtype="float32", quantization="none", batch_tokens=4096, prompt="minimal")
CODES = ["def f(x):\n    return x", "x + y", "if x:\n    y = 1\nelse:\n    y = 12 + x", "1", "for x in y: x"]


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    # Weights large enough for peaked distributions, and so for completions that end by themselves.
    return make(tmp_path_factory.mktemp("policy"), scale=0.25)


@pytest.fixture(scope="module")
def engine(directory: Path) -> TransformersEngine:
    return load(SETTINGS, directory, device="cpu")


def request(
    code: str, seeds: tuple[int, ...], length: int = 24, temperature: float = 0.8, top_p: float = 1.0
) -> SampleRequest:
    return SampleRequest(({"role": "user", "content": code},), seeds, temperature, top_p, length)


def requests(per_prompt: int = 4, length: int = 24) -> list[SampleRequest]:
    codes = [*CODES, CODES[0]]  # one prompt twice, with other seeds
    return [request(code, tuple(range(100 * i, 100 * i + per_prompt)), length) for i, code in enumerate(codes)]


def exact_logits(engine: TransformersEngine, ids: tuple[int, ...]) -> torch.Tensor:
    """Logits after every id by one plain forward pass: no cache, no padding, no mask of ours."""
    with torch.inference_mode():
        return engine._model(input_ids=torch.tensor([ids])).logits[0].double()


def exact_probabilities(logits: torch.Tensor, temperature: float, top_p: float) -> np.ndarray:
    """Tempered softmax cut to its nucleus, by a plain loop in NumPy."""
    scaled = logits.numpy() / temperature
    probabilities = np.exp(scaled - scaled.max())
    probabilities /= probabilities.sum()
    kept, mass = np.zeros_like(probabilities), 0.0
    for index in np.argsort(-probabilities, kind="stable"):
        if mass >= top_p:
            break
        kept[index] = probabilities[index]
        mass += probabilities[index]
    return kept / kept.sum()


def goodness_of_fit(counts: np.ndarray, probabilities: np.ndarray) -> float:
    """Chi-squared p-value; cells expected fewer than 5 times are pooled."""
    assert counts[probabilities == 0].sum() == 0
    expected = probabilities * counts.sum()
    large = expected >= 5
    observed = np.append(counts[large], counts[~large].sum())
    wanted = np.append(expected[large], expected[~large].sum())
    keep = wanted > 0
    return float(chisquare(observed[keep], wanted[keep]).pvalue) if keep.sum() > 1 else 1.0


@pytest.mark.parametrize(("temperature", "top_p"), [(1.0, 1.0), (0.8, 1.0), (0.5, 0.9), (1.5, 0.6), (0.2, 0.05)])
def test_sampled_ids_have_the_exact_distribution(temperature: float, top_p: float) -> None:
    logits = 2 * torch.randn(40, generator=torch.Generator().manual_seed(3))
    noise = torch.from_numpy(np.array([uniforms(seed, 1)[0] for seed in range(20_000)]))
    drawn = invert(logits.expand(20_000, -1), temperature, top_p, noise)
    probabilities = exact_probabilities(logits.double(), temperature, top_p)
    assert (probabilities > 0).sum() < 40 or top_p == 1.0
    counts = np.bincount(drawn.numpy(), minlength=40)
    assert goodness_of_fit(counts, probabilities) > 1e-3


def test_the_ends_of_the_unit_interval_draw_the_first_and_last_id_of_the_nucleus() -> None:
    logits = torch.tensor([[-torch.inf, 0.0, 1.0, 2.0, -torch.inf]]).repeat(2, 1)
    ends = torch.tensor([0.0, np.nextafter(1.0, 0.0)], dtype=torch.float64)
    assert invert(logits, 1.0, 1.0, ends).tolist() == [1, 3]
    assert invert(logits, 1.0, 0.5, ends).tolist() == [3, 3]


@pytest.mark.parametrize(("temperature", "top_p"), [(0.8, 1.0), (1.2, 0.7)])
def test_completions_of_a_prompt_have_the_exact_distribution(
    engine: TransformersEngine, temperature: float, top_p: float
) -> None:
    prompt = engine.render(({"role": "user", "content": CODES[0]},)).token_ids
    seeds = tuple(range(5000))
    (answers,) = engine.sample([request(CODES[0], seeds, 2, temperature, top_p)])
    first = [answer.token_ids[0] for answer in answers]
    probabilities = exact_probabilities(exact_logits(engine, prompt)[-1], temperature, top_p)
    assert goodness_of_fit(np.bincount(first, minlength=len(probabilities)), probabilities) > 1e-3
    common = max(set(first) - set(engine._eos), key=first.count)
    second = [answer.token_ids[1] for answer in answers if answer.token_ids[0] == common]
    probabilities = exact_probabilities(exact_logits(engine, (*prompt, common))[-1], temperature, top_p)
    assert goodness_of_fit(np.bincount(second, minlength=len(probabilities)), probabilities) > 1e-3


def test_logprobs_equal_those_of_an_independent_forward_pass(engine: TransformersEngine) -> None:
    asked = requests()
    answers = engine.sample(asked)
    items, sampled, exact = [], [], []
    for question, completions in zip(asked, answers, strict=True):
        prompt = engine.render(question.prompt).token_ids
        for completion in completions:
            logprobs = exact_logits(engine, prompt + completion.token_ids).log_softmax(-1)
            at = range(len(prompt) - 1, len(prompt) + len(completion.token_ids) - 1)
            exact.append(sum(float(logprobs[t, i]) for t, i in zip(at, completion.token_ids, strict=True)))
            sampled.append(completion.logprob)
            items.append((prompt, completion.token_ids))
    assert sampled == pytest.approx(exact, abs=1e-4)
    assert engine.logprobs(items) == pytest.approx(exact, abs=1e-4)
    assert engine.logprobs([]) == []


@pytest.mark.parametrize("batch", [1, 8, 32])
def test_completions_do_not_depend_on_the_batch_size(
    engine: TransformersEngine, directory: Path, batch: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted = engine.sample(requests(6, 12))
    longest = max(len(engine.render(question.prompt).token_ids) for question in requests())
    other = load(SETTINGS.model_copy(update={"batch_tokens": batch * (longest + 12)}), directory, device="cpu")
    assert isinstance(other, TransformersEngine)
    sizes = []
    original = other._sample_batch
    monkeypatch.setattr(other, "_sample_batch", lambda rows, *rest: sizes.append(len(rows)) or original(rows, *rest))
    found = other.sample(requests(6, 12))
    assert sizes[0] == batch
    assert sum(sizes) == 36
    for left, right in zip(chain(*wanted), chain(*found), strict=True):
        assert (left.token_ids, left.text, left.finish_reason) == (right.token_ids, right.text, right.finish_reason)
        assert left.logprob == pytest.approx(right.logprob, abs=1e-4)


def test_a_completion_depends_on_prompt_and_seed_alone(engine: TransformersEngine) -> None:
    (alone,) = engine.sample([request(CODES[0], (7,))])[0]
    together = engine.sample([request(CODES[2], (7, 8)), request(CODES[0], (6, 7, 8))])
    assert together[1][1].token_ids == alone.token_ids
    assert together[0][0].token_ids != alone.token_ids
    assert len({completion.token_ids for completion in together[1]}) == 3


def test_finish_reason_says_whether_the_end_token_was_drawn(engine: TransformersEngine) -> None:
    completions = list(chain(*engine.sample(requests(16))))
    reasons = {completion.finish_reason for completion in completions}
    assert reasons == {"stop", "length"}
    for completion in completions:
        ended = completion.token_ids[-1] in engine._eos
        assert completion.finish_reason == ("stop" if ended else "length")
        assert ended or len(completion.token_ids) == 24
        assert not set(completion.token_ids[:-1]) & set(engine._eos)
        shown = completion.token_ids[:-1] if ended else completion.token_ids
        assert completion.text == engine._tokenizer.decode(shown)
        assert "<end>" not in completion.text


def test_requests_of_different_parameters_are_answered_in_order(engine: TransformersEngine) -> None:
    mixed = [request("1", (1, 2), 3), request("x", (3,), 5, 0.2), request("1", (4,), 3), request("y", (), 3)]
    answers = engine.sample(mixed)
    assert [len(answer) for answer in answers] == [2, 1, 1, 0]
    for answer, question in zip(answers, mixed, strict=True):
        alone = engine.sample([question])[0]
        assert [completion.token_ids for completion in answer] == [completion.token_ids for completion in alone]
        # Matrix products of another size or thread count round the last bits differently.
        assert [each.logprob for each in answer] == pytest.approx([each.logprob for each in alone], rel=1e-5)
    assert engine.sample([]) == []


def test_rendered_ids_are_those_of_the_rendered_text(engine: TransformersEngine) -> None:
    for code in CODES:
        rendered = engine.render(({"role": "user", "content": code},))
        assert rendered.text == f"<bug>{code}<fix>"
        assert list(rendered.token_ids) == engine._tokenizer(rendered.text, add_special_tokens=False)["input_ids"]
        template = engine._tokenizer.apply_chat_template(
            [{"role": "user", "content": code}], add_generation_prompt=True, return_dict=False
        )
        assert list(rendered.token_ids) == template
    assert len({engine.render(({"role": "user", "content": code},)).digest for code in CODES}) == len(CODES)


def test_the_samples_of_one_prompt_share_its_prefill(
    engine: TransformersEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    prefilled = []
    original = engine._prefill
    monkeypatch.setattr(engine, "_prefill", lambda prompts: prefilled.append(len(prompts)) or original(prompts))
    engine.sample(requests())
    assert prefilled == [len(CODES)]  # six requests of four samples, two of them for one prompt


def test_out_of_gpu_memory_halves_the_batch_and_says_so_once(
    directory: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    small = load(SETTINGS, directory, device="cpu")
    assert isinstance(small, TransformersEngine)
    wanted, sizes, original = small.sample(requests()), [], small._sample_batch

    def sample_batch(rows: list[object], *rest: object) -> object:
        sizes.append(len(rows))
        if len(rows) > 4:
            raise torch.OutOfMemoryError("CUDA out of memory")
        return original(rows, *rest)

    monkeypatch.setattr(small, "_sample_batch", sample_batch)
    with caplog.at_level(logging.WARNING):
        found = small.sample(requests())
        small.sample(requests())
    assert sizes[:4] == [24, 12, 6, 3]
    assert sum(sizes[3:]) - sum(size for size in sizes[3:] if size > 4) == 2 * 24  # every row of both calls
    assert [message.split(", ")[0] for message in caplog.messages] == ["out of GPU memory: batches are halved"]
    assert [[c.token_ids for c in answer] for answer in found] == [[c.token_ids for c in answer] for answer in wanted]

    def never(rows: list[object], *rest: object) -> object:
        raise torch.OutOfMemoryError("CUDA out of memory")

    monkeypatch.setattr(small, "_sample_batch", never)
    with pytest.raises(ModelError, match="on one sequence"):
        small.sample(requests())


def test_a_policy_is_named_by_its_manifest(directory: Path, tmp_path: Path) -> None:
    plain = load(SETTINGS, directory, device="cpu").policy
    assert plain == load(SETTINGS, directory, device="cpu").policy
    other = make(tmp_path / "other", scale=0.1)
    assert load(SETTINGS, other, device="cpu").policy != plain
    (other / "manifest.json").write_text(json.dumps({"files": {}}))
    named = load(SETTINGS, other, device="cpu").policy
    (other / "note.txt").write_text("not in the manifest")
    assert load(SETTINGS, other, device="cpu").policy == named
    assert len(named) == 64


def test_a_policy_that_cannot_be_loaded_is_a_model_error_with_a_remedy(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="run the rule that makes it"):
        load(SETTINGS, tmp_path / "absent")
    with pytest.raises(ModelError, match="delete it and run the rule"):
        load(SETTINGS, tmp_path)


def test_nf4_weights_are_quantized_and_can_be_sampled(tmp_path: Path) -> None:
    # Whole blocks of 64: where the CPU has AVX512-BF16, bitsandbytes repacks them and takes no others.
    directory = make(tmp_path, hidden=64, scale=0.25)
    quantized = load(SETTINGS.model_copy(update={"quantization": "nf4", "dtype": "bfloat16"}), directory, device="cpu")
    assert isinstance(quantized, TransformersEngine)
    layer = quantized._model.model.layers[0].self_attn.q_proj
    assert type(layer).__name__ == "Linear4bit"
    assert layer.weight.quant_type == "nf4"
    (answers,) = quantized.sample([request(CODES[0], (1, 2, 3), 8)])
    assert all(np.isfinite(answer.logprob) and answer.logprob < 0 for answer in answers)
