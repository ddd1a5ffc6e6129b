"""Merging: the merged policy answers as base + adapter do, and nothing else has changed."""

import json
from pathlib import Path

import pytest
import tiny_policy
import torch
from peft import LoraConfig, PeftModel, get_peft_model
from safetensors.torch import load_file
from transformers import AutoModelForCausalLM, BitsAndBytesConfig, GenerationConfig

from codeq import lineage
from codeq.config import DpoSettings, ModelSettings
from codeq.errors import ModelError
from codeq.models import tokenizers
from codeq.training.data import hold_out
from codeq.training.divergence import from_base, held_out_ids
from codeq.training.merge import merge
from codeq.training.policy import load_model
from codeq.training.quantisation import of_nf4

ADAPTED = ("q_proj", "down_proj")
IDS = torch.arange(4, 36).reshape(2, 16)


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tiny_policy.make(tmp_path_factory.mktemp("policy"))
    GenerationConfig(do_sample=True, temperature=0.8, eos_token_id=3).save_pretrained(directory)
    return directory


@pytest.fixture(scope="module")
def adapter(base: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An adapter with a large random change: lora_B is not zero."""
    torch.manual_seed(1)
    model = get_peft_model(
        load_model(base, "bfloat16"),
        LoraConfig(r=4, lora_alpha=8, target_modules=list(ADAPTED), task_type="CAUSAL_LM"),
    )
    for name, weight in model.named_parameters():
        if "lora_B" in name:
            torch.nn.init.normal_(weight, std=0.05)
    directory = tmp_path_factory.mktemp("adapter")
    model.save_pretrained(directory)
    return directory


@pytest.fixture(scope="module")
def merged(base: Path, adapter: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("merged")
    merge(base, adapter, directory)
    return directory


@torch.no_grad()
def logits(model: torch.nn.Module) -> torch.Tensor:
    return model.eval()(IDS).logits.float()


def test_adapted_weights_are_w_plus_scaled_b_a_and_all_others_are_untouched(
    base: Path, adapter: Path, merged: Path
) -> None:
    before, after = load_file(base / "model.safetensors"), load_file(merged / "model.safetensors")
    low_rank = load_file(adapter / "adapter_model.safetensors")
    assert before.keys() == after.keys()
    changed = {name for name in before if not torch.equal(before[name], after[name])}
    assert changed == {name for name in before if any(module in name for module in ADAPTED) and "weight" in name}
    for name in changed:
        stem = f"base_model.model.{name.removesuffix('.weight')}"
        delta = 8 / 4 * low_rank[f"{stem}.lora_B.weight"].double() @ low_rank[f"{stem}.lora_A.weight"].double()
        exact = before[name].double() + delta
        # Two roundings to bfloat16 (8 bits): of the change and of the sum.
        assert (after[name].double() - exact).abs().max() <= 2.0**-8 * (delta.abs().max() + exact.abs().max())


def test_merged_logits_equal_those_of_the_adapter_within_bfloat16(base: Path, adapter: Path, merged: Path) -> None:
    """In float32 arithmetic: within 5 % of the largest change, and little worse than a single ideal rounding."""
    plain = logits(load_model(base, "float32"))
    adapted = logits(PeftModel.from_pretrained(load_model(base, "float32"), adapter))
    change, error = (adapted - plain).abs(), (logits(load_model(merged, "float32")) - adapted).abs()
    assert change.max() > 0.5
    assert error.max() < 0.05 * change.max()
    exact = PeftModel.from_pretrained(load_model(base, "float32"), adapter).merge_and_unload()
    ideal = (logits(exact.to(torch.bfloat16).float()) - adapted).abs()
    assert error.mean() < 1.25 * ideal.mean()


def test_the_merged_policy_is_bfloat16_and_round_trips_exactly(merged: Path, tmp_path: Path) -> None:
    model = load_model(merged, "bfloat16")
    assert {weight.dtype for weight in load_file(merged / "model.safetensors").values()} == {torch.bfloat16}
    model.save_pretrained(tmp_path)
    assert torch.equal(logits(load_model(tmp_path, "bfloat16")), logits(model))
    assert (tmp_path / "model.safetensors").read_bytes() == (merged / "model.safetensors").read_bytes()


def test_tokenizer_and_generation_config_come_along_and_no_path_does(base: Path, merged: Path) -> None:
    before, after = tokenizers.load(base), tokenizers.load(merged)
    messages = [{"role": "user", "content": "return x"}]
    assert after.apply_chat_template(messages, tokenize=False) == "<bug>return x<fix>"
    assert after("def f(x):")["input_ids"] == before("def f(x):")["input_ids"]
    assert after.eos_token == "<end>"
    assert GenerationConfig.from_pretrained(merged).temperature == 0.8
    assert all(str(base) not in path.read_text() for path in merged.glob("*.json"))


def test_merging_again_gives_equal_bytes(base: Path, adapter: Path, merged: Path, tmp_path: Path) -> None:
    merge(base, adapter, tmp_path)
    names = {path.name for path in merged.iterdir()}
    assert {path.name for path in tmp_path.iterdir()} == names
    assert all((tmp_path / name).read_bytes() == (merged / name).read_bytes() for name in names)


def exact_kl(p: torch.nn.Module, q: torch.nn.Module, texts: list[tuple[list[int], list[int]]]) -> list[float]:
    """KL(p || q) at each token of the completions by its definition, from log-probabilities in float64."""
    values = []
    for prompt, chosen in texts:
        log_p, log_q = (
            model(torch.tensor([prompt + chosen])).logits[0, len(prompt) - 1 : -1].detach().double().log_softmax(-1)
            for model in (p, q)
        )
        values += (log_p.exp() * (log_p - log_q)).sum(-1).tolist()
    return values


def test_the_drift_of_a_merged_policy_from_its_base_is_its_kl_in_float64(base: Path, merged: Path) -> None:
    texts = held_out_ids(tiny_policy.make_pairs(10, problems=5), base, DpoSettings(eval_fraction=0.4))
    found = from_base(merged, base, texts)
    values = exact_kl(*(load_model(policy, "float64") for policy in (merged, base)), texts)
    assert found["tokens"] == len(values) == sum(len(chosen) for _, chosen in texts)
    assert found["mean"] == pytest.approx(sum(values) / len(values), rel=1e-4)
    assert found["largest"] == pytest.approx(max(values), rel=1e-4)
    backwards = exact_kl(*(load_model(policy, "float64") for policy in (base, merged)), texts)
    assert found["mean"] != pytest.approx(sum(backwards) / len(backwards), rel=1e-2), "the direction matters"


def test_a_base_has_not_drifted_from_itself(base: Path) -> None:
    texts = held_out_ids(tiny_policy.make_pairs(4, problems=2), base, DpoSettings())
    assert from_base(base, base, texts) == {
        "mean": 0.0,
        "largest": 0.0,
        "tokens": sum(len(chosen) for _, chosen in texts),
    }


def test_what_four_bits_do_to_the_merged_policy_is_measured_on_held_out_prompts(tmp_path: Path) -> None:
    """Against the same divergence in float64; random weights, so that 4 bits change much."""
    policy = tiny_policy.make(tmp_path / "policy", hidden=64, layers=1, scale=0.1)
    lineage.write_manifest(policy)
    pairs = tiny_policy.make_pairs(10, problems=5)
    texts = held_out_ids(pairs, policy, DpoSettings(eval_fraction=0.4))
    held_out = list(hold_out(pairs, 0.4)[1].sort("pair_id").iter_rows(named=True))
    words = tokenizers.load(policy)
    assert [words.decode(prompt + chosen) for prompt, chosen in texts] == [
        row["prompt"] + row["chosen"] + "<end>" for row in held_out
    ]
    found = of_nf4(policy, ModelSettings(base=str(policy)), texts)
    nf4 = BitsAndBytesConfig(load_in_4bit=True, bnb_4bit_quant_type="nf4", bnb_4bit_compute_dtype=torch.bfloat16)
    exact = load_model(policy, "bfloat16")
    rounded = AutoModelForCausalLM.from_pretrained(policy, quantization_config=nf4, dtype=torch.bfloat16)
    values = exact_kl(exact, rounded, texts)
    assert found["tokens"] == len(values) == sum(len(chosen) for _, chosen in texts)
    assert found["mean"] == pytest.approx(sum(values) / len(values), rel=0.05)
    assert found["largest"] == pytest.approx(max(values), rel=0.05)
    assert 1e-4 < found["mean"] < found["largest"]


def test_a_model_quantised_by_bitsandbytes_is_refused(base: Path, adapter: Path, tmp_path: Path) -> None:
    nf4 = BitsAndBytesConfig(load_in_4bit=True, bnb_4bit_quant_type="nf4", bnb_4bit_compute_dtype=torch.bfloat16)
    AutoModelForCausalLM.from_pretrained(base, quantization_config=nf4).save_pretrained(tmp_path / "nf4")
    with pytest.raises(ModelError, match="nf4: the model is quantised"):
        merge(tmp_path / "nf4", adapter, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_configuration_that_says_quantised_is_refused(base: Path, adapter: Path, tmp_path: Path) -> None:
    config = json.loads((base / "config.json").read_text())
    config["quantization_config"] = {"quant_method": "gptq", "bits": 4}
    (tmp_path / "config.json").write_text(json.dumps(config))
    with pytest.raises(ModelError, match="quantization_config"):
        merge(tmp_path, adapter, tmp_path / "out")


def test_what_is_not_an_adapter_of_the_base_is_named(base: Path, adapter: Path, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="empty: not an adapter"):
        merge(base, tmp_path / "empty", tmp_path / "out")
    wider = tiny_policy.make(tmp_path / "wider", hidden=64)
    with pytest.raises(ModelError, match="not an adapter of"):
        merge(wider, adapter, tmp_path / "out")
    assert not (tmp_path / "out").exists()
