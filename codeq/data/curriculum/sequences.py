"""Neighbours, windows, runs and pairs of a sequence."""

from codeq.data.curriculum.inputs import choices, distinct_lists, integers, lists, sorted_lists, tuples
from codeq.data.curriculum.problem import problem

NUMBERS = lists(integers(-9, 9), 0, 7)


@problem("easy", examples=[[[1, 4, 2]], [[7]], [[]]], inputs=[NUMBERS])
def neighbour_differences(numbers):
    """Return each number less the one before it, from the second on."""
    return [after - before for before, after in zip(numbers, numbers[1:])]


@problem("easy", examples=[[[1, 2, 2]], [[3, 1]], [[]], [[1, 3, 2, 4]]], inputs=[lists(integers(0, 4), 1, 4)])
def is_ascending(numbers):
    """Tell whether no number is smaller than the one before it."""
    return all(numbers[i] <= numbers[i + 1] for i in range(len(numbers) - 1))


@problem("medium", examples=[[[1, 2, 3, 1, 2]], [[5, 5]], [[]]], inputs=[lists(integers(0, 5), 0, 8)])
def longest_rising_run(numbers):
    """Return the length of the longest run of neighbours of which each is larger than the one before."""
    best = length = 0
    previous = None
    for number in numbers:
        length = length + 1 if previous is not None and number > previous else 1
        best = max(best, length)
        previous = number
    return best


@problem(
    "medium",
    examples=[[[2, 1, 1, 5], 2], [[-1, -3, -2], 2], [[4, 4], 2], [[4], 3]],
    inputs=[lists(integers(-5, 9), 1, 7), integers(1, 4)],
)
def best_window_sum(numbers, size):
    """Return the largest sum of size neighbouring numbers, or None if the list is shorter than that."""
    if len(numbers) < size:
        return None
    starts = range(len(numbers) - size + 1)
    return max(sum(numbers[start : start + size]) for start in starts)


@problem(
    "medium",
    examples=[[[2, 7, 4], 9], [[3, 3], 6], [[5], 10], [[1, 2, 4, 3], 5]],
    inputs=[lists(integers(0, 9), 1, 7), integers(2, 16)],
)
def pair_with_sum(numbers, target):
    """Return the indices (i, j), i < j, of two numbers that add up to the target, with the smallest possible j;
    None if there are none."""
    seen = {}
    for index, number in enumerate(numbers):
        if target - number in seen:
            return seen[target - number], index
        seen.setdefault(number, index)
    return None


@problem("easy", examples=[[[5, 1, 9, 9]], [[3]], [[2, 8, 4]]], inputs=[lists(integers(0, 20), 1, 6)])
def largest_step(numbers):
    """Return the largest difference, in either direction, between neighbours (0 if there are none)."""
    largest = 0
    for left, right in zip(numbers, numbers[1:]):
        step = abs(left - right)
        if step > largest:
            largest = step
    return largest


@problem("medium", examples=[[[1, 3, 2, 5, 4]], [[1, 2]], [[4, 4, 1]]], inputs=[lists(integers(0, 9), 0, 8)])
def local_peaks(numbers):
    """Return the numbers that are larger than both their neighbours; the first and last never are."""
    return [b for a, b, c in zip(numbers, numbers[1:], numbers[2:]) if a < b > c]


@problem("hard", examples=[[[7, 1, 5, 3, 6]], [[5, 4]], [[]]], inputs=[lists(integers(0, 12), 0, 8)])
def best_single_trade(prices):
    """Return the largest profit of buying once and selling later, 0 if no trade gains."""
    profit = 0
    cheapest = None
    for price in prices:
        if cheapest is None or price < cheapest:
            cheapest = price
        profit = max(profit, price - cheapest)
    return profit


@problem("easy", examples=[[[1, 2, 3, 4, 5], 2], [[], 3], [[1, 2], 2]], inputs=[NUMBERS, integers(1, 4)])
def chunk_list(items, size):
    """Cut a list into lists of the given size; the last may be shorter."""
    chunks = []
    while items:
        chunks.append(items[:size])
        items = items[size:]
    return chunks


