"""Brute force for problems about numbers, from the statements; NotImplemented where an input is too big for it."""

from collections.abc import Callable
from functools import cache
from itertools import count, islice, product
from math import prod


def add_negabinary(first: list[int], second: list[int]) -> list[int]:
    total = sum(bit * (-2) ** place for digits in (first, second) for place, bit in enumerate(reversed(digits)))
    answer: list[int] = []
    while total or not answer:
        answer.insert(0, total % 2)
        total = (total - total % 2) // -2
    return answer


def money(n: int) -> int:
    return sum(week + day for day, week in islice(((day, week) for week in count(1) for day in range(7)), n))


def reachable(x: int, y: int) -> object:
    """Walk back from the target; an odd pair can be made smaller by way of its sum, so larger ones need not be seen."""
    most = 2 * max(x, y)
    if most > 400:
        return NotImplemented
    seen, todo = {(x, y)}, [(x, y)]
    while todo:
        x, y = todo.pop()
        before = [(x, x + y), (x + y, y)] + [(x // 2, y)] * (x % 2 == 0) + [(x, y // 2)] * (y % 2 == 0)
        new = {point for point in before if max(point) <= most} - seen
        seen |= new
        todo += new
    return (1, 1) in seen


def longest_string(x: int, y: int, z: int) -> object:
    if x * y * z > 3000:
        return NotImplemented

    @cache
    def best(end: str, *left: int) -> int:
        longest = 0
        for index, piece in enumerate(("AA", "BB", "AB")):
            if left[index] and not any(run in end + piece for run in ("AAA", "BBB")):
                rest = [amount - (place == index) for place, amount in enumerate(left)]
                longest = max(longest, 2 + best(piece, *rest))
        return longest

    return best("", x, y, z)


def no_zero_pair(n: int) -> list[int]:
    return next([a, n - a] for a in range(1, n) if "0" not in str(a) + str(n - a))


def good_numbers(n: int) -> object:
    return prod((5, 4)[place % 2] for place in range(n)) % (10**9 + 7) if n <= 5000 else NotImplemented


def column_title(number: int) -> object:
    """The number-th title in order of length, then of the alphabet."""
    if number > 20000:
        return NotImplemented
    titles = ("".join(title) for length in count(1) for title in product("ABCDEFGHIJKLMNOPQRSTUVWXYZ", repeat=length))
    return next(islice(titles, number - 1, None))


def recurrence(start: list[int], n: int) -> int:
    terms = list(start)
    while len(terms) <= n:
        terms.append(sum(terms[-len(start) :]))
    return terms[n]


def kth_bit(n: int, k: int) -> str:
    text = "0"
    for _ in range(n - 1):
        text += "1" + text.translate({48: "1", 49: "0"})[::-1]
    return text[k - 1]


def fizz_buzz(n: int) -> list[str]:
    return ["Fizz" * (i % 3 == 0) + "Buzz" * (i % 5 == 0) or str(i) for i in range(1, n + 1)]


def kth_numeral(n: int, k: int) -> object:
    return sorted(range(1, n + 1), key=str)[k - 1] if n <= 20000 else NotImplemented


def swap_by_parity(num: int) -> int:
    digits = [int(digit) for digit in str(num)]
    for i in range(len(digits)):
        for j in range(i + 1, len(digits)):
            if digits[i] % 2 == digits[j] % 2 and digits[i] < digits[j]:
                digits[i], digits[j] = digits[j], digits[i]
    return int("".join(map(str, digits)))


def nice_divisors(factors: int) -> object:
    """The greatest product of exponents that add up to at most `factors`."""
    if factors > 300:
        return NotImplemented
    best = [1]
    for total in range(1, factors + 1):
        best.append(max(part * best[total - part] for part in range(1, total + 1)))
    return best[factors] % (10**9 + 7)


def bit_flips(start: int, goal: int) -> int:
    return sum((start >> place ^ goal >> place) & 1 for place in range(31))


def flips_to_join(a: int, b: int, c: int) -> int:
    flips = 0
    for place in range(31):
        x, y, z = (number >> place & 1 for number in (a, b, c))
        flips += min((x != p) + (y != q) for p in (0, 1) for q in (0, 1) if p | q == z)
    return flips


def nim(n: int) -> object:
    if n > 20000:
        return NotImplemented
    wins = [False]
    for heap in range(1, n + 1):
        wins.append(not all(wins[max(0, heap - 3) : heap]))
    return wins[n]


def complement(num: int) -> int:
    return int(f"{num:b}".translate({48: "1", 49: "0"}), 2)


def pascal(rows: int) -> list[list[int]]:
    triangle = [[1]]
    while len(triangle) < rows:
        last = triangle[-1]
        triangle.append([a + b for a, b in zip([0, *last], [*last, 0], strict=True)])
    return triangle


def powerful(x: int, y: int, bound: int) -> list[int]:
    powers = product((x**i for i in range(21)), (y**j for j in range(21)))
    return sorted({a + b for a, b in powers if a + b <= bound})


def self_dividing(left: int, right: int) -> list[int]:
    return [n for n in range(left, right + 1) if "0" not in str(n) and not any(n % int(digit) for digit in str(n))]


def sequential_digits(low: int, high: int) -> list[int]:
    runs = {int("123456789"[start:end]) for start in range(9) for end in range(start + 1, 10)}
    return sorted(run for run in runs if low <= run <= high)


def kth_factor(n: int, k: int) -> int:
    return [*[i for i in range(1, n + 1) if n % i == 0], *[-1] * n][k - 1]


def nth_ugly(n: int, *divisors: int) -> object:
    if n * min(divisors) > 10**5:
        return NotImplemented
    return next(islice((i for i in count(1) if any(i % divisor == 0 for divisor in divisors)), n - 1, None))


def eating_speed(piles: list[int], hours: int) -> object:
    if max(piles) * len(piles) > 10**5:
        return NotImplemented
    return next(k for k in count(1) if sum(-(-pile // k) for pile in piles) <= hours)


def time_for_trips(times: list[int], trips: int) -> object:
    if min(times) * trips * len(times) > 10**6:
        return NotImplemented
    return next(span for span in count(1) if sum(span // time for time in times) >= trips)


def train_speed(rides: list[int], hour: float) -> object:
    """Tries every speed, in whole hundredths of an hour."""
    hundredths = round(100 * hour)
    if hundredths <= 100 * (len(rides) - 1):
        return -1
    most = max(max(rides), 100 * rides[-1])  # enough: every ride takes an hour at most, the last one a hundredth
    if most * len(rides) > 10**6:
        return NotImplemented
    for speed in range(1, most + 1):
        waits = sum(-(-ride // speed) for ride in rides[:-1])
        if 100 * (waits * speed + rides[-1]) <= hundredths * speed:
            return speed
    return -1


def wheel_rotations(customers: list[int], boarding: int, running: int) -> int:
    profits, waiting = [0], 0
    for turn in count():
        if turn >= len(customers) and not waiting:
            break
        waiting += customers[turn] if turn < len(customers) else 0
        profits.append(profits[-1] + boarding * min(4, waiting) - running)
        waiting -= min(4, waiting)
    return profits.index(max(profits)) or -1


def next_number(digits: list[int]) -> list[int]:
    """Every digit is one more if all after it are nines; a one comes before nothing but nines."""
    changed = [(digit + (set(digits[i + 1 :]) <= {9})) % 10 for i, digit in enumerate(digits)]
    return [1] * (set(digits) == {9}) + changed


def concatenation_value(nums: list[int]) -> int:
    middle = len(nums) // 2
    pairs = zip(nums[:middle], reversed(nums), strict=False)
    return sum(int(f"{first}{last}") for first, last in pairs) + sum(nums[middle : len(nums) - middle])


def equal_subtractions(nums: list[int]) -> int:
    for operations in count():
        least = min((number for number in nums if number), default=0)
        if not least:
            return operations
        nums = [max(0, number - least) for number in nums]
    raise AssertionError


def cutting_cost(n: int, cuts: list[int]) -> object:
    """Tries every first cut of the stick and of both parts."""
    if len(cuts) > 8:
        return NotImplemented

    def cost(low: int, high: int) -> int:
        parts = [cost(low, cut) + cost(cut, high) for cut in cuts if low < cut < high]
        return high - low + min(parts) if parts else 0

    return cost(0, n)


ORACLES: dict[str, Callable[..., object]] = {
    "adding-two-negabinary-numbers": add_negabinary,
    "alternating-digit-sum": lambda n: sum(int(digit) for digit in str(n)[::2]) - sum(map(int, str(n)[1::2])),
    "calculate-money-in-leetcode-bank": money,
    "check-if-point-is-reachable": reachable,
    "construct-the-longest-new-string": longest_string,
    "convert-integer-to-the-sum-of-two-no-zero-integers": no_zero_pair,
    "count-good-numbers": good_numbers,
    "excel-sheet-column-title": column_title,
    "fibonacci-number": lambda n: recurrence([0, 1], n),
    "find-kth-bit-in-nth-binary-string": kth_bit,
    "find-the-array-concatenation-value": concatenation_value,
    "fizz-buzz": fizz_buzz,
    "k-th-smallest-in-lexicographical-order": kth_numeral,
    "koko-eating-bananas": eating_speed,
    "largest-number-after-digit-swaps-by-parity": swap_by_parity,
    "lexicographical-numbers": lambda n: sorted(range(1, n + 1), key=str),
    "make-array-zero-by-subtracting-equal-amounts": equal_subtractions,
    "maximize-number-of-nice-divisors": nice_divisors,
    "maximum-profit-of-operating-a-centennial-wheel": wheel_rotations,
    "minimum-bit-flips-to-convert-number": bit_flips,
    "minimum-cost-to-cut-a-stick": cutting_cost,
    "minimum-flips-to-make-a-or-b-equal-to-c": flips_to_join,
    "minimum-speed-to-arrive-on-time": train_speed,
    "minimum-time-to-complete-trips": time_for_trips,
    "n-th-tribonacci-number": lambda n: recurrence([0, 1, 1], n),
    "nim-game": nim,
    "number-complement": complement,
    "pascals-triangle": pascal,
    "plus-one": next_number,
    "powerful-integers": powerful,
    "self-dividing-numbers": self_dividing,
    "sequential-digits": sequential_digits,
    "the-kth-factor-of-n": kth_factor,
    "ugly-number-iii": nth_ugly,
}
