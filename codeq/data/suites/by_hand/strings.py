"""Input generators of the problems about one text or two."""

from string import ascii_letters, ascii_lowercase, ascii_uppercase, digits

from codeq.data.suites.draw import Draw, RejectedDraw
from codeq.data.suites.edits import edited, replaced, swapped
from codeq.data.suites.registry import Arguments, also, by_hand


def _runs(draw: Draw, count: int, alphabet: str) -> str:
    """`count` letters in runs of equal ones."""
    longest = draw.pick((1, 2, 5, 20))
    letters = draw.text(count, alphabet)
    return "".join(letter * draw.rng.randint(1, longest) for letter in letters)[:count]


def _part(draw: Draw, text: str, longest: int) -> str:
    """A substring of 1..longest letters."""
    start = draw.rng.randrange(len(text))
    return text[start : start + draw.rng.randint(1, longest)]


@by_hand("capitalize-the-title")
def title(draw: Draw) -> Arguments:
    lengths = (1, 2, 3, 4, 9)
    words = [draw.text(draw.pick(lengths), ascii_letters) for _ in range(draw.length(1, 25))]
    return [" ".join(words)[:100].rstrip()]


@by_hand("check-if-one-string-swap-can-make-strings-equal")
def one_swap_apart(draw: Draw) -> Arguments:
    first = draw.text(draw.length(1, 100), ascii_lowercase)
    second = swapped(draw, first, draw.pick((0, 1, 1, 2, 2, 3)))
    for _ in range(draw.pick((0, 0, 1, 2))):
        second = replaced(draw, second, first if draw.chance(0.7) else ascii_lowercase)
    return list(draw.shuffled([first, second]))


also("check-if-one-string-swap-can-make-strings-equal", ["abc", "bca"], ["zaybxc", "zbycxa"])


@by_hand("check-if-string-is-transformable-with-substring-sort-operations")
def sorted_in_parts(draw: Draw) -> Arguments:
    """The goal is the start with parts sorted; then, for near misses, changed a little.

    It has the digits of the start, or one that the start lacks altogether: where it only has one of them too
    often, as 123 and 121, an accepted reference fails. A large start falls and its goal rises, so that every digit
    moves far.
    """
    start = draw.text(draw.length(1, 10**5, large=30_000), digits)
    if draw.scale == "large":
        return ["".join(sorted(start, reverse=True)), "".join(sorted(start))]
    goal = list(start)
    for _ in range(draw.pick((0, 1, 2, 4, len(start)))):
        first = draw.rng.randrange(len(goal))
        last = first + draw.rng.randint(2, 5)
        goal[first:last] = sorted(goal[first:last])
    rising = [i for i in range(len(goal) - 1) if goal[i] < goal[i + 1]]
    change = draw.pick(("none", "none", "swap", "swap", "swap", "sort", "shuffle", "lacking"))
    if change == "swap" and rising:
        place = draw.pick(rising)
        goal[place : place + 2] = goal[place : place + 2][::-1]
    elif change == "sort":
        goal.sort()
    elif change == "shuffle":
        goal = draw.shuffled(goal)
    elif change == "lacking" and (lacking := sorted(set(digits) - set(start))):
        goal[draw.rng.randrange(len(goal))] = draw.pick(lacking)
    return [start, "".join(goal)]


@by_hand("check-whether-two-strings-are-almost-equivalent")
def frequencies_apart(draw: Draw) -> Arguments:
    """Two shuffled words that share some letters; the others, about three of a kind, stand against different ones."""
    unused = iter(draw.shuffled(ascii_lowercase))
    first = second = draw.text(draw.length(1, 60), ascii_lowercase)
    for _ in range(draw.pick((0, 1, 1, 2, 3))):
        gap = draw.pick((1, 2, 3, 3, 4, 4, 5))
        first += next(unused) * gap
        second += next(unused) * gap if draw.chance(0.5) else "".join(next(unused) for _ in range(gap))
    return list(draw.shuffled(["".join(draw.shuffled(word)) for word in (first, second)]))


also("check-whether-two-strings-are-almost-equivalent", ["aaaa", "bcde"], ["bcde", "aaaa"])
also("check-whether-two-strings-are-almost-equivalent", ["zzzz", "bcde"], ["bcde", "zzzz"])


@by_hand("count-anagrams")
def words_with_repetitions(draw: Draw) -> Arguments:
    left = draw.rng.randint(100, 500) if draw.scale == "extreme" else draw.length(4, 10**5)
    longest = draw.pick((2, 4, 8, 30, left))
    words = []
    while left > 0:
        alphabet = ascii_lowercase[: draw.pick((2, 3, 26))]
        words.append("".join(draw.rng.choices(alphabet, k=min(left, draw.rng.randint(1, longest)))))
        left -= len(words[-1]) + 1
    return [" ".join(words)]


