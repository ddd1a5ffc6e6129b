"""How LeetCode judges the problems where "equal to the reference's answer" is not the rule.

One place for what a statement says in words: a new problem whose answer is not unique gets a line here.
"""

import re
from collections.abc import Callable, Sequence
from typing import Any

# What to call where the references leave it open.
ENTRY_POINTS = {"adding-two-negabinary-numbers": "addNegabinary"}

# Types of arguments and results that annotations do not tell; see `codeq.sandbox.Program`.
PARAMETERS = {"linked-list-cycle": ("CyclicListNode",)}
RETURNS = {
    "construct-quad-tree": "QuadNode",
    "generate-random-point-in-a-circle": "[][]",
    "remove-duplicates-from-sorted-array-ii": "prefix 0",
}

# Results that LeetCode declares as list<...> and not as an array: it writes them as JSON, so a list or a tuple
# will do, and None for an empty list, but no set, generator or view; an array may be anything to iterate over.
# (Reports of "dict_values ..." and "<filter object ...> is not valid value for the expected return type
# list<...>"; a reference of binary-tree-level-order-traversal-ii returns None for the empty tree.)
LISTS = frozenset(
    {
        "all-ancestors-of-a-node-in-a-directed-acyclic-graph",
        "all-elements-in-two-binary-search-trees",
        "binary-tree-inorder-traversal",
        "binary-tree-level-order-traversal-ii",
        "find-all-lonely-numbers-in-the-array",
        "find-all-possible-recipes-from-given-supplies",
        "find-players-with-zero-or-one-losses",
        "find-positive-integer-solution-for-a-given-equation",
        "fizz-buzz",
        "invalid-transactions",
        "lexicographical-numbers",
        "minimum-subsequence-in-non-increasing-order",
        "palindrome-pairs",
        "partition-labels",
        "pascals-triangle",
        "powerful-integers",
        "restore-ip-addresses",
        "self-dividing-numbers",
        "sequential-digits",
        "substring-with-concatenation-of-all-words",
        "word-subsets",
    }
)

# The result is a list whose order the statement leaves open (find-mode-in-binary-search-tree and ten more).
ANY_ORDER = frozenset(
    {
        "find-all-lonely-numbers-in-the-array",
        "find-all-possible-recipes-from-given-supplies",
        "find-mode-in-binary-search-tree",
        "find-positive-integer-solution-for-a-given-equation",
        "invalid-transactions",
        "minimum-index-sum-of-two-lists",
        "palindrome-pairs",
        "powerful-integers",
        "restore-ip-addresses",
        "substring-with-concatenation-of-all-words",
        "word-subsets",
    }
)

# Judged by a property of the result; names of `codeq.sandbox.comparisons.COMPARISONS`.
CHECKS = {
    "convert-sorted-list-to-binary-search-tree": "balanced_search_tree",
    "generate-random-point-in-a-circle": "points_in_circle",
    "valid-arrangement-of-pairs": "chain_of_pairs",
}


def peaks(nums: Sequence[int]) -> list[int]:
    """Every index whose neighbours are both smaller; beyond the ends everything is."""
    padded = [float("-inf"), *nums, float("-inf")]
    return [i for i in range(len(nums)) if padded[i] < padded[i + 1] > padded[i + 2]]


def no_zero_sums(n: int) -> list[list[int]]:
    """Every pair of positive numbers without a digit 0 that add to n."""
    return [[a, n - a] for a in range(1, n) if "0" not in f"{a}{n - a}"]


def between_extremes(nums: Sequence[int]) -> list[int]:
    """Every number that is neither the least nor the greatest; [-1] if there is none."""
    return [number for number in nums if min(nums) < number < max(nums)] or [-1]


def both_ways(pairs: Sequence[Sequence[int]]) -> list[list[int]]:
    """The array with these adjacent pairs, from either end."""
    neighbours: dict[int, list[int]] = {}
    for a, b in pairs:
        neighbours.setdefault(a, []).append(b)
        neighbours.setdefault(b, []).append(a)
    end = next(number for number, others in neighbours.items() if len(others) == 1)
    array = [end, neighbours[end][0]]
    while len(array) <= len(pairs):
        array.append(next(number for number in neighbours[array[-1]] if number != array[-2]))
    return [array, array[::-1]]


# The result may be any of these, as a function of the arguments (comparison "any_of").
ANY_OF: dict[str, Callable[..., list[Any]]] = {
    "convert-integer-to-the-sum-of-two-no-zero-integers": no_zero_sums,
    "find-peak-element": peaks,
    "neither-minimum-nor-maximum": between_extremes,
    "restore-the-array-from-adjacent-pairs": both_ways,
}

_SAYS_ANY_ORDER = re.compile(r"\b(?:return|answer|output)\b[^.\n]*\bin any order\b", re.I)
_SAYS_ANY_ANSWER = re.compile(r"\breturn (?:any\b|an arbitrary)|\b(?:return|accept\w*) any of (?:them|the)\b", re.I)


def comparison(problem_id: str, statement: str, result: str, returns: str) -> str | None:
    """How results are compared, as a name of `codeq.sandbox.comparisons.COMPARISONS`.

    What this module knows comes first. Of other problems, floats (by `result`, the annotation) are compared
    as "float", lists (by `returns`, see `Signature`) whose order the statement leaves open as "any_order",
    all else as "exact"; None where the statement accepts several results and nothing here says which.
    """
    if problem_id in CHECKS:
        return CHECKS[problem_id]
    if problem_id in ANY_OF:
        return "any_of"
    if problem_id in ANY_ORDER:
        return "any_order"
    if _SAYS_ANY_ANSWER.search(statement):
        return None
    if "float" in result:
        return "float"
    return (
        "any_order"
        if (returns == "list" or returns.startswith("[]")) and _SAYS_ANY_ORDER.search(statement)
        else "exact"
    )
