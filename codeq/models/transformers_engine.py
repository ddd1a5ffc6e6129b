"""Sampling and scoring with a Hugging Face causal language model, in static left-padded batches.

What is covered: decoder-only models with full attention (Qwen2, Llama and their like), on one device,
in float32, bfloat16 or 4-bit NF4. What is not: sliding-window attention (refused at load), tensor
parallelism, continuous batching.

Every completion draws from its own counter-based stream of uniforms (Philox keyed by its seed, one
uniform per token) by inversion of the exact tempered and nucleus-truncated distribution. A completion
therefore depends on its prompt, its seed and the weights, not on the batch it fell into - up to the
rounding of matrix products, whose kernels depend on the batch's shape and the number of threads: a draw can
differ where the uniform falls between a boundary of two tokens and the same boundary in another batch. For the
mini model in float32 that has a chance of 1e-6 to 3e-6 per token (benchmarks/search_throughput.md), and
log-probabilities differ in their last digits.
"""

import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import torch
from transformers import AutoModelForCausalLM, BitsAndBytesConfig
from transformers.cache_utils import Cache, DynamicLayer

from codeq.config import ModelSettings
from codeq.errors import ModelError
from codeq.identity import digest
from codeq.models import Completion, Messages, Rendered, SampleRequest, TokenIds, directory_digest, tokenizers
from codeq.models.cores import leave_cores
from codeq.models.rendering import Renderer

log = logging.getLogger(__name__)
Results = TypeVar("Results")

# Logits held at once while scoring: 2**28 float32 values are 1 GiB.
LOGITS_AT_ONCE = 2**28


class PreallocatedLayer(DynamicLayer):  # type: ignore[misc]
    """Keys and values written into one buffer of known length: a step costs no copy of what is there."""

    def __init__(self, length: int) -> None:
        super().__init__()
        self.is_initialized = False
        self.length, self.filled = length, 0

    def update(self, key_states: torch.Tensor, value_states: torch.Tensor, *args: Any, **kwargs: Any) -> Any:
        """Append states of shape (batch, heads, new, head_dim); return all states so far."""
        if not self.is_initialized:
            shape = (*key_states.shape[:2], self.length)
            self.keys = key_states.new_empty(*shape, key_states.shape[3])
            self.values = value_states.new_empty(*shape, value_states.shape[3])
            self.dtype, self.device, self.is_initialized = key_states.dtype, key_states.device, True
        start, self.filled = self.filled, self.filled + key_states.shape[2]
        self.keys[:, :, start : self.filled] = key_states
        self.values[:, :, start : self.filled] = value_states
        return self.keys[:, :, : self.filled], self.values[:, :, : self.filled]

    def get_seq_length(self) -> int:
        """Positions filled so far."""
        return self.filled

    def select(self, rows: torch.Tensor, length: int) -> None:
        """Keep (or repeat) the given rows of the batch, with room for `length` positions."""
        for name in ("keys", "values"):
            states = getattr(self, name)
            chosen = states.new_empty(len(rows), states.shape[1], length, states.shape[3])
            chosen[:, :, : self.filled] = states[rows, :, : self.filled]
            setattr(self, name, chosen)
        self.length = length


@dataclass(frozen=True)
class _Row:
    """One completion to sample: where its answer belongs, its prompt and its seed."""

    request: int
    sample: int
    prompt: TokenIds
    seed: int


def uniforms(seed: int, count: int) -> np.ndarray:
    """The first `count` uniforms in [0, 1) of the seed's own stream (float64)."""
    return np.random.Generator(np.random.Philox(key=seed)).random(count)


def invert(logits: torch.Tensor, temperature: float, top_p: float, uniform: torch.Tensor) -> torch.Tensor:
    """Draw one token per row from softmax(logits / temperature), truncated to the nucleus `top_p`.

    `logits` (rows, vocabulary), `uniform` (rows,) in [0, 1); returns ids (rows,). The nucleus is the smallest
    set of most probable tokens whose mass reaches `top_p` (Holtzman et al. 2020, eq. 2), ties going to the
    lower id. The distribution is inverted in the order of ids, so that a near-tie in probability cannot
    reorder it; all of it in float64.
    """
    probabilities = torch.softmax(logits.double() / temperature, dim=-1)
    if top_p < 1:
        ordered, order = probabilities.sort(dim=-1, descending=True, stable=True)
        outside = ordered.cumsum(-1) - ordered >= top_p
        probabilities = probabilities.masked_fill(torch.zeros_like(outside).scatter_(-1, order, outside), 0.0)
    cumulative = probabilities.cumsum(-1)
    target = uniform[:, None] * cumulative[:, -1:]
    # The first id whose cumulative mass exceeds the target has positive probability itself.
    return torch.searchsorted(cumulative, target, right=True)[:, 0].clamp_(max=logits.shape[-1] - 1)


