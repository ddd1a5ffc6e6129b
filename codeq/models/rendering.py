"""Prompts as a policy sees them: its chat template applied once, and its tokenizer's ids for the text."""

import json
from typing import Any

from codeq.errors import ModelError
from codeq.identity import digest
from codeq.models import Messages, Rendered

KEPT = 4096  # prompts remembered: one is only ever asked for again soon


class Renderer:
    """Render messages with one tokenizer; the ids are the tokenizer's for the text, nothing added."""

    def __init__(self, tokenizer: Any) -> None:
        self._tokenizer = tokenizer
        self._known: dict[str, Rendered] = {}

    def __call__(self, messages: Messages) -> Rendered:
        """Text and ids up to and including the opening of the answer. Raises ModelError if there are none."""
        key = json.dumps([dict(message) for message in messages])
        known = self._known.get(key)
        if known is not None:
            return known
        text = self._tokenizer.apply_chat_template(
            [dict(message) for message in messages], tokenize=False, add_generation_prompt=True
        )
        ids = tuple(self._tokenizer(text, add_special_tokens=False)["input_ids"])
        if not ids:
            raise ModelError("the chat template renders an empty prompt; the tokenizer's chat_template is wrong")
        if len(self._known) >= KEPT:
            self._known.clear()
        return self._known.setdefault(key, Rendered(text, ids, digest(list(ids))))
