"""How far one policy is from another: KL divergence per token, on held-out prompts."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import polars as pl
import torch
from torch import Tensor
from torch.nn.functional import kl_div

from codeq.config import DpoSettings
from codeq.models import tokenizers
from codeq.training.data import encode, hold_out
from codeq.training.policy import load_model

PROMPTS = 32
Texts = list[tuple[list[int], list[int]]]  # token ids of (prompt, completion)


def held_out_ids(pairs: pl.DataFrame, policy: Path, settings: DpoSettings) -> Texts:
    """(prompt ids, chosen ids) of at most 32 held-out pairs of different prompts, those of lowest pair_id."""
    encoded, _ = encode(pairs, tokenizers.load(policy), settings.max_length)
    _, held_out = hold_out(encoded, settings.eval_fraction)
    chosen = held_out.sort("pair_id").unique("prompt", keep="first", maintain_order=True).head(PROMPTS)
    return chosen.select("prompt_ids", "chosen_ids").rows()


def from_base(policy: Path, base: Path, texts: Texts) -> dict[str, float]:
    """KL(policy || base) as `divergence` gives it, on a GPU if there is one.

    Both in float32, whatever training used: in the tests' small study, rounding the base to bfloat16 alone moves it by
    2.7e-05 nats per token, where the first round of training moved it by 6.7e-05.
    They are loaded one after the other; meanwhile the base's predictions wait in memory, 4 bytes for each token of a
    completion and word of the vocabulary.
    """
    device = "cuda" if torch.cuda.is_available() else "cpu"
    expected = [each.cpu() for each in predictions(load_model(base, "float32").to(device), texts)]
    return divergence(predictions(load_model(policy, "float32").to(device), texts), expected)


@torch.no_grad()
def predictions(model: Any, texts: Texts) -> Iterator[Tensor]:
    """log p of every word at each token of each completion: of a text (tokens, vocabulary), float32."""
    for prompt, completion in texts:
        ids = torch.tensor([[*prompt, *completion]], device=model.device)
        logits = model(input_ids=ids, use_cache=False, logits_to_keep=len(completion) + 1).logits[0, :-1]
        yield logits.float().log_softmax(-1)


def divergence(p: Iterable[Tensor], q: Iterable[Tensor]) -> dict[str, float]:
    """KL(p || q) at each token of the same texts, in nats: mean and largest; how many tokens were compared."""
    found = [
        kl_div(theirs.to(ours.device), ours, reduction="none", log_target=True).sum(-1).cpu()
        for ours, theirs in zip(p, q, strict=True)
    ]
    values = torch.cat(found)
    return {"mean": float(values.mean()), "largest": float(values.max()), "tokens": float(len(values))}
