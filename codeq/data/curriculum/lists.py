"""Building, filtering and summarising lists."""

from codeq.data.curriculum.inputs import (
    booleans,
    choices,
    equal_lengths,
    integers,
    lists,
    nested,
    one_of,
    sorted_lists,
    words,
)
from codeq.data.curriculum.problem import problem

NUMBERS = lists(integers(-9, 9), 0, 7)


@problem("easy", examples=[[[3, -1, 4, -5]], [[]], [[0, 1]]], inputs=[NUMBERS])
def keep_positive(numbers):
    """Return the numbers above zero, in order."""
    result = []
    for number in numbers:
        if number > 0:
            result.append(number)
    return result


@problem("easy", examples=[[[4, 8, 6]], [[-3]], [[1, 2, 2]]], inputs=[lists(integers(-9, 9), 1, 6)])
def rounded_down_mean(numbers):
    """Return the mean of a non-empty list of whole numbers, rounded down."""
    return sum(numbers) // len(numbers)


@problem("easy", examples=[[[3, 9, 2, 9]], [[5]], [[-7, -2]]], inputs=[lists(integers(-9, 9), 1, 7)])
def index_of_largest(numbers):
    """Return the index of the first occurrence of the largest number of a non-empty list."""
    best = 0
    for index in range(1, len(numbers)):
        if numbers[index] > numbers[best]:
            best = index
    return best


@problem("medium", examples=[[[4, 9, 9, 7]], [[5, 5]], [[1, 2]], [[3]]], inputs=[lists(integers(0, 9), 0, 6)])
def second_largest(numbers):
    """Return the second largest of the different numbers of a list, or None if there are fewer than two."""
    ranking = sorted(set(numbers), reverse=True)
    return ranking[1] if len(ranking) > 1 else None


@problem("easy", examples=[[[1, 2, 3], 2], [[], 5], [[-1, 4], 0]], inputs=[NUMBERS, integers(-4, 5)])
def scale_all(numbers, factor):
    """Return a list with every number multiplied by the factor."""
    return [factor * number for number in numbers]


@problem(
    "medium",
    examples=[[[1, 2, 3, 4, 5], 2], [[1, 2], 0], [[1, 2, 3], 4]],
    inputs=[lists(integers(0, 9), 1, 6), integers(0, 9)],
)
def rotate_right(items, steps):
    """Move the last item of a non-empty list to the front, steps times, and return the list."""
    for _ in range(steps):
        items = [items[-1]] + items[:-1]
    return items


@problem("easy", examples=[[[1, 2, 3]], [[]], [[5, -5, 2]]], inputs=[NUMBERS])
def running_totals(numbers):
    """Return for every position the sum of all numbers up to and including it."""
    totals = []
    current = 0
    for number in numbers:
        current += number
        totals.append(current)
    return totals


@problem(
    "easy", examples=[[[[1, 2], [], [3]]], [[]], [[[0], [0, 4]]]], inputs=[lists(lists(integers(0, 9), 0, 3), 0, 4)]
)
def flatten_once(groups):
    """Return one list of all members of the inner lists, in order."""
    return [item for group in groups for item in group]


@problem("easy", examples=[[[1, 2, 3, 4, 5], 2], [[1, 2, 3], 3], [[], 2]], inputs=[NUMBERS, integers(1, 4)])
def every_nth_item(items, n):
    """Return the n-th, 2n-th, 3n-th, ... items of a list, counted from one."""
    return items[n - 1 :: n]


@problem("medium", examples=[[[0, 3, 0, 1]], [[]], [[0, 0, 5]]], inputs=[lists(integers(0, 3), 0, 7)])
def move_zeros_to_end(numbers):
    """Return the numbers with all zeros moved to the end; the others keep their order."""
    others = [number for number in numbers if number != 0]
    return others + [0] * (len(numbers) - len(others))


@problem(
    "easy",
    examples=[[[1, 2, 3], [4, 5, 6]], [[], []], [[-1, 2], [3, 0]]],
    inputs=equal_lengths(integers(-9, 9), integers(-9, 9), lo=0, hi=5),
)
def dot_product(left, right):
    """Return the sum of the products of the numbers at equal positions of two lists."""
    total = 0
    for a, b in zip(left, right):
        total += a * b
    return total


@problem("easy", examples=[[[1, 2, 2, 3, 3]], [[]], [[5, 5, 5]]], inputs=[lists(integers(0, 4), 0, 7)])
def unique_in_order(items):
    """Return the different items of a list in the order of their first occurrence."""
    return list(dict.fromkeys(items))


@problem("medium", examples=[[[1, 1, 2, 1]], [[]], [[7, 7, 7]]], inputs=[lists(integers(0, 2), 0, 8)])
def collapse_repeats(items):
    """Keep one item of every run of equal neighbours."""
    return [item for index, item in enumerate(items) if index == 0 or item != items[index - 1]]


