"""Merge a LoRA adapter into its base: the next policy, a plain bfloat16 model directory."""

from pathlib import Path

from peft import PeftModel

from codeq.errors import ModelError
from codeq.models import tokenizers
from codeq.training.policy import load_model


def merge(base: Path, adapter: Path, out: Path) -> None:
    """Write `base` with `adapter` merged in to `out`: safetensors, tokenizer and generation config.

    The base is loaded fresh from disk in bfloat16, because a model that has generated may have been
    repacked by its quantiser. An adapted weight becomes W + (alpha / r) B A: the change is computed in float32,
    then rounded to bfloat16, and so is the sum. All other weights are those of the base, bit by bit.

    Raises ModelError if the base is quantised, the adapter is not one of its own or holds NaN, or a directory cannot
    be loaded.
    """
    model = load_model(base, "bfloat16")
    try:
        merged = PeftModel.from_pretrained(model, adapter, local_files_only=True).merge_and_unload(safe_merge=True)
    except (OSError, ValueError, RuntimeError) as error:
        raise ModelError(f"{adapter}: not an adapter of {base} ({error}); rerun the training that makes it") from error
    merged.save_pretrained(out)
    tokenizers.load(base).save_pretrained(out)
