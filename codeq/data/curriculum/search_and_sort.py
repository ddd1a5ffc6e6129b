"""Searching and sorting algorithms."""

from codeq.data.curriculum.inputs import (
    choices,
    distinct_lists,
    integers,
    lists,
    sorted_lists,
    with_member,
    with_shuffled,
    words,
)
from codeq.data.curriculum.problem import problem

NUMBERS = lists(integers(-9, 9), 0, 6)
ASCENDING = sorted_lists(integers(0, 12), 0, 7)


def _ascending_without_repeats(rng):
    return sorted(distinct_lists(integers(0, 15), 0, 8)(rng))


@problem(
    "hard",
    examples=[[[1, 3, 5, 8], 8], [[2, 4], 1], [[], 7], [[1, 3, 6], 1]],
    inputs=with_member(_ascending_without_repeats, otherwise=integers(0, 15)),
)
def binary_search(items, goal):
    """Return the index of a number in an ascending list without repeats, or -1 if it is not there."""
    low, high = 0, len(items)
    while low < high:
        mid = (low + high) // 2
        if items[mid] == goal:
            return mid
        low, high = (mid + 1, high) if items[mid] < goal else (low, mid)
    return -1


@problem("medium", examples=[[[1, 3, 3, 5], 3], [[], 2], [[1, 2], 9]], inputs=[ASCENDING, integers(-1, 13)])
def insertion_index(numbers, value):
    """Return the first index at which a value can be inserted into an ascending list so that it stays ascending."""
    low, high = 0, len(numbers)
    while low < high:
        middle = (low + high) // 2
        if numbers[middle] < value:
            low = middle + 1
        else:
            high = middle
    return low


@problem("hard", examples=[[[3, 1, 2]], [[]], [[5, 5, -1, 0]]], inputs=[NUMBERS])
def bubble_sort(numbers):
    """Sort a list in ascending order by swapping neighbours, and return it."""
    for end in range(len(numbers) - 1, 0, -1):
        for i in range(end):
            if numbers[i] > numbers[i + 1]:
                numbers[i], numbers[i + 1] = numbers[i + 1], numbers[i]
    return numbers


@problem("medium", examples=[[[3, 1, 2]], [[]], [[4, -4, 4, 0]]], inputs=[NUMBERS])
def insertion_sort(values):
    """Sort a list in ascending order by inserting each value at its place in a new list."""
    ordered = []
    for value in values:
        place = 0
        while place < len(ordered) and ordered[place] <= value:
            place += 1
        ordered.insert(place, value)
    return ordered


@problem("medium", examples=[[[3, 1, 2]], [[]], [[2, 9, 2, -7]]], inputs=[NUMBERS])
def selection_sort_descending(numbers):
    """Sort a list in descending order by taking out the largest remaining number again and again."""
    remaining = list(numbers)
    ordered = []
    while remaining:
        largest = max(remaining)
        remaining.remove(largest)
        ordered.append(largest)
    return ordered


@problem("hard", examples=[[[3, 1, 2]], [[]], [[1, 1, 0]], [[5, -2, 9, 4]]], inputs=[NUMBERS])
def quick_sort(numbers):
    """Sort a list in ascending order by splitting it at its first number."""
    if not numbers:
        return []
    pivot, *rest = numbers
    smaller = [n for n in rest if n < pivot]
    larger = [n for n in rest if n >= pivot]
    return quick_sort(smaller) + [pivot] + quick_sort(larger)


@problem(
    "medium",
    examples=[[[2, 0, 2, 1], 3], [[], 1], [[3, 3, 0], 4]],
    inputs=[lists(integers(0, 4), 0, 7), integers(5, 6)],
)
def counting_sort(numbers, size):
    """Sort numbers from 0 to size - 1 by counting how often each occurs."""
    counts = [0] * size
    for number in numbers:
        counts[number] += 1
    ordered = []
    for number, count in enumerate(counts):
        ordered += [number] * count
    return ordered


@problem(
    "easy", examples=[[["pear", "fig", "apple"]], [[]], [["bb", "aa", "c"]]], inputs=[lists(words(1, 3, "abc"), 0, 5)]
)
def sort_by_length(words):
    """Sort words from short to long, and alphabetically where they are equally long."""
    return sorted(words, key=lambda word: (len(word), word))


