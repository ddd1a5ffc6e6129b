"""Load the model of a policy directory for training: full precision, from disk only."""

from pathlib import Path
from typing import Any

import torch
from transformers import AutoConfig, AutoModelForCausalLM

from codeq.errors import ModelError


def load_model(directory: Path, dtype: str) -> Any:
    """The causal language model in `directory`, freshly loaded with weights in `dtype`.

    Raises ModelError if it is not a model directory, or if the model is quantised: gradients through
    quantised weights belong to another model, and merging an adapter into them gives garbage.
    """
    try:
        config = AutoConfig.from_pretrained(directory, local_files_only=True)
        if getattr(config, "quantization_config", None) is not None:
            raise ModelError(
                f"{directory}: the model is quantised ({directory / 'config.json'} has quantization_config); "
                "training and merging need the unquantised policy directory"
            )
        return AutoModelForCausalLM.from_pretrained(directory, dtype=getattr(torch, dtype), local_files_only=True)
    except (OSError, ValueError) as error:
        raise ModelError(
            f"{directory}: not a loadable model directory ({error}); rerun the rule that makes it"
        ) from error
