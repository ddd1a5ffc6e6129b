"""Inputs of problems about rearranging, splitting and comparing sequences of numbers."""

from collections import Counter
from itertools import accumulate

from codeq.data.suites.draw import Draw, RejectedDraw
from codeq.data.suites.registry import Arguments, also, by_hand


def ordered(draw: Draw, numbers: list[int]) -> list[int]:
    """The numbers as they are, rising, falling, up then down, or down then up; at times two of them are swapped."""
    up, shape = sorted(numbers), draw.pick(("none", "none", "up", "down", "peak", "valley"))
    arranged = {"none": numbers, "up": up, "down": up[::-1], "peak": up[::2] + up[1::2][::-1]}.get(
        shape, up[::2][::-1] + up[1::2]
    )
    if numbers and draw.chance(0.4):
        i, j = draw.rng.choices(range(len(numbers)), k=2)
        arranged[i], arranged[j] = arranged[j], arranged[i]
    return arranged


def limited(number: int, low: int, high: int) -> int:
    """The number of low..high next to this one."""
    return min(max(number, low), high)


@by_hand("maximum-strength-of-a-group")
def strength(draw: Draw) -> Arguments:
    pool = draw.pick(((-1, 0, 1), (-3, 0, 0), (-2, -1, 1, 2), range(-9, 10), range(-9, 10), range(-9, 0)))
    return [[draw.pick(pool) for _ in range(draw.length(1, 13))]]


@by_hand("maximum-sum-queries")
def sum_queries(draw: Draw) -> Arguments:
    """Points, at times on a falling staircase, where none is beyond another; queries at their corners and beside."""
    high = 999 if draw.scale == "large" else 10**9
    n = draw.length(1, 100_000, large=1000)
    numbers = draw.integers(2 * n, 1, high)
    points = list(zip(numbers[:n], numbers[n:], strict=True))
    if draw.chance(0.5) or draw.scale == "large":
        points = list(zip(sorted(numbers[:n]), sorted(numbers[n:], reverse=True), strict=True))
    if draw.chance(0.5):
        points = draw.shuffled(points)
    queries = []
    for _ in range(draw.length(1, 100_000, large=1000)):
        x, y = draw.pick(points)[0], draw.pick(points)[1]
        if draw.chance(0.6):
            x, y = draw.pick(points)
        queries.append([limited(end + draw.pick((-1, 0, 0, 1)), 1, high) for end in (x, y)])
    return [[x for x, _ in points], [y for _, y in points], queries]


# A staircase of 20,000 points and 12,000 queries just beyond its left part: a scan of the points for each is long.
also(
    "maximum-sum-queries",
    [
        [1 + i % 1000 for i in range(20_000)],
        [1000 - i % 1000 for i in range(20_000)],
        [[i % 100 + 2, 1001 - i % 100] for i in range(12_000)],
    ],
)


