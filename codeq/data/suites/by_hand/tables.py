"""Input generators by hand: rows of numbers with a meaning each, such as bookings, queries or tasks."""

from itertools import accumulate

from codeq.data.suites.draw import Draw
from codeq.data.suites.registry import Arguments, by_hand


@by_hand("can-you-eat-your-favorite-candy-on-your-favorite-day")
def candies(draw: Draw) -> Arguments:
    """Days and caps at which the first or the last candy of a type is just eaten, or just not."""
    large = draw.scale == "large"  # so many types that their counts cannot be summed up for every query
    types, most = draw.pick(((80_000, 9), (3_000, 10**5))) if large else (0, 10**5)
    counts = draw.integers(draw.length(1, 10**5, large=types), 1, most)
    before = [0, *accumulate(counts)]
    queries = []
    for _ in range(draw.length(1, 10**5, large=types // 9)):
        kind = draw.rng.randrange(len(counts) * 4 // 5 if large else 0, len(counts))
        cap = draw.pick((1, 2, draw.rng.randint(1, 10), max(counts), 10**9))
        last = before[kind + 1] + draw.pick((-2, -1, -1, 0, 1))  # the slowest eater finishes the type on day last
        first = before[kind] // cap + draw.pick((-2, -1, -1, 0, 1))
        day = max(0, draw.pick((last, last, first, first, first, 0, draw.integer(0, 10**9))))
        if draw.chance(0.3):  # (day + 1) * cap is just what comes before the type, or one more
            cap = (before[kind] + draw.pick((0, 1))) // (day + 1)
        queries.append([kind, min(day, 10**9), min(max(cap, 1), 10**9)])
    return [counts, queries]


@by_hand("corporate-flight-bookings")
def bookings(draw: Draw) -> Arguments:
    n = draw.length(1, 2 * 10**4)
    seats = draw.integers(draw.length(1, 2 * 10**4, large=6_000), 1, 10**4)
    ends = draw.pick((range(1, n + 1), (1, n, draw.rng.randint(1, n))))
    return [[[*sorted((draw.pick(ends), draw.pick(ends))), number] for number in seats], n]


@by_hand("replace-elements-in-an-array")
def replacements(draw: Draw) -> Arguments:
    """Numbers that were replaced come back; one element is replaced again and again."""
    large = draw.scale == "large"  # late elements are replaced, so that a search for each takes its time
    size = draw.pick((2_000, 30_000))
    start = draw.integers(draw.length(1, 10**5, large=size), 1, 3 * size if large else 10**6, distinct=True)
    nums, gone = list(start), [10**6 + 1 - number for number in start]
    held = set(nums)
    low = len(nums) * 9 // 10 if large else 0
    favourite = draw.rng.randrange(low, len(nums))
    operations: list[list[int]] = []
    for _ in range(draw.length(1, 10**5, large=2 * size // 5)):
        at = favourite if draw.chance(0.3) else draw.rng.randrange(low, len(nums))
        new = draw.pick(gone) if draw.chance(0.5) else draw.integer(1, 10**6)
        if new not in held:
            operations.append([nums[at], new])
            held ^= {nums[at], new}
            gone.append(nums[at])
            nums[at] = new
    if not operations:
        unused = next(number for number in range(1, 10**6 + 1) if number not in held)
        operations.append([nums[favourite], unused])
    return [start, operations]


@by_hand("maximum-elegance-of-a-k-length-subsequence")
def elegance(draw: Draw) -> Arguments:
    """Profits all different, or all the same: with some equal ones the reference may miss the best of them."""
    n = draw.length(1, 10**5, large=8_000)
    profits = draw.integers(n, 1, 10**9, distinct=True)
    if draw.chance(0.1):
        profits = profits[:1] * n
    kinds = draw.rng.randint(1, draw.pick((min(2, n), max(1, n // 2), n)))
    return [[[profit, draw.rng.randint(1, kinds)] for profit in profits], draw.rng.randint(1, n)]


@by_hand("minimum-time-to-complete-all-tasks")
def tasks(draw: Draw) -> Arguments:
    """Ranges that overlap within a short time, or chains of them; durations from one second to the whole range."""
    count = draw.length(1, 2000, large=2000)
    last = draw.pick((2000, 20)) if draw.scale == "medium" else {"tiny": 5, "small": 12}.get(draw.scale, 2000)
    width = draw.pick((last, last, max(2, last // 4)))
    rows = []
    for _ in range(count):
        start = draw.rng.randint(1, last)
        end = draw.rng.randint(start, min(last, start + width - 1))
        full = end - start + 1
        rows.append([start, end, draw.pick((1, full, draw.rng.randint(1, full), draw.rng.randint(1, (full + 1) // 2)))])
    return [rows]