@problem("easy", examples=[[[4, 7, 9, 12]], [[1, 3]], [[]], [[5, 2, 6]]], inputs=[lists(integers(0, 19), 0, 6)])
def first_even(numbers):
    """Return the first even number of a list, or None if there is none."""
    return next((number for number in numbers if number % 2 == 0), None)


@problem(
    "hard",
    examples=[[[1, 3, 8, 9, 5]], [[2]], [[1, 2, 3]], [[6, 4]]],
    inputs=lambda rng: (lambda up, down: [up + [20] + down[::-1]])(
        _ascending_without_repeats(rng), _ascending_without_repeats(rng)
    ),
)
def mountain_top(heights):
    """Return the index of the largest number of a non-empty list that first rises and then falls, halving the range."""
    low, high = 0, len(heights) - 1
    while low < high:
        middle = (low + high) // 2
        if heights[middle] < heights[middle + 1]:
            low = middle + 1
        else:
            high = middle
    return low


@problem(
    "easy", examples=[[[5, 3, 9], 2], [[4], 1], [[2, 8, 8], 0]], inputs=[lists(integers(0, 20), 0, 6), integers(0, 4)]
)
def largest_few(numbers, count):
    """Return the count largest numbers of a list in descending order (fewer if the list is shorter)."""
    ordered = sorted(numbers)
    ordered.reverse()
    return ordered[:count]


@problem(
    "hard", examples=[[[1, 2, 4, 8], 6], [[1, 1], 3], [[2, 3, 5], 8], [[], 0]], inputs=[ASCENDING, integers(4, 16)]
)
def has_pair_sum(items, goal):
    """Tell whether two numbers at different places of an ascending list add up to the goal, closing in from
    both ends."""
    left, right = 0, len(items) - 1
    while left < right and items[left] + items[right] != goal:
        if items[left] + items[right] < goal:
            left += 1
        else:
            right -= 1
    return left < right


@problem(
    "easy", examples=[[[2, 5, 5, 9]], [[7]], [[1, 2, 3, 4, 6]], [[4, 1, 10]]], inputs=[lists(integers(0, 9), 1, 7)]
)
def lower_median(numbers):
    """Return the middle number of a non-empty list by size; of two middle ones the smaller."""
    return sorted(numbers)[(len(numbers) - 1) // 2]


@problem(
    "easy",
    examples=[[["blue", "red", "white", "red"]], [[]], [["white", "blue"]]],
    inputs=[lists(choices("red", "white", "blue", "black"), 0, 7)],
)
def dutch_flag(stripes):
    """Return the stripes in the order red, white, blue; those of any other colour are left out."""
    flag = []
    for colour in ("red", "white", "blue"):
        flag += [colour] * stripes.count(colour)
    return flag


@problem(
    "easy",
    examples=[[[3, 1, 2], [2, 1, 3]], [[1], [1, 1]], [[2, 2, 4], [4, 4, 2]]],
    inputs=with_shuffled(lists(integers(0, 3), 1, 4)),
)
def same_multiset(first, second):
    """Tell whether two lists hold the same items equally often, in any order."""
    if len(first) != len(second):
        return False
    return all(first.count(item) == second.count(item) for item in first)


@problem(
    "medium",
    examples=[[[4, 9, 7, 9], 4], [[], 1], [[3, 3], 3]],
    inputs=with_member(lists(integers(0, 9), 0, 6), otherwise=integers(0, 9)),
)
def rank_of(numbers, value):
    """Return how many different numbers of a list are larger than the value, plus one."""
    return 1 + len({number for number in numbers if number > value})


@problem(
    "hard",
    examples=[[[5, 1, 4, 2, 3], 2], [[9], 0], [[2, 2, 1], 1]],
    inputs=lambda rng: [(items := lists(integers(0, 9), 1, 6)(rng)), rng.randrange(len(items))],
)
def quick_select(items, k):
    """Return the number that would stand at index k if the list were sorted, without sorting it."""
    low = [x for x in items if x < items[0]]
    if k < len(low):
        return quick_select(low, k)
    k -= len(low)
    above = [x for x in items[1:] if x >= items[0]]
    return quick_select(above, k - 1) if k else items[0]