@by_hand("median-of-two-sorted-arrays")
def medians(draw: Draw) -> Arguments:
    """One array below, above or among the other, often far longer or shorter."""
    total = draw.length(1, 2000)
    fewest, most = max(0, total - 1000), min(1000, total)
    first = draw.pick((fewest, most, total // 2, draw.rng.randint(fewest, most), draw.rng.randint(fewest, most)))
    numbers = draw.integers(total, -(10**6), 10**6)
    if draw.chance(0.3):
        numbers.sort(reverse=draw.chance(0.5))
    return [sorted(numbers[:first]), sorted(numbers[first:])]


@by_hand("minimize-maximum-pair-sum-in-array")
def pair_sums(draw: Draw) -> Arguments:
    high = 9999 if draw.scale == "large" else 100_000
    return [ordered(draw, draw.integers(2 * draw.length(1, 50_000, large=12_000), 1, high))]


@by_hand("minimum-deletions-to-make-array-divisible")
def deletions(draw: Draw) -> Arguments:
    """Multiples of a divisor `base`, at times all but one of them of `base * factor`; divisors and others to delete.

    Large: nothing but others, so that deleting one after the other is long.
    """
    factor, limit = draw.pick((1, 2, 3, 4, 7)), 99_999 if draw.scale == "large" else 10**9
    base = draw.pick((1, 6, 12, 30, 36, 64, 97, 720, limit // factor if draw.scale == "extreme" else 60))
    multiples = [factor * m for m in draw.integers(draw.length(1, 100_000, large=5000), 1, limit // base // factor)]
    if draw.chance(0.5) and factor * base <= limit:
        multiples[draw.pick((0, -1, draw.rng.randrange(len(multiples))))] = 1
    divisors = [base, *draw.some([d for d in range(1, 100) if base % d == 0], 0, 2)]
    others = [d for d in (2, 3, 4, 5, 7, 8, 9, 11, 16, base + 1, base * factor, 2 * base) if base % d and d <= limit]
    share = 0.0 if draw.scale == "large" else draw.pick((0.0, 0.1, 0.3, 0.5))
    nums = [
        draw.pick(divisors) if not others or draw.chance(share) else draw.pick(others)
        for _ in range(draw.length(1, 100_000, large=25_000))
    ]
    return [nums, [base * m for m in multiples]]


@by_hand("minimum-difference-between-highest-and-lowest-of-k-scores")
def k_scores(draw: Draw) -> Arguments:
    n = draw.length(draw.pick((1, 3, 4)), 1000)
    return [
        ordered(draw, draw.integers(n, 0, 100_000)),
        draw.pick((1, min(n, 2), n, max(1, n - 1), draw.rng.randint(1, n))),
    ]


also("minimum-difference-between-highest-and-lowest-of-k-scores", [[100_000, 0], 2])


@by_hand("minimum-distance-to-the-target-element")
def target_distance(draw: Draw) -> Arguments:
    """Few places of the target, so that the distances differ and some are equal on both sides."""
    n, high = draw.length(1, 1000), 10_000
    target = draw.pick((1, high, draw.integer(1, high)))
    nums = [number if number != target else target % high + 1 for number in draw.integers(n, 1, high)]
    start = draw.pick((0, n - 1, draw.rng.randrange(n), draw.rng.randrange(n)))
    others = [i for i in range(n) if i != start] if n > 1 and draw.chance(0.8) else [start]
    places = draw.rng.choices(others, k=draw.pick((1, 1, 2, 3)))
    if draw.chance(0.3):
        places.append(limited(2 * start - places[0], 0, n - 1))
    for place in places:
        nums[place] = target
    return [nums, target, start]


@by_hand("minimum-total-cost-to-make-arrays-unequal")
def unequal_arrays(draw: Draw) -> Arguments:
    """Lists that agree in many places, one value often in about half of these or of all places."""
    n = draw.length(1, 100_000, large=8000)
    first = draw.integers(n, 1, min(n, draw.pick((2, 3, 5, n))))
    agree, share, usual = draw.pick((0.2, 0.5, 0.8, 1.0)), draw.pick((0.0, 0.3, 0.45, 0.55)), draw.rng.randint(1, n)
    second = draw.shuffled(first) if draw.chance(0.5) else draw.integers(n, 1, n)
    for i in range(n):
        if draw.chance(agree):
            second[i] = first[i]
        if draw.chance(share):
            first[i] = second[i] = usual
        elif draw.chance(share / 4):
            draw.pick((first, second))[i] = usual
    if max(Counter(first + second).values()) > n and draw.chance(0.7):  # impossible
        raise RejectedDraw
    return [first, second]


@by_hand("move-zeroes")
def zeroes(draw: Draw) -> Arguments:
    numbers = draw.integers(draw.length(1, 10_000), -(2**31), 2**31 - 1)
    share = draw.pick((0.1, 0.5, 0.9))
    return [[0 if draw.chance(share) else number for number in numbers]]


@by_hand("moving-stones-until-consecutive-ii")
def stones(draw: Draw) -> Arguments:
    """Clusters of stones between gaps.

    The benchmark's reference, which the judge accepts, is wrong where `n` neighbouring places can hold more
    stones than there are moves, unless all but an outer stone are together: such inputs are left out.
    """
    n = draw.length(3, 10_000)
    wide = draw.pick((2, 3, n, 3 * n, (10**9 - n) // n if draw.scale == "extreme" else 5))
    alone = draw.pick((0.1, 0.3, 0.7))
    gaps = [draw.rng.randint(1, wide) if draw.chance(alone) else 1 for _ in range(n - 1)]
    if draw.chance(0.2):
        gaps = ([1] * (n - 2) + [wide + draw.pick((0, 1))])[:: draw.pick((1, -1))]
    start = draw.pick((1, draw.integer(1, 10**9 - sum(gaps)), 10**9 - sum(gaps)))
    places = list(accumulate(gaps, initial=start))
    room = max(places[-2] - places[0], places[-1] - places[1]) - n + 2
    together = n - 2 in (places[-2] - places[0], places[-1] - places[1])
    left, fullest = 0, 0
    for right, place in enumerate(places):
        while places[left] <= place - n:
            left += 1
        fullest = max(fullest, right - left + 1)
    if (fullest > room and not together) or (fullest == n and draw.chance(0.8)):
        raise RejectedDraw
    return [draw.shuffled(places) if draw.chance(0.8) else places]


@by_hand("next-greater-element-i")
def next_greater(draw: Draw) -> Arguments:
    nums = ordered(draw, draw.integers(draw.length(1, 1000), 0, 10_000, distinct=True))
    return [draw.some(nums, draw.pick((1, len(nums))), len(nums)), nums]


@by_hand("next-greater-element-iv")
def second_greater(draw: Draw) -> Arguments:
    """Large: falling, so that most numbers have no second greater one and a scan for it is long."""
    nums = draw.integers(draw.length(draw.pick((1, 3, 4)), 100_000, large=30_000), 0, 10**9)
    return [sorted((number % 1000 for number in nums), reverse=True) if draw.scale == "large" else ordered(draw, nums)]


@by_hand("number-of-ways-to-split-array")
def splits(draw: Draw) -> Arguments:
    """Large: small numbers, so many that adding up every part anew is long."""
    bound = 9 if draw.scale == "large" else draw.pick((3, 10, 100_000, 100_000))
    return [ordered(draw, draw.integers(draw.length(2, 100_000, large=40_000), -bound, bound))]


@by_hand("partition-array-into-three-parts-with-equal-sum")
def three_parts(draw: Draw) -> Arguments:
    """Parts of equal sum, two to four of them, often with one number changed by 1 or 3.

    Large: a sum that only a third of the numbers reach, so that trying every pair of cuts is long.
    """
    top = draw.pick((1, 3, 10_000 if draw.scale in ("medium", "extreme") else 10))
    total, arr = draw.pick((0, 0, draw.rng.randint(-top, top), draw.rng.randint(-top, top))), []
    parts = draw.pick((2, 3, 3, 3, 3, 4))
    if draw.scale == "large":
        top, total, parts = 3, draw.pick((-1, 1)) * draw.rng.randint(9000, 10_000), 3
    for _ in range(parts):
        length = max(1, draw.length(1, 50_000) // parts)
        part = [draw.rng.randint(-top, top) for _ in range(length - 1)]
        rest = total - sum(part)
        while abs(rest) > top:
            part.append(limited(rest, -top, top))
            rest -= part[-1]
        arr += draw.shuffled([*part, rest])
    arr += [0] * max(0, 3 - len(arr))
    if draw.chance(0.35):
        place = draw.rng.randrange(len(arr))
        arr[place] = limited(arr[place] + draw.pick((-3, -1, 1, 3)), -10_000, 10_000)
    return [arr[:50_000]]


@by_hand("rank-transform-of-an-array")
def ranks(draw: Draw) -> Arguments:
    return [ordered(draw, draw.integers(draw.length(0, 100_000, large=1000), -(10**9), 10**9))]


# 36,000 different numbers in mixed order: a search of a list for every rank is long.
also("rank-transform-of-an-array", [[7919 * i % 36_007 - 18_000 for i in range(36_000)]])


@by_hand("remove-duplicates-from-sorted-array-ii")
def at_most_twice(draw: Draw) -> Arguments:
    n = draw.length(1, 30_000, large=8000)
    different = draw.integers(n, -10_000, 10_000)
    repeats = draw.pick(((1, 2), (2, 3), (1, 2, 3, 4), (3, 4, 5), (1, 9)))
    nums = [number for number in different for _ in range(draw.pick(repeats))][:n]
    return [sorted(nums)]


@by_hand("removing-minimum-and-maximum-from-array")
def removals(draw: Draw) -> Arguments:
    """The least and the greatest near the ends, near each other or anywhere."""
    nums = ordered(draw, draw.integers(draw.length(1, 100_000, large=18_000), -100_000, 100_000, distinct=True))
    near = [draw.rng.randrange(len(nums)), -1, 0, len(nums) // 2]
    for number in (min(nums), max(nums)):
        old, new = nums.index(number), limited(draw.pick(near) + draw.pick((-1, 0, 1)), -len(nums), len(nums) - 1)
        nums[old], nums[new] = nums[new], nums[old]
    return [nums]


@by_hand("reverse-subarray-to-maximize-array-value")
def turned_part(draw: Draw) -> Arguments:
    n = draw.length(draw.pick((1, 4, 6)), 30_000, large=15_000)
    return [ordered(draw, draw.integers(n, -100_000, 100_000))]


also("reverse-subarray-to-maximize-array-value", [[100_000] * 2], [[-100_000] * 3])


@by_hand("sliding-window-median")
def window_medians(draw: Draw) -> Arguments:
    if draw.scale == "large":
        return [draw.integers(10_000, -(2**31), 2**31 - 1), 5000 + draw.pick((0, 1))]
    n = draw.length(1, 100_000)
    return [ordered(draw, draw.integers(n, -(2**31), 2**31 - 1)), draw.rng.randint(1, draw.pick((1, min(n, 4), n, n)))]


@by_hand("sort-an-array")
def unsorted(draw: Draw) -> Arguments:
    """Large: many equal numbers and many in order, where careless quicksorts are quadratic."""
    if draw.scale == "large":
        return [sorted([1] * 12_000 + list(range(14_000)), reverse=draw.chance(0.5))]
    return [ordered(draw, draw.integers(draw.length(1, 50_000), -50_000, 50_000))]


@by_hand("stone-game-vi")
def stone_game(draw: Draw) -> Arguments:
    """Values in pairs that the players see the other way round, so that draws and small margins are common."""
    n, high = draw.length(1, 100_000, large=18_000), draw.pick((3, 10, 100))
    alice, bob = draw.integers(n, 1, high), draw.integers(n, 1, high)
    relation = draw.pick(("none", "mirror", "mirror", "greater", "greater"))
    if relation == "mirror":
        alice, bob = (alice + bob)[:n], (bob + alice)[:n]
    elif relation == "greater":
        bob = [limited(value + draw.pick((0, 1, 2)), 1, 100) for value in alice]
    if draw.chance(0.3):
        place = draw.rng.randrange(n)
        bob[place] = limited(bob[place] + draw.pick((-1, 1)), 1, 100)
    return [alice, bob]


@by_hand("sum-of-subarray-minimums")
def subarray_minimums(draw: Draw) -> Arguments:
    """Large: rising or falling, where a scan for the next smaller number is long."""
    arr = draw.integers(draw.length(1, 30_000), 1, 30_000)
    return [sorted(arr, reverse=draw.chance(0.5)) if draw.scale == "large" else ordered(draw, arr)]


@by_hand("third-maximum-number")
def third_maximum(draw: Draw) -> Arguments:
    """Two to five different numbers, or many."""
    n = draw.length(1, 10_000)
    numbers = draw.integers(n, -(2**31), 2**31 - 1)
    few = draw.integers(draw.pick((2, 3, 3, 4, 5)), -(2**31), 2**31 - 1)
    return [numbers if draw.chance(0.3) else [draw.pick(few) for _ in range(n)]]


also("third-maximum-number", [[1, 2, 0]], [[0, 1, 2, -1]], [[-1, 0, 1]])  # zero is a number, too


@by_hand("two-furthest-houses-with-different-colors")
def houses(draw: Draw) -> Arguments:
    """Mostly one colour, at both ends or all but one."""
    n, kind = draw.length(2, 100), draw.pick(("any", "one inside", "two inside", "same ends"))
    colors = draw.integers(n, 0, 100)
    usual = draw.pick(colors)
    if kind == "same ends":
        colors[0] = colors[-1] = usual
    elif kind != "any":
        colors = [usual] * n
        for place in draw.rng.choices(range(n), k=1 if kind == "one inside" else 2):
            colors[place] = (usual + draw.pick((1, 2, 50))) % 101
    if len(set(colors)) == 1:
        raise RejectedDraw
    return [colors]


@by_hand("unique-number-of-occurrences")
def occurrences(draw: Draw) -> Arguments:
    """Counts that are all different, at times but for one more or less of some number."""
    most = {"tiny": 2, "small": 4}.get(draw.scale, 40 if draw.scale == "large" else 7)
    values = draw.integers(draw.rng.randint(1, most), -1000, 1000, distinct=True)
    counts = draw.some(range(1, len(values) + draw.pick((1, 3))), len(values), len(values))
    arr = [value for value, count in zip(values, counts, strict=True) for _ in range(count)]
    change = draw.pick(("none", "none", "more", "less", "new"))
    if change == "more":
        arr.append(draw.pick(values))
    elif change == "new":
        arr.append(draw.integer(-1000, 1000))
    elif change == "less" and len(arr) > 1:
        arr.remove(draw.pick(values))
    return [draw.shuffled(arr)]


also("unique-number-of-occurrences", [[1000, -1000]], [[-1000, 1000, 1000]], [[1, -1]])


@by_hand("watering-plants-ii")
def refills(draw: Draw) -> Arguments:
    """Cans that hold the greatest need or the sum of a few next plants, exactly or nearly; most lengths are odd."""
    n = draw.length(draw.pick((1, 5, 8)), 100_000, large=15_000)
    n -= n % 2 == 0 and draw.chance(0.6)
    plants = draw.integers(n, 1, draw.pick((3, 10, 10**6)))

    def capacity(side: list[int]) -> int:
        held = sum(side[: draw.pick((1, 2, 3, n // 4, (n + 1) // 2))]) + draw.pick((-1, 0, 0, 1))
        return limited(held, max(plants), 10**9)

    return [plants, *draw.pick(((capacity(plants), capacity(plants[::-1])), [capacity(plants)] * 2))]


@by_hand("ways-to-split-array-into-good-subarrays")
def good_splits(draw: Draw) -> Arguments:
    """Ones among zeros, often zeros at an end."""
    n, share = draw.length(draw.pick((1, 4, 8)), 100_000), draw.pick((0.2, 0.4, 0.6, 0.9))
    nums = [int(draw.chance(share)) for _ in range(n)]
    edge = draw.rng.randint(0, n // 4)
    if draw.chance(0.5):
        nums[:edge] = [0] * edge
    if draw.chance(0.5):
        nums[n - edge :] = [0] * edge
    return [nums]


@by_hand("x-of-a-kind-in-a-deck-of-cards")
def card_groups(draw: Draw) -> Arguments:
    """Counts that are multiples of a number, often with one card more, less or of a new kind; 2 and 3, 6 and 9."""
    cards = draw.integers(draw.rng.randint(1, {"tiny": 2, "small": 3}.get(draw.scale, 6)), 0, 9999, distinct=True)
    size, most = draw.pick((1, 2, 2, 3, 4, 6)), 1500 // 6 if draw.scale == "large" else 3
    counts = [size * draw.rng.randint(1, most) for _ in cards]
    if draw.chance(0.3):
        counts[draw.rng.randrange(len(counts))] = draw.pick((2, 3, 4, 6, 9, 10))
    change = draw.pick(("none", "none", "none", "more", "less"))
    counts[0] += {"more": 1, "less": -(counts[0] > 1)}.get(change, 0)
    deck = [card for card, count in zip(cards, counts, strict=True) for _ in range(count)]
    return [draw.shuffled(deck)]


# Counts with a common divisor that is neither small nor the least count, or none although every two have one.
for counts in ((6, 9), (6, 10, 15), (10, 15), (14, 21), (22, 33)):
    also("x-of-a-kind-in-a-deck-of-cards", [[card for card, count in enumerate(counts) for _ in range(count)]])
