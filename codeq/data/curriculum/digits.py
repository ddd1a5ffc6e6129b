"""Digits, divisors, primes and bases."""

from codeq.data.curriculum.inputs import choices, integers, one_of, words
from codeq.data.curriculum.problem import problem


@problem("easy", examples=[[472], [0], [-35]], inputs=[integers(-3000, 9999)])
def digit_sum(number):
    """Return the sum of the decimal digits of a number, ignoring its sign."""
    total = 0
    number = abs(number)
    while number > 0:
        total += number % 10
        number //= 10
    return total


@problem("easy", examples=[[9875], [9], [10]], inputs=[integers(0, 99999)])
def digital_root(number):
    """Sum the digits again and again until one digit is left, and return it."""
    while number >= 10:
        number = sum(int(digit) for digit in str(number))
    return number


@problem("medium", examples=[[7], [1], [4], [2]], inputs=[integers(-3, 120)])
def is_prime(number):
    """Tell whether a number is prime."""
    if number < 2:
        return False
    return all(number % divisor for divisor in range(2, int(number**0.5) + 1))


@problem("hard", examples=[[60], [13], [1], [49]], inputs=[integers(1, 400)])
def prime_factors(number):
    """Return the prime factors of a positive number in ascending order, each as often as it divides."""
    factors = []
    divisor = 2
    while number > 1:
        if number % divisor == 0:
            factors.append(divisor)
            number //= divisor
        else:
            divisor += 1
    return factors


@problem("easy", examples=[[12], [1], [7]], inputs=[integers(1, 70)])
def list_divisors(number):
    """Return all positive divisors of a positive number in ascending order."""
    return [candidate for candidate in range(1, number + 1) if number % candidate == 0]


