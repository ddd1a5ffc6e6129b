"""What 4-bit weights do to a policy: the search may sample from NF4 (Dettmers et al. 2023), training uses bfloat16."""

from collections.abc import Iterable
from pathlib import Path

import polars as pl
import torch
from torch.nn.functional import kl_div

from codeq.config import DpoSettings, ModelSettings
from codeq.models import tokenizers
from codeq.models.transformers_engine import TransformersEngine
from codeq.training.data import encode, hold_out

PROMPTS = 32


def held_out_ids(pairs: pl.DataFrame, policy: Path, settings: DpoSettings) -> list[tuple[list[int], list[int]]]:
    """(prompt ids, chosen ids) of at most 32 held-out pairs of different prompts, those of lowest pair_id."""
    encoded, _ = encode(pairs, tokenizers.load(policy), settings.max_length)
    _, held_out = hold_out(encoded, settings.eval_fraction)
    chosen = held_out.sort("pair_id").unique("prompt", keep="first", maintain_order=True).head(PROMPTS)
    return chosen.select("prompt_ids", "chosen_ids").rows()


@torch.no_grad()
def divergence(policy: Path, settings: ModelSettings, texts: Iterable[tuple[list[int], list[int]]]) -> dict[str, float]:
    """KL(bfloat16 || NF4) at each token of the completions, in nats: mean and largest; how many were compared.

    Both models are loaded as the inference engine loads them, on its device.
    """
    plain, quantised = (
        TransformersEngine.load(settings.model_copy(update={"dtype": "bfloat16", "quantization": kind}), policy)._model
        for kind in ("none", "nf4")
    )
    found = []
    for prompt, completion in texts:
        ids = torch.tensor([[*prompt, *completion]], device=plain.device)
        exact, rounded = (
            model(input_ids=ids, use_cache=False, logits_to_keep=len(completion) + 1).logits[0, :-1].float()
            for model in (plain, quantised)
        )
        terms = kl_div(rounded.log_softmax(-1), exact.log_softmax(-1), reduction="none", log_target=True)
        found.append(terms.sum(-1).cpu())
    values = torch.cat(found)
    return {"mean": float(values.mean()), "largest": float(values.max()), "tokens": float(len(values))}
