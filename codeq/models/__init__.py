"""The policy behind one small interface: render a prompt, sample from it, score a completion.

Nothing heavy is imported here; `load` brings in torch when an engine is really wanted.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from codeq.config import ModelSettings
from codeq.identity import digest
from codeq.lineage.files import MANIFEST, file_digest

Messages = tuple[Mapping[str, str], ...]  # each with "role" and "content"
TokenIds = tuple[int, ...]


@dataclass(frozen=True)
class Rendered:
    """A prompt as the policy sees it: `token_ids` is what its tokenizer makes of `text`, verbatim."""

    text: str
    token_ids: TokenIds
    digest: str  # of the token ids


@dataclass(frozen=True)
class SampleRequest:
    """One prompt and the seeds of the completions wanted from it, one completion per seed."""

    prompt: Messages
    seeds: tuple[int, ...]
    temperature: float
    top_p: float
    max_new_tokens: int


@dataclass(frozen=True)
class Completion:
    """One sampled completion.

    `token_ids` include the end token when `finish_reason` is "stop"; `text` does not. `logprob` is the sum
    of the log-probabilities of all `token_ids` under the policy at temperature 1, without nucleus.
    """

    text: str
    token_ids: TokenIds
    finish_reason: str  # stop | length
    logprob: float


class Engine(Protocol):
    """A loaded policy. All three methods raise ModelError when the engine itself fails."""

    policy: str  # digest of the policy's manifest

    def render(self, messages: Messages) -> Rendered:
        """Apply the policy's chat template once, up to and including the opening of the answer."""
        ...

    def sample(self, requests: Sequence[SampleRequest]) -> list[list[Completion]]:
        """One list per request, in order; in it one completion per seed, in order."""
        ...

    def logprobs(self, items: Sequence[tuple[TokenIds, TokenIds]]) -> list[float]:
        """Sum of the log-probabilities of each completion's ids given its prompt's ids, at temperature 1."""
        ...


def load(
    settings: ModelSettings, source: Path | str, device: str | None = None, busy: Callable[[], int] | None = None
) -> Engine:
    """Load a policy for sampling, as `settings.engine` says.

    `source` is a model directory or a hub id (then at `settings.revision`; engine "transformers" only);
    `device` None means CUDA where there is one. `busy` says how many other processes compute just now: a model
    on the CPU leaves them a core each. Raises ModelError, with the remedy, when it cannot be loaded.
    """
    if settings.engine == "openai":
        from codeq.models.openai_engine import OpenaiEngine

        return OpenaiEngine.load(settings, source, device)
    from codeq.models.transformers_engine import TransformersEngine

    return TransformersEngine.load(settings, source, device, busy)


def directory_digest(directory: Path) -> str:
    """What names the policy in a directory: its manifest's digest, or without one that of all files' bytes."""
    if (directory / MANIFEST).exists():
        return file_digest(directory / MANIFEST)
    files = sorted(path for path in directory.rglob("*") if path.is_file())
    return digest([[str(path.relative_to(directory)), file_digest(path)] for path in files])