@problem("medium", examples=[[6], [8], [1], [12]], inputs=[integers(2, 80)])
def divisor_excess(number):
    """Return by how much the divisors of a positive number other than itself add up to more than the number;
    negative if they fall short."""
    total = 0
    for divisor in range(1, number // 2 + 1):
        if number % divisor == 0:
            total += divisor
    return total - number


@problem("hard", examples=[[10], [2], [1], [3]], inputs=[integers(-2, 60)])
def primes_up_to(limit):
    """Return all primes up to the limit, which is included, with the sieve of Eratosthenes."""
    crossed = set()
    primes = []
    for number in range(2, limit + 1):
        if number not in crossed:
            primes.append(number)
            crossed.update(range(number * number, limit + 1, number))
    return primes


@problem("medium", examples=[[10], [0], [5]], inputs=[integers(0, 300)])
def to_binary(number):
    """Return the binary digits of a non-negative number as text, without a prefix."""
    if number == 0:
        return "0"
    bits = ""
    while number:
        bits = str(number % 2) + bits
        number //= 2
    return bits


@problem("easy", examples=[["1010"], ["0"], ["111"]], inputs=[words(1, 10, "01")])
def from_binary(bits):
    """Return the value of a text of binary digits."""
    value = 0
    for bit in bits:
        value = value * 2 + int(bit)
    return value


@problem("hard", examples=[[255, 16], [0, 2], [36, 6]], inputs=[integers(0, 5000), integers(2, 16)])
def in_base(number, base):
    """Write a non-negative number in a base from 2 to 16, with the digits 0-9 and a-f."""
    digits = "0123456789abcdef"
    text = digits[number % base]
    while number >= base:
        number //= base
        text = digits[number % base] + text
    return text


@problem("easy", examples=[[1230], [-45], [7]], inputs=[integers(-9999, 9999)])
def reverse_digits(number):
    """Return the number with its decimal digits in reverse order, keeping its sign."""
    flipped = int(str(abs(number))[::-1])
    return -flipped if number < 0 else flipped


@problem(
    "medium",
    examples=[[153], [10], [9], [370]],
    inputs=[choices(*range(1, 20), 100, 153, 154, 371, 407, 500, 1634, 8208, 9474)],
)
def is_narcissistic(number):
    """Tell whether a number equals the sum of its digits, each raised to the number of digits."""
    text = str(number)
    return number == sum(int(digit) ** len(text) for digit in text)


@problem("easy", examples=[[10021, 0], [777, 7], [5, 3]], inputs=[integers(0, 99999), integers(0, 9)])
def count_digit(number, digit):
    """Return how often a digit occurs in the decimal form of a non-negative number."""
    return str(number).count(str(digit))


@problem("easy", examples=[[11], [0], [8]], inputs=[integers(0, 600)])
def count_set_bits(number):
    """Return how many ones the binary form of a non-negative number has."""
    ones = 0
    while number:
        ones += number & 1
        number >>= 1
    return ones


@problem("easy", examples=[[8], [6], [0], [1]], inputs=[choices(*range(2, 20), 31, 32, 33, 64, 96, 128, -2, -8)])
def is_power_of_two(number):
    """Tell whether a number is 1, 2, 4, 8 or a further power of two."""
    return number > 0 and number & number - 1 == 0


@problem("medium", examples=[[100], [5], [25], [4]], inputs=[integers(0, 700)])
def factorial_trailing_zeros(n):
    """Return how many zeros n factorial ends with."""
    zeros = 0
    while n >= 5:
        n //= 5
        zeros += n
    return zeros


@problem("medium", examples=[[19], [4], [1]], inputs=[integers(1, 120)])
def is_happy_number(number):
    """Tell whether replacing a number by the sum of its squared digits, again and again, arrives at 1."""
    seen = set()
    while number not in seen:
        seen.add(number)
        number = sum(int(digit) ** 2 for digit in str(number))
    return number == 1


@problem(
    "medium",
    examples=[["79927398713"], ["18"], ["10"], ["0"]],
    inputs=[one_of(words(1, 6, "0123456789"), choices("26", "34", "42", "59", "67", "75", "83", "91"))],
)
def passes_luhn_check(digits):
    """Tell whether a text of digits passes the Luhn check: from the right, every second digit is doubled
    (less 9 if above 9), and the sum must be a multiple of 10."""
    total = 0
    for index, digit in enumerate(reversed(digits)):
        value = int(digit) * (1 + index % 2)
        total += value - 9 if value > 9 else value
    return total % 10 == 0


@problem("easy", examples=[[8, 15], [6, 9], [1, 1]], inputs=[integers(1, 40), integers(1, 40)])
def are_coprime(a, b):
    """Tell whether two positive numbers have no common divisor above 1."""
    for divisor in range(2, min(a, b) + 1):
        if a % divisor == 0 and b % divisor == 0:
            return False
    return True


@problem(
    "hard",
    examples=[["XIV"], ["XC"], ["III"]],
    inputs=[
        choices(
            "I", "II", "IV", "V", "VI", "VIII", "IX", "X", "XI", "XIX", "XL", "XLIV", "LX", "LXXX", "XCIX", "CX", "CLV"
        )
    ],
)
def roman_to_number(text):
    """Return the value of a Roman numeral up to CCC; a sign before a larger one is subtracted."""
    worth = {"I": 1, "V": 5, "X": 10, "L": 50, "C": 100}
    total = 0
    for sign, after in zip(text, text[1:] + "I"):
        value = worth[sign]
        total += value if value >= worth[after] else -value
    return total


@problem("easy", examples=[[3], [1], [0]], inputs=[integers(0, 40)])
def sum_of_odd_squares(count):
    """Return the sum of the squares of the first count odd numbers."""
    return sum((2 * k + 1) ** 2 for k in range(count))


@problem("easy", examples=[[1234], [8], [2046]], inputs=[integers(0, 99999)])
def split_even_odd_digits(number):
    """Return a tuple: how many digits of a non-negative number are even, and how many are odd."""
    even = len([digit for digit in str(number) if digit in "02468"])
    return even, len(str(number)) - even


@problem("medium", examples=[[3, 7], [8, 7], [2, 4]], inputs=[integers(1, 30), integers(2, 31)])
def modular_inverse(number, modulus):
    """Return the smallest positive x with number * x leaving remainder 1 modulo modulus, or None if there is none."""
    for candidate in range(1, modulus):
        if number * candidate % modulus == 1:
            return candidate
    return None


@problem("medium", examples=[[1, 20], [10, 10], [15, 30]], inputs=[integers(1, 60), integers(1, 90)])
def largest_square_in_range(low, high):
    """Return the largest square number from low to high, both included, or -1 if there is none."""
    best = -1
    root = 0
    while root * root <= high:
        if root * root >= low:
            best = root * root
        root += 1
    return best
