"""The mini model's tokenizer: byte-level BPE with four special tokens and a chat template."""

from collections.abc import Iterable

from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import PreTrainedTokenizerFast

PAD, BUG, FIX, END = "<pad>", "<bug>", "<fix>", "<end>"
# The last user message is the program to repair; system messages and earlier turns are not shown.
CHAT_TEMPLATE = "<bug>{{ messages[-1]['content'] }}{% if add_generation_prompt %}<fix>{% endif %}"


def train(codes: Iterable[str], vocabulary: int) -> PreTrainedTokenizerFast:
    """Learn a byte-level BPE of `vocabulary` tokens, special ones included, from programs."""
    tokenizer = Tokenizer(models.BPE())
    # Indentation is one token per depth; digits stand alone so that off-by-one fixes are regular.
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(pattern=Regex(r"\n *|\d| ?[A-Za-z]+| ?_+| ?[^\sA-Za-z_\d]| +"), behavior="isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=vocabulary,
        special_tokens=[PAD, BUG, FIX, END],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(codes, trainer)
    fast = PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        pad_token=PAD,
        eos_token=END,
        additional_special_tokens=[BUG, FIX],
        clean_up_tokenization_spaces=False,
        # Else AutoTokenizer takes Qwen2's own pre-tokenizer for a model of type "qwen2", whatever the file says.
        auto_map={"AutoTokenizer": [None, "TokenizersBackend"]},
    )
    fast.chat_template = CHAT_TEMPLATE
    return fast
