"""Sampling from an OpenAI-compatible server (vLLM, SGLang, `transformers serve`) that serves one policy.

The prompt is rendered here, with the policy's own template and tokenizer, and goes to /v1/completions: as token
ids to servers that take them (vLLM, SGLang), as text to `transformers serve`, whose count of prompt tokens must then
be ours. Chat completions are not used: they would put another template between the policy and its training.
Each completion is one request with its own seed.

What is reproducible: nothing beyond what the server promises. vLLM honours the seed up to the rounding of its
batches, SGLang with --enable-deterministic-inference; `transformers serve` seeds the whole process, which holds for
one request at a time. `TransformersEngine` is the engine whose tables can be made again.

`Completion.token_ids` are the sampled ids where the server returns them (vLLM, SGLang); otherwise those of the text,
which can be cut differently, with the end token if it stopped. `logprob` is the server's sum, if it gives likelihoods
before temperature and nucleus (tested at the start), else that of a local TransformersEngine, loaded when it is first
needed with the settings' dtype and quantization: the command should say the same.
"""

import json
import logging
import math
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from threading import Event
from typing import Any

import httpx2
from transformers import GenerationConfig

from codeq.config import ModelSettings
from codeq.errors import ModelError
from codeq.models import Completion, Messages, Rendered, SampleRequest, TokenIds, directory_digest, tokenizers
from codeq.models.rendering import Renderer
from codeq.models.server import Server

log = logging.getLogger(__name__)

ANSWER_S = 600.0  # the longest wait for one completion, the server's queue included
DELAYS_S = (1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 60.0)  # between attempts when the server is down or overloaded
TRANSIENT = {408, 425, 429, 500, 502, 503, 504}
REMEDY = "Run the job again: it starts a new server, and finished trees are kept"
PROBE: Messages = ({"role": "user", "content": "def f(x):\n    return x"},)


