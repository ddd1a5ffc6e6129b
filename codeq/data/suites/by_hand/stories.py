"""Inputs of problems told about things in rows: flowers, cards, candies, ants, points, coins, teams."""

from codeq.data.suites.draw import Draw
from codeq.data.suites.registry import Arguments, also, by_hand


@by_hand("can-place-flowers")
def flowerbed(draw: Draw) -> Arguments:
    """The number of new flowers is often just what fits, or one more."""
    density = draw.pick((0.0, 0.1, 0.3, 0.6))
    bed: list[int] = []
    for _ in range(draw.length(1, 20_000)):
        bed.append(int(draw.chance(density) and not (bed and bed[-1])))
    gaps = "".join(map(str, [0, *bed, 0])).split("1")
    room = sum((len(gap) - 1) // 2 for gap in gaps)
    wanted = draw.pick((room, room, room + 1, room + 1, room - 1, 0, draw.rng.randint(0, len(bed))))
    return [bed, min(max(wanted, 0), len(bed))]


@by_hand("card-flipping-game")
def cards(draw: Draw) -> Arguments:
    n = draw.length(1, 1000)
    pool, same = draw.integers(n, 1, 2000, distinct=True), draw.pick((0.1, 0.4, 0.7, 0.9))
    fronts = [draw.pick(pool) for _ in range(n)]
    return [fronts, [front if draw.chance(same) else draw.pick(pool) for front in fronts]]


# The greatest result.
also("card-flipping-game", [[2000, 1], [1, 1]], [[1999, 2000, 3], [1999, 1999, 3]])


@by_hand("closest-dessert-cost")
def dessert(draw: Draw) -> Arguments:
    """Multiples of a unit, and targets half way between two possible costs, so that both are as close."""
    unit = draw.pick((1, 1, 2, 10))
    high = {"tiny": 5, "small": 12, "medium": 100}.get(draw.scale, 10_000 // unit)
    bases = [unit * cost for cost in draw.integers(draw.length(1, 10), 1, high)]
    kinds = draw.length(1, 10, large=8)
    toppings = [unit * cost for cost in draw.integers(kinds, 1, draw.pick((high, max(2, high // 5))))]
    one, two = (draw.pick(bases) + sum(draw.pick((0, 0, 1, 2)) * cost for cost in toppings) for _ in "12")
    target = draw.pick(((one + two) // 2, (one + two) // 2, one + draw.pick((-1, 0, 1)), 2 * high, min(bases)))
    return [bases, toppings, min(max(target, 1), 10_000)]


# Two costs as close to the target, from two bases or two toppings in either order.
also("closest-dessert-cost", [[9, 3], [20], 6], [[3, 9], [20], 6], [[1], [4, 6], 6], [[1], [6, 4], 6])
# A result above the greatest target.
also("closest-dessert-cost", [[1], [10_000], 10_000], [[5000], [5005, 1], 10_000])


@by_hand("determine-the-winner-of-a-bowling-game")
def bowling(draw: Draw) -> Arguments:
    """The second player often has the pins of the first, but two turns swapped or one changed by a pin."""
    n, strike = draw.length(1, 1000), draw.pick((0.0, 0.1, 0.4))
    one, two = ([10 if draw.chance(strike) else draw.rng.randint(0, 10) for _ in range(n)] for _ in "12")
    i, j = draw.rng.randrange(n), draw.rng.randrange(n)
    kind = draw.pick(("independent", "swapped", "swapped", "changed"))
    if kind != "independent":
        two = one[:]
        two[i], two[j] = two[j], two[i]
    if kind == "changed":
        two[i] = max(0, two[i] - 1)
    return [one, two] if draw.chance(0.5) else [two, one]


@by_hand("distribute-candies")
def candies(draw: Draw) -> Arguments:
    half = draw.length(1, 5000)
    types = min(max(1, half + draw.pick((-1, 0, 1, half, -draw.rng.randrange(half)))), 2 * half)
    kinds = draw.integers(types, -100_000, 100_000, distinct=True)
    return [draw.shuffled(kinds + [draw.pick(kinds) for _ in range(2 * half - types)])]


@by_hand("jump-game-ii")
def jumps(draw: Draw) -> Arguments:
    """Every place can be reached, and about as many jumps go nowhere useful as are needed."""
    n = draw.length(draw.pick((1, 4, 9)), 10_000)
    longest = draw.pick((1, 2, 2, 3, 5, 1000 if draw.scale == "extreme" else 30))
    nums, reach = [draw.rng.randint(0, longest) * draw.pick((0, 1, 1)) for _ in range(n)], 0
    for i in range(n):
        if reach == i and not nums[i]:
            nums[i] = draw.rng.randint(1, longest)
        reach = max(reach, i + nums[i])
    if draw.chance(0.7):
        nums[-1] = draw.pick((0, 0, longest))
    return [nums]


@by_hand("last-moment-before-all-ants-fall-out-of-a-plank")
def ants(draw: Draw) -> Arguments:
    """Different places; often all ants walk one way, or the outermost walk inwards."""
    n = draw.length(1, 10_000, large=5000)
    places = draw.some(range(n + 1), 1, draw.pick((1, 3, n + 1)))
    share = draw.pick((0.0, 1.0, 0.2, 0.5, 0.8))
    left = [place for place in places if draw.chance(share)]
    return [n, left, [place for place in places if place not in set(left)]]


@by_hand("longest-well-performing-interval")
def working_hours(draw: Draw) -> Arguments:
    """Mostly 8 and 9 hours; the share of tiring days may change half way."""
    n, hours = draw.length(draw.pick((1, 5)), 10_000), draw.pick(((8, 9), (8, 9), (0, 16), (7, 8, 9, 10)))
    first, second = draw.pick((0.1, 0.3, 0.5, 0.7)), draw.pick((0.1, 0.3, 0.5, 0.7))
    shares = [first if i < n // 2 else second for i in range(n)]
    return [[draw.pick([hour for hour in hours if (hour > 8) == draw.chance(share)] or hours) for share in shares]]


@by_hand("make-k-subarray-sums-equal")
def circular_sums(draw: Draw) -> Arguments:
    """The length and k often share a divisor."""
    divisor = draw.pick((1, 2, 3, 4))
    n = divisor * draw.length(draw.pick((1, 2, 3)), 100_000 // divisor, large=10_000 // divisor)
    k = divisor * draw.rng.randint(1, n // divisor)
    return [draw.integers(n, 1, 10**9), draw.pick((k, k, n - divisor or n, 1, draw.rng.randint(1, n)))]


@by_hand("max-points-on-a-line")
def points(draw: Draw) -> Arguments:
    """Points on a few lines, also upright and level ones, and some just beside; all points are different."""
    n, bound = draw.length(draw.pick((1, 4)), 300, large=200), 10_000
    lines = []
    for _ in range(draw.pick((1, 2, 4))):
        far = tuple(draw.integers(2, 1, draw.pick((4, bound))))
        lines.append((*draw.integers(2, -bound, bound), *draw.pick(((0, 1), (1, 0), (1, 1), (1, -1), (-2, 1), far))))
    found: dict[tuple[int, int], None] = {}
    for _ in range(4 * n):
        x, y, dx, dy = draw.pick(lines)
        k, stray = draw.rng.randint(-n, n), draw.chance(0.15)
        point = (x + k * dx + stray * draw.pick((-1, 0, 1)), y + k * dy + stray)
        if len(found) < n and max(map(abs, point)) <= bound:
            found[point] = None
    return [draw.shuffled([list(point) for point in found or {(0, 0)}])]


# Slopes that differ by 10^-8, the least there is; an upright and a level line that cross, at the origin and beside it.
also("max-points-on-a-line", [[[0, 0], [9999, 9998], [10_000, 9999]]], [[[-1, 1], [9998, -9999], [9999, -10_000]]])
also("max-points-on-a-line", [[[0, 0], [0, 2], [3, 0]]], [[[5, 1], [8, 5], [5, 5], [5, 9], [-2, 5]]])
# Two parallel lines half a unit apart.
also("max-points-on-a-line", [[[0, 0], [1, 2], [0, 1], [1, 3]]], [[[0, 0], [2, 1], [1, 0], [3, 1]]])


@by_hand("maximum-distance-between-a-pair-of-values")
def distant_pairs(draw: Draw) -> Arguments:
    """Falling arrays; the second one is alike, higher or lower, and may be longer or shorter.

    Large ones have most pairs valid, so that trying all takes long.
    """
    if draw.scale == "large":
        lists = [sorted((draw.rng.randint(1, 900) for _ in range(9000)), reverse=True) for _ in "12"]
        shift = draw.pick((600, 900))
        return [lists[0], [number + shift for number in lists[1]]]
    most = 100_000
    sizes = [draw.length(draw.pick((1, 4)), most) * draw.pick((1, 1, 2)) for _ in "12"]
    numbers = draw.integers(sum(sizes), 1, most)
    shift = draw.pick((-1, 0, 1, *((max(numbers) - min(numbers)) // part for part in (2, 3, 4))))
    lists = [sorted(part, reverse=True) for part in (numbers[: sizes[0]], numbers[sizes[0] :])]
    return [lists[0], [min(max(1, number + shift), most) for number in lists[1]]]


@by_hand("maximum-number-of-consecutive-values-you-can-make")
def coins(draw: Draw) -> Arguments:
    """Coins of which each is at most what the lesser ones reach, often just that, until one is too great."""
    n, reach, kept = draw.length(1, 40_000), 1, draw.pick((1, 3, 40, 40_000))
    found: list[int] = []
    for i in range(n):
        least = found[-1] if found else 1
        coin = draw.pick((least, least, reach, (least + reach) // 2)) + (i >= kept) * draw.pick((0, 1, reach))
        found.append(min(max(coin, least), 40_000))
        reach += found[-1]
    return [draw.shuffled(found)]


@by_hand("maximum-of-absolute-value-expression")
def distances(draw: Draw) -> Arguments:
    """Two arrays that rise or fall with the index by a chosen slope, plus noise: each sign may win."""
    n, bound = draw.length(2, 40_000, large=8000), 10**6
    if draw.chance(0.2):
        return [draw.integers(n, -bound, bound), draw.integers(n, -bound, bound)]
    slopes = [draw.pick((-1, 0, 1)) * draw.pick((1, 2, bound // n)) for _ in "12"]
    size = draw.pick((1, n, bound))
    noise = [[draw.rng.randint(-size, size) for _ in range(n)] for _ in "12"]
    return [[max(-bound, min(bound, s * i + e)) for i, e in enumerate(es)] for s, es in zip(slopes, noise, strict=True)]


@by_hand("maximum-performance-of-a-team")
def team(draw: Draw) -> Arguments:
    """Speed and efficiency are often opposed, so that the best team is neither the fastest nor the most efficient."""
    n = draw.length(1, 100_000, large=8000)
    speed, efficiency = draw.integers(n, 1, 100_000), draw.integers(n, 1, 10**8)
    if draw.scale != "large" and draw.chance(0.5):
        speed, efficiency = sorted(speed), sorted(efficiency, reverse=True)
    k = draw.pick((1, n, (n + 1) // 2, draw.rng.randint(1, n), draw.rng.randint(1, min(n, 4))))
    return [n, speed, efficiency, k]
