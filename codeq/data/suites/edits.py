"""Random small changes to a text, as near misses need them."""

from collections.abc import Sequence
from string import ascii_lowercase

from codeq.data.suites.draw import Draw


def swapped(draw: Draw, text: Sequence[str], swaps: int) -> str:
    """`text` after swaps of two random places, which may hold the same letter."""
    letters = list(text)
    for _ in range(swaps):
        i, j = draw.rng.choices(range(len(letters)), k=2)
        letters[i], letters[j] = letters[j], letters[i]
    return "".join(letters)


def edited(draw: Draw, text: str, edits: int) -> str:
    """`text` after so many insertions, deletions and replacements of a letter, mostly by its own letters."""
    letters = list(text)
    for _ in range(edits):
        place = draw.rng.randrange(len(letters) + 1)
        kind = draw.pick(("insert", "delete", "replace"))
        new = draw.pick(text) if text and draw.chance(0.8) else draw.pick(ascii_lowercase)
        letters[place : place + (kind != "insert")] = [] if kind == "delete" else [new]
    return "".join(letters)


def replaced(draw: Draw, text: str, alphabet: str) -> str:
    """`text` with a random letter in one place."""
    place = draw.rng.randrange(len(text))
    return text[:place] + draw.pick(alphabet) + text[place + 1 :]
