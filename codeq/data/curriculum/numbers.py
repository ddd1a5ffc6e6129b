"""Arithmetic on whole numbers."""

from codeq.data.curriculum.inputs import choices, integers
from codeq.data.curriculum.problem import problem


@problem(
    "easy", examples=[[5, 1, 10], [-3, 0, 8], [12, 2, 9]], inputs=[integers(-20, 20), integers(-9, 0), integers(1, 9)]
)
def clamp_value(value, low, high):
    """Return value limited to the range from low to high."""
    return max(low, min(value, high))


@problem("easy", examples=[[10], [1], [0]], inputs=[integers(0, 60)])
def sum_of_evens_up_to(limit):
    """Return the sum of all even numbers from 0 to limit, limit included."""
    total = 0
    for number in range(0, limit + 1, 2):
        total += number
    return total


@problem("medium", examples=[[48, 18], [7, 0], [5, 9]], inputs=[integers(0, 120), integers(0, 120)])
def greatest_common_divisor(first, second):
    """Return the greatest common divisor of two non-negative numbers, by Euclid's algorithm."""
    while second != 0:
        first, second = second, first % second
    return first


@problem("easy", examples=[[7, 3], [3, 7], [-2, -2]], inputs=[integers(-50, 50), integers(-50, 50)])
def absolute_difference(a, b):
    """Return how far apart two numbers are; never negative."""
    if a > b:
        return a - b
    return b - a


@problem("easy", examples=[[-4], [0], [9]], inputs=[integers(-15, 15)])
def sign_of(number):
    """Return 1 for a positive number, -1 for a negative one and 0 for zero."""
    if number > 0:
        return 1
    elif number < 0:
        return -1
    return 0


@problem("medium", examples=[[5], [0], [1], [6]], inputs=[integers(0, 17)])
def factorial_by_loop(n):
    """Return n factorial, the product of 1 to n; the factorial of 0 is 1."""
    product = 1
    for factor in range(2, n + 1):
        product *= factor
    return product


@problem("medium", examples=[[0], [1], [2], [9]], inputs=[integers(0, 40)])
def nth_fibonacci(n):
    """Return the n-th Fibonacci number, where the 0th is 0 and the 1st is 1."""
    current, following = 0, 1
    for _ in range(n):
        current, following = following, current + following
    return current


@problem("medium", examples=[[6], [1], [7]], inputs=[integers(1, 50)])
def collatz_steps(n):
    """Return how many steps take n to 1 when even numbers are halved and odd ones become 3n + 1."""
    steps = 0
    while n != 1:
        n = n // 2 if n % 2 == 0 else 3 * n + 1
        steps += 1
    return steps


@problem("easy", examples=[[2000], [1900], [2024], [2023]], inputs=[integers(1580, 2420)])
def is_leap_year(year):
    """Tell whether a year of the Gregorian calendar has a 29th of February."""
    return year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)


@problem(
    "easy",
    examples=[[3, 4, 5], [1, 2, 3], [3, 1, 2], [1, 3, 2]],
    inputs=[integers(1, 9), integers(1, 9), integers(1, 9)],
)
def can_form_triangle(a, b, c):
    """Tell whether three lengths are the sides of a triangle that is not flat."""
    return a + b > c and b + c > a and a + c > b


@problem("easy", examples=[[3, 5], [5, 3], [-2, 1]], inputs=[integers(-12, 12), integers(-12, 12)])
def sum_between(start, stop):
    """Return the sum of all whole numbers between the two given ones, both included, in whichever order they come."""
    if start > stop:
        start, stop = stop, start
    return sum(range(start, stop + 1))


@problem(
    "hard", examples=[[3, 5, 100], [5, 0, 7], [2, 4, 9]], inputs=[integers(0, 12), integers(0, 15), integers(2, 50)]
)
def power_modulo(base, exponent, modulus):
    """Return the remainder of base raised to a non-negative exponent by a modulus above 1, halving the exponent
    at every step."""
    result = 1
    while exponent > 0:
        if exponent % 2 == 1:
            result = result * base % modulus
        base = base * base % modulus
        exponent //= 2
    return result


@problem("medium", examples=[[17], [16], [0], [1]], inputs=[integers(0, 400)])
def integer_square_root(n):
    """Return the largest whole number whose square does not exceed n."""
    root = 0
    while (root + 1) ** 2 <= n:
        root += 1
    return root


@problem("easy", examples=[[0], [37], [-40]], inputs=[integers(-60, 100)])
def fahrenheit_to_celsius(degrees):
    """Convert whole degrees Fahrenheit to degrees Celsius, rounded down."""
    return (degrees - 32) * 5 // 9


