"""A random Qwen2 policy directory with a byte-level tokenizer, and pairs to train it on."""

import random
from functools import cache
from pathlib import Path

import polars as pl
import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import PreTrainedTokenizerFast, Qwen2Config, Qwen2ForCausalLM

from codeq import tables
from codeq.identity import digest

WORDS = ["return", "x", "y", "+", "-", "1", "2", "if", "else", "for", "(", ")", "\n    "]


@cache
def tokenizer(vocabulary: int = 300) -> PreTrainedTokenizerFast:
    bpe = Tokenizer(models.BPE())
    bpe.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    bpe.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=vocabulary,
        special_tokens=["<pad>", "<bug>", "<fix>", "<end>"],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    bpe.train_from_iterator(["def f(x, y):\n    return x + y if x else 12"] * 4, trainer)
    return PreTrainedTokenizerFast(
        tokenizer_object=bpe,
        pad_token="<pad>",
        eos_token="<end>",
        chat_template="{% for message in messages %}<bug>{{ message.content }}<fix>{% endfor %}",
    )


def make(
    directory: Path,
    *,
    hidden: int = 32,
    layers: int = 2,
    heads: int = 2,
    scale: float = 0.3,
    vocabulary: int | None = None,
) -> Path:
    """Save a random policy in bfloat16, deterministic, with weights of standard deviation `scale`."""
    words = tokenizer()
    torch.manual_seed(7)
    config = Qwen2Config(
        vocab_size=vocabulary or len(words),
        hidden_size=hidden,
        intermediate_size=4 * hidden,
        num_hidden_layers=layers,
        num_attention_heads=heads,
        num_key_value_heads=heads,
        max_position_embeddings=1024,
        tie_word_embeddings=True,
        initializer_range=scale,
        pad_token_id=words.pad_token_id,
        eos_token_id=words.eos_token_id,
        bos_token_id=None,
    )
    Qwen2ForCausalLM(config).to(torch.bfloat16).save_pretrained(directory)
    words.save_pretrained(directory)
    return directory


def make_pairs(count: int, problems: int = 6, words: int = 8, seed: int = 0) -> pl.DataFrame:
    """Random programs of about `words` words; the chosen ones end in "return x", the rejected in "else y"."""
    rng = random.Random(seed)

    def code(end: str) -> str:
        return "def f(x, y):" + " ".join(rng.choices(WORDS, k=rng.randint(words // 2, words))) + end

    def ids(text: str) -> list[int]:
        return tokenizer()(text, add_special_tokens=False)["input_ids"]

    def pair(index: int) -> dict[str, object]:
        prompt, chosen, rejected = f"<bug>{code('')}<fix>", code(" return x"), code(" else y")
        return {
            "pair_id": f"pair-{index}",
            "bug_id": f"bug-{index}",
            "problem_id": f"problem-{index % problems}",
            "tree_id": f"tree-{index}",
            "chosen_node": f"c{index}",
            "rejected_node": f"r{index}",
            "round": 1,
            "strategy": "siblings",
            "prompt": prompt,
            "prompt_digest": digest(ids(prompt)),
            "chosen": chosen,
            "rejected": rejected,
            "q_chosen": 1.0,
            "q_rejected": 0.0,
            "margin": 1.0,
            "tokens_chosen": len(ids(chosen)) + 1,
            "tokens_rejected": len(ids(rejected)) + 1,
            "logprob_chosen": None,
            "logprob_rejected": None,
        }

    return tables.frame("pairs", [pair(index) for index in range(count)])