class OpenaiEngine:
    """A policy behind a server of its own (see `codeq.models.Engine`)."""

    def __init__(self, settings: ModelSettings, directory: Path, device: str | None) -> None:
        """Start the server and learn what it can do. Raises ModelError if it serves anything but this policy."""
        self.policy = directory_digest(directory)
        self._settings, self._directory, self._device = settings, directory, device
        self._tokenizer = tokenizers.load(directory)
        self._renderer = Renderer(self._tokenizer)
        defaults = directory / "generation_config.json"
        config = GenerationConfig.from_pretrained(directory, local_files_only=True) if defaults.exists() else None
        self._ends = tokenizers.end_tokens(self._tokenizer, config)
        self._local: Any = None
        self._down = False  # whether the server failed to answer the last time
        self.server = Server(settings.serve, directory)
        self._client = httpx2.Client(
            base_url=self.server.url,
            timeout=httpx2.Timeout(ANSWER_S, connect=10.0),
            # Servers on uvicorn close a connection after five idle seconds; ours must be shorter.
            limits=httpx2.Limits(max_connections=None, max_keepalive_connections=None, keepalive_expiry=2.0),
            trust_env=False,
        )
        try:
            self._learn_prompts()
            self._check_name()
            self._check_logprobs()
        except BaseException:
            self.server.stop()
            raise

    @classmethod
    def load(cls, settings: ModelSettings, source: Path | str, device: str | None = None) -> "OpenaiEngine":
        """Serve the policy in a directory; `device` is where likelihoods are computed if the server gives none."""
        if not Path(source).is_dir():
            raise ModelError(f"{source}: no such model directory; engine openai serves a directory, not a hub id")
        return cls(settings, Path(source), device)

    def render(self, messages: Messages) -> Rendered:
        """Apply the chat template once; the ids are the tokenizer's for the text, nothing added."""
        return self._renderer(messages)

    def sample(self, requests: Sequence[SampleRequest]) -> list[list[Completion]]:
        """One request to the server per seed; as many at once as `batch_tokens` holds."""
        asked = [(request, self.render(request.prompt), seed) for request in requests for seed in request.seeds]
        if not asked:
            return [[] for _ in requests]
        longest = max(len(prompt.token_ids) + request.max_new_tokens for request, prompt, _ in asked)
        at_once = min(len(asked), max(1, self._settings.batch_tokens // longest))
        given_up = Event()
        with ThreadPoolExecutor(at_once) as pool:
            futures = [pool.submit(self._complete, *each, given_up) for each in asked]
            try:
                sampled = [future.result() for future in futures]
            except BaseException:
                given_up.set()
                pool.shutdown(wait=False, cancel_futures=True)
                raise
        unscored = [index for index, completion in enumerate(sampled) if math.isnan(completion.logprob)]
        items = [(asked[index][1].token_ids, sampled[index].token_ids) for index in unscored]
        for index, logprob in zip(unscored, self.logprobs(items), strict=True):
            sampled[index] = replace(sampled[index], logprob=logprob)
        answers = iter(sampled)
        return [[next(answers) for _ in request.seeds] for request in requests]

    def logprobs(self, items: Sequence[tuple[TokenIds, TokenIds]]) -> list[float]:
        """Log-probabilities of given completions, by a local TransformersEngine with the settings' dtype."""
        if not items:
            return []
        if self._local is None:
            from codeq.models.transformers_engine import TransformersEngine

            self._local = TransformersEngine.load(self._settings, self._directory, self._device)
        scores: list[float] = self._local.logprobs(items)
        return scores

    def _complete(self, request: SampleRequest, prompt: Rendered, seed: int, given_up: Event) -> Completion:
        """One completion; its logprob is NaN if the server gives none."""
        body = self._body(prompt, request.temperature, request.top_p, request.max_new_tokens, seed, logprobs=1)
        choice = self._choice(self._post(body, given_up), prompt)
        reason, ids = choice["finish_reason"], choice.get("token_ids")
        stopped = reason == "stop"
        if ids:
            shown = ids[:-1] if ids[-1] in self._ends else ids
            text = self._tokenizer.decode(shown, skip_special_tokens=False, clean_up_tokenization_spaces=False)
        else:
            text = choice["text"]
            end = [self._tokenizer.eos_token_id]
            ids = self._tokenizer(text, add_special_tokens=False)["input_ids"] + end * stopped
            ids = ids or end  # special tokens alone, which the server left out of the text
        scores = (choice.get("logprobs") or {}).get("token_logprobs")
        return Completion(text, tuple(ids), reason, math.fsum(scores) if scores else math.nan)

    def _body(
        self, prompt: Rendered, temperature: float, top_p: float, tokens: int, seed: int, logprobs: int
    ) -> dict[str, Any]:
        """A request for one completion, from the policy's plain distribution: without a word, servers take
        top-k and repetition penalty from the model's generation_config.json."""
        body = {
            "model": self.server.name,
            "temperature": temperature,
            "top_p": top_p,
            "max_tokens": tokens,
            "seed": seed,
        }
        if self._takes_ids:
            return body | {
                "prompt": prompt.token_ids,
                "top_k": -1,
                "min_p": 0.0,
                "repetition_penalty": 1.0,
                "stop_token_ids": self._ends,
                "skip_special_tokens": False,
                "return_token_ids": True,
                "logprobs": logprobs,
            }
        plain = {"do_sample": True, "top_k": 0, "eos_token_id": self._ends, "pad_token_id": self._ends[0]}
        return body | {"prompt": prompt.text, "generation_config": json.dumps(plain)}

    def _post(self, body: Mapping[str, Any], given_up: Event) -> httpx2.Response:
        """The server's answer, whatever it says, unless it is down or overloaded: then another attempt.

        Raises ModelError when the server's process has ended, when the attempts are used up, or after ANSWER_S.
        """
        error = ""
        for delay in (0.0, *DELAYS_S):
            if delay and not self._down:
                self._down = True  # said once, not by every request in flight
                log.warning("%s: %s; asking again for %.0f s", self.server.url, error, sum(DELAYS_S))
            if given_up.wait(delay):
                break
            if ended := self.server.ended():
                raise ModelError(f"model.serve: {ended}. {REMEDY}")
            try:
                response = self._client.post("/v1/completions", json=body)
            except httpx2.ReadTimeout as late:
                raise ModelError(
                    f"{self.server.url}: no completion within {ANSWER_S:.0f} s; lower model.batch_tokens, so that "
                    f"fewer requests wait for each other. {REMEDY}"
                ) from late
            except httpx2.TransportError as failure:
                error = f"{type(failure).__name__} {failure}".strip()
                continue
            if response.status_code not in TRANSIENT:
                self._down = False
                return response
            error = f"status {response.status_code} {response.text[:200]}"
        raise ModelError(
            f"{self.server.url}: no answer after {len(DELAYS_S) + 1} attempts, the last: {error}. {REMEDY}"
        )

    def _choice(self, response: httpx2.Response, prompt: Rendered) -> dict[str, Any]:
        """The one completion in an answer. Raises ModelError for anything else."""
        said = f"{self.server.url} answered {response.status_code}: {response.text[:500]}"
        if not response.is_success:
            raise ModelError(f"{said}; such a request is not sent again. Does model.serve serve this policy?")
        try:
            answer = response.json()
            (choice,) = answer["choices"]
            counted, reason, _ = answer["usage"]["prompt_tokens"], choice["finish_reason"], choice["text"]
        except (ValueError, KeyError, TypeError) as error:
            raise ModelError(f"{said}; this is not one completion with its usage ({error!r})") from error
        if reason not in ("stop", "length"):
            raise ModelError(f"{said}; a completion ends by 'stop' or 'length'. {REMEDY}")
        if counted != len(prompt.token_ids):
            raise ModelError(
                f"{self.server.url} makes {counted} tokens of a prompt of {len(prompt.token_ids)}: it uses another "
                f"tokenizer than {self._directory}; use a server that takes token ids (vLLM, SGLang)"
            )
        return choice  # type: ignore[no-any-return]

    def _probe(self, temperature: float = 1.0, logprobs: int = 1, model: str | None = None) -> httpx2.Response:
        """One token for a fixed prompt."""
        body = self._body(self.render(PROBE), temperature, 1.0, 1, 0, logprobs)
        return self._post(body | {"model": model or self.server.name}, Event())

    def _learn_prompts(self) -> None:
        """Prompts as token ids, if the server takes them, else as text. Raises ModelError if it takes neither."""
        for self._takes_ids in (True, False):
            response = self._probe()
            if response.is_success:
                break
        self._choice(response, self.render(PROBE))

    def _check_name(self) -> None:
        """The server must list this policy or refuse every other name, else it may serve other weights."""
        try:
            names = {entry["id"] for entry in self._client.get("/v1/models").json()["data"]}
        except (httpx2.TransportError, ValueError, KeyError, TypeError):
            names = set()
        if self.server.name not in names and self._probe(model=f"{self.server.name}/of-another-name").is_success:
            raise ModelError(
                f"{self.server.url} lists {sorted(names)} and answers to any name, so it may serve other weights than "
                f"{self.server.name}; let model.serve name the policy $policy"
            )

    def _check_logprobs(self) -> None:
        """Likelihoods, if the server gives any, must be those before temperature."""
        cold, hot = (
            (self._choice(self._probe(temperature, 5), self.render(PROBE)).get("logprobs") or {}).get("top_logprobs")
            for temperature in (0.5, 2.0)
        )
        if cold and hot and any(abs(cold[0][token] - hot[0][token]) > 0.1 for token in cold[0].keys() & hot[0].keys()):
            raise ModelError(
                f"{self.server.url} gives log-probabilities after temperature; set --logprobs-mode raw_logprobs "
                "(vLLM) or SGLANG_RETURN_ORIGINAL_LOGPROB=1 (SGLang) in model.serve"
            )
