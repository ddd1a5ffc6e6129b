"""Answers by brute force, straight from the statements, to problems about sequences of numbers."""

from collections.abc import Callable, Iterator
from functools import cache
from heapq import heappop, heappush
from itertools import combinations, islice, pairwise, permutations, product
from math import prod
from statistics import median

Numbers = list[int]


def subsets(items: Numbers) -> list[tuple[int, ...]]:
    """Every non-empty choice of the items, in their order."""
    return [chosen for size in range(1, len(items) + 1) for chosen in combinations(items, size)]


def subarrays(items: Numbers) -> list[Numbers]:
    """Every contiguous non-empty part of the items."""
    return [items[i:j] for i in range(len(items)) for j in range(i + 1, len(items) + 1)]


def splits(items: Numbers) -> Iterator[list[Numbers]]:
    """Every way to cut the items into contiguous non-empty parts."""
    for cuts in product((False, True), repeat=len(items) - 1):
        ends = [0, *(i for i, cut in enumerate(cuts, 1) if cut), len(items)]
        yield [items[i:j] for i, j in pairwise(ends)]


def sum_queries(first: Numbers, second: Numbers, queries: list[Numbers]) -> object:
    return [max([-1, *(a + b for a, b in zip(first, second, strict=True) if a >= x and b >= y)]) for x, y in queries]


def pair_sum(nums: Numbers) -> object:
    if len(nums) > 8:
        return NotImplemented
    return min(max(a + b for a, b in zip(order[::2], order[1::2], strict=True)) for order in permutations(nums))


def split_cost(nums: Numbers, k: int) -> object:
    if len(nums) > 10:
        return NotImplemented
    return min(sum(k + sum(part.count(x) > 1 for x in part) for part in parts) for parts in splits(nums))


def deletions(nums: Numbers, divide: Numbers) -> object:
    """The least number left is the least that divides: all smaller ones go."""
    dividing = [x for x in nums if all(y % x == 0 for y in divide)]
    return sum(x < min(dividing) for x in nums) if dividing else -1


def least_difference(nums: Numbers, k: int) -> object:
    return min(max(c) - min(c) for c in combinations(nums, k)) if len(nums) <= 12 else NotImplemented


def heaviest(nums: Numbers) -> object:
    if len(nums) > 14:
        return NotImplemented
    enough = [chosen for chosen in subsets(nums) if 2 * sum(chosen) > sum(nums)]
    least = min(map(len, enough))
    return sorted(max((chosen for chosen in enough if len(chosen) == least), key=sum), reverse=True)


def unequal_cost(first: Numbers, second: Numbers) -> object:
    """The cheapest sequence of swaps, by Dijkstra's algorithm over all arrangements."""
    if len(first) > 7:
        return NotImplemented
    queue, done = [(0, first)], set()
    while queue:
        cost, now = heappop(queue)
        if all(a != b for a, b in zip(now, second, strict=True)):
            return cost
        if tuple(now) in done:
            continue
        done.add(tuple(now))
        for i, j in combinations(range(len(now)), 2):
            swapped = now.copy()
            swapped[i], swapped[j] = swapped[j], swapped[i]
            heappush(queue, (cost + i + j, swapped))
    return -1


def stone_moves(stones: Numbers) -> object:
    """The least and the most moves of every game from here."""
    if len(stones) > 6 or max(stones) - min(stones) > 14:
        return NotImplemented

    @cache
    def games(places: tuple[int, ...]) -> tuple[int, int]:
        after = [
            games(tuple(sorted((*rest, place))))
            for rest in (places[1:], places[:-1])
            for place in range(rest[0] + 1, rest[-1])
            if place not in rest
        ]
        return (1 + min(low for low, _ in after), 1 + max(high for _, high in after)) if after else (0, 0)

    return list(games(tuple(sorted(stones))))


def neighbouring_xor(derived: Numbers) -> object:
    if len(derived) > 12:
        return NotImplemented
    originals = product((0, 1), repeat=len(derived))
    return any([a ^ b for a, b in zip(o, (*o[1:], o[0]), strict=True)] == derived for o in originals)


def next_greater(asked: Numbers, nums: Numbers) -> object:
    return [next((x for x in nums[nums.index(y) :] if x > y), -1) for y in asked]


def second_greater(nums: Numbers) -> object:
    return [next(islice((y for y in nums[i:] if y > x), 1, None), -1) for i, x in enumerate(nums)]


def three_parts(arr: Numbers) -> object:
    return any(sum(arr[:i]) == sum(arr[i:j]) == sum(arr[j:]) for i, j in combinations(range(1, len(arr)), 2))


def at_most_twice(nums: Numbers) -> object:
    return [x for i, x in enumerate(nums) if nums[:i].count(x) < 2]


def removals(nums: Numbers) -> object:
    n, gone = len(nums), {min(nums), max(nums)}
    return min(i + n - j for i in range(n + 1) for j in range(i, n + 1) if not gone & set(nums[i:j]))


