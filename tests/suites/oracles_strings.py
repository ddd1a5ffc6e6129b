"""Brute-force answers to the problems about words and texts, straight from their statements."""

import math
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from string import ascii_lowercase


def _substrings(text: str) -> Iterator[tuple[int, int]]:
    """The bounds of every substring that is not empty."""
    return ((i, j) for i in range(len(text)) for j in range(i + 1, len(text) + 1))


def _is_subsequence(word: str, text: str) -> bool:
    letters = iter(text)
    return all(letter in letters for letter in word)


def capitalized(title: str) -> str:
    words = title.split(" ")
    return " ".join(word.lower() if len(word) <= 2 else word.capitalize() for word in words)


def one_swap(first: str, second: str) -> bool:
    for i in range(len(first)):
        for j in range(i, len(first)):
            letters = list(first)
            letters[i], letters[j] = letters[j], letters[i]
            if "".join(letters) == second:
                return True
    return False


def transformable(start: str, goal: str) -> object:
    """Every sort is a series of swaps of two neighbours that stand in the wrong order."""
    if len(start) > 8:
        return NotImplemented
    seen, todo = {start}, [start]
    while todo:
        text = todo.pop()
        for i in range(len(text) - 1):
            after = text[:i] + "".join(sorted(text[i : i + 2])) + text[i + 2 :]
            if after not in seen:
                seen.add(after)
                todo.append(after)
    return goal in seen


def almost_equivalent(first: str, second: str) -> bool:
    return all(abs(first.count(letter) - second.count(letter)) <= 3 for letter in ascii_lowercase)


def anagrams(text: str) -> int:
    """The places of each letter are chosen in turn."""
    product = 1
    for word in text.split(" "):
        left = len(word)
        for count in Counter(word).values():
            product *= math.comb(left, count)
            left -= count
    return product % (10**9 + 7)


def repetitions(first: str, times: int, second: str, needed: int) -> object:
    if times * len(first) > 20_000:
        return NotImplemented
    found = 0
    for letter in first * times:
        found += letter == second[found % len(second)]
    return found // (len(second) * needed)


def obtained_words(starts: list[str], targets: list[str]) -> int:
    grown = {"".join(sorted(start + new)) for start in starts for new in ascii_lowercase if new not in start}
    return sum("".join(sorted(target)) in grown for target in targets)


def unslanted(cipher: str, rows: int) -> str:
    columns = len(cipher) // rows
    matrix = [cipher[row * columns : (row + 1) * columns] for row in range(rows)]
    text = ""
    for start in range(columns):
        for row in range(min(rows, columns - start)):
            text += matrix[row][start + row]
    return text.rstrip(" ")


def deletions(first: str, second: str) -> int:
    @cache
    def common(i: int, j: int) -> int:
        if i == len(first) or j == len(second):
            return 0
        return max(common(i + 1, j), common(i, j + 1), (first[i] == second[j]) + common(i + 1, j + 1))

    return len(first) + len(second) - 2 * common(0, 0)


def edits(first: str, second: str) -> int:
    row = list(range(len(second) + 1))
    for i, letter in enumerate(first):
        above, row = row, [i + 1]
        for j, other in enumerate(second):
            row.append(min(above[j] + (letter != other), above[j + 1] + 1, row[j] + 1))
    return row[-1]


def possible_recipes(recipes: list[str], ingredients: list[list[str]], supplies: list[str]) -> list[str]:
    have = set(supplies)
    for _ in recipes:
        have |= {name for name, needs in zip(recipes, ingredients, strict=True) if have.issuperset(needs)}
    return [name for name in recipes if name in have]


def formed_letters(words: list[str], letters: str) -> int:
    return sum(len(word) for word in words if all(word.count(letter) <= letters.count(letter) for letter in word))


def up_and_down(text: str) -> str:
    """The six steps of the statement, word for word."""
    left, result = sorted(text), ""

    def pick(candidates: list[str], best: Callable[[Iterable[str]], str]) -> str:
        letter = best(candidates)
        left.remove(letter)
        return letter

    while left:
        last = pick(left, min)
        result += last
        while larger := [letter for letter in left if letter > last]:
            last = pick(larger, min)
            result += last
        if left:
            last = pick(left, max)
            result += last
        while smaller := [letter for letter in left if letter < last]:
            last = pick(smaller, max)
            result += last
    return result


