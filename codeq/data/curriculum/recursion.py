"""Functions that call themselves."""

from codeq.data.curriculum.inputs import (
    binary_trees,
    choices,
    distinct_lists,
    grids,
    integers,
    lists,
    nested,
    sorted_lists,
    with_member,
    words,
)
from codeq.data.curriculum.problem import problem


@problem("easy", examples=[[4], [0], [1]], inputs=[integers(0, 40)])
def sum_to(n):
    """Return 1 + 2 + ... + n, by recursion."""
    if n == 0:
        return 0
    return n + sum_to(n - 1)


@problem("easy", examples=[["abc"], [""], ["xy"]], inputs=[words(0, 8)])
def reverse_recursively(text):
    """Return a text backwards, by recursion."""
    if not text:
        return ""
    return reverse_recursively(text[1:]) + text[0]


@problem("medium", examples=[[[1, [2, [3, []]]]], [[]], [[[4], 5]]], inputs=[nested(integers(0, 9), 3, 3)])
def flatten_deeply(items):
    """Return one flat list of the numbers of a list nested to any depth."""
    flat = []
    for item in items:
        if isinstance(item, list):
            flat.extend(flatten_deeply(item))
        else:
            flat.append(item)
    return flat


@problem("medium", examples=[[[1, [2, [3]]]], [[]], [[[], [[]], 4]]], inputs=[nested(integers(0, 9), 4, 3)])
def nesting_depth(items):
    """Return how deeply lists are nested; a list without inner lists has depth 1."""
    return 1 + max((nesting_depth(item) for item in items if isinstance(item, list)), default=0)


@problem("medium", examples=[[3], [1], [0]], inputs=[integers(0, 16)])
def hanoi_moves(disks):
    """Return how many moves the Towers of Hanoi take with the given number of disks."""
    if disks == 0:
        return 0
    return 2 * hanoi_moves(disks - 1) + 1


@problem(
    "hard",
    examples=[[2, "A", "B", "C"], [0, "A", "B", "C"], [3, "x", "y", "z"]],
    inputs=[integers(0, 3), choices("A", "P"), choices("B", "Q"), choices("C", "R")],
)
def hanoi_plan(disks, source, spare, target):
    """Return the (from, to) moves that bring the disks of the Towers of Hanoi from source to target."""
    if disks == 0:
        return []
    before = hanoi_plan(disks - 1, source, target, spare)
    after = hanoi_plan(disks - 1, spare, source, target)
    return before + [(source, target)] + after


@problem("hard", examples=[["abc"], [""], ["aab"]], inputs=[words(0, 4, "abcde")])
def permutations_of(text):
    """Return the ascending list of all different orders of the letters of a text."""
    if len(text) <= 1:
        return [text]
    found = set()
    for i, letter in enumerate(text):
        for rest in permutations_of(text[:i] + text[i + 1 :]):
            found.add(letter + rest)
    return sorted(found)


@problem(
    "hard",
    examples=[[[1, 2, 3], 2], [[4, 5], 0], [[7], 2]],
    inputs=[distinct_lists(integers(0, 9), 0, 5), integers(0, 3)],
)
def combinations_of(items, size):
    """Return all lists of size items of a list, in the order of their positions."""
    if size == 0:
        return [[]]
    if not items:
        return []
    head, tail = items[0], items[1:]
    return [[head] + rest for rest in combinations_of(tail, size - 1)] + combinations_of(tail, size)


@problem("medium", examples=[[5, 2], [4, 0], [3, 3], [2, 4]], inputs=[integers(0, 9), integers(0, 9)])
def binomial(n, k):
    """Return in how many ways k of n things can be chosen, by Pascal's rule."""
    if k > n:
        return 0
    if k == 0:
        return 1
    return binomial(n - 1, k - 1) + binomial(n - 1, k)


@problem(
    "hard",
    examples=[[5, [1, 2, 5]], [0, [3]], [3, [2]]],
    inputs=[integers(0, 18), choices([1, 2, 5], [2, 3], [1, 4], [3, 5, 7], [2])],
)
def count_change(amount, coins):
    """Return in how many ways an amount can be paid with any number of each coin."""
    if amount == 0:
        return 1
    if amount < 0 or not coins:
        return 0
    return count_change(amount - coins[0], coins) + count_change(amount, coins[1:])


@problem("medium", examples=[[4, 3], [0, 2], [3, 1], [4, 2]], inputs=[integers(0, 7), integers(1, 3)])
def climb_stairs(steps, longest):
    """Return in how many ways a stair can be climbed with strides of one to longest steps."""
    if steps < 0:
        return 0
    if steps == 0:
        return 1
    return sum(climb_stairs(steps - stride, longest) for stride in range(1, longest + 1))


@problem("easy", examples=[[[3, 9, 2]], [[5]], [[-4, -1]]], inputs=[lists(integers(-9, 9), 1, 6)])
def largest_recursively(numbers):
    """Return the largest number of a non-empty list, by recursion."""
    if len(numbers) == 1:
        return numbers[0]
    rest = largest_recursively(numbers[1:])
    return numbers[0] if numbers[0] > rest else rest


@problem("medium", examples=[[0, 3], [2, 0], [2, 2]], inputs=lambda rng: [rng.randint(0, 2), rng.randint(0, 7)])
def ackermann(m, n):
    """Return Ackermann's function: n + 1 for m = 0; A(m - 1, 1) for n = 0; else A(m - 1, A(m, n - 1))."""
    if m == 0:
        return n + 1
    if n == 0:
        return ackermann(m - 1, 1)
    return ackermann(m - 1, ackermann(m, n - 1))