def reveal(deck: Numbers) -> object:
    """Put the cards back from the greatest to the least: the last card comes to the top, then the new one."""
    order: Numbers = []
    for card in sorted(deck, reverse=True):
        order = [card, *order[-1:], *order[:-1]]
    return order


def reversed_value(nums: Numbers) -> object:
    if len(nums) > 25:
        return NotImplemented
    turned = [nums[:i] + nums[i:j][::-1] + nums[j:] for i in range(len(nums)) for j in range(i + 1, len(nums) + 1)]
    return max(sum(abs(a - b) for a, b in pairwise(array)) for array in turned)


def stone_game(alice: Numbers, bob: Numbers) -> object:
    if len(alice) > 10:
        return NotImplemented

    @cache
    def lead(left: frozenset[int], turn: int) -> int:
        """The points that the player to move will gain more than the other."""
        return max(((alice, bob)[turn][i] - lead(left - {i}, 1 - turn) for i in left), default=0)

    ahead = lead(frozenset(range(len(alice))), 0)
    return (ahead > 0) - (ahead < 0)


def refills(plants: Numbers, capacity_a: int, capacity_b: int) -> object:
    """Step by step, a pair of plants at a time."""
    count, a, b = 0, capacity_a, capacity_b
    while len(plants) > 1:
        count += (a < plants[0]) + (b < plants[-1])
        a = (a if a >= plants[0] else capacity_a) - plants[0]
        b = (b if b >= plants[-1] else capacity_b) - plants[-1]
        plants = plants[1:-1]
    return count + any(need > (a if a >= b else b) for need in plants)


def good_splits(nums: Numbers) -> object:
    if len(nums) > 12:
        return NotImplemented
    return sum(all(sum(part) == 1 for part in parts) for parts in splits(nums))


def card_groups(deck: Numbers) -> object:
    return any(all(deck.count(card) % x == 0 for card in deck) for x in range(2, len(deck) + 1))


ORACLES: dict[str, Callable[..., object]] = {
    "maximum-strength-of-a-group": lambda nums: max(map(prod, subsets(nums))),
    "maximum-sum-queries": sum_queries,
    "median-of-two-sorted-arrays": lambda first, second: float(median(first + second)),
    "minimize-maximum-pair-sum-in-array": pair_sum,
    "minimum-cost-to-split-an-array": split_cost,
    "minimum-deletions-to-make-array-divisible": deletions,
    "minimum-difference-between-highest-and-lowest-of-k-scores": least_difference,
    "minimum-distance-to-the-target-element": lambda nums, target, start: min(
        abs(i - start) for i, x in enumerate(nums) if x == target
    ),
    "minimum-subsequence-in-non-increasing-order": heaviest,
    "minimum-total-cost-to-make-arrays-unequal": unequal_cost,
    "move-zeroes": lambda nums: [x for x in nums if x] + [0] * nums.count(0),
    "moving-stones-until-consecutive-ii": stone_moves,
    "neighboring-bitwise-xor": neighbouring_xor,
    "neither-minimum-nor-maximum": lambda nums: next((x for x in nums if min(nums) < x < max(nums)), -1),
    "next-greater-element-i": next_greater,
    "next-greater-element-iv": second_greater,
    "number-of-ways-to-split-array": lambda nums: sum(sum(nums[:i]) >= sum(nums[i:]) for i in range(1, len(nums))),
    "partition-array-according-to-given-pivot": lambda nums, pivot: sorted(
        nums, key=lambda x: (x > pivot) - (x < pivot)
    ),
    "partition-array-into-three-parts-with-equal-sum": three_parts,
    "rank-transform-of-an-array": lambda arr: [1 + len({y for y in arr if y < x}) for x in arr],
    "remove-duplicates-from-sorted-array-ii": at_most_twice,
    "removing-minimum-and-maximum-from-array": removals,
    "reveal-cards-in-increasing-order": reveal,
    "reverse-subarray-to-maximize-array-value": reversed_value,
    "sliding-window-median": lambda nums, k: [float(median(nums[i : i + k])) for i in range(len(nums) - k + 1)],
    "sort-an-array": sorted,
    "sort-colors": lambda nums: [color for color in range(3) for _ in range(nums.count(color))],
    "stone-game-vi": stone_game,
    "sum-of-absolute-differences-in-a-sorted-array": lambda nums: [sum(abs(x - y) for y in nums) for x in nums],
    "sum-of-subarray-minimums": lambda arr: sum(map(min, subarrays(arr))) % (10**9 + 7),
    "sum-of-subarray-ranges": lambda nums: sum(max(part) - min(part) for part in subarrays(nums)),
    "third-maximum-number": lambda nums: max({x for x in nums if len({y for y in nums if y > x}) == 2} or nums),
    "two-furthest-houses-with-different-colors": lambda colors: max(
        j - i for i, j in combinations(range(len(colors)), 2) if colors[i] != colors[j]
    ),
    "unique-number-of-occurrences": lambda arr: all(arr.count(x) != arr.count(y) for x in arr for y in arr if x != y),
    "watering-plants-ii": refills,
    "ways-to-split-array-into-good-subarrays": good_splits,
    "x-of-a-kind-in-a-deck-of-cards": card_groups,
}
