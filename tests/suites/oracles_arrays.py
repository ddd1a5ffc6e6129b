"""Answers by brute force, straight from the statements, to problems about arrays of numbers."""

from collections.abc import Callable
from itertools import combinations, combinations_with_replacement, pairwise, product
from math import comb

Numbers = list[int]


def subsets(items: Numbers, least: int = 0) -> list[tuple[int, ...]]:
    """Every choice of at least `least` of the items, in their order."""
    return [chosen for size in range(least, len(items) + 1) for chosen in combinations(items, size)]


def four_sum(a: Numbers, b: Numbers, c: Numbers, d: Numbers) -> object:
    return sum(not sum(four) for four in product(a, b, c, d)) if len(a) <= 12 else NotImplemented


def arithmetic_slices(nums: Numbers) -> object:
    if len(nums) > 14:
        return NotImplemented
    return sum(len({y - x for x, y in pairwise(chosen)}) == 1 for chosen in subsets(nums, 3))


def average_of_sixes(nums: Numbers) -> object:
    chosen = [number for number in nums if number % 2 == number % 3 == 0]
    return sum(chosen) // len(chosen) if chosen else 0


def stock(prices: Numbers, pause: int) -> object:
    """The best over every set of trades, where a new one may start `pause` days after a sale."""
    if len(prices) > 10:
        return NotImplemented
    trades = combinations(range(len(prices)), 2)
    return max([0, *(prices[sell] - prices[buy] + stock(prices[sell + pause :], pause) for buy, sell in trades)])


def can_place(bed: Numbers, n: int) -> object:
    empty = [i for i, flower in enumerate(bed) if not flower]
    if len(empty) > 12:
        return NotImplemented
    old = [i for i, flower in enumerate(bed) if flower]
    return any(all(abs(x - y) > 1 for x, y in combinations([*old, *new], 2)) for new in combinations(empty, n))


def flipped(fronts: Numbers, backs: Numbers) -> object:
    if len(fronts) > 8:
        return NotImplemented
    good = {
        card[1]
        for sides in product((1, -1), repeat=len(fronts))
        for cards in [[pair[::side] for pair, side in zip(zip(fronts, backs, strict=True), sides, strict=True)]]
        for card in cards
        if all(card[1] != other[0] for other in cards)
    }
    return min(good, default=0)


def has_partition(nums: Numbers) -> object:
    if len(nums) > 30:
        return NotImplemented

    def good(part: Numbers) -> bool:
        x, size = part[0], len(part)
        return part in ([x] * size, [x, x + 1, x + 2]) and size in (2, 3)

    return not nums or any(good(nums[:size]) and has_partition(nums[size:]) for size in (2, 3) if size <= len(nums))


def dessert(bases: Numbers, toppings: Numbers, target: int) -> object:
    if len(toppings) > 7:
        return NotImplemented
    costs = [base + sum(extra) for base in bases for extra in product(*([0, cost, 2 * cost] for cost in toppings))]
    return min(costs, key=lambda cost: (abs(cost - target), cost))


def divisible_pairs(nums: Numbers, k: int) -> object:
    return sum(nums[i] == nums[j] and i * j % k == 0 for i, j in combinations(range(len(nums)), 2))


def or_subsets(nums: Numbers) -> object:
    unions = []
    for chosen in subsets(nums, 1):
        bits = 0
        for number in chosen:
            bits |= number
        unions.append(bits)
    return unions.count(max(unions))


def bowling(one: Numbers, two: Numbers) -> object:
    a, b = (sum(x + x * (10 in pins[max(0, i - 2) : i]) for i, x in enumerate(pins)) for pins in (one, two))
    return 0 if a == b else 1 if a > b else 2