@problem(
    "hard",
    examples=[["abcde", "ace"], ["", "x"], ["ab", "ba"], ["ca", "abc"]],
    inputs=[words(0, 5, "abc"), words(0, 5, "abc")],
)
def longest_common_subsequence(a, b):
    """Return the length of the longest sequence of characters that both texts contain in the same order."""
    if not a or not b:
        return 0
    if a[0] == b[0]:
        return 1 + longest_common_subsequence(a[1:], b[1:])
    return max(longest_common_subsequence(a[1:], b), longest_common_subsequence(a, b[1:]))


@problem(
    "hard",
    examples=[["cat", "cut"], ["", "ab"], ["abc", "b"], ["ab", "ba"]],
    inputs=[words(0, 4, "abc"), words(0, 4, "abc")],
)
def edit_distance(a, b):
    """Return how few insertions, deletions and replacements of characters turn one text into the other."""
    if not a or not b:
        return len(a) + len(b)
    replaced = edit_distance(a[1:], b[1:]) + (a[0] != b[0])
    return min(replaced, edit_distance(a[1:], b) + 1, edit_distance(a, b[1:]) + 1)


@problem(
    "medium",
    examples=[[None], [{"value": 4, "left": None, "right": {"value": 2, "left": None, "right": None}}]],
    inputs=[binary_trees(integers(0, 9), 3)],
)
def tree_sum(node):
    """Return the sum of the values of a binary tree of dicts with value, left and right (None: no tree)."""
    if node is None:
        return 0
    return node["value"] + tree_sum(node["left"]) + tree_sum(node["right"])


@problem(
    "medium",
    examples=[
        [None],
        [{"value": 1, "left": {"value": 2, "left": None, "right": None}, "right": None}],
        [{"value": 1, "left": None, "right": {"value": 2, "left": None, "right": None}}],
    ],
    inputs=[binary_trees(integers(0, 9), 3)],
)
def tree_height(node):
    """Return the number of levels of a binary tree of dicts with value, left and right; None has 0."""
    if not node:
        return 0
    left = tree_height(node["left"])
    right = tree_height(node["right"])
    return max(left, right) + 1


@problem(
    "hard",
    examples=[
        [None],
        [
            {
                "value": 1,
                "left": {"value": 2, "left": None, "right": None},
                "right": {"value": 3, "left": None, "right": None},
            }
        ],
    ],
    inputs=[binary_trees(integers(0, 9), 3)],
)
def leaves_left_to_right(tree):
    """Return the values of the leaves of a binary tree of dicts (value, left, right) from left to right."""
    if tree is None:
        return []
    leaves = leaves_left_to_right(tree["left"]) + leaves_left_to_right(tree["right"])
    return leaves or [tree["value"]]


@problem(
    "medium",
    examples=[[[3, 4, 5], 9], [[2], 3], [[], 0], [[1, 5], 6]],
    inputs=[lists(integers(1, 9), 1, 5), integers(1, 20)],
)
def subset_reaches(numbers, target):
    """Tell whether some of the numbers, each used at most once, add up to the target."""
    if target == 0:
        return True
    if not numbers:
        return False
    rest = numbers[1:]
    return subset_reaches(rest, target) or subset_reaches(rest, target - numbers[0])


@problem("easy", examples=[[10, 3], [0, 5], [8, 4]], inputs=[integers(0, 40), integers(1, 9)])
def remainder_by_subtraction(number, divisor):
    """Return the remainder of a division of a non-negative by a positive number, by repeated subtraction."""
    if number < divisor:
        return number
    return remainder_by_subtraction(number - divisor, divisor)


@problem(
    "medium",
    examples=[[[1, [2, [1]], 3], 1], [[], 4], [[[5], 5], 5]],
    inputs=[nested(integers(0, 3), 3, 4), integers(0, 3)],
)
def count_in_nested(items, target):
    """Return how often a number occurs in a list nested to any depth."""
    return sum(count_in_nested(item, target) if isinstance(item, list) else item == target for item in items)


@problem("medium", examples=[[2], [0], [1]], inputs=[integers(0, 17)])
def catalan_number(n):
    """Return the n-th Catalan number, with C(0) = 1 and C(n) = C(n - 1) * (4n - 2) / (n + 1)."""
    return catalan_number(n - 1) * (4 * n - 2) // (n + 1) if n > 0 else 1


@problem(
    "hard",
    examples=[[[1, 3, 5, 7], 7], [[], 1], [[2, 4], 3]],
    inputs=with_member(sorted_lists(integers(0, 12), 0, 7), otherwise=integers(0, 12)),
)
def found_by_halving(items, target):
    """Tell whether an ascending list contains a number, halving the list by recursion."""
    if not items:
        return False
    mid = len(items) // 2
    if items[mid] == target:
        return True
    half = items[:mid] if target < items[mid] else items[mid + 1 :]
    return found_by_halving(half, target)


@problem(
    "hard",
    examples=[[[[0, 0], [0, 0]], 1, 1], [[[0, 1], [0, 0]], 1, 1], [[[1]], 0, 0], [[[0, 0, 0], [0, 0, 0]], 1, 2]],
    inputs=lambda rng: (lambda maze: [maze, len(maze) - 1, len(maze[0]) - 1])(
        grids(choices(0, 0, 0, 1), (1, 4), (1, 4))(rng)
    ),
)
def count_ways(maze, row, column):
    """Return how many ways lead from a cell to the cell (0, 0) going only up or left; cells that are 1 are blocked."""
    if row < 0 or column < 0 or maze[row][column] == 1:
        return 0
    if row == 0 and column == 0:
        return 1
    return count_ways(maze, row - 1, column) + count_ways(maze, row, column - 1)
