"""Log-probabilities of completions in float32, without the logits of a whole sequence ever being in memory.

A vocabulary of 152,064 makes the logits of one pair of 700 tokens 850 MB in float32, and as much again for their
gradient. But only the positions that predict a completion token count, and of each only one number and its gradient
with respect to the hidden state are kept. So the output head is taken off the model (`detach_head`) and applied to
those positions, some at a time.
"""

from typing import Any, NamedTuple

import torch
from torch import Tensor

from codeq.errors import TrainingError

CHUNK = 2**25  # logits in memory at a time: 128 MiB in float32


class Completions(NamedTuple):
    """Of each sequence of a batch, over the tokens of its completion; all float32, shape (sequences,)."""

    logps: Tensor  # sum of log p(token), in nats
    entropy: Tensor  # mean entropy of the predicted distributions, in nats; no gradient
    accuracy: Tensor  # share of tokens that were the likeliest; no gradient


def detach_head(model: Any) -> Tensor:
    """Take the output head off `model`, whose `.logits` are hidden states from now on; returns the head's weight.

    The weight has shape (vocabulary, width). Raises TrainingError if the head is not a frozen linear map without
    bias, or if the model does more to its logits than to apply it.
    """
    head: Any = model.get_output_embeddings()
    if not isinstance(head, torch.nn.Linear) or getattr(head, "bias", None) is not None:
        raise TrainingError(
            f"the output head is {head}, not a linear map without bias: leave it out of dpo.target_modules"
        )
    probe = {"input_ids": torch.zeros(1, 1, dtype=torch.long, device=head.weight.device), "use_cache": False}
    with torch.no_grad():
        logits = model(**probe).logits
        model.set_output_embeddings(torch.nn.Identity())
        if not torch.allclose(logits, head(model(**probe).logits), rtol=0, atol=0, equal_nan=True):
            raise TrainingError(
                f"{type(model).__name__} changes its logits after the output head; training supports models that "
                "do not, such as Qwen2 and Llama"
            )
    weight: Tensor = head.weight.requires_grad_(False)
    return weight


def completion_logps(
    model: Any, head: Tensor, input_ids: Tensor, attention_mask: Tensor, completion_mask: Tensor
) -> Completions:
    """What a model without its head gives the completions of a batch; all inputs have shape (sequences, tokens)."""
    hidden = model(input_ids=input_ids, attention_mask=attention_mask, use_cache=False).logits
    predicted = completion_mask[:, 1:].bool()
    token: tuple[Tensor, ...] = TokenLogps.apply(  # type: ignore[no-untyped-call]
        hidden[:, :-1][predicted], head, input_ids[:, 1:][predicted]
    )
    lengths = predicted.sum(1).clamp(min=1)
    # Through a padded table, since a sum over it has one order: the reference must equal the policy bit by bit.
    sums = [
        torch.zeros(predicted.shape, device=head.device).masked_scatter(predicted, values).sum(1) for values in token
    ]
    return Completions(sums[0], sums[1] / lengths, sums[2] / lengths)


class TokenLogps(torch.autograd.Function):
    """hidden (n, width), head (vocabulary, width), tokens (n) -> log p(token), entropy, is-likeliest; each (n).

    The logits are float32: of a bfloat16 model, exact products summed in float32. The gradient of a log-probability
    with respect to its hidden state h is (onehot(token) - p) W, computed at once; of the head there is none.
    """

    @staticmethod
    def forward(ctx: Any, hidden: Tensor, head: Tensor, tokens: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        rows = max(1, CHUNK // len(head))
        gradient = torch.empty_like(hidden) if ctx.needs_input_grad[0] else None
        parts = []
        with torch.autocast(hidden.device.type, enabled=False):
            for start in range(0, len(hidden), rows):
                chunk, labels = hidden[start : start + rows], tokens[start : start + rows, None]
                logits = _matmul(chunk.to(head.dtype), head.t())
                total = logits.logsumexp(-1)
                likeliest = logits.argmax(-1) == labels[:, 0]
                logp = logits.gather(-1, labels)[:, 0] - total
                p = (logits - total[:, None]).exp_()
                entropy = total - torch.linalg.vecdot(p, logits)
                parts.append((logp, entropy, likeliest.float()))
                if gradient is not None:
                    # Subtracted in float32: 1 - p of a likely token would not survive a rounding of p.
                    p.neg_().scatter_add_(-1, labels, torch.ones_like(labels, dtype=p.dtype))
                    gradient[start : start + rows] = (p.to(head.dtype) @ head).to(gradient.dtype)
                del logits, p
        if gradient is not None:
            ctx.save_for_backward(gradient)
        logp, entropy, likeliest = (torch.cat(part) for part in zip(*parts, strict=True))
        ctx.mark_non_differentiable(entropy, likeliest)
        return logp, entropy, likeliest

    @staticmethod
    def backward(ctx: Any, *of_outputs: Tensor) -> tuple[Tensor, None, None]:
        (gradient,) = ctx.saved_tensors
        return gradient * of_outputs[0][:, None].to(gradient.dtype), None, None


def _matmul(a: Tensor, b: Tensor) -> Tensor:
    """a @ b in float32, whatever the type of the two."""
    if a.dtype is torch.float32:
        return a @ b
    if a.is_cuda:
        return torch.mm(a, b, out_dtype=torch.float32)
    return a.float() @ b.float()
