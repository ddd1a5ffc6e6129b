"""Inputs of problems about searching, counting and optimising over arrays of numbers."""

from itertools import accumulate, groupby

from codeq.data.suites.draw import Draw
from codeq.data.suites.registry import Arguments, also, by_hand


def in_runs(draw: Draw, numbers: list[int]) -> list[int]:
    """The numbers as they are, or in runs that rise or fall: short ones, or one over the whole list."""
    width = draw.pick((1, 1, 2, 3, 6, len(numbers)))
    runs = [sorted(numbers[start : start + width]) for start in range(0, len(numbers), width)]
    return [number for run in runs for number in (run[::-1] if draw.chance(0.5) else run)]


def spaced(draw: Draw, count: int, low: int, high: int) -> list[int]:
    """`count` rising numbers of low..high; the gaps between them, also before the first, share a window."""
    most = (high - low) // count
    gaps = draw.integers(count, min(most, draw.pick((0, 0, 1, 5, most // 2))), most)
    return list(accumulate(gaps, initial=low))[1:]


@by_hand("4sum-ii")
def four_sum(draw: Draw) -> Arguments:
    n, bound = draw.length(1, 200), 2**28
    numbers = draw.integers(4 * n, -bound, bound)
    lists = [[(-1) ** i * number for number in numbers[i::4]] for i in range(4)]
    for i in range(n):
        needed = -sum(draw.pick(others) for others in lists[:3])
        if abs(needed) <= bound and draw.chance(0.4):
            lists[3][i] = needed
    return [*lists]


@by_hand("arithmetic-slices-ii-subsequence")
def arithmetic_slices(draw: Draw) -> Arguments:
    """The answer fits 32 bits: at most 31 numbers have fewer than 2^31 subsequences, or all are different."""
    if draw.scale == "large":
        return [draw.integers(400, -1000, 1000, distinct=True)]
    n = draw.length(draw.pick((1, 3, 5)), 31)
    step, low = draw.pick(((1, 0), (2, -3), (-7, 4), (2**29, -(2**31))))
    numbers = [low + step * k for k in draw.integers(n, 0, draw.pick((2, 4, 7)))]
    return [in_runs(draw, numbers) if draw.chance(0.7) else draw.integers(n, -(2**31), 2**31 - 1)]


# As many arithmetic subsequences as 32 bits hold: too many to count one by one, and above 10^9 + 7.
also("arithmetic-slices-ii-subsequence", [[7] * 31])


@by_hand("average-value-of-even-numbers-that-are-divisible-by-three")
def average_of_sixes(draw: Draw) -> Arguments:
    factors = draw.pick(((6,), (6, 2, 3, 1), (6, 2, 3, 1), (2, 3, 9)))
    picked = [draw.pick(factors) for _ in range(draw.length(1, 1000))]
    return [[factor * number for factor in picked for number in draw.integers(1, 1, 1000 // factor)]]


@by_hand("best-time-to-buy-and-sell-stock-ii")
def stock_often(draw: Draw) -> Arguments:
    return [in_runs(draw, draw.integers(draw.length(1, 30_000), 0, 10_000))]


# The least profit and the least loss.
also("best-time-to-buy-and-sell-stock-ii", [[1, 2]], [[2, 1]])


@by_hand("best-time-to-buy-and-sell-stock-with-cooldown")
def stock_with_cooldown(draw: Draw) -> Arguments:
    return [in_runs(draw, draw.integers(draw.length(1, 5000, large=2500), 0, 1000))]


@by_hand("binary-search")
def binary_search(draw: Draw) -> Arguments:
    nums = sorted(draw.integers(draw.length(1, 10_000), -9999, 9999, distinct=True))
    beside = draw.pick((nums[0], nums[-1], draw.pick(nums))) + draw.pick((-1, 1))
    return [nums, draw.pick((draw.pick(nums), nums[0], nums[-1], min(max(beside, -9999), 9999)))]


@by_hand("check-if-there-is-a-valid-partition-for-the-array")
def partition(draw: Draw) -> Arguments:
    """Good pieces that continue each other, often with one number changed, left out or put in."""
    n, top = draw.length(2, 100_000, large=5000), 10**6 - 1 if draw.scale == "extreme" else 12
    nums: list[int] = []
    while len(nums) < n:
        first = min(max(1, (nums or [top - 3])[-1] + draw.pick((-2, -1, 0, 0, 1, 1))), top - 2)
        nums += draw.pick(([first] * 2, [first] * 3, [first, first + 1, first + 2]))
    place = draw.rng.randrange(len(nums) - draw.pick((0, len(nums) - 1)))
    change = draw.pick(("none", "none", "value", "drop", "insert"))
    if change == "drop" and len(nums) > 2:
        del nums[place]
    elif change == "insert":
        nums.insert(place, nums[place])
    elif change == "value":
        nums[place] = max(1, nums[place] + draw.pick((-1, 1)))
    return [nums]


# Every way through the equal numbers ends at the last one: too many to try all.
also("check-if-there-is-a-valid-partition-for-the-array", [[5] * 99 + [6]], [[5] * 100 + [7, 8]])


@by_hand("count-equal-and-divisible-pairs-in-an-array")
def divisible_pairs(draw: Draw) -> Arguments:
    nums = draw.integers(draw.length(1, 100), 1, draw.pick((2, 4, 100)))
    return [nums, draw.pick((1, 2, 4, 6, draw.rng.randint(1, max(2, len(nums))), draw.integer(1, 100)))]


@by_hand("count-number-of-maximum-bitwise-or-subsets")
def or_subsets(draw: Draw) -> Arguments:
    """Numbers of a few bits out of at most 16, so that some bits are rare."""
    n = draw.length(1, 16 if draw.scale == "large" else 9)
    if draw.chance(0.2):
        return [draw.integers(n, 1, 100_000)]
    bits = draw.some([2**power for power in range(16)], 1, 6)
    return [[sum(draw.some(bits, 1, 3)) for _ in range(n)]]


@by_hand("find-all-lonely-numbers-in-the-array")
def lonely_numbers(draw: Draw) -> Arguments:
    """Numbers spread so that about as many are lonely as have neighbours."""
    n = draw.length(1, 100_000, large=12_000)
    width = draw.pick((2, 3, 5)) * n
    start = draw.pick((0, 1, 10**6 - width, draw.rng.randint(0, 10**6 - width)))
    return [[start + draw.rng.randint(0, width) for _ in range(n)]]


@by_hand("find-peak-element")
def peaks(draw: Draw) -> Arguments:
    """No two equal neighbours; mostly a single peak, at any place."""
    n, low, high = draw.length(draw.pick((1, 3, 5)), 1000), -(2**31), 2**31 - 1
    if draw.chance(0.5):
        return [[number for number, _ in groupby(draw.integers(n, low, high, distinct=draw.chance(0.5)))]]
    rise = draw.pick((0, n, draw.rng.randint(0, n), draw.rng.randint(0, n)))
    up, down = (sorted(set(draw.integers(count, low, high))) for count in (rise, n - rise))
    return [[number for number, _ in groupby(up + down[::-1])]]


also("find-peak-element", [[-(2**31)]], [[-(2**31), -(2**31) + 1]])


@by_hand("find-the-middle-index-in-array")
def middle_index(draw: Draw) -> Arguments:
    """Mostly one number is changed so that a place is in the middle; zeros there make several."""
    nums = draw.integers(draw.length(1, 97), -1000, 1000)
    middle = draw.pick((0, len(nums) - 1, draw.rng.randrange(len(nums))))
    excess = sum(nums[:middle]) - sum(nums[middle + 1 :]) + draw.pick((0, 0, 0, 1))
    for i in draw.shuffled(range(len(nums))):
        balanced = nums[i] + (excess if i > middle else -excess)
        if i != middle and abs(balanced) <= 1000:
            nums[i] = balanced
            break
    nums[middle:middle] = [0] * draw.pick((0, 0, 1, 3))
    return [nums]


@by_hand("find-the-value-of-the-partition")
def value_of_partition(draw: Draw) -> Arguments:
    return [draw.shuffled(spaced(draw, draw.length(2, 100_000, large=10_000), 1, 10**9))]


@by_hand("kth-largest-element-in-an-array")
def kth_largest(draw: Draw) -> Arguments:
    nums = in_runs(draw, draw.integers(draw.length(1, 100_000), -10_000, 10_000))
    return [nums, draw.pick((1, len(nums), (len(nums) + 1) // 2, draw.rng.randint(1, len(nums))))]


@by_hand("kth-missing-positive-number")
def kth_missing(draw: Draw) -> Arguments:
    """k is often the number of gaps before some element, or one beside it."""
    n = draw.length(1, 1000, large=700)
    high = min(1000, draw.pick((n, n + 1, n + 3, 2 * n, 5 * n, 1000)))
    arr = sorted(draw.rng.sample(range(1, high + 1), n))
    i = draw.pick((n - 1, draw.rng.randrange(n)))
    k = draw.pick((arr[i] - i - 1, arr[i] - i, arr[i] - i - 2, draw.rng.randint(1, 1000), draw.rng.randint(1, 5)))
    return [arr, min(max(k, 1), 1000)]


# The greatest results, with all numbers and with one.
also("kth-missing-positive-number", [list(range(1, 1001)), 1000], [[2], 1000])


@by_hand("largest-positive-integer-that-exists-with-its-negative")
def opposite_numbers(draw: Draw) -> Arguments:
    """Some numbers have their opposite, some of the greatest do not, also where they are many."""
    sizes = draw.integers(draw.length(draw.pick((1, 3)), 495), 1, 1000)
    sizes += [max(sizes)] * draw.pick((0, 0, 5))
    share, positive = draw.pick((0.0, 0.2, 0.4, 1.0)), draw.pick((0.0, 0.6, 1.0))
    sign = {size: 1 if draw.chance(positive) else -1 for size in sizes}
    paired = [-sign[size] * size for size in sign if draw.chance(share)]
    return [draw.shuffled([sign[size] * size for size in sizes] + paired)]


@by_hand("longest-arithmetic-subsequence-of-given-difference")
def chains(draw: Draw) -> Arguments:
    """Walks by the difference, mixed or one after another, with some numbers thrown in."""
    n, bound = draw.length(1, 100_000), 10_000
    room = bound // (2 * n)
    step = draw.pick((0, 1, -1, 2, -3, draw.rng.randint(-room, room), draw.integer(-bound, bound)))
    starts = draw.integers(draw.pick((1, 2, 3)), -bound // 2, bound // 2)
    walk = [(start, k) for start in starts for k in range(n // len(starts) + 1)][:n]
    if draw.chance(0.5):
        walk.sort(key=lambda place: place[1])
    arr = [start + step * k if abs(start + step * k) <= bound and draw.chance(0.9) else start for start, k in walk]
    return [arr if draw.chance(0.8) else in_runs(draw, arr), step if draw.chance(0.9) else -step]


@by_hand("longest-harmonious-subsequence")
def harmonious(draw: Draw) -> Arguments:
    """Few different numbers, each one or two above the last, in unequal amounts; large inputs are many small ones."""
    n, bound = draw.length(draw.pick((1, 3)), 20_000), 1000 if draw.scale == "large" else 10**9
    kinds = draw.pick((3, 6) if draw.scale == "large" else (1, 2, 3, 6, n))
    first = draw.pick((-bound, bound - 2 * kinds, -kinds, 0, draw.rng.randint(-bound, bound - 2 * kinds)))
    numbers = list(accumulate([draw.pick((1, 1, 2)) for _ in range(kinds)], initial=first))
    weights = [draw.pick((1, 2, 5)) for _ in numbers]
    return [draw.rng.choices(numbers, weights, k=n)]


@by_hand("longest-subsequence-with-limited-sum")
def limited_sums(draw: Draw) -> Arguments:
    """Queries at the sums of the least numbers, and one beside them."""
    nums = draw.integers(draw.length(1, 1000), 1, 10**6)
    sums = list(accumulate(sorted(nums)))
    near = [min(max(1, draw.pick(sums) + draw.pick((-1, 0, 1))), 10**6) for _ in range(draw.length(1, 1000))]
    return [nums, [query if draw.chance(0.7) else draw.integer(1, min(10**6, 2 * sums[-1])) for query in near]]


@by_hand("maximize-the-minimum-powered-city")
def power(draw: Draw) -> Arguments:
    """Often a weak end, and a budget that is about what the cities need.

    Large ones fall steadily with a wide range, so that most cities need some more: covering them one by one is slow.
    """
    if draw.scale == "large":
        n = draw.rng.randint(9_000, 10_000)
        falling = sorted((draw.rng.randint(0, 99) for _ in range(n)), reverse=True)
        return [falling, n // draw.pick((4, 8)), draw.rng.randint(10 * n, 20 * n)]
    n = draw.length(1, 100_000)
    stations = in_runs(draw, draw.integers(n, 0, draw.pick((1, 5, 100_000))))
    r = min(n - 1, draw.pick((0, 0, 1, 2, n - 1, n // 2, draw.rng.randint(0, n - 1))))
    weak = draw.pick((0, 0, 1, r + 1))
    stations = stations[: n - weak] + [0] * weak
    budget = draw.pick((0, 2, n, 2 * n, sum(stations), sum(stations) // 3, 10**9))
    return [stations[:: draw.pick((1, 1, -1))], r, draw.rng.randint(budget // 2, min(budget, 10**9))]


# A result above 10^9.
also("maximize-the-minimum-powered-city", [[100_000] * 3, 1, 10**9])


@by_hand("maximum-gap")
def gaps(draw: Draw) -> Arguments:
    nums = spaced(draw, draw.length(1, 100_000, large=10_000), -1, 10**9)
    return [in_runs(draw, draw.shuffled([max(0, number) for number in nums]))]


# The greatest number has one digit more than all others.
also("maximum-gap", [[1, 10**9, 7]], [[10**9, 0]])
