"""Brute-force answers to the string problems from `baseball-game` to `word-subsets`, for small inputs."""

import re
from collections import Counter
from collections.abc import Callable
from functools import cache
from itertools import combinations, count, cycle, pairwise, permutations, product
from math import comb
from string import ascii_lowercase

MODULUS = 10**9 + 7


def baseball_game(operations: list[str]) -> int:
    record: list[int] = []
    for operation in operations:
        match operation:
            case "C":
                record = record[:-1]
            case "D":
                record = [*record, record[-1] * 2]
            case "+":
                record = [*record, record[-2] + record[-1]]
            case number:
                record = [*record, int(number)]
    return sum(record)


def unique_names(names: list[str]) -> list[str]:
    given: list[str] = []
    for name in names:
        variants = (f"{name}({number})" for number in count(1))
        given.append(name if name not in given else next(variant for variant in variants if variant not in given))
    return given


def least_index_sum(list1: list[str], list2: list[str]) -> list[str]:
    sums = {word: list1.index(word) + list2.index(word) for word in list1 if word in list2}
    return [word for word, total in sums.items() if total == min(sums.values())]


def most_common_word(paragraph: str, banned: list[str]) -> str:
    words = [str(word) for word in re.findall("[a-z]+", paragraph.lower()) if word not in banned]
    return max(words, key=words.count)


def ways_to_split(s: str) -> int:
    parts = ((s[:i], s[i:j], s[j:]) for i, j in combinations(range(1, len(s)), 2))
    return sum(len({part.count("1") for part in three}) == 1 for three in parts) % MODULUS


def palindrome_pairs(words: list[str]) -> list[list[int]]:
    pairs = permutations(range(len(words)), 2)
    return [[i, j] for i, j in pairs if (words[i] + words[j])[::-1] == words[i] + words[j]]


def palindrome_partitioning(s: str, k: int) -> object:
    if comb(len(s) - 1, k - 1) > 5_000:
        return NotImplemented

    def changes(part: str) -> int:
        return sum(a != b for a, b in zip(part, part[::-1], strict=True)) // 2

    cuts = ([0, *inner, len(s)] for inner in combinations(range(1, len(s)), k - 1))
    return min(sum(changes(s[a:b]) for a, b in pairwise(places)) for places in cuts)


def partition_labels(s: str) -> list[int]:
    if not s:
        return []
    size = next(size for size in range(1, len(s) + 1) if not set(s[:size]) & set(s[size:]))
    return [size, *partition_labels(s[size:])]


def least_partition(s: str, k: int) -> int:
    least = [0.0]
    for end in range(1, len(s) + 1):
        pieces = [least[start] for start in range(end) if int(s[start:end]) <= k]
        least.append(1 + min(pieces, default=float("inf")))
    return -1 if least[-1] == float("inf") else int(least[-1])


def rearranged(text: str) -> str:
    words = text.lower().split(" ")
    ordered = " ".join(word for size in range(len(text) + 1) for word in words if len(word) == size)
    return ordered[0].upper() + ordered[1:]


def addresses(s: str) -> list[str]:
    cuts = ([0, *inner, len(s)] for inner in combinations(range(1, len(s)), 3))
    split = ([s[a:b] for a, b in pairwise(places)] for places in cuts)
    return [".".join(parts) for parts in split if all(part in map(str, range(256)) for part in parts)]


def arrays_printed(s: str, k: int) -> int:
    ways = [1]
    for end in range(1, len(s) + 1):
        ways.append(sum(ways[start] for start in range(end) if s[start] != "0" and int(s[start:end]) <= k))
    return ways[-1] % MODULUS


def satisfiable(equations: list[str]) -> bool:
    names = {letter: letter for letter in ascii_lowercase}
    for equation in equations:
        old, new = names[equation[0]], names[equation[3]]
        if equation[1] == "=":
            names = {letter: new if name == old else name for letter, name in names.items()}
    return not any(names[e[0]] == names[e[3]] for e in equations if e[1] == "!")


