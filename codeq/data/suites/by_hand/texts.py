"""Input generators by hand for problems about one text: signs, digits, cuts and codes (`baseball-game` and on)."""

import random
from itertools import pairwise
from string import ascii_lowercase

from codeq.data.suites.draw import Draw
from codeq.data.suites.registry import Arguments, also, by_hand


@by_hand("baseball-game")
def baseball_game(draw: Draw) -> Arguments:
    """Scores stay within 2,000,000, so that every sum of 1,000 of them fits in 32 bits."""
    operations: list[str] = []
    record: list[int] = []
    for _ in range(draw.length(1, 1000, large=1000)):
        kind = draw.pick("n" if not record else "nnDC" if len(record) == 1 else "nnDC++")
        number = draw.integer(-30_000, 30_000)
        score = number if kind == "n" else 2 * record[-1] if kind == "D" else sum(record[-2:])
        if kind == "C" or abs(score) > 2_000_000:
            operations.append("C")
            record.pop()
        else:
            operations.append(str(number) if kind == "n" else kind)
            record.append(score)
    return [operations]


@by_hand("number-of-ways-to-split-a-string")
def number_of_ways_to_split_a_string(draw: Draw) -> Arguments:
    length = draw.length(3, 100_000)
    ones = 3 * draw.pick((0, 1, 2, draw.rng.randint(0, length // 3))) + draw.pick((0, 0, 0, 0, 1, 2))
    return ["".join(draw.shuffled("1" * ones + "0" * (length - ones))[:length])]


also(
    "number-of-ways-to-split-a-string",  # answers beyond the modulus
    ["0" * 50_000],
    ["1".join(["0" * 100, "0" * 35_000, "0" * 34_000, "0" * 100])],
)


@by_hand("palindrome-partitioning-iii")
def palindrome_partitioning_iii(draw: Draw) -> Arguments:
    length = draw.length(1, 100, large=60)
    text = "".join(draw.rng.choices(ascii_lowercase[: draw.pick((2, 3, 6, 26))], k=length))
    k = draw.pick((1, 1, 2, 2, 3, 4, draw.rng.randint(1, length)))
    if draw.chance(0.5):  # palindromes one after another, then as many pieces, one more or one less
        starts = sorted(draw.some(range(length), 1, draw.pick((1, 2, 4, length))))
        pieces = [text[start:end] for start, end in pairwise([*starts, length])]
        text = "".join(piece[: (len(piece) + 1) // 2] + piece[: len(piece) // 2][::-1] for piece in pieces)
        k = max(1, len(pieces) + draw.pick((-1, 0, 1)))
    return [text, min(len(text), k)]


also("palindrome-partitioning-iii", [ascii_lowercase * 2, 20])  # too many ways to cut, without a memo
also("palindrome-partitioning-iii", [ascii_lowercase + ascii_lowercase[::-1], 2])  # a palindrome that must be cut


@by_hand("partition-labels")
def partition_labels(draw: Draw) -> Arguments:
    """Letters that come and go in a window, narrow or wide, along the string."""
    length = draw.length(1, 500, large=500)
    letters = draw.some(ascii_lowercase, 1, min(26, length + 1))
    width = draw.pick((0, 1, 1, 2, 3, 8))
    starts = [place * len(letters) // length for place in range(length)]
    return ["".join(letters[min(len(letters) - 1, start + draw.rng.randint(0, width))] for start in starts)]


@by_hand("partition-string-into-substrings-with-values-at-most-k")
def partition_string_into_substrings_with_values_at_most_k(draw: Draw) -> Arguments:
    """`k` is a number of the string, or one more or less, so that pieces just fit or just do not.

    If it has one digit, then often one digit of the string is too great: the first, the last, or any.
    """
    if draw.chance(0.2):
        k = draw.rng.randint(1, 9)
        digits = [str(draw.rng.randint(1, k)) for _ in range(draw.length(1, 100_000))]
        digits[draw.pick((0, -1, draw.rng.randrange(len(digits))))] = str(min(9, k + draw.pick((0, 1, 1, 2))))
        return ["".join(digits), k]
    text = draw.text(draw.length(1, 100_000), "123456789"[: draw.pick((2, 4, 9, 9))])
    start = draw.rng.randrange(len(text))
    near = int(text[start : start + draw.rng.randint(1, draw.pick((1, 2, 3, 9)))]) + draw.pick((-1, 0, 0, 1))
    return [text, max(1, draw.pick((near, near, near, near, 9, 10, 99, 10**9 - draw.rng.randint(0, 1))))]


@by_hand("plates-between-candles")
def plates_between_candles(draw: Draw) -> Arguments:
    length = draw.length(3, 100_000, large=1_000)
    table = "".join(draw.rng.choices("*|", (1, draw.pick((0.1, 0.5, 1, 1, 4))), k=length))
    count = draw.length(1, 100_000, large=300) + draw.rng.randint(0, 5)
    queries = [sorted(draw.rng.choices(range(length), k=2)) for _ in range(count)]
    queries += [[draw.rng.randrange(length // 3), length - 1 - draw.rng.randrange(length // 3)] for _ in range(2)]
    return [table, draw.shuffled(queries)]


also(
    "plates-between-candles",  # scanning the table, or on to the next candle, for every query takes seconds
    ["".join(random.Random(0).choices("*|", k=100_000)), [[n % 100, 99_999 - n // 100] for n in range(9_000)]],
    ["|" + "*" * 30_000 + "|", [[n % 100, 30_001 - n // 100] for n in range(2_500)]],
)


@by_hand("restore-ip-addresses")
def restore_ip_addresses(draw: Draw) -> Arguments:
    """An address without its dots, often with a part too many, too few, too great, or with a zero before it."""
    if draw.chance(0.2):
        return [draw.text(draw.length(1, 20, large=20), "0123456789")]
    edges = ("0", "1", "9", "10", "25", "99", "100", "101", "199", "249", "250", "255")
    bad = ("256", "260", "300", "999", "00", "01", "010", "1000")
    parts = [draw.pick((draw.pick(edges), str(draw.rng.randint(0, 255)))) for _ in range(draw.pick((3, 4, 4, 4, 4, 5)))]
    if draw.chance(0.3):
        parts[draw.rng.randrange(len(parts))] = draw.pick(bad)
    return ["".join(parts)]


@by_hand("restore-the-array")
def restore_the_array(draw: Draw) -> Arguments:
    """The digits of an array of numbers up to `k`; a digit made zero may leave no array."""
    length = draw.length(1, 100_000, large=2_500)
    power = 10 ** draw.rng.randint(1, 9)
    k = draw.pick((draw.integer(1, 10**9), draw.rng.randint(1, 300), power - 1, power, draw.rng.randint(1, power)))
    text = ""
    while len(text) < length:
        text += str(draw.pick((k, draw.rng.randint(1, k), draw.rng.randint(1, min(k, 30)))))
    digits = list(text[:length])
    if draw.chance(0.25) and length > 1:
        digits[draw.rng.randrange(1, length)] = "0"
    return ["".join(digits), k]


also("restore-the-array", ["1000000000", 10**9], ["1" + "1000000000" * 3, 10**9])  # the one number of ten digits


@by_hand("rings-and-rods")
def rings_and_rods(draw: Draw) -> Arguments:
    count = draw.length(1, 10, large=10)
    rings: list[str] = []
    for rod in draw.some("0123456789", count, count):
        colours = draw.some("RGB", draw.pick((1, 2, 3)), 3)
        rings += [colour + rod for colour in colours + draw.rng.choices(colours, k=draw.pick((0, 0, 1, 4)))]
    return ["".join(draw.shuffled(rings))]


@by_hand("satisfiability-of-equality-equations")
def satisfiability_of_equality_equations(draw: Draw) -> Arguments:
    """What holds for letters in two classes, along a path or at random; then perhaps one sign is turned."""
    count = draw.length(1, 500, large=500)
    letters = draw.some(ascii_lowercase, 1, min(26, count + 1))
    classes = dict.fromkeys(letters, 0) | dict.fromkeys(letters[: draw.rng.randint(0, len(letters))], 1)
    if len(letters) > 1 and draw.chance(0.5):
        pairs = draw.shuffled([*pairwise(letters), (letters[-1], letters[0])])
    else:
        pairs = [(draw.pick(letters), draw.pick(letters)) for _ in range(count)]
    signs = ["==" if classes[a] == classes[b] else "!=" for a, b in pairs]
    if draw.chance(0.7):
        place = draw.rng.randrange(len(signs))
        signs[place] = "!=" if signs[place] == "==" else "=="
    return [[sign.join(draw.shuffled(pair)) for pair, sign in zip(pairs, signs, strict=True)]]


def scrambled(draw: Draw, text: str) -> str:
    if len(text) == 1:
        return text
    cut = draw.rng.randrange(1, len(text))
    return "".join(draw.shuffled([scrambled(draw, text[:cut]), scrambled(draw, text[cut:])]))


@by_hand("scramble-string")
def scramble_string(draw: Draw) -> Arguments:
    """A scramble or any permutation; then perhaps two letters change places, or one becomes another."""
    letters = ascii_lowercase[: draw.pick((2, 4, 6, 26))]
    first = "".join(draw.rng.choices(letters, k=draw.length(1, 30, large=30)))
    second = list(scrambled(draw, first)) if draw.chance(0.4) else draw.shuffled(first)
    change = draw.rng.random()
    here, there = draw.rng.randrange(len(first)), draw.rng.randrange(len(first))
    if change < 0.3:
        second[here], second[there] = second[there], second[here]
    elif change < 0.5:
        second[here] = second[there]
    return [first, "".join(second)]


also("scramble-string", ["ceeabcebddceeaeeabccdebbaaabbd", "ceddbcbaeeceeebecaadcebbaaabbd"])  # 28 s without a memo
also(
    "scramble-string",  # a memo must know both texts
    ["dabbabdc", "adbbbcad"],
    ["adbbbcad", "dabbabdc"],
    ["dbbddabacccaac", "dabbacccddbaac"],
)


@by_hand("string-compression-ii")
def string_compression_ii(draw: Draw) -> Arguments:
    length = draw.length(1, 100, large=70)
    letters = draw.some(ascii_lowercase, 2, 4)
    longest = draw.pick((1, 2, 3, 12))
    text = "".join(draw.pick(letters) * draw.rng.randint(1, longest) for _ in range(length))[:length]
    return [text, min(length, draw.pick((0, 1, 2, 2, 3, length // 4, length // 2, draw.rng.randint(0, length))))]


for deleted in (0, 1, 90, 91, 99, 100):
    also("string-compression-ii", ["a" * 100, deleted])
also("string-compression-ii", ["abcaacbb" * 9, 22])
also("string-compression-ii", ["a" * 9 + "b" + "a" * 9, 1], ["a" * 11 + "bb" + "a" * 2, 4], ["ab" * 5 + "a" * 8, 5])


@by_hand("substrings-of-size-three-with-distinct-characters")
def substrings_of_size_three_with_distinct_characters(draw: Draw) -> Arguments:
    letters = draw.some(ascii_lowercase, 2, draw.pick((3, 5, 26)))
    return ["".join(draw.rng.choices(letters, k=draw.length(1, 100, large=100)))]


@by_hand("valid-parenthesis-string")
def valid_parenthesis_string(draw: Draw) -> Arguments:
    """A balanced string with some signs replaced by stars; then perhaps one sign changes, goes or comes."""
    marks: list[str] = []
    pairs = draw.length(1, 49, large=49)
    while len(marks) < 2 * pairs:
        opened = marks.count("(")
        more = opened == len(marks) - opened or (opened < pairs and draw.chance(0.5))
        marks.append("(" if more else ")")
    stars = draw.pick((0.05, 0.2, 0.5, 0.8))
    marks = ["*" if draw.chance(stars) else mark for mark in marks]
    for _ in range(draw.rng.randint(0, 3)):
        place = draw.rng.randrange(len(marks))
        marks[place : place + 1] = draw.pick((["("], [")"], ["*"], [marks[place], ")"], ["(", marks[place]]))
    return ["".join(marks)[:100]]


also(
    "valid-parenthesis-string",
    ["*"],
    ["("],
    [")"],
    ["*" * 99 + "("],
    [")" + "*" * 99],
    ["(*" * 24 + ")" * 48],
    ["(*" * 24 + ")" * 49],
)


@by_hand("valid-permutations-for-di-sequence")
def valid_permutations_for_di_sequence(draw: Draw) -> Arguments:
    length = draw.length(1, 200, large=80)
    longest = draw.pick((1, 1, 2, 5, length))
    return ["".join(draw.pick("DI") * draw.rng.randint(1, longest) for _ in range(length))[:length]]


also("valid-permutations-for-di-sequence", ["I" * 200], ["I" * 190 + "DI" * 5])