def candies(types: Numbers) -> object:
    if len(types) > 12:
        return NotImplemented
    return max(len(set(eaten)) for eaten in combinations(types, len(types) // 2))


def value_of_partition(nums: Numbers) -> object:
    """The least value over every way to put some, but not all, of the numbers into the first array."""
    if len(nums) > 10:
        return NotImplemented
    sides = product((0, 1), repeat=len(nums))
    splits = [[[x for x, s in zip(nums, side, strict=True) if s == part] for part in (0, 1)] for side in sides]
    return min(abs(max(a) - min(b)) for a, b in splits if a and b)


def jumps(nums: Numbers) -> object:
    """Dynamic programming over all pairs of places."""
    least = [0]
    for i in range(1, len(nums)):
        least.append(1 + min(least[j] for j in range(i) if j + nums[j] >= i))
    return least[-1]


def kth_missing(arr: Numbers, k: int) -> object:
    return [number for number in range(1, len(arr) + k + 1) if number not in arr][k - 1]


def ants(n: int, left: Numbers, right: Numbers) -> object:
    """Walk half a unit at a time; ants that meet pass through each other, which looks the same."""
    places, time = [(2 * place, -1) for place in left] + [(2 * place, 1) for place in right], -1
    while places:
        places = [(place + way, way) for place, way in places if 0 <= place + way <= 2 * n]
        time += 1
    return (time + 1) // 2


def chain(arr: Numbers, difference: int) -> object:
    if len(arr) > 12:
        return NotImplemented
    return max(len(chosen) for chosen in subsets(arr, 1) if all(y - x == difference for x, y in pairwise(chosen)))


def harmonious(nums: Numbers) -> object:
    return max((sum(y in (x, x + 1) for y in nums) for x in nums if x + 1 in nums), default=0)


def limited_sums(nums: Numbers, queries: Numbers) -> object:
    if len(nums) > 10:
        return NotImplemented
    return [max(len(chosen) for chosen in subsets(nums) if sum(chosen) <= query) for query in queries]


def well_performing(hours: Numbers) -> object:
    intervals = [hours[i:j] for i, j in combinations(range(len(hours) + 1), 2)]
    return max((len(days) for days in intervals if 2 * sum(day > 8 for day in days) > len(days)), default=0)


def circular_sums(arr: Numbers, k: int) -> object:
    """Try every array whose numbers stay between the least and the greatest."""
    values = range(min(arr), max(arr) + 1)
    if len(values) ** len(arr) > 20_000:
        return NotImplemented
    n = len(arr)
    return min(
        sum(abs(x - y) for x, y in zip(arr, new, strict=True))
        for new in product(values, repeat=n)
        if len({sum(new[(i + j) % n] for j in range(k)) for i in range(n)}) == 1
    )


def collinear(points: list[Numbers]) -> object:
    def on_line(a: Numbers, b: Numbers) -> int:
        return sum((b[0] - a[0]) * (c[1] - a[1]) == (b[1] - a[1]) * (c[0] - a[0]) for c in points)

    return max((on_line(a, b) for a, b in combinations(points, 2)), default=1)


def power(stations: Numbers, r: int, k: int) -> object:
    """Try every way to place the new stations."""
    n = len(stations)
    if k > 12 or comb(n + k - 1, k) > 3000:
        return NotImplemented
    return max(
        min(sum(stations[max(0, i - r) : i + r + 1]) + sum(abs(i - j) <= r for j in new) for i in range(n))
        for new in combinations_with_replacement(range(n), k)
    )


def distance(one: Numbers, two: Numbers) -> object:
    return max((j - i for i, x in enumerate(one) for j, y in enumerate(two) if i <= j and x <= y), default=0)


def gap(nums: Numbers) -> object:
    """The greatest difference of two numbers with none between them."""
    return max((y - x for x in nums for y in nums if x < y and not any(x < z < y for z in nums)), default=0)


def consecutive(coins: Numbers) -> object:
    sums = {0}
    for coin in coins:
        sums |= {total + coin for total in sums}
    return next(count for count in range(len(sums) + 1) if count not in sums)


def team(n: int, speed: Numbers, efficiency: Numbers, k: int) -> object:
    if n > 12:
        return NotImplemented
    teams = [members for members in subsets(list(range(n)), 1) if len(members) <= k]
    return max(sum(speed[i] for i in members) * min(efficiency[i] for i in members) for members in teams) % (10**9 + 7)


ORACLES: dict[str, Callable[..., object]] = {
    "4sum-ii": four_sum,
    "arithmetic-slices-ii-subsequence": arithmetic_slices,
    "average-value-of-even-numbers-that-are-divisible-by-three": average_of_sixes,
    "best-time-to-buy-and-sell-stock-ii": lambda prices: stock(prices, 0),
    "best-time-to-buy-and-sell-stock-with-cooldown": lambda prices: stock(prices, 2),
    "binary-search": lambda nums, target: nums.index(target) if target in nums else -1,
    "can-place-flowers": can_place,
    "card-flipping-game": flipped,
    "check-if-there-is-a-valid-partition-for-the-array": has_partition,
    "closest-dessert-cost": dessert,
    "count-equal-and-divisible-pairs-in-an-array": divisible_pairs,
    "count-number-of-maximum-bitwise-or-subsets": or_subsets,
    "determine-the-winner-of-a-bowling-game": bowling,
    "distribute-candies": candies,
    "find-all-lonely-numbers-in-the-array": lambda nums: [
        x for i, x in enumerate(nums) if all(abs(x - y) > 1 for y in nums[:i] + nums[i + 1 :])
    ],
    "find-peak-element": lambda nums: nums.index(max(nums)),
    "find-the-middle-index-in-array": lambda nums: next(
        (i for i in range(len(nums)) if sum(nums[:i]) == sum(nums[i + 1 :])), -1
    ),
    "find-the-value-of-the-partition": value_of_partition,
    "how-many-numbers-are-smaller-than-the-current-number": lambda nums: [sum(y < x for y in nums) for x in nums],
    "jump-game-ii": jumps,
    "kth-largest-element-in-an-array": lambda nums, k: next(
        x for x in nums if sum(y > x for y in nums) < k <= sum(y >= x for y in nums)
    ),
    "kth-missing-positive-number": kth_missing,
    "largest-positive-integer-that-exists-with-its-negative": lambda nums: max(
        (k for k in nums if k > 0 and -k in nums), default=-1
    ),
    "last-moment-before-all-ants-fall-out-of-a-plank": ants,
    "longest-arithmetic-subsequence-of-given-difference": chain,
    "longest-harmonious-subsequence": harmonious,
    "longest-subsequence-with-limited-sum": limited_sums,
    "longest-well-performing-interval": well_performing,
    "make-k-subarray-sums-equal": circular_sums,
    "max-points-on-a-line": collinear,
    "maximize-the-minimum-powered-city": power,
    "maximum-distance-between-a-pair-of-values": distance,
    "maximum-gap": gap,
    "maximum-number-of-consecutive-values-you-can-make": consecutive,
    "maximum-of-absolute-value-expression": lambda one, two: max(
        abs(one[i] - one[j]) + abs(two[i] - two[j]) + j - i for i, j in combinations(range(len(one)), 2)
    ),
    "maximum-performance-of-a-team": team,
}