@cache
def is_scramble(s: str, t: str) -> bool:
    if len(s) == 1:
        return s == t
    return any(
        (is_scramble(s[:i], t[:i]) and is_scramble(s[i:], t[i:]))
        or (is_scramble(s[:i], t[len(t) - i :]) and is_scramble(s[i:], t[: len(t) - i]))
        for i in range(1, len(s))
    )


def shortest_compression(s: str, k: int) -> object:
    if len(s) > 11:
        return NotImplemented

    def encoded(text: str) -> str:
        return re.sub(r"(.)\1+", lambda run: f"{run[1]}{len(run[0])}", text)

    kept = (combinations(s, size) for size in range(len(s) - k, len(s) + 1))
    return min(len(encoded("".join(letters))) for choices in kept for letters in choices)


def concatenations(s: str, words: list[str]) -> list[int]:
    size, total = len(words[0]), len("".join(words))
    windows = ((start, s[start : start + total]) for start in range(len(s) - total + 1))
    return [i for i, w in windows if sorted(w[j : j + size] for j in range(0, total, size)) == sorted(words)]


def valid_parentheses(s: str) -> bool:
    depths = {0}
    for mark in s:
        steps = {"(": (1,), ")": (-1,), "*": (-1, 0, 1)}[mark]
        depths = {depth + step for depth, step in product(depths, steps) if depth + step >= 0}
    return 0 in depths


def valid_permutations(s: str) -> object:
    if len(s) > 7:
        return NotImplemented
    rows = permutations(range(len(s) + 1))
    return sum(all((a > b) == (sign == "D") for (a, b), sign in zip(pairwise(row), s, strict=True)) for row in rows)


def alien_sorted(words: list[str], order: str) -> bool:
    return words == sorted(words, key=lambda word: word.translate(str.maketrans(order, ascii_lowercase)))


def word_subsets(words1: list[str], words2: list[str]) -> list[str]:
    return [a for a in words1 if all(a.count(letter) >= b.count(letter) for b in words2 for letter in b)]


ORACLES: dict[str, Callable[..., object]] = {
    "baseball-game": baseball_game,
    "making-file-names-unique": unique_names,
    "minimum-changes-to-make-alternating-binary-string": lambda s: min(
        sum(a != b for a, b in zip(s, cycle(wanted), strict=False)) for wanted in ("01", "10")
    ),
    "minimum-index-sum-of-two-lists": least_index_sum,
    "minimum-number-of-steps-to-make-two-strings-anagram-ii": lambda s, t: sum(
        abs(s.count(letter) - t.count(letter)) for letter in ascii_lowercase
    ),
    "most-common-word": most_common_word,
    "number-of-pairs-of-strings-with-concatenation-equal-to-target": lambda nums, target: sum(
        a + b == target for a, b in permutations(nums, 2)
    ),
    "number-of-ways-to-split-a-string": ways_to_split,
    "palindrome-pairs": palindrome_pairs,
    "palindrome-partitioning-iii": palindrome_partitioning,
    "partition-labels": partition_labels,
    "partition-string-into-substrings-with-values-at-most-k": least_partition,
    "plates-between-candles": lambda s, queries: [s[a : b + 1].strip("*").count("*") for a, b in queries],
    "ransom-note": lambda note, magazine: Counter(note) <= Counter(magazine),
    "rearrange-words-in-a-sentence": rearranged,
    "restore-ip-addresses": addresses,
    "restore-the-array": arrays_printed,
    "rings-and-rods": lambda rings: sum(
        all(colour + rod in re.findall("..", rings) for colour in "RGB") for rod in "0123456789"
    ),
    "satisfiability-of-equality-equations": satisfiable,
    "scramble-string": is_scramble,
    "string-compression-ii": shortest_compression,
    "substring-with-concatenation-of-all-words": concatenations,
    "substrings-of-size-three-with-distinct-characters": lambda s: sum(
        len(set(s[start : start + 3])) == 3 for start in range(len(s) - 2)
    ),
    "valid-parenthesis-string": valid_parentheses,
    "valid-permutations-for-di-sequence": valid_permutations,
    "verifying-an-alien-dictionary": alien_sorted,
    "word-subsets": word_subsets,
}
