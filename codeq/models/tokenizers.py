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
