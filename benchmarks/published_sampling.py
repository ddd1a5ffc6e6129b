"""The published way to sample rewrites, for comparison."""

from collections.abc import Sequence
from typing import Any

import torch

from codeq.models import Completion, Engine, SampleRequest, TokenIds


class GenerateEngine:
    """The published way to sample: `model.generate` with `num_return_sequences`, one prompt at a time.

    It reports no log-probabilities, which spares it work that CodeQ's engine does.
    """

    def __init__(self, engine: Engine, model: Any, tokenizer: Any) -> None:
        self.policy, self.render = engine.policy, engine.render
        self.model, self.tokenizer = model.eval(), tokenizer

    def sample(self, requests: Sequence[SampleRequest]) -> list[list[Completion]]:
        return [self._generate(request) for request in requests]

    @torch.inference_mode()
    def _generate(self, request: SampleRequest) -> list[Completion]:
        torch.manual_seed(request.seeds[0])
        prompt = torch.tensor([self.render(request.prompt).token_ids], device=self.model.device)
        sequences = self.model.generate(
            prompt,
            attention_mask=torch.ones_like(prompt),
            do_sample=True,
            temperature=request.temperature,
            top_p=request.top_p,
            top_k=0,
            max_new_tokens=request.max_new_tokens,
            num_return_sequences=len(request.seeds),
            pad_token_id=self.tokenizer.pad_token_id,
        )
        return [self._completion(ids) for ids in sequences[:, prompt.shape[1] :].tolist()]

    def _completion(self, ids: list[int]) -> Completion:
        configured = self.model.generation_config.eos_token_id
        ends = set(configured) if isinstance(configured, list) else {configured}
        length = next((index for index, token in enumerate(ids) if token in ends), None)
        text = self.tokenizer.decode(ids[:length])
        if length is None:
            return Completion(text, tuple(ids), "length", 0.0)
        return Completion(text, tuple(ids[: length + 1]), "stop", 0.0)

    def logprobs(self, items: Sequence[tuple[TokenIds, TokenIds]]) -> list[float]:
        raise NotImplementedError("the published way asks for none")
