"""Pretraining of the mini model: first copying, then repair.

Copying of random token strings forms the induction heads that a rewrite lives on; without it a
model of this size spends most of its budget on finding them. Then `<bug>program<fix>program<end>`
with loss on everything. The learning rate warms up, stays, and falls linearly to zero over the
last third.
"""

import logging
import random
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice

import torch
from transformers import PreTrainedTokenizerFast, Qwen2Config, Qwen2ForCausalLM

log = logging.getLogger("codeq.mini")
IGNORE = -100  # label of tokens without loss (torch.nn.functional.cross_entropy's default)
Example = tuple[list[int], list[int]]  # token ids, labels


@dataclass(frozen=True)
class Recipe:
    """Sizes and budget; tokens are counted unpadded."""

    vocabulary: int = 1536
    hidden: int = 256
    intermediate: int = 704
    layers: int = 4
    heads: int = 4
    context: int = 512
    copy_tokens: int = 700_000
    repair_tokens: int = 7_300_000
    batch: int = 32
    pool: int = 16  # batches drawn together and sorted by length
    learning_rate: float = 1e-3
    warmup_steps: int = 100
    decay_share: float = 1 / 3
    weight_decay: float = 0.05
    seed: int = 0


def new_model(recipe: Recipe, tokenizer: PreTrainedTokenizerFast) -> Qwen2ForCausalLM:
    """A freshly initialised Qwen2 with tied embeddings, in float32."""
    torch.manual_seed(recipe.seed)
    return Qwen2ForCausalLM(
        Qwen2Config(
            vocab_size=recipe.vocabulary,
            hidden_size=recipe.hidden,
            intermediate_size=recipe.intermediate,
            num_hidden_layers=recipe.layers,
            num_attention_heads=recipe.heads,
            num_key_value_heads=recipe.heads,
            max_position_embeddings=recipe.context,
            tie_word_embeddings=True,
            pad_token_id=tokenizer.pad_token_id,
            bos_token_id=None,
            eos_token_id=tokenizer.eos_token_id,
        )
    )


def copy_examples(recipe: Recipe, tokenizer: PreTrainedTokenizerFast) -> Iterator[Example]:
    """Random token strings of 8 to 48 tokens and their copy; loss on the copy only."""
    rng = random.Random(recipe.seed)
    bug, fix, end = tokenizer.convert_tokens_to_ids(["<bug>", "<fix>", "<end>"])
    while True:
        body = [rng.randrange(4, recipe.vocabulary) for _ in range(rng.randint(8, 48))]
        yield [bug, *body, fix, *body, end], [IGNORE] * (len(body) + 2) + [*body, end]


def repair_examples(pairs: Iterator[tuple[str, str]], tokenizer: PreTrainedTokenizerFast) -> Iterator[Example]:
    """`<bug>buggy<fix>fixed<end>` for each (buggy, fixed); loss on everything."""
    bug, fix, end = tokenizer.convert_tokens_to_ids(["<bug>", "<fix>", "<end>"])
    for buggy, fixed in pairs:
        both = tokenizer([buggy, fixed], add_special_tokens=False)["input_ids"]
        ids = [bug, *both[0], fix, *both[1], end]
        yield ids, ids


def batches(examples: Iterator[Example], recipe: Recipe, pad: int) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
    """Right-padded ids and labels, both of shape (batch, longest); similar lengths share a batch."""
    rng = random.Random(recipe.seed)
    while pool := list(islice(examples, recipe.batch * recipe.pool)):
        pool.sort(key=lambda example: len(example[0]))
        groups = [pool[i : i + recipe.batch] for i in range(0, len(pool), recipe.batch)]
        rng.shuffle(groups)
        for group in groups:
            width = max(len(ids) for ids, _ in group)
            yield (
                torch.tensor([ids + [pad] * (width - len(ids)) for ids, _ in group]),
                torch.tensor([labels + [IGNORE] * (width - len(labels)) for _, labels in group]),
            )


