"""Input generators by hand for problems about words: names, lists of words, sentences, notes, dictionaries."""

from itertools import product
from string import ascii_lowercase, ascii_uppercase

from codeq.data.suites.draw import Draw, RejectedDraw
from codeq.data.suites.registry import Arguments, also, by_hand


@by_hand("making-file-names-unique")
def making_file_names_unique(draw: Draw) -> Arguments:
    stems = draw.some(["a", "b", "ab", "a(1)", "(1)", "doc"], 1, 2)
    suffixes = ["", "", "", "(1)", "(2)", "(3)", "(0)", "(01)", "(10)", "()", "(1", "(1)(1)"]
    count = draw.length(1, 50_000, large=400)
    return [[draw.pick(stems) + draw.pick(suffixes) for _ in range(count)]]


also("making-file-names-unique", [["a"] * 18_000])  # trying suffixes from 1 again is quadratic


@by_hand("minimum-index-sum-of-two-lists")
def minimum_index_sum_of_two_lists(draw: Draw) -> Arguments:
    longest = 30 if draw.scale in ("extreme", "large") else 4
    count = draw.length(1, 1000, large=1000)
    letters = draw.pick((ascii_lowercase + ascii_uppercase + " ", "aAb "))
    pool = list(dict.fromkeys(draw.text(draw.rng.randint(1, longest), letters) for _ in range(count)))
    first = draw.some(pool, len(pool) // 2, len(pool)) or pool
    second = first[::-1] if draw.chance(0.15) else draw.some(pool, len(pool) // 2, len(pool)) or pool
    if set(first).isdisjoint(second):
        raise RejectedDraw
    return [first, second]


restaurants = ["".join(word) for word in product("abcdefghij", repeat=4)][:1_999]
also("minimum-index-sum-of-two-lists", [restaurants[:1_000], restaurants[:998:-1]])  # only the last ones are common


@by_hand("minimum-number-of-steps-to-make-two-strings-anagram-ii")
def minimum_number_of_steps_to_make_two_strings_anagram_ii(draw: Draw) -> Arguments:
    first = draw.text(draw.length(1, 200_000), ascii_lowercase)
    shared = "".join(draw.some(first, 1, len(first)))
    return draw.shuffled([first, shared + draw.text(draw.length(0, 100_000), ascii_lowercase)])


@by_hand("most-common-word")
def most_common_word(draw: Draw) -> Arguments:
    letters = draw.some(ascii_lowercase, 2, 3)
    pool = ["".join(draw.rng.choices(letters, k=draw.pick((1, 2, 3)))) for _ in range(draw.rng.randint(1, 6))]
    words = [draw.pick(pool) for _ in range(draw.length(1, 150, large=150))]
    banned = list(dict.fromkeys(draw.some([*pool, "zebra", pool[0] + "s"], 0, 3)))
    counts = sorted(words.count(word) for word in set(words) - set(banned))
    if not counts or counts[-1] in counts[:-1]:  # the answer must exist and be unique
        raise RejectedDraw
    cases = [draw.pick((str.lower, str.upper, str.title))(word) for word in words]
    gaps = [draw.pick((" ", " ", "  ", ", ", ",", ". ", ".", "! ", "?", "'", ";")) for _ in words[1:]]
    ends = [draw.pick(("", "", "", ".", "!", " ", "'")), draw.pick(("", ".", "?", "; "))]
    return [ends[0] + "".join(a + b for a, b in zip(cases, [*gaps, ends[1]], strict=True)), banned]


@by_hand("number-of-pairs-of-strings-with-concatenation-equal-to-target")
def number_of_pairs_of_strings_with_concatenation_equal_to_target(draw: Draw) -> Arguments:
    target = draw.text(draw.length(2, 100, large=100), "1234567890")
    if draw.chance(0.5):  # so that it begins as it ends
        target = (target[: draw.rng.randint(1, len(target))] * len(target))[: len(target)]
    target = draw.pick("123456789") + target[1:] if target.startswith("0") else target
    pieces = [target, target[1:] + "1", target[:-1] + "2"]
    for cut in draw.some(range(1, len(target)), 1, 3):
        pieces += [target[:cut], target[cut:], target[:-cut], target[-cut:]]
    pieces = [piece for piece in pieces if piece[0] != "0"]
    return [[draw.pick(pieces) for _ in range(draw.length(2, 100, large=100))], target]


also(
    "number-of-pairs-of-strings-with-concatenation-equal-to-target",  # a piece that begins and ends the target
    [["12", "312", "123"], "12312"],
    [["71", "715", "71571", "571"], "71571"],
)


@by_hand("palindrome-pairs")
def palindrome_pairs(draw: Draw) -> Arguments:
    """Words that grow out of earlier ones: reversed, with a piece before or after, or with a letter less."""
    most, longest = (26, 12) if draw.scale == "large" else (3, 5)
    letters = draw.some(ascii_lowercase, 2, most)
    words = ["".join(draw.rng.choices(letters, k=draw.rng.randint(0, 4)))]
    for _ in range(draw.length(0, 4_999, large=4_999)):
        old, new = draw.pick(words)[::-1], "".join(draw.rng.choices(letters, k=draw.rng.randint(0, longest)))
        words.append(draw.pick((new, new + new[::-1], old, old + new, new + old, old[1:], old[:-1]))[:16])
    return [draw.shuffled(list(dict.fromkeys(words)))]


@by_hand("ransom-note")
def ransom_note(draw: Draw) -> Arguments:
    magazine = draw.text(draw.length(1, 100_000, large=5_000), ascii_lowercase)
    note = draw.some(magazine, 1 if draw.chance(0.5) else len(magazine), len(magazine))
    if draw.chance(0.6):
        note[draw.rng.randrange(len(note))] = draw.pick([draw.pick(magazine), draw.pick(ascii_lowercase)])
    if draw.chance(0.2):
        note.append(draw.pick(magazine))
    return ["".join(note), magazine]


@by_hand("rearrange-words-in-a-sentence")
def rearrange_words_in_a_sentence(draw: Draw) -> Arguments:
    longest = draw.pick((1, 2, 4, 8))
    count = draw.length(1, 50_000, large=12_000)
    pool = [draw.text(draw.rng.randint(1, longest), ascii_lowercase) for _ in range(count)]
    return [" ".join(draw.pick(pool) for _ in range(count)).capitalize()]


@by_hand("substring-with-concatenation-of-all-words")
def substring_with_concatenation_of_all_words(draw: Draw) -> Arguments:
    """Shuffled words one after another, between them single words and pieces that move the grid."""
    size = draw.rng.randint(1, 4)
    letters = draw.some(ascii_lowercase, draw.pick((1, 2, 2, 2)), 3)
    known = ["".join(draw.rng.choices(letters, k=size)) for _ in range(draw.rng.randint(1, 4))]
    words = [draw.pick(known) for _ in range(draw.length(1, 5_000, large=100))]
    text = "".join(draw.rng.choices(letters, k=draw.rng.randint(0, size)))
    for _ in range(draw.length(1, 20, large=20)):
        block = "".join(draw.shuffled(words))
        cut = draw.rng.randint(1, len(block))
        text += draw.pick((block, block, block[:cut], draw.pick(known), known[0][: draw.rng.randint(1, size)]))
    return [text[:10_000], words]


@by_hand("verifying-an-alien-dictionary")
def verifying_an_alien_dictionary(draw: Draw) -> Arguments:
    """Words in the alien order, often with two neighbours swapped; many begin alike."""
    order = "".join(draw.shuffled(ascii_lowercase))
    letters, longest = draw.some(order[: draw.pick((1, 5, 26))], 1, 5), draw.pick((2, 4, 20))
    stem = draw.text(draw.rng.randint(0, longest - 1), ascii_lowercase)
    count = draw.length(1, 100, large=100)
    words = [stem[: draw.rng.randint(0, longest)] + draw.pick(letters) for _ in range(count)]
    words = [(word + "".join(draw.some(letters * 4, 0, 4)))[:longest] for word in words]
    words.sort(key=lambda word: [order.index(letter) for letter in word])
    if count > 1 and draw.chance(0.6):
        place = draw.rng.randrange(count - 1)
        words[place : place + 2] = words[place : place + 2][::-1]
    kept = words[:1]
    for word in words[1:]:  # the reference errs on a word within the one before it, unless it begins that one
        if word not in kept[-1] or kept[-1].startswith(word):
            kept.append(word)
    return [kept, order]


@by_hand("word-subsets")
def word_subsets(draw: Draw) -> Arguments:
    """Parts of one word as `words2`; as `words1` that word with more letters, often with one letter replaced."""
    base = draw.text(draw.rng.randint(1, 8), ascii_lowercase)
    words: list[str] = []
    for _ in range(draw.length(1, 10_000, large=3_500)):
        word = list(base + draw.text(draw.rng.randint(0, 10 - len(base)), ascii_lowercase))
        if draw.chance(0.5):
            word[draw.rng.randrange(len(word))] = draw.pick(base)
        words.append("".join(draw.shuffled(word)))
    parts = ["".join(draw.some(base, 1, len(base))) for _ in range(draw.length(1, 10_000, large=3_500))]
    return [list(dict.fromkeys(words)), parts]