@problem("hard", examples=[[["a", "a", "b", "a"]], [[]], [["c"]]], inputs=[lists(choices("a", "b"), 0, 7)])
def group_runs(items):
    """Return a list of (item, length) tuples, one for each run of equal neighbours."""
    runs = []
    for item in items:
        if runs and runs[-1][0] == item:
            runs[-1] = (item, runs[-1][1] + 1)
        else:
            runs.append((item, 1))
    return runs


@problem("hard", examples=[[[1, 2, 3, 3]], [[2, 5]], [[]], [[1, 0, 1]]], inputs=[lists(integers(0, 6), 0, 6)])
def balance_point(numbers):
    """Return the first index before which and after which the numbers have the same sum, or -1."""
    before, after = 0, sum(numbers)
    for index, number in enumerate(numbers):
        after -= number
        if before == after:
            return index
        before += number
    return -1


@problem(
    "hard",
    examples=[[[1, 2, 4, 6, 7, 8]], [[]], [[3]]],
    inputs=[lambda rng: sorted(set(lists(integers(0, 14), 0, 9)(rng)))],
)
def consecutive_ranges(numbers):
    """Return (first, last) tuples of the runs of consecutive numbers in an ascending list without repeats."""
    ranges = []
    for number in numbers:
        if ranges and number == ranges[-1][1] + 1:
            ranges[-1] = (ranges[-1][0], number)
        else:
            ranges.append((number, number))
    return ranges


@problem(
    "hard",
    examples=[[[(1, 3), (2, 5), (7, 8)]], [[]], [[(4, 5), (1, 4)]], [[(1, 9), (2, 3)]]],
    inputs=[lists(lambda rng: (start := rng.randint(0, 12), start + rng.randint(1, 5)), 1, 5)],
)
def merge_intervals(intervals):
    """Merge (start, end) intervals that overlap or touch; return them in ascending order."""
    merged = []
    for start, end in sorted(intervals):
        if merged and start <= merged[-1][1]:
            start, last = merged.pop()
            end = max(end, last)
        merged.append((start, end))
    return merged


@problem("easy", examples=[[[1, 2, 3]], [[]], [[4, 4]]], inputs=[distinct_lists(integers(0, 9), 0, 5)])
def unordered_pairs(items):
    """Return all tuples of two items at different positions, the earlier item first."""
    return [(a, b) for i, a in enumerate(items) for b in items[i + 1 :]]


@problem("hard", examples=[[[2, 1, 5, 3]], [[]], [[4, 4, 6]]], inputs=[lists(integers(0, 9), 0, 7)])
def next_larger(numbers):
    """Return for every number the first larger one to its right, or -1 if there is none."""
    result = [-1] * len(numbers)
    stack = []
    for index, number in enumerate(numbers):
        while stack and numbers[stack[-1]] < number:
            result[stack.pop()] = number
        stack.append(index)
    return result


@problem("easy", examples=[[[1, 2, 3, 4], 3], [[5], 9], [[], 1]], inputs=[lists(integers(0, 5), 0, 7), integers(0, 5)])
def take_until(items, stop):
    """Return the items before the first one that equals stop (all of them if none does)."""
    taken = []
    for item in items:
        if item == stop:
            break
        taken.append(item)
    return taken


@problem("medium", examples=[[[5, 3, 4, 1]], [[]], [[2, 2]]], inputs=[lists(integers(0, 9), 0, 6)])
def count_inversions(numbers):
    """Return how many pairs of positions hold a larger number before a smaller one."""
    count = 0
    for right in range(len(numbers)):
        for left in range(right):
            if numbers[left] > numbers[right]:
                count += 1
    return count


@problem(
    "medium",
    examples=[[[1, 4, 9], 5], [[2, 6], 4], [[3], -7]],
    inputs=[sorted_lists(integers(-20, 20), 1, 6), integers(-20, 20)],
)
def closest_value(numbers, target):
    """Return the number of a non-empty list nearest to the target, the smaller one of two equally near."""
    return min(numbers, key=lambda number: (abs(number - target), number))


@problem(
    "easy",
    examples=[[[(1, "a"), (2, "b")]], [[]], [[(0, "z")]]],
    inputs=[lists(tuples(integers(0, 9), choices("x", "y", "z")), 0, 4)],
)
def unzip_pairs(pairs):
    """Turn a list of pairs into a pair of lists."""
    left, right = [], []
    for first, second in pairs:
        left.append(first)
        right.append(second)
    return left, right