also("count-anagrams", ["a"], ["ab"], ["b a"])


@by_hand("count-the-repetitions")
def repeated_texts(draw: Draw) -> Arguments:
    """Mostly the first text has every letter of the second; both numbers are such that the answer is not always 0."""
    second = draw.text(draw.length(1, 100), ascii_lowercase)
    noise = draw.text(draw.pick((0, 1, 3)), ascii_lowercase)
    first = draw.rng.choices(second + noise, k=draw.length(1, 74))
    if draw.chance(0.85):
        first = draw.shuffled(first + sorted(set(second)))
    times = 10**6 if draw.scale == "large" else draw.pick((draw.integer(1, 10**6), draw.rng.randint(1, 9)))
    fits = max(1, times * len(first) // len(second) // draw.pick((1, 2, 5)))
    return ["".join(first), times, second, draw.pick((1, 1, 2, 3, draw.integer(1, min(10**6, fits))))]


@by_hand("decode-the-slanted-ciphertext")
def slanted_text(draw: Draw) -> Arguments:
    """The cipher of words with spaces between and before them; a letter stands in the rightmost column."""
    rows = draw.length(1, 1000, large=draw.pick((3, 100)))
    if draw.scale == "extreme":
        rows = draw.pick((1, 2, 999, 1000))
    share = draw.pick((0.0, 0.2, 0.5))
    letters = draw.text(draw.length(1, 10_000), ascii_lowercase)
    text = "".join(" " if draw.chance(share) else letter for letter in letters[:-1]) + letters[-1]
    places = [(i % rows, i // rows + i % rows) for i in range(len(text))]
    columns = 1 + max(column for _, column in places)
    matrix = [[" "] * columns for _ in range(rows)]
    for (row, column), letter in zip(places, text, strict=True):
        matrix[row][column] = letter
    if all(row[-1] == " " for row in matrix):
        raise RejectedDraw
    return ["".join("".join(row) for row in matrix), rows]


also("decode-the-slanted-ciphertext", ["", 1], ["", 5])


def _related_words(draw: Draw, low: int, large: int) -> list[str]:
    """Two words of the same few letters, or the second an edit of the first."""
    first = draw.text(draw.length(low, 500, large), ascii_lowercase)
    if draw.scale != "large" and draw.chance(0.5):
        second = edited(draw, first, draw.pick((0, 1, 1, 2, 3, 5)))[:500]
    else:
        second = draw.text(draw.length(low, 500, large), first or ascii_lowercase)
    return draw.shuffled([first, second if len(second) >= low else first])


@by_hand("delete-operation-for-two-strings")
def words_to_delete_from(draw: Draw) -> Arguments:
    return list(_related_words(draw, low=1, large=350))


@by_hand("edit-distance")
def words_to_edit(draw: Draw) -> Arguments:
    return list(_related_words(draw, low=0, large=180))


@by_hand("find-the-kth-largest-integer-in-the-array")
def long_numbers(draw: Draw) -> Arguments:
    """Numbers of two magnitudes, close to each other or equal; floats cannot tell the long ones apart."""
    count = draw.length(1, 10**4, large=10_000)
    bases = (0, 9500) if draw.scale == "large" else draw.some((0, 5, 95, 2**53, 10**99), 2, 2)
    pool = [number for base in bases for number in draw.integers(count, base, base + 1000)]
    rank = count * 9 // 10 if draw.scale == "large" else draw.rng.randint(1, count)
    return [[str(number) for number in draw.rng.choices(pool, k=count)], rank]


@by_hand("isomorphic-strings")
def renamed_letters(draw: Draw) -> Arguments:
    """A text and its letters renamed; then two names made one, or one place changed, or two swapped."""
    printable = "".join(map(chr, range(32, 127)))
    alphabet = draw.pick((ascii_lowercase, printable))
    first = draw.text(draw.length(3, 50_000), alphabet)
    table = dict(zip(alphabet, draw.shuffled(alphabet), strict=True))
    change = draw.pick(("none", "none", "merge", "replace", "replace", "swap", "swap", "swap"))
    if change == "merge":
        table[draw.pick(first)] = table[draw.pick(first)]
    second = "".join(table[letter] for letter in first)
    if change == "replace":
        second = replaced(draw, second, second if draw.chance(0.7) else alphabet)
    elif change == "swap":
        second = swapped(draw, second, 1)
    return list(draw.shuffled([first, second]))


also("isomorphic-strings", ["a", "b"], ["ab", "cc"], ["aa", "bc"], ["aabb", "cdcd"], ["abab", "cddc"])


@by_hand("k-similar-strings")
def anagrams(draw: Draw) -> Arguments:
    letters = 6 if draw.scale == "large" else draw.pick((2, 4, 6, 6))
    first = "".join(draw.rng.choices("abcdef"[:letters], k=draw.length(2, 20)))
    return [first, swapped(draw, first, 40 if draw.scale == "large" else draw.pick((1, 2, 4, 40)))]


# The last has 87 million ways to the goal, for a search that forgets where it has been.
also("k-similar-strings", ["a", "a"], ["ab", "ba"], ["abcd" * 5, "bcda" * 5])


@by_hand("largest-number-after-mutating-substring")
def digits_to_change(draw: Draw) -> Arguments:
    """Changes keep some digits, as these end no substring; the others go up or down."""
    kinds = draw.some(("up", "down", "keep"), 1, 3)
    change = []
    for digit in range(10):
        kind = draw.pick(kinds)
        low, high = {"up": (digit, 9), "down": (0, digit), "keep": (digit, digit)}[kind]
        change.append(draw.rng.randint(low, high))
    return [draw.text(draw.length(1, 10**5), digits), change]


@by_hand("length-of-the-longest-valid-substring")
def forbidden_parts(draw: Draw) -> Arguments:
    """Forbidden are parts of the word, parts with a letter changed, ends of other parts, and others of its letters."""
    word = _runs(draw, draw.length(1, 10**5), ascii_lowercase)
    shortest = 9 if draw.scale == "large" else draw.pick((1, 2, 4, 9))
    share = 0.0 if draw.scale == "large" else draw.pick((0.2, 0.5, 0.9))  # what does not occur leaves long answers
    forbidden = []
    count = draw.length(1, 10**5, large=2000)
    for _ in range(count if draw.scale == "large" else max(1, count // draw.pick((1, 1, 4)))):
        part = _part(draw, word, 10)
        if len(part) < shortest or not draw.chance(share):
            part = "".join(draw.rng.choices(word, k=draw.rng.randint(shortest, 10)))
        forbidden.append(replaced(draw, part, word) if draw.chance(0.3) else part)
        if len(part) > shortest and draw.chance(0.3):
            forbidden.append(draw.pick((part[1:], part[:-1])))
    return [word, forbidden]


also("length-of-the-longest-valid-substring", ["abcdefghijklmn", ["cdefghijkl"]], ["a" * 12, ["a" * 10]])


@by_hand("lexicographically-smallest-string-after-substring-operation")
def text_with_a(draw: Draw) -> Arguments:
    alphabet = draw.pick(("a", "ab", "ab", "az", "bcz", ascii_lowercase))
    rest = draw.text(draw.length(1, 3 * 10**5), alphabet)
    return ["a" * draw.pick((0, 0, 1, 3)) + rest + draw.pick(("", "", "a", "aa", "ba"))]


also("lexicographically-smallest-string-after-substring-operation", ["a"], ["b"], ["z"])


@by_hand("longest-happy-prefix")
def text_with_borders(draw: Draw) -> Arguments:
    """A period repeated, a border at both ends, or neither; sometimes one letter is changed."""
    length = draw.length(1, 10**5)
    part = draw.text(draw.rng.randint(1, max(1, length // 2)), ascii_lowercase)
    text = draw.pick((part * (length // len(part) + 1), part + draw.text(length, part), draw.text(length, part)))
    text = text[:length]
    if draw.chance(0.4):
        text = text[: max(0, length - len(part))] + part[:length]
    return [replaced(draw, text, part) if draw.chance(0.3) else text]


# In the last, comparing every prefix letter by letter takes quadratic time.
also("longest-happy-prefix", ["a"], ["aa"], ["a" * 15_000 + "b"])


@by_hand("longest-repeating-character-replacement")
def runs_to_join(draw: Draw) -> Arguments:
    text = _runs(draw, draw.length(1, 10**5), ascii_uppercase)
    if draw.scale == "large":
        return [text, len(text) // 3]
    return [text, draw.rng.randint(0, min(len(text), draw.pick((0, 2, 4, len(text)))))]


@by_hand("longest-substring-with-at-least-k-repeating-characters")
def frequent_and_rare_letters(draw: Draw) -> Arguments:
    """Runs with rare letters between them; the references recurse once per rare letter."""
    text = _runs(draw, draw.length(1, 10**4, large=4000), ascii_lowercase)
    for _ in range(draw.pick((0, 0, 1, 3))):
        text = replaced(draw, text, ascii_lowercase)
    if draw.scale == "extreme" and draw.chance(0.3):
        return [text, draw.pick((len(text), len(text) + 1, 10**5))]
    return [text, draw.rng.randint(1, max(3, len(text) // draw.pick((2, 3, 10))))]


also("longest-substring-with-at-least-k-repeating-characters", [ascii_lowercase, 1], [ascii_lowercase * 2, 2])


# One letter that is there so often takes as many rounds.
also("increasing-decreasing-string", ["z" * 500], ["ba" * 250])
