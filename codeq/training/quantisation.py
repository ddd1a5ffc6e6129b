"""What 4-bit weights do to a policy: the search may sample from NF4 (Dettmers et al. 2023), training uses bfloat16."""

from pathlib import Path

from codeq.config import ModelSettings
from codeq.models.transformers_engine import TransformersEngine
from codeq.training.divergence import Texts, divergence, predictions


def of_nf4(policy: Path, settings: ModelSettings, texts: Texts) -> dict[str, float]:
    """KL(bfloat16 || NF4) as `divergence` gives it; both are loaded as the inference engine loads them."""
    plain, quantised = (
        TransformersEngine.load(settings.model_copy(update={"dtype": "bfloat16", "quantization": kind}), policy)._model
        for kind in ("none", "nf4")
    )
    return divergence(predictions(plain, texts), predictions(quantised, texts))