@problem("easy", examples=[[3725], [59], [3600]], inputs=[integers(0, 90000)])
def split_seconds(seconds):
    """Split a number of seconds into a tuple of hours, minutes and seconds."""
    hours, rest = divmod(seconds, 3600)
    minutes, seconds = divmod(rest, 60)
    return hours, minutes, seconds


@problem("easy", examples=[[7, 2], [6, 3], [0, 4]], inputs=[integers(0, 80), integers(1, 9)])
def ceiling_division(amount, size):
    """Return how many boxes of the given size hold the amount, the last one perhaps partly filled."""
    boxes = amount // size
    if amount % size > 0:
        boxes += 1
    return boxes


@problem("easy", examples=[[1, 5, 3], [5, 4, 1], [2, 7, 9]], inputs=[integers(-9, 9), integers(-9, 9), integers(-9, 9)])
def middle_of_three(a, b, c):
    """Return the middle one of three numbers by size."""
    return a + b + c - max(a, b, c) - min(a, b, c)


@problem("medium", examples=[[4, 6], [5, 7], [3, 9], [1, 1]], inputs=[integers(1, 30), integers(1, 30)])
def least_common_multiple(first, second):
    """Return the smallest positive number that both positive numbers divide."""
    multiple = first
    while multiple % second != 0:
        multiple += first
    return multiple


@problem("easy", examples=[[15], [9], [10], [7]], inputs=[integers(1, 120)])
def fizz_buzz_word(number):
    """Return "FizzBuzz" for multiples of 15, "Fizz" for those of 3, "Buzz" for those of 5, else the number as text."""
    word = ""
    if number % 3 == 0:
        word += "Fizz"
    if number % 5 == 0:
        word += "Buzz"
    return word or str(number)


@problem(
    "hard",
    examples=[[100, [50, 20, 10]], [87, [50, 20, 5, 1]], [0, [10, 1]]],
    inputs=[integers(0, 200), choices([50, 20, 10, 5, 1], [25, 10, 1], [100, 7, 3], [20, 5], [9, 4, 1])],
)
def greedy_change(amount, coins):
    """Pay the amount with the coins, given from large to small, always taking the largest that fits;
    return the list of coins used."""
    used = []
    for coin in coins:
        while amount >= coin:
            amount -= coin
            used.append(coin)
    return used


@problem(
    "medium",
    examples=[[1000, 10, 2], [500, 0, 3], [50, 5, 0]],
    inputs=[integers(0, 900), integers(0, 30), integers(0, 6)],
)
def balance_with_interest(balance, percent, years):
    """Return the balance after adding the given percentage, rounded down to whole units, once a year."""
    for _ in range(years):
        balance += balance * percent // 100
    return balance


@problem("medium", examples=[[10, 3], [6, 10], [5, 1]], inputs=[integers(0, 40), integers(1, 7)])
def last_survivor(people, step):
    """People 0 to people - 1 stand in a circle and every step-th leaves; return who is left (0 for no people)."""
    position = 0
    for size in range(2, people + 1):
        position = (position + step) % size
    return position


@problem("easy", examples=[[9, 30], [0, 0], [3, 45]], inputs=[integers(0, 23), integers(0, 59)])
def minutes_until_midnight(hour, minute):
    """Return how many minutes of the day are left at the given time."""
    return 24 * 60 - (hour * 60 + minute)


def _near_progressions(rng):
    first, difference = rng.randint(-9, 9), rng.choice([-4, -3, -2, 2, 3, 4, 5])
    return [first, difference, first + rng.randint(-4, 6) * difference + rng.choice([0, 0, 1])]


@problem(
    "easy",
    examples=[[4, 3, 10], [4, 3, 4], [4, 3, 9], [4, -3, 7]],
    inputs=_near_progressions,
)
def in_progression(first, difference, value):
    """Tell whether value is in the endless progression first, first + difference, first + 2 * difference, ..."""
    gap = value - first
    return gap % difference == 0 and gap // difference >= 0


@problem("medium", examples=[[5], [0], [12]], inputs=[integers(-10, 60)])
def triangular_rows(blocks):
    """Return how many full rows of 1, 2, 3, ... blocks can be laid with the given number of blocks."""
    row = 0
    while blocks > row:
        row += 1
        blocks -= row
    return row


@problem(
    "easy",
    examples=[[0, 0, 3, 4], [1, 1, -1, 1], [2, 5, 2, 5]],
    inputs=[integers(-9, 9), integers(-9, 9), integers(-9, 9), integers(-9, 9)],
)
def taxicab_distance(x1, y1, x2, y2):
    """Return the distance between two points of a city whose streets only run along x and y."""
    return abs(x1 - x2) + abs(y1 - y2)
