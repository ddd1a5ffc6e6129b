"""Tokenizers as their files say."""

from pathlib import Path
from typing import Any

from transformers import PreTrainedTokenizerFast

from codeq.errors import ModelError


def load(source: Path | str, revision: str | None = None) -> Any:
    """The tokenizer of a model directory or hub id, verbatim from its tokenizer.json.

    Not `AutoTokenizer`: for models of type "qwen2" transformers 5.23 replaces the file's pre-tokenizer by
    Qwen2's own, whatever the file says, so that a tokenizer of another make loads without an error and
    gives other ids than in training. Raises ModelError if there is none or it has no end-of-sequence token.
    """
    options: dict[str, Any] = {"local_files_only": True} if isinstance(source, Path) else {"revision": revision}
    try:
        tokenizer = PreTrainedTokenizerFast.from_pretrained(str(source), **options)
    except (OSError, ValueError) as error:
        raise ModelError(f"{source}: no loadable tokenizer ({error}); rerun the rule that makes it") from error
    if tokenizer.eos_token_id is None:
        raise ModelError(f"{source}: the tokenizer has no end-of-sequence token; set eos_token in its configuration")
    return tokenizer


def end_tokens(tokenizer: Any, generation_config: Any) -> tuple[int, ...]:
    """Every id that ends a completion, from the generation config (or None) and the tokenizer, in order.

    Raises ModelError if there is none.
    """
    configured = generation_config.eos_token_id if generation_config is not None else None
    ids = configured if isinstance(configured, list) else [configured]
    ends = {token for token in [*ids, tokenizer.eos_token_id] if token is not None}
    if not ends:
        raise ModelError("neither generation config nor tokenizer names an end token; set eos_token in both")
    return tuple(sorted(ends))