def invalid(transactions: list[str]) -> list[str]:
    rows = [(name, int(time), int(amount), city) for name, time, amount, city in (t.split(",") for t in transactions)]
    return [
        transaction
        for transaction, (name, time, amount, city) in zip(transactions, rows, strict=True)
        if amount > 1000 or any(n == name and abs(t - time) <= 60 and c != city for n, t, _, c in rows)
    ]


def isomorphic(first: str, second: str) -> bool:
    return [first.index(letter) for letter in first] == [second.index(letter) for letter in second]


def similarity(first: str, second: str) -> object:
    """Places that differ, less the most groups of them that each exchange letters among themselves."""
    pairs = [pair for pair in zip(first, second, strict=True) if pair[0] != pair[1]]
    if len(pairs) > 11:
        return NotImplemented
    most = [0] * 2 ** len(pairs)
    for group in range(1, len(most)):
        members = [pair for i, pair in enumerate(pairs) if group >> i & 1]
        closed = Counter(a for a, _ in members) == Counter(b for _, b in members)
        most[group] = closed + max(most[group ^ 1 << i] for i in range(len(pairs)) if group >> i & 1)
    return len(pairs) - most[-1]


def largest_mutated(number: str, change: list[int]) -> str:
    mutated = "".join(str(change[int(digit)]) for digit in number)
    return max([number, *(number[:i] + mutated[i:j] + number[j:] for i, j in _substrings(number))])


def longest_valid(word: str, forbidden: list[str]) -> int:
    return max((j - i for i, j in _substrings(word) if not any(part in word[i:j] for part in forbidden)), default=0)


def smallest_palindrome(text: str) -> str:
    return "".join(min(pair) for pair in zip(text, reversed(text), strict=True))


def smallest_after_operation(text: str) -> str:
    before = "".join("z" if letter == "a" else chr(ord(letter) - 1) for letter in text)
    return min(text[:i] + before[i:j] + text[j:] for i, j in _substrings(text))


def happy_prefix(text: str) -> str:
    return max((text[:i] for i in range(len(text)) if text.endswith(text[:i])), key=len)


def longest_after_replacement(text: str, changes: int) -> int:
    return max(j - i for i, j in _substrings(text) if j - i - max(Counter(text[i:j]).values()) <= changes)


def longest_with_repetitions(text: str, least: int) -> int:
    return max((j - i for i, j in _substrings(text) if min(Counter(text[i:j]).values()) >= least), default=0)


def longest_word(text: str, dictionary: list[str]) -> str:
    found = [word for word in dictionary if _is_subsequence(word, text)]
    return min(found, key=lambda word: (-len(word), word), default="")


ORACLES: dict[str, Callable[..., object]] = {
    "capitalize-the-title": capitalized,
    "check-if-one-string-swap-can-make-strings-equal": one_swap,
    "check-if-string-is-transformable-with-substring-sort-operations": transformable,
    "check-if-two-string-arrays-are-equivalent": lambda first, second: "".join(first) == "".join(second),
    "check-whether-two-strings-are-almost-equivalent": almost_equivalent,
    "count-anagrams": anagrams,
    "count-the-repetitions": repetitions,
    "count-words-obtained-after-adding-a-letter": obtained_words,
    "decode-the-slanted-ciphertext": unslanted,
    "delete-operation-for-two-strings": deletions,
    "edit-distance": edits,
    "find-all-possible-recipes-from-given-supplies": possible_recipes,
    "find-first-palindromic-string-in-the-array": lambda words: next((w for w in words if w == w[::-1]), ""),
    "find-the-kth-largest-integer-in-the-array": lambda nums, k: sorted(nums, key=lambda n: (len(n), n))[-k],
    "find-words-that-can-be-formed-by-characters": formed_letters,
    "increasing-decreasing-string": up_and_down,
    "invalid-transactions": invalid,
    "isomorphic-strings": isomorphic,
    "k-similar-strings": similarity,
    "largest-number-after-mutating-substring": largest_mutated,
    "length-of-the-longest-valid-substring": longest_valid,
    "lexicographically-smallest-palindrome": smallest_palindrome,
    "lexicographically-smallest-string-after-substring-operation": smallest_after_operation,
    "longest-happy-prefix": happy_prefix,
    "longest-repeating-character-replacement": longest_after_replacement,
    "longest-substring-with-at-least-k-repeating-characters": longest_with_repetitions,
    "longest-word-in-dictionary-through-deleting": longest_word,
}
