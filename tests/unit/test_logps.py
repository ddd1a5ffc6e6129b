"""Log-probabilities from hidden states: against float64, against plain TRL, and where plain TRL goes wrong."""

import math
from pathlib import Path
from typing import Any

import pytest
import tiny_policy
import torch
from peft import LoraConfig
from test_dpo import Unpatched, trainer
from transformers import Qwen2Config, Qwen2ForCausalLM
from trl.trainer.utils import selective_log_softmax

from codeq.errors import TrainingError
from codeq.training import logps
from codeq.training.policy import load_model


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_policy.make(tmp_path_factory.mktemp("policy"))


def batch(seed: int = 0, rows: int = 4, length: int = 24) -> dict[str, torch.Tensor]:
    """Padded sequences whose completions begin and end at different places."""
    generator = torch.Generator().manual_seed(seed)
    ids = torch.randint(4, 280, (rows, length), generator=generator)
    present, completion = torch.ones_like(ids), torch.zeros_like(ids)
    for row in range(rows):
        end = length - 2 * row
        present[row, end:] = 0
        completion[row, 5 + row : end] = 1
    return {"input_ids": ids, "attention_mask": present, "completion_mask": completion}


@pytest.mark.parametrize("dtype", ["bfloat16", "float32"])
@pytest.mark.parametrize("chunk", [logps.CHUNK, 1000])
def test_log_probabilities_and_gradients_equal_float64(
    base: Path, dtype: str, chunk: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From the same hidden states, so that only head, softmax and sum are compared; relative error below 1e-4."""
    monkeypatch.setattr(logps, "CHUNK", chunk)  # 1000 logits: three positions at a time
    model, inputs = load_model(base, dtype), batch()
    head = logps.detach_head(model)
    hidden = model(input_ids=inputs["input_ids"], attention_mask=inputs["attention_mask"]).logits
    wide = hidden.detach().double().requires_grad_()
    token = (wide[:, :-1] @ head.double().t()).log_softmax(-1)
    predicted = inputs["completion_mask"][:, 1:].bool()
    picked = token.gather(-1, inputs["input_ids"][:, 1:, None])[..., 0] * predicted
    entropy = -(token.exp() * token).sum(-1) * predicted
    right = (token.argmax(-1) == inputs["input_ids"][:, 1:]) & predicted

    leaf = hidden.detach().requires_grad_()
    got = logps.completion_logps(lambda **_: type("Out", (), {"logits": leaf}), head, **inputs)
    assert {each.dtype for each in got} == {torch.float32}
    torch.testing.assert_close(got.logps.double(), picked.sum(1), rtol=1e-5, atol=0)
    torch.testing.assert_close(got.entropy.double(), entropy.sum(1) / predicted.sum(1), rtol=1e-4, atol=0)
    torch.testing.assert_close(got.accuracy.double(), right.sum(1) / predicted.sum(1).double())

    weights = torch.tensor([1.0, -2.0, 0.5, 3.0])
    (got.logps * weights).sum().backward()
    (picked.sum(1) * weights).sum().backward()
    bound = 2.0**-7 if dtype == "bfloat16" else 1e-5  # gradients have the type of the hidden states
    assert (leaf.grad.double() - wide.grad).norm() < bound * wide.grad.norm()


def test_the_loss_its_metrics_and_gradients_are_those_of_trl_in_float32(base: Path, tmp_path: Path) -> None:
    """With a changed adapter, so that no reward is zero."""
    outcomes = []
    for kind in (Unpatched, None):
        torch.manual_seed(5)
        made = trainer(base, tmp_path, *([kind] if kind else []), model=load_model(base, "float32"))
        for name, weight in made.model.named_parameters():
            if "lora_B" in name:
                torch.nn.init.normal_(weight, std=0.5)
        inputs = made._prepare_inputs(next(iter(made.get_eval_dataloader(made.train_dataset))))
        loss = made.compute_loss(made.model, inputs)
        loss.backward()
        gradients = [weight.grad for _, weight in sorted(made.model.named_parameters()) if weight.grad is not None]
        metrics = {name: sum(values) / len(values) for name, values in made._metrics["train"].items()}
        outcomes.append((loss, torch.cat([each.flatten() for each in gradients]), metrics))
    (plain, plain_gradient, plain_metrics), (ours, our_gradient, our_metrics) = outcomes
    assert abs(ours - math.log(2)) > 1e-3
    torch.testing.assert_close(ours, plain, rtol=1e-5, atol=0)
    torch.testing.assert_close(our_gradient, plain_gradient, rtol=1e-3, atol=1e-6)
    shared = [name for name in our_metrics if name.startswith(("rewards/", "logps/"))]
    assert len(shared) == 6
    assert {name: our_metrics[name] for name in shared} == pytest.approx(
        {name: plain_metrics[name] for name in shared}, rel=1e-4
    )
    assert our_metrics["entropy"] == pytest.approx(plain_metrics["entropy"], rel=0.05)  # TRL weighs by length


def test_logits_so_large_that_bfloat16_misbehaves_do_not_here() -> None:
    """Logits near 500, 0.5 apart: bfloat16 knows only every second integer there, so that all are equal to it.

    Each true log-probability is that of a softmax over gaps of 0.5; plain TRL gives every token the same.
    """
    vocabulary, width = 64, 64
    head = torch.zeros(vocabulary, width)
    head[:, 0] = 1
    head[:, 1] = 2.0 ** -torch.arange(vocabulary).float().remainder(4)  # 1, 1/2, 1/4, 1/8: exact in bfloat16
    hidden = torch.zeros(1, width, dtype=torch.bfloat16)
    hidden[:, 0], hidden[:, 1] = 500, 0.5
    head = head.bfloat16()
    tokens = torch.arange(4)
    exact = (hidden.double() @ head.double().t()).log_softmax(-1)[0, :4]
    got, _, _ = logps.TokenLogps.apply(hidden.expand(4, -1), head, tokens)
    torch.testing.assert_close(got.double(), exact, rtol=1e-5, atol=0)
    plain = selective_log_softmax((hidden @ head.t()).expand(4, -1), tokens)
    assert len(set(plain.tolist())) == 1
    assert (plain.double() - exact).abs().max() > 0.1


def test_the_gradient_of_a_likely_token_survives_bfloat16() -> None:
    """p = 0.998: rounded to bfloat16 before the subtraction, 1 - p would be off by as much as itself."""
    head = torch.eye(2).bfloat16()
    hidden = torch.tensor([[6.25, 0.0]]).bfloat16().requires_grad_()
    logp, _, _ = logps.TokenLogps.apply(hidden, head, torch.tensor([0]))
    logp.sum().backward()
    rest = 1 / (1 + math.exp(6.25))
    assert hidden.grad[0].tolist() == pytest.approx([rest, -rest], rel=2.0**-7)


def test_logits_are_never_in_memory_for_a_whole_sequence(base: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shapes = []
    original = logps._matmul

    def spy(a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
        logits = original(a, b)
        shapes.append(logits.shape)
        return logits

    monkeypatch.setattr(logps, "_matmul", spy)
    monkeypatch.setattr(logps, "CHUNK", 3000)
    model, inputs = load_model(base, "float32"), batch()
    head = logps.detach_head(model)
    logps.completion_logps(model, head, **inputs)
    assert max(shape.numel() for shape in shapes) <= 3000
    assert sum(shape[0] for shape in shapes) == inputs["completion_mask"].sum() < inputs["input_ids"].numel()


class Capped(Qwen2ForCausalLM):
    """Softcaps its logits, as Gemma 2 does."""

    def forward(self, *arguments: Any, **options: Any) -> Any:
        output = super().forward(*arguments, **options)
        output.logits = 30 * torch.tanh(output.logits / 30)
        return output


def test_a_model_that_changes_its_logits_after_the_head_is_refused() -> None:
    config = Qwen2Config(
        vocab_size=64, hidden_size=16, intermediate_size=32, num_hidden_layers=1, num_attention_heads=2,
        num_key_value_heads=2,
    )  # fmt: skip
    with pytest.raises(TrainingError, match="Capped changes its logits"):
        logps.detach_head(Capped(config))
    logps.detach_head(Qwen2ForCausalLM(config))


def test_a_head_with_a_bias_is_refused(base: Path) -> None:
    model = load_model(base, "float32")
    model.set_output_embeddings(torch.nn.Linear(32, 300))
    with pytest.raises(TrainingError, match="without bias"):
        logps.detach_head(model)


def test_the_published_adapter_has_81_million_parameters_of_7_6_billion() -> None:
    """The shape of Qwen2.5-7B on the meta device: r=32 on the seven modules is 1.05 % of the whole."""
    from peft import get_peft_model

    from codeq.config import DpoSettings

    settings = DpoSettings()
    config = Qwen2Config(
        vocab_size=152064, hidden_size=3584, intermediate_size=18944, num_hidden_layers=28, num_attention_heads=28,
        num_key_value_heads=4, tie_word_embeddings=False,
    )  # fmt: skip
    with torch.device("meta"):
        model = get_peft_model(
            Qwen2ForCausalLM(config),
            LoraConfig(
                r=settings.lora_r, lora_alpha=settings.lora_alpha, target_modules=list(settings.target_modules),
                task_type="CAUSAL_LM",
            ),
        )  # fmt: skip
    trainable, total = model.get_nb_trainable_parameters()
    # r (in + out) of each module: q, o 3584 + 3584; k, v 3584 + 512; gate, up, down 3584 + 18944.
    assert trainable == 28 * 32 * (2 * 7168 + 2 * 4096 + 3 * 22528) == 80_740_352
    assert total == 7_615_616_512 + trainable
    assert 100 * trainable / total == pytest.approx(1.05, abs=0.005)