class TransformersEngine:
    """A causal language model and its tokenizer as a policy (see `codeq.models.Engine`)."""

    def __init__(self, model: Any, tokenizer: Any, policy: str, batch_tokens: int) -> None:
        self.policy = policy
        self._model, self._tokenizer = model.eval(), tokenizer
        self._device = torch.device(model.device)
        self._batch_tokens = batch_tokens
        self._out_of_memory = False  # whether that has been said
        self._eos = tokenizers.end_tokens(tokenizer, model.generation_config)
        pad = tokenizer.pad_token_id
        self._pad = pad if pad is not None else self._eos[0]
        self._renderer = Renderer(tokenizer)

    @classmethod
    def load(
        cls,
        settings: ModelSettings,
        source: Path | str,
        device: str | None = None,
        busy: Callable[[], int] | None = None,
    ) -> "TransformersEngine":
        """Load weights and tokenizer from a directory or the hub (see `codeq.models.load`).

        Raises ModelError with the remedy.
        """
        device = device or ("cuda" if torch.cuda.is_available() else "cpu")
        local = Path(source).is_dir()
        if isinstance(source, Path) and not local:
            raise ModelError(f"{source}: no such model directory; run the rule that makes it")
        options: dict[str, Any] = {} if local else {"revision": settings.revision}
        dtype = getattr(torch, settings.dtype)
        quantization = None
        if settings.quantization == "nf4":
            quantization = BitsAndBytesConfig(
                load_in_4bit=True, bnb_4bit_quant_type="nf4", bnb_4bit_compute_dtype=torch.bfloat16
            )
        try:
            model = AutoModelForCausalLM.from_pretrained(
                str(source),
                dtype=dtype,
                quantization_config=quantization,
                device_map={"": device},
                attn_implementation="sdpa",
                **options,
            )
        except (OSError, ValueError, ImportError, RuntimeError) as error:
            remedy = (
                "the directory is incomplete or damaged; delete it and run the rule that makes it"
                if local
                else "check the id and revision, or download the model and give its directory as model.base"
            )
            raise ModelError(f"{source}: cannot be loaded ({_first_line(error)}); {remedy}") from error
        kinds = set(getattr(model.config, "layer_types", None) or ()) - {"full_attention"}
        if kinds:
            raise ModelError(
                f"{source}: attention of type {sorted(kinds)} is not supported; use a full-attention model"
            )
        if busy and model.device.type == "cpu":
            leave_cores(model, busy)
        tokenizer = tokenizers.load(Path(source) if local else str(source), settings.revision)
        return cls(model, tokenizer, _policy_digest(source, model), settings.batch_tokens)

    def render(self, messages: Messages) -> Rendered:
        """Apply the chat template once; the ids are the tokenizer's for the text, nothing added."""
        return self._renderer(messages)

    def sample(self, requests: Sequence[SampleRequest]) -> list[list[Completion]]:
        """Sample every request; requests of equal sampling parameters share batches."""
        answers: list[list[Completion | None]] = [[None] * len(request.seeds) for request in requests]
        groups: dict[tuple[float, float, int], list[_Row]] = {}
        for index, request in enumerate(requests):
            prompt = self.render(request.prompt).token_ids
            key = (request.temperature, request.top_p, request.max_new_tokens)
            groups.setdefault(key, []).extend(
                _Row(index, number, prompt, seed) for number, seed in enumerate(request.seeds)
            )
        for parameters, rows in groups.items():
            # Equal prompts side by side, so that a batch boundary seldom separates them.
            rows.sort(key=lambda row: (-len(row.prompt), row.prompt))

            def compute(
                batch: list[int], rows: list[_Row] = rows, parameters: tuple[float, float, int] = parameters
            ) -> list[Completion]:
                return self._sample_batch([rows[index] for index in batch], *parameters)

            for batch, completions in self._batched([len(row.prompt) for row in rows], parameters[2], compute):
                for index, completion in zip(batch, completions, strict=True):
                    answers[rows[index].request][rows[index].sample] = completion
        complete = [[completion for completion in answer if completion is not None] for answer in answers]
        lost = sum(len(request.seeds) - len(answer) for request, answer in zip(requests, complete, strict=True))
        if lost:
            raise ModelError(f"the engine lost {lost} of {sum(len(r.seeds) for r in requests)} completions")
        return complete

    def logprobs(self, items: Sequence[tuple[TokenIds, TokenIds]]) -> list[float]:
        """Sum of log-probabilities of each completion under the policy, from one forward pass each."""
        answers: dict[int, float] = {}
        lengths = [len(prompt) + len(completion) for prompt, completion in items]
        for batch, sums in self._batched(lengths, 0, lambda batch: self._score([items[index] for index in batch])):
            answers.update(zip(batch, sums, strict=True))
        if len(answers) != len(items):
            raise ModelError(f"the engine lost {len(items) - len(answers)} of {len(items)} log-probabilities")
        return [answers[index] for index in range(len(items))]

    def _batched(
        self, lengths: Sequence[int], extra: int, compute: Callable[[list[int]], Results]
    ) -> Iterator[tuple[list[int], Results]]:
        """Call `compute` on batches of indices of similar length, longest first; yield (indices, results).

        A batch of n sequences padded to the longest L costs n * (L + extra) tokens, at most the budget (one
        sequence over the budget is a batch of its own). Where the GPU cannot hold a batch, the budget is
        halved for good and the batch is tried again; the log says so at the first time.
        """
        order = sorted(range(len(lengths)), key=lambda index: -lengths[index])
        while order:
            each = lengths[order[0]] + extra
            batch = order[: max(1, self._batch_tokens // each)]
            try:
                results = compute(batch)
            except torch.OutOfMemoryError as error:
                if len(batch) == 1:
                    raise ModelError(
                        f"out of GPU memory on one sequence of {each} tokens; "
                        "lower max_new_tokens or use quantization nf4"
                    ) from error
                self._batch_tokens = each * (len(batch) // 2)
            else:
                yield batch, results
                order = order[len(batch) :]
                continue
            torch.cuda.empty_cache()
            if not self._out_of_memory:
                log.warning("out of GPU memory: batches are halved, first to %d tokens", self._batch_tokens)
            self._out_of_memory = True

    @torch.inference_mode()
    def _sample_batch(
        self, rows: list[_Row], temperature: float, top_p: float, max_new_tokens: int
    ) -> list[Completion]:
        """Sample one completion per row, all in one left-padded batch."""
        device = self._device
        prompts = list(dict.fromkeys(row.prompt for row in rows))
        number = {prompt: index for index, prompt in enumerate(prompts)}
        index = torch.tensor([number[row.prompt] for row in rows], device=device)
        cache, logits, valid, position = self._prefill(prompts)
        width = valid.shape[1]
        cache = _select(cache, index, width + max_new_tokens)
        logits, position = logits[index], position[index]
        mask = torch.nn.functional.pad(valid[index], (0, max_new_tokens), value=True)[:, None, None]
        noise = torch.from_numpy(np.stack([uniforms(row.seed, max_new_tokens) for row in rows])).to(device)
        ends = torch.tensor(self._eos, device=device)

        tokens = torch.zeros(len(rows), max_new_tokens, dtype=torch.long, device=device)
        counts = torch.full((len(rows),), max_new_tokens, device=device)
        logprobs = torch.zeros(len(rows), dtype=torch.float64, device=device)
        alive = torch.arange(len(rows), device=device)  # the rows still in the batch ...
        done = torch.zeros(len(rows), dtype=torch.bool, device=device)  # ... of which these have finished
        wasted = 0  # row-steps computed for finished rows since the last compaction
        for step in range(max_new_tokens):
            drawn = invert(logits, temperature, top_p, noise[alive, step])[:, None]
            chosen = logits.float().log_softmax(-1).gather(1, drawn)[:, 0]
            tokens[alive, step] = drawn[:, 0]
            logprobs[alive] += chosen.double().masked_fill(done, 0.0)
            ended = torch.isin(drawn[:, 0], ends) & ~done
            counts[alive[ended]] = step + 1
            done |= ended
            finished = int(done.sum())
            if finished == len(alive) or step + 1 == max_new_tokens:
                break
            wasted += finished
            if 2 * wasted >= len(alive):  # about what the copy of the cache costs
                wasted = 0
                keep = (~done).nonzero()[:, 0]
                cache = _select(cache, keep, width + max_new_tokens)
                alive, drawn, mask, position = alive[keep], drawn[keep], mask[keep], position[keep]
                done = torch.zeros_like(alive, dtype=torch.bool)
            logits = self._model(
                input_ids=drawn,
                attention_mask=mask[..., : width + step + 1],
                position_ids=position[:, None],
                past_key_values=cache,
                use_cache=True,
            ).logits[:, -1]
            position = position + 1
        return [
            self._completion(ids[:count], logprob)
            for ids, count, logprob in zip(tokens.tolist(), counts.tolist(), logprobs.tolist(), strict=True)
        ]

    def _prefill(self, prompts: list[TokenIds]) -> tuple[Cache, torch.Tensor, torch.Tensor, torch.Tensor]:
        """One forward pass over left-padded prompts.

        Returns the cache, the logits that follow each prompt (n, vocabulary), which columns hold prompt
        (n, longest) and the next position of each (n,).
        """
        width = max(map(len, prompts))
        ids = torch.tensor([[self._pad] * (width - len(prompt)) + list(prompt) for prompt in prompts])
        lengths = torch.tensor([len(prompt) for prompt in prompts])
        columns = torch.arange(width)
        valid = columns >= width - lengths[:, None]
        # Padding attends to itself, so that its softmax has support; nothing else attends to padding.
        causal = columns[:, None] >= columns
        mask = (causal & valid[:, None, :]) | torch.eye(width, dtype=torch.bool)
        ids, lengths, valid, mask = (tensor.to(self._device) for tensor in (ids, lengths, valid, mask))
        layers = [PreallocatedLayer(width) for _ in range(self._model.config.num_hidden_layers)]
        cache = Cache(layers=layers)
        logits = self._model(
            input_ids=ids,
            attention_mask=mask[:, None],
            position_ids=(columns.to(self._device) - (width - lengths[:, None])).clamp(min=0),
            past_key_values=cache,
            use_cache=True,
            logits_to_keep=1,
        ).logits[:, -1]
        return cache, logits, valid, lengths

    def _completion(self, ids: list[int], logprob: float) -> Completion:
        stopped = ids[-1] in self._eos
        shown = ids[:-1] if stopped else ids
        text = self._tokenizer.decode(shown, skip_special_tokens=False, clean_up_tokenization_spaces=False)
        return Completion(text, tuple(ids), "stop" if stopped else "length", logprob)

    @torch.inference_mode()
    def _score(self, items: list[tuple[TokenIds, TokenIds]]) -> list[float]:
        """Log-probability sums of one right-padded batch; padding follows, so plain causal attention is right."""
        width = max(len(prompt) + len(completion) for prompt, completion in items)
        ids = torch.full((len(items), width), self._pad)
        rows: list[int] = []
        columns: list[int] = []
        targets: list[int] = []
        for row, (prompt, completion) in enumerate(items):
            ids[row, : len(prompt) + len(completion)] = torch.tensor(prompt + completion)
            rows += [row] * len(completion)
            columns += range(len(prompt) - 1, len(prompt) + len(completion) - 1)
            targets += completion
        hidden = self._model.base_model(input_ids=ids.to(self._device), use_cache=False).last_hidden_state
        head = self._model.get_output_embeddings()
        sums = torch.zeros(len(items), dtype=torch.float64)
        some = max(1, LOGITS_AT_ONCE // head.weight.shape[0])
        for start in range(0, len(targets), some):
            part = slice(start, start + some)
            logprobs = head(hidden[rows[part], columns[part]]).float().log_softmax(-1)
            target = torch.tensor(targets[part], device=self._device)
            chosen = logprobs.gather(1, target[:, None])[:, 0].double().cpu()
            sums.index_add_(0, torch.tensor(rows[part]), chosen)
        return sums.tolist()


def _select(cache: Cache, rows: torch.Tensor, length: int) -> Cache:
    """The cache of the given rows (repeated or dropped), with room for `length` positions."""
    for layer in cache.layers:
        layer.select(rows, length)
    return cache


def _policy_digest(source: Path | str, model: Any) -> str:
    """The directory's digest, or that of the hub's commit."""
    if Path(source).is_dir():
        return directory_digest(Path(source))
    return digest("hub", str(source), getattr(model.config, "_commit_hash", None))


def _first_line(error: BaseException) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0]