@problem("easy", examples=[[[1, 2, 3, 4]], [[]], [[-3, -2]]], inputs=[NUMBERS])
def partition_by_parity(numbers):
    """Return a tuple of two lists: the even numbers and the odd ones, each in order."""
    even, odd = [], []
    for number in numbers:
        (odd if number % 2 else even).append(number)
    return even, odd


@problem("easy", examples=[[[3, 1, 2]], [[4]], [[-1, -6]]], inputs=[lists(integers(-9, 9), 1, 6)])
def spread_of(numbers):
    """Return the difference between the largest and the smallest number of a non-empty list."""
    return max(numbers) - min(numbers)


@problem(
    "hard", examples=[[[-2, 1, -3, 4, -1, 2]], [[-3, -1]], [[5]], [[6, -7, 2]]], inputs=[lists(integers(-9, 9), 1, 8)]
)
def largest_block_sum(numbers):
    """Return the largest sum of neighbouring numbers of a non-empty list; a block has at least one number."""
    best = current = numbers[0]
    for number in numbers[1:]:
        current = max(number, current + number)
        best = max(best, current)
    return best


@problem("medium", examples=[[[1, 2, 3]], [[]], [[7]], [[1, 2, 3, 4]]], inputs=[NUMBERS])
def swap_neighbours(items):
    """Swap the first item with the second, the third with the fourth and so on; a last odd one stays."""
    result = items[:]
    for index in range(0, len(items) - 1, 2):
        result[index], result[index + 1] = result[index + 1], result[index]
    return result


@problem("easy", examples=[[[True, False, True]], [[]], [[False]]], inputs=[lists(booleans(), 0, 8)])
def count_true(flags):
    """Return how many of the flags are true."""
    count = 0
    for flag in flags:
        count += 1 if flag else 0
    return count


@problem("medium", examples=[[[2, 3, 4]], [[5]], [[0, 2, 3]]], inputs=[lists(integers(-4, 5), 0, 5)])
def products_of_others(numbers):
    """Return for every position the product of the numbers at all other positions."""
    products = []
    for index in range(len(numbers)):
        product = 1
        for number in numbers[:index] + numbers[index + 1 :]:
            product *= number
        products.append(product)
    return products


@problem("hard", examples=[[[0, 2, 0, 1, 3]], [[]], [[3, 0, 3]], [[1, 2]]], inputs=[lists(integers(0, 5), 0, 7)])
def trapped_rain(heights):
    """Return how much water stays between walls of the given heights: at each place, up to the lower of the
    highest walls on its two sides."""
    water = 0
    for index, height in enumerate(heights):
        level = min(max(heights[: index + 1]), max(heights[index:]))
        water += level - height
    return water


@problem(
    "easy",
    examples=[[["b", "a"], "x"], [[], "y"], [["a", "b", "c"], "-"]],
    inputs=[lists(words(1, 2), 0, 5), choices("-", "x", "0")],
)
def put_between(items, separator):
    """Return the items with the separator between every two neighbours."""
    result = []
    for item in items:
        result += [separator, item]
    return result[1:]


@problem(
    "medium",
    examples=[[[1, 3], [2, 4, 5]], [[], [1]], [[2], [2]]],
    inputs=[sorted_lists(integers(0, 9), 0, 4), sorted_lists(integers(0, 9), 0, 4)],
)
def merge_sorted(left, right):
    """Merge two ascending lists into one ascending list."""
    merged = []
    while left and right:
        source = left if left[0] <= right[0] else right
        merged.append(source.pop(0))
    return merged + left + right


@problem("easy", examples=[[[3, 1, 3], 3], [[], 1], [[2, 2], 5]], inputs=[lists(integers(0, 3), 0, 7), integers(0, 3)])
def positions_of(items, target):
    """Return the indices at which a list holds the target."""
    return [index for index, item in enumerate(items) if item == target]


@problem(
    "easy",
    examples=[[[1, 2], 2, 0], [[1, 2, 3], 2, 9], [[], 3, 7]],
    inputs=[lists(integers(0, 9), 0, 6), integers(0, 5), integers(0, 9)],
)
def fit_length(items, length, filler):
    """Cut a list to the given length, or lengthen it at the end with the filler."""
    shorter = items[:length]
    while len(shorter) < length:
        shorter.append(filler)
    return shorter


@problem(
    "medium",
    examples=[[[1, [2, [3]], "x"]], [[]], [[[], 5]]],
    inputs=[nested(one_of(integers(0, 9), choices("a", "b")), 2, 3)],
)
def sum_numbers_at_any_depth(items):
    """Add up the whole numbers of a nested list; texts do not count."""
    total = 0
    for item in items:
        if isinstance(item, list):
            total += sum_numbers_at_any_depth(item)
        elif isinstance(item, int):
            total += item
    return total