def pretrain(
    model: Qwen2ForCausalLM,
    tokenizer: PreTrainedTokenizerFast,
    pairs: Iterator[tuple[str, str]],
    recipe: Recipe,
    evaluate: Callable[[], float],
    every: int = 200_000,
) -> list[dict[str, float | str]]:
    """Run both phases; returns the training log, a row per `every` tokens.

    `evaluate` gives the share of held-out bugs repaired exactly by argmax, in 0..1. Columns of a
    row: phase, tokens (so far, unpadded), seconds, loss (mean since the last row), repaired.
    """
    optimizer = torch.optim.AdamW(
        model.parameters(), lr=recipe.learning_rate, betas=(0.9, 0.98), weight_decay=recipe.weight_decay, fused=True
    )
    pad = tokenizer.pad_token_id
    phases = (
        ("copy", copy_examples(recipe, tokenizer), recipe.copy_tokens),
        ("repair", repair_examples(pairs, tokenizer), recipe.repair_tokens),
    )
    budget = recipe.copy_tokens + recipe.repair_tokens
    rows: list[dict[str, float | str]] = []
    started, done, step, reported = time.monotonic(), 0, 0, 0
    losses: list[float] = []
    for phase, examples, tokens in phases:
        limit = done + tokens
        for ids, labels in batches(examples, recipe, pad):
            share_left = (budget - done) / (budget * recipe.decay_share)
            rate = recipe.learning_rate * min(1.0, (step + 1) / recipe.warmup_steps, max(share_left, 0.0))
            for group in optimizer.param_groups:
                group["lr"] = rate
            model.train()
            logits = model(input_ids=ids, attention_mask=(ids != pad).long()).logits
            targets = labels.masked_fill(ids == pad, IGNORE)[:, 1:]
            loss = torch.nn.functional.cross_entropy(
                logits[:, :-1].reshape(-1, logits.shape[-1]), targets.reshape(-1), ignore_index=IGNORE
            )
            loss.backward()  # type: ignore[no-untyped-call]
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
            optimizer.zero_grad(set_to_none=True)
            losses.append(loss.item())
            step, done = step + 1, done + int((ids != pad).sum())
            if done - reported >= every or done >= limit:
                reported = done
                row: dict[str, float | str] = {
                    "phase": phase,
                    "tokens": done,
                    "seconds": round(time.monotonic() - started, 1),
                    "loss": round(sum(losses) / len(losses), 4),
                    "repaired": round(evaluate(), 4) if phase == "repair" else 0.0,
                }
                rows.append(row)
                losses = []
                log.info("%s", row)
            if done >= limit:
                break
    return rows


@torch.inference_mode()
def repaired(
    model: Qwen2ForCausalLM, tokenizer: PreTrainedTokenizerFast, probes: list[tuple[str, str]], batch: int = 64
) -> float:
    """The share of (buggy, fixed) programs whose argmax completion is exactly the fixed one.

    Teacher-forced: the argmax sequence equals the target exactly when every next-token argmax
    on the target does, so one forward pass per probe is enough.
    """
    model.eval()
    bug, fix, end = tokenizer.convert_tokens_to_ids(["<bug>", "<fix>", "<end>"])
    hits = 0
    for start in range(0, len(probes), batch):
        rows = []
        for buggy, fixed in probes[start : start + batch]:
            source, target = tokenizer([buggy, fixed], add_special_tokens=False)["input_ids"]
            rows.append(([bug, *source, fix], [*target, end]))
        width = max(len(source) + len(target) for source, target in rows)
        pad = tokenizer.pad_token_id
        ids = torch.tensor([source + target + [pad] * (width - len(source) - len(target)) for source, target in rows])
        guesses = model(input_ids=ids, attention_mask=(ids != pad).long()).logits.argmax(-1)
        for (source, target), guess in zip(rows, guesses.tolist(), strict=True):
            hits += guess[len(source) - 1 : len(source) + len(target) - 1] == target
    return hits / len(probes)
