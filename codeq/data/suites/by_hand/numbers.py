"""Inputs of problems about numbers: digits, bits, divisors, sequences, searches for the least number that will do."""

import math
from bisect import bisect_left
from fractions import Fraction

from codeq.data.suites.draw import Draw, RejectedDraw
from codeq.data.suites.registry import Arguments, also, by_hand


def number(draw: Draw, low: int, high: int, base: int = 10) -> int:
    """A number of low..high: of any length in this base, next to a power of it, of few different digits, or an end."""
    if draw.scale == "tiny":
        return draw.rng.randint(low, min(high, low + 20))
    longest = 1
    while base**longest <= high:
        longest += 1
    length = draw.rng.randint(1, longest if draw.scale != "small" else (longest + 1) // 2)
    digits = draw.some(range(base), 1, 2)
    kind = "end" if draw.scale == "large" else draw.pick(("power", "random", "few digits", "end"))
    drawn: int = {
        "power": base**length + draw.rng.randint(-2, 2),
        "random": draw.rng.randrange(base**length),
        "few digits": sum(draw.pick(digits) * base**place for place in range(length)),
        "end": draw.pick((low, high)) if draw.chance(0.5) else high - draw.rng.randint(0, (high - low) // 20),
    }[kind]
    if not low <= drawn <= high:
        raise RejectedDraw
    return drawn


def negabinary(value: int) -> list[int]:
    """The digits of `value` in base -2, the most significant one first."""
    digits = [value & 1]
    while value := -(value >> 1):
        digits.append(value & 1)
    return digits[::-1]


@by_hand("adding-two-negabinary-numbers")
def negabinary_sum(draw: Draw) -> Arguments:
    """Sums near zero and rows of ones, where carries run far, besides numbers of either sign."""
    first, second = (draw.pick((-1, 1)) * draw.rng.getrandbits(draw.length(1, 998)) for _ in range(2))
    if draw.chance(0.3):
        second = draw.rng.randint(-3, 3) - first
    operands = [negabinary(first), negabinary(second)]
    if draw.chance(0.3):
        operands[0] = [1] * draw.length(1, 1000)
    return [*draw.shuffled(operands)]


@by_hand("alternating-digit-sum")
def digit_signs(draw: Draw) -> Arguments:
    return [number(draw, 1, 10**9)]


@by_hand("calculate-money-in-leetcode-bank")
def weeks_of_saving(draw: Draw) -> Arguments:
    return [number(draw, 1, 1000, base=7)]


@by_hand("check-if-point-is-reachable")
def reachable_point(draw: Draw) -> Arguments:
    """The greatest common divisor is 1, a power of two, or has an odd part."""
    most = {"tiny": 12, "small": 100, "medium": 10**4}.get(draw.scale, 10**9)
    divisor = draw.pick((1, 1, 1, 3, 5, 9, 49)) * 2 ** draw.rng.randint(0, most.bit_length() // 2)
    if divisor > most:
        raise RejectedDraw
    return [divisor * draw.rng.randint(1, most // divisor) for _ in range(2)]


# Numbers far apart, for which Euclid's algorithm must divide, and great powers of two.
also("check-if-point-is-reachable", [10**9, 1], [1, 10**9], [2**28, 3 * 2**28], [5 * 2**27, 2**27])


@by_hand("construct-the-longest-new-string")
def string_pieces(draw: Draw) -> Arguments:
    most = {"tiny": 3, "small": 10}.get(draw.scale, 50)
    x, y, z = (draw.rng.randint(1, most) for _ in range(3))
    if draw.chance(0.6):
        y = min(max(x + draw.rng.randint(-2, 2), 1), 50)
    return [x, y, z]


@by_hand("convert-integer-to-the-sum-of-two-no-zero-integers")
def sum_without_zeros(draw: Draw) -> Arguments:
    """Many numbers of the digits 0, 1 and 9, for which both parts must avoid a zero: 1109 = 111 + 998."""
    if draw.scale in ("tiny", "extreme") or draw.chance(0.4):
        return [number(draw, 2, 10**4)]
    digits = draw.rng.choices("0019", k=draw.length(2, 3))
    return [int(draw.pick("123456789") + "".join(digits))]


@by_hand("count-good-numbers")
def length_of_good_strings(draw: Draw) -> Arguments:
    return [number(draw, 1, 10**15)]


@by_hand("excel-sheet-column-title")
def column_number(draw: Draw) -> Arguments:
    """Numbers of titles made of few letters, mostly of A, B, Y and Z, where digits carry."""
    if draw.scale == "extreme":
        return [number(draw, 1, 2**31 - 1, base=26)]
    column = 0
    for letter in draw.text(draw.length(1, 7), draw.pick(("AZ", "ABYZ", "ABCDEFGHIJKLMNOPQRSTUVWXYZ"))):
        column = 26 * column + ord(letter) - ord("A") + 1
    if column >= 2**31:
        raise RejectedDraw
    return [column]


@by_hand("fibonacci-number")
def fibonacci_index(draw: Draw) -> Arguments:
    return [draw.rng.randint(0, 30)]


@by_hand("find-kth-bit-in-nth-binary-string")
def bit_of_folded_string(draw: Draw) -> Arguments:
    """The first, middle and last bits and their neighbours, or any."""
    n = draw.rng.randint(1, {"tiny": 3, "small": 6}.get(draw.scale, 20))
    bits = 2**n - 1
    k = draw.pick((draw.rng.randint(1, bits), draw.pick((1, 2 ** (n - 1), bits)) + draw.rng.randint(-2, 2)))
    return [n, min(max(k, 1), bits)]


@by_hand("fizz-buzz")
def fizz_buzz_length(draw: Draw) -> Arguments:
    return [number(draw, 1, {"extreme": 2000, "large": 10**4}.get(draw.scale, 200), base=15)]


@by_hand("k-th-smallest-in-lexicographical-order")
def place_among_numerals(draw: Draw) -> Arguments:
    n = number(draw, 1, 10**9)
    return [n, min(n, draw.pick((1, n, draw.rng.randint(1, n), draw.rng.randint(1, n), draw.rng.randint(1, 30))))]


@by_hand("largest-number-after-digit-swaps-by-parity")
def digits_to_swap(draw: Draw) -> Arguments:
    if draw.scale in ("tiny", "extreme") or draw.chance(0.2):
        return [number(draw, 1, 10**9)]
    length = draw.rng.randint(2, 5 if draw.scale == "small" else 9)
    return [int(draw.pick("123456789") + "".join(draw.rng.choices("0123456789", k=length - 1)))]


@by_hand("lexicographical-numbers")
def count_of_numerals(draw: Draw) -> Arguments:
    return [number(draw, 1, {"extreme": 10100, "large": 50000}.get(draw.scale, 1100))]


@by_hand("maximize-number-of-nice-divisors")
def prime_factors(draw: Draw) -> Arguments:
    return [number(draw, 1, 10**9)]


@by_hand("minimum-bit-flips-to-convert-number")
def bits_to_flip(draw: Draw) -> Arguments:
    """Two numbers that have nothing to do with each other, or differ in few bits, in none, or in all."""
    start, other = number(draw, 0, 10**9, base=2), number(draw, 0, 10**9, base=2)
    few = start ^ sum(1 << place for place in draw.some(range(start.bit_length() + 1), 0, 3))
    goal = draw.pick((other, other, few, (1 << start.bit_length()) - 1 - start))
    return [start, min(goal, 10**9)]


@by_hand("minimum-flips-to-make-a-or-b-equal-to-c")
def bits_to_join(draw: Draw) -> Arguments:
    """Numbers of few to 29 bits, of different lengths; c is sometimes a or b up to one bit."""
    bits = {"tiny": 2, "small": 5}.get(draw.scale, 29)
    a, b, c = (draw.rng.randint(1, 2 ** draw.rng.randint(1, bits) - 1) for _ in range(3))
    if draw.chance(0.3):
        c = a | b if draw.chance(0.5) else max(1, (a | b) ^ 1 << draw.rng.randrange(bits))
    if draw.scale == "extreme":
        a, b, c = (draw.pick((1, 2**29, 10**9, limb)) for limb in (a, b, c))
    return [a, b, c]


@by_hand("n-th-tribonacci-number")
def tribonacci_index(draw: Draw) -> Arguments:
    return [draw.rng.randint(0, 37)]


@by_hand("nim-game")
def stones(draw: Draw) -> Arguments:
    heap = number(draw, 1, 2**31 - 1)
    return [heap - heap % 4 if heap > 4 and draw.chance(0.4) else heap]


@by_hand("number-complement")
def number_to_complement(draw: Draw) -> Arguments:
    return [number(draw, 1, 2**31 - 1, base=2)]


@by_hand("pascals-triangle")
def rows_of_triangle(draw: Draw) -> Arguments:
    return [draw.rng.randint(1, 30)]


@by_hand("powerful-integers")
def powers_below_bound(draw: Draw) -> Arguments:
    """Bases that share powers, or are 1 (where powers stop growing); bounds at or next to a powerful integer."""
    most = {"tiny": 3, "small": 10}.get(draw.scale, 100)
    x, y = (draw.pick((1, 2, draw.rng.randint(1, most))) for _ in range(2))
    if draw.chance(0.2):
        y = x if x > 10 or draw.chance(0.5) else x * x
    bound = x ** draw.rng.randint(0, 8) + y ** draw.rng.randint(0, 4) + draw.rng.randint(-1, 1)
    if draw.scale in ("extreme", "large") or draw.chance(0.2):
        bound = draw.pick((0, 1, 2, 10**6, 10**6 - 1, draw.rng.randint(0, 10**6)))
    if bound > (500 if draw.scale == "small" else 10**6):
        raise RejectedDraw
    return [*draw.shuffled([x, y]), bound]


@by_hand("self-dividing-numbers")
def range_of_numbers(draw: Draw) -> Arguments:
    if draw.scale in ("extreme", "large"):
        return [number(draw, 1, 100), 10**4 - draw.rng.randint(0, 1500)]
    left = number(draw, 1, 10**4)
    return [left, min(10**4, left + draw.rng.randint(0, {"tiny": 12, "small": 60}.get(draw.scale, 700)))]


@by_hand("sequential-digits")
def range_of_sequential_digits(draw: Draw) -> Arguments:
    """Ends at a number of sequential digits, next to one, or anywhere."""
    runs = [int("123456789"[start:end]) for start in range(8) for end in range(start + 2, 10)]
    if draw.scale in ("tiny", "small"):
        runs = [run for run in runs if run < (10**3 if draw.scale == "tiny" else 10**5)]
    ends = [
        draw.pick(runs) + draw.rng.randint(-1, 1) if draw.chance(0.7) else number(draw, 10, 10**9) for _ in range(2)
    ]
    return [*sorted(ends)]


@by_hand("the-kth-factor-of-n")
def place_among_factors(draw: Draw) -> Arguments:
    """Numbers of few or many factors; k is near the end of the list of factors."""
    most = {"tiny": 12, "small": 100}.get(draw.scale, 1000)
    n = draw.pick((draw.rng.randint(1, most), draw.rng.randint(1, math.isqrt(most)) ** 2))
    if draw.chance(0.4):
        n = draw.pick([multiple for multiple in (12, 36, 60, 97, 240, 720, 840, 960, 997, 1000) if multiple <= most])
    factors = sum(n % factor == 0 for factor in range(1, n + 1))
    k = draw.pick((1, 2, factors, factors // 2, factors + draw.rng.randint(-2, 2), draw.rng.randint(1, factors), n))
    return [n, min(max(k, 1), n)]


@by_hand("ugly-number-iii")
def divisors_of_ugly_numbers(draw: Draw) -> Arguments:
    """Divisors that are equal, divide each other or share factors; n times the least of them is at most 2 * 10**9."""
    most = {"tiny": 5, "small": 20, "medium": 1000}.get(draw.scale, 10**9)
    a = draw.rng.randint(1, most)
    b = draw.pick((a, 2 * a, 3 * a, draw.rng.randint(1, most), draw.rng.randint(1, most)))
    c = draw.pick((a + b, math.lcm(a, b), b, draw.rng.randint(1, most), draw.rng.randint(1, most)))
    if draw.scale in ("extreme", "large"):
        c = draw.pick((c, 1, 2, 7, 10**9))
    if max(b, c) > 10**9 or a * b * c > 10**18:
        raise RejectedDraw
    largest = min(10**9, 2 * 10**9 // min(a, b, c))
    n = draw.rng.randint(1, min(largest, {"tiny": 10, "small": 60, "medium": 10**5}.get(draw.scale, largest)))
    return [largest if draw.scale == "large" else n, *draw.shuffled([a, b, c])]


also("ugly-number-iii", [10**9, 2, 2, 2], [1, 10**9, 10**9, 1], [2, 10**9, 10**9, 1], [10**9, 2, 10**8, 10**9])


@by_hand("koko-eating-bananas")
def piles_of_bananas(draw: Draw) -> Arguments:
    """The hours are what some speed needs, or one less, or the fewest possible, or any."""
    piles = draw.integers(draw.length(1, 10**4), 1, 10**9)
    speed = draw.rng.randint(1, max(piles))
    needed = sum(-(-pile // speed) for pile in piles)
    hours = draw.pick((needed, needed, needed - 1, len(piles), len(piles) + 1, sum(piles), sum(piles) + 1))
    if draw.scale == "extreme" and draw.chance(0.4):
        hours = 10**9
    return [piles, min(max(hours, len(piles)), 10**9)]


also("koko-eating-bananas", [[10**9], 1], [[10**9], 10**9], [[1], 10**9], [[10**9, 1], 2], [[1, 1, 1, 10**9], 10])


@by_hand("minimum-time-to-complete-trips")
def bus_trips(draw: Draw) -> Arguments:
    """The trips are as many as some time allows, or one more, or any number."""
    times = draw.integers(draw.length(1, 10**5, large=10**4), 1, 10**7)
    span = draw.rng.randint(min(times), 10 * max(times))
    done = sum(span // time for time in times)
    trips = draw.pick((done, done, done + 1, 1, draw.rng.randint(1, 30)))
    if draw.scale in ("extreme", "large"):
        trips = draw.pick((1, 10**7, 10**7 - 1, draw.rng.randint(1, 10**7)))
    if trips > 10**7:
        raise RejectedDraw
    return [times, trips]


also("minimum-time-to-complete-trips", [[10**7], 10**7], [[10**7] * 3, 10**7], [[1], 1], [[1, 10**7], 10**7])


@by_hand("minimum-speed-to-arrive-on-time")
def train_rides(draw: Draw) -> Arguments:
    """The time, in hundredths of an hour, is what some speed needs, or one less, or about one hour per ride."""
    rides = draw.integers(draw.length(1, 10**5, large=10**4), 1, 10**5)

    def needed(speed: int) -> Fraction:
        return 100 * (sum(-(-ride // speed) for ride in rides[:-1]) + Fraction(rides[-1], speed))

    enough = math.ceil(needed(draw.rng.randint(1, draw.pick((max(rides), 100 * rides[-1])))))
    full = 100 * len(rides)
    hundredths = draw.pick(
        (enough, enough, enough - 1, full + draw.rng.randint(-101, 1), full - draw.rng.randint(1, 99))
    )
    if draw.scale == "large":
        hundredths = full - draw.rng.randint(90, 99)
    if draw.scale == "extreme" and draw.chance(0.3):
        hundredths = draw.pick((100, 10**11, 10**11 - 1, full - 100, full - 99))
    hundredths = max(hundredths, 100)
    # Just in time is a matter of rounding, 3 + 14 / 50 > 3.28 in floats, except where the time is in quarters.
    least = bisect_left(range(1, 10**7), True, key=lambda speed: needed(speed) <= hundredths) + 1
    if needed(least) == hundredths and hundredths % 25:
        raise RejectedDraw
    return [rides, hundredths / 100]


also("minimum-speed-to-arrive-on-time", [[1, 1, 10**5], 2.01], [[10**5], 1e9], [[1, 1], 1.0], [[10**5], 1.01])


@by_hand("maximum-profit-of-operating-a-centennial-wheel")
def wheel_customers(draw: Draw) -> Arguments:
    """A turn costs about what one to five customers pay; customers come in bursts or a few at a time."""
    most = draw.pick((3, 5, 8, 50))
    customers = [
        draw.rng.randint(0, most) if draw.chance(0.7) else 0 for _ in range(draw.length(1, 10**5, large=10**4))
    ]
    boarding = draw.rng.randint(1, {"tiny": 3, "small": 10}.get(draw.scale, 100))
    running = draw.pick((1, 1, 2, 3, 4, 5)) * boarding + draw.rng.randint(-1, 1)
    if draw.scale == "extreme":
        boarding, running = draw.pick((1, 100)), draw.pick((1, 4, 100))
        customers = [draw.pick((0, 50, crowd)) for crowd in customers]
    return [customers, boarding, min(max(running, 1), 100)]


@by_hand("plus-one")
def digits_of_number(draw: Draw) -> Arguments:
    """Half of the numbers end in nines."""
    length = draw.length(1, 100)
    digits = [draw.rng.randint(1, 9), *(draw.rng.randint(0, 9) for _ in range(length - 1))]
    nines = min(draw.pick((0, 0, 0, 1, 2, length - 1, length, draw.rng.randint(0, length))), length)
    return [[*digits[: length - nines], *[9] * nines]]


also("plus-one", [[0]], [[9] * 100], [[1] + [0] * 99], [[9, 8, 9]], [[9, 9, 8]])


also("find-the-array-concatenation-value", [[10**4, 10**4]], [[9, 99, 999, 1, 10**4, 1000, 100, 10]], [[1, 10**4, 7]])


@by_hand("minimum-cost-to-cut-a-stick")
def stick_cuts(draw: Draw) -> Arguments:
    most = {"tiny": 6, "small": 12, "medium": draw.pick((40, 1000))}.get(draw.scale, 10**6)
    stick = draw.rng.randint(2, most)
    if draw.scale in ("extreme", "large"):
        stick = 10**6 - draw.pick((0, 0, 1))
    cuts = draw.rng.sample(range(1, stick), draw.length(1, min(stick - 1, 100 if draw.scale == "large" else 22)))
    if draw.scale == "extreme" and draw.chance(0.5):
        cuts = [*range(1, len(cuts)), stick - 1]
    return [stick, cuts]
