"""Input generators of the problems about lists of words."""

import itertools
from string import ascii_lowercase

from codeq.data.suites.draw import Draw, RejectedDraw
from codeq.data.suites.edits import edited, replaced, swapped
from codeq.data.suites.registry import Arguments, also, by_hand


def _subsequence(draw: Draw, text: str, length: int) -> str:
    """`length` letters of `text` (at most all), in their order."""
    return "".join(text[i] for i in sorted(draw.some(range(len(text)), length, length)))


@by_hand("check-if-two-string-arrays-are-equivalent")
def split_twice(draw: Draw) -> Arguments:
    first = draw.text(draw.length(1, 1000), ascii_lowercase)
    second = edited(draw, first, draw.pick((0, 0, 0, 1, 1)))[:1000] or "a"
    if draw.chance(0.2):
        second = swapped(draw, second, 1)
    return [_split(draw, first), _split(draw, second)]


def _split(draw: Draw, text: str) -> list[str]:
    """`text` cut into random parts, none empty."""
    inner = range(1, len(text))
    cuts = [0, *sorted(draw.some(inner, 0, draw.pick((0, 2, 5, len(text))))), len(text)]
    return [text[start:end] for start, end in itertools.pairwise(cuts)]


also("check-if-two-string-arrays-are-equivalent", [["ab", "c"], ["ab", "d"]], [["a", "bc"], ["d", "bc"]])


@by_hand("count-words-obtained-after-adding-a-letter")
def words_of_different_letters(draw: Draw) -> Arguments:
    """Targets are start words with a letter added, but also none, two, or one in place of another.

    Most of a large list have two: a search through all start words finds nothing for them.
    """
    alphabet = ascii_lowercase[: 26 if draw.scale == "large" else draw.pick((4, 8, 26))]
    shortest, longest = {"extreme": (1, 26), "large": (3, 5)}.get(draw.scale, (1, 5))
    additions = (1, 2, 2, 2) if draw.scale == "large" else (0, 1, 1, 1, 1, 2)
    starts = [draw.some(alphabet, shortest, longest) for _ in range(draw.length(1, 50_000, large=8000))]
    targets = []
    for _ in range(draw.length(1, 50_000, large=8000)):
        word = draw.pick(starts)
        others = draw.shuffled([letter for letter in ascii_lowercase if letter not in word])
        added = word + others[: draw.pick(additions)]
        if draw.chance(0.2) and len(added) > 1:
            added = added[1:]
        targets.append("".join(draw.shuffled(added)))
    return [["".join(word) for word in starts], targets]


@by_hand("find-all-possible-recipes-from-given-supplies")
def recipes(draw: Draw) -> Arguments:
    """Recipes need supplies and recipes that come before them in a hidden order; some also later or unknown things."""
    names = [draw.text(draw.pick((1, 2, 3, 10)), ascii_lowercase) for _ in range(draw.length(6, 100))]
    names = draw.shuffled(sorted(set(names)))
    count = draw.rng.randint(1, max(1, len(names) * 2 // 3))
    made, supplies, unknown = names[:count], names[count:-1], names[-1]
    if not supplies:
        raise RejectedDraw
    unlucky = draw.pick((0.0, 0.1, 0.3))
    needs = {}
    for i, name in enumerate(made):
        things = draw.some(supplies, 0, 2)
        things += made[i - 1 : i] if draw.chance(0.3) else draw.some(made[:i], 0, draw.pick((0, 1, 3)))
        things += draw.some(made[i + 1 :], 1, 1) if draw.chance(unlucky / 2) else []
        things += [unknown] if draw.chance(unlucky) else []
        needs[name] = draw.shuffled(things) or [supplies[0]]
    order = draw.pick((made, made[::-1], draw.shuffled(made)))
    return [order, [needs[name] for name in order], supplies]


@by_hand("find-first-palindromic-string-in-the-array")
def palindromes_among_words(draw: Draw) -> Arguments:
    share = draw.pick((0.0, 0.1, 0.3, 0.7))
    words = []
    for _ in range(draw.length(1, 100)):
        half = draw.text(draw.length(1, 50), ascii_lowercase)
        word = half + half[: len(half) - draw.pick((0, 1))][::-1]
        words.append(word if draw.chance(share) else replaced(draw, word, ascii_lowercase[:4]))
    return [words]


@by_hand("find-words-that-can-be-formed-by-characters")
def words_of_given_letters(draw: Draw) -> Arguments:
    """Words of the given letters, each at most as often as it is there, or one once more."""
    letters = draw.text(draw.length(1, 100), ascii_lowercase)
    words = []
    for _ in range(draw.length(1, 1000, large=500)):
        word = draw.some(letters, 1, len(letters))
        if draw.chance(0.4):
            word.append(draw.pick(letters) if draw.chance(0.7) else draw.pick(ascii_lowercase))
        words.append("".join(draw.shuffled(word))[:100])
    return [words, letters]


@by_hand("invalid-transactions")
def transactions(draw: Draw) -> Arguments:
    """Times and amounts on both sides of the limits; names and cities from the same few words."""
    words = [draw.text(draw.pick((1, 2, 10)), ascii_lowercase) for _ in range(draw.pick((2, 3, 6)))]
    names, cities = draw.some(words, 1, 2), draw.some(words, 2, 3)
    start = draw.pick((0, 500, 820))
    delays = draw.some((0, 1, 59, 60, 61, 120, 121, 180), 2, 5)
    found = []
    for _ in range(draw.length(1, 1000, large=300)):
        time = start + draw.pick(delays)
        amount = draw.pick((0, 9, 100, 999, 1000, 1001, 2000) if draw.chance(0.3) else (50, 800, 1000))
        found.append(f"{draw.pick(names)},{time},{amount},{draw.pick(cities)}")
        if draw.chance(0.1):
            found.append(draw.pick(found))
    return [draw.shuffled(found)[:1000]]


@by_hand("longest-word-in-dictionary-through-deleting")
def subsequences(draw: Draw) -> Arguments:
    """Words of about the same length, made of the text's letters in their order, or with one moved or added."""
    text = draw.text(draw.length(1, 1000), ascii_lowercase)
    longest = draw.rng.randint(1, min(len(text), 60))
    words = []
    for _ in range(draw.length(1, 1000, large=300)):
        word = _subsequence(draw, text, max(1, longest - draw.pick((0, 0, 1, 2))))
        kind = draw.pick(("keep", "keep", "swap", "edit"))
        if kind != "keep":
            word = swapped(draw, word, 1) if kind == "swap" else edited(draw, word, 1) or word
        words.append(word)
    return [text, words]


also("longest-word-in-dictionary-through-deleting", ["a", ["b"]], ["abc", ["d", "ba", "e"]], ["a", ["aa"]])
