"""Sets, tuples and decisions on them."""

from codeq.data.curriculum.inputs import choices, integers, lists, one_of, sets, tuples, words
from codeq.data.curriculum.problem import problem

POINT = tuples(integers(-5, 5), integers(-5, 5))
SMALL_SETS = sets(integers(0, 6), 0, 5)


@problem(
    "easy",
    examples=[[[1, 2, 2], [2, 3]], [[], [1]], [[4, 5, 6], [6, 4]]],
    inputs=[lists(integers(0, 6), 0, 5), lists(integers(0, 6), 0, 5)],
)
def shared_items(first, second):
    """Return the ascending list of the different numbers that both lists contain."""
    return sorted(set(first) & set(second))


@problem("easy", examples=[[[1, 2, 1]], [[]], [[3, 4]]], inputs=[lists(integers(0, 9), 0, 5)])
def has_duplicates(items):
    """Tell whether any item of a list occurs more than once."""
    return len(set(items)) != len(items)


@problem(
    "medium",
    examples=[["The quick brown fox", "abc"], ["Abc", "abc"], ["", "x"]],
    inputs=[words(0, 7, "abcABC "), words(0, 3, "abcd")],
)
def missing_letters(text, alphabet):
    """Return the letters of a small-letter alphabet that do not occur in a text in either case, in the
    order of the alphabet."""
    present = set(text.lower())
    return "".join(letter for letter in alphabet if letter not in present)


@problem(
    "medium", examples=[[{1, 2}, {2, 3}], [set(), set()], [{1, 2, 3}, {1, 2, 3, 4}]], inputs=[SMALL_SETS, SMALL_SETS]
)
def jaccard_percent(left, right):
    """Return 100 times the size of the intersection over the size of the union, rounded down; 100 for empty sets."""
    union = left | right
    if not union:
        return 100
    return 100 * len(left & right) // len(union)


@problem(
    "easy",
    examples=[[[1, 2, 3], [2]], [[], [1]], [[4, 4, 5], [5, 6]]],
    inputs=[lists(integers(0, 5), 0, 6), lists(integers(0, 5), 0, 3)],
)
def without_items(items, banned):
    """Return the items of a list that are not banned, in order."""
    allowed = []
    for item in items:
        if item in banned:
            continue
        allowed.append(item)
    return allowed


@problem("medium", examples=[[[0, 1, 3]], [[]], [[1, 2]], [[1, 0, -5, 2, 2]]], inputs=[lists(integers(-2, 5), 0, 7)])
def smallest_missing(numbers):
    """Return the smallest whole number from 0 on that is not in a list."""
    present = set(numbers)
    candidate = 0
    while candidate in present:
        candidate += 1
    return candidate


@problem("easy", examples=[[[(1, 5), (3, 2)]], [[(0, 0)]], [[(4, -1), (2, 7), (2, 3)]]], inputs=[lists(POINT, 1, 4)])
def bounding_box(points):
    """Return (smallest x, smallest y, largest x, largest y) of a non-empty list of points."""
    xs, ys = zip(*points)
    return min(xs), min(ys), max(xs), max(ys)


@problem("easy", examples=[[(1, 2), (3, 4)], [(0, 0), (0, 0)], [(-5, 2), (1, -9)]], inputs=[POINT, POINT])
def add_vectors(left, right):
    """Return the sum of two vectors given as tuples of the same length."""
    return tuple(a + b for a, b in zip(left, right))


@problem(
    "medium",
    examples=[
        [(1, 1, 4, 4), (3, 3, 6, 6)],
        [(0, 0, 1, 1), (1, 0, 2, 1)],
        [(3, 0, 9, 9), (1, 1, 3, 5)],
        [(0, 4, 9, 6), (4, 1, 6, 4)],
    ],
    inputs=[
        tuples(integers(0, 4), integers(0, 4), integers(5, 9), integers(5, 9)),
        tuples(integers(3, 8), integers(3, 8), integers(9, 12), integers(9, 12)),
    ],
)
def rectangles_overlap(first, second):
    """Tell whether two rectangles (left, bottom, right, top) share an area, not just an edge."""
    left, bottom, right, top = first
    x1, y1, x2, y2 = second
    return left < x2 and x1 < right and bottom < y2 and y1 < top


@problem("hard", examples=[[[3, 1, 2]], [[]], [[7, 100, 8, 9, 101]], [[5, 5]]], inputs=[lists(integers(0, 9), 0, 8)])
def longest_consecutive_set(numbers):
    """Return how many consecutive whole numbers the longest gapless run has that can be formed from a list,
    in any order."""
    known = set(numbers)
    best = 0
    for number in known:
        length = 1
        while number + length in known:
            length += 1
        best = max(best, length)
    return best


@problem(
    "easy",
    examples=[["12"], ["x"], [""], ["-4"]],
    inputs=[one_of(words(0, 2, "ab-1"), choices("7", "-3", "40", "+5", "1.5", " 8 "))],
)
def number_or_none(text):
    """Return the whole number a text stands for, or None if it stands for none."""
    try:
        return int(text)
    except ValueError:
        return None


@problem(
    "medium",
    examples=[[[("b", 2), ("a", 2), ("c", 5)]], [[]], [[("x", 1), ("y", 3)]]],
    inputs=[lists(tuples(choices("a", "b", "c", "d"), integers(0, 5)), 0, 5)],
)
def rank_players(players):
    """Return the names of (name, score) tuples, the highest score first and equal scores by name."""
    ranked = sorted(players, key=lambda player: (-player[1], player[0]))
    return [name for name, _ in ranked]


@problem(
    "medium",
    examples=[["rock", "paper"], ["rock", "rock"], ["rock", "scissors"], ["scissors", "paper"]],
    inputs=[choices("rock", "rock", "paper", "paper", "scissors", "Rock", "fire")] * 2,
)
def rock_paper_scissors(first, second):
    """Return which of two players wins, 1 or 2; 0 for equal signs and for anything that no rule decides."""
    beats = {("rock", "scissors"), ("scissors", "paper"), ("paper", "rock")}
    if (first, second) in beats:
        return 1
    return 2 if (second, first) in beats else 0


@problem(
    "easy",
    examples=[[89], [75], [60], [74]],
    inputs=[one_of(integers(0, 100), choices(58, 59, 61, 73, 76, 88, 90, 91))],
)
def grade_of(points):
    """Return the grade "A" from 90 points on, "B" from 75, "C" from 60, else "F"."""
    for limit, grade in ((90, "A"), (75, "B"), (60, "C")):
        if points >= limit:
            return grade
    return "F"


@problem(
    "easy", examples=[[6, False], [18, True], [65, False], [5, True]], inputs=[integers(0, 99), choices(True, False)]
)
def ticket_price(age, member):
    """Return the price of a ticket: free below 6, 5 below 18 and from 65 on, else 9; members pay 2 less than others."""
    if age < 6:
        return 0
    price = 5 if age < 18 or age >= 65 else 9
    return price - 2 if member else price


@problem("hard", examples=[[{1, 2}], [set()], [{3}]], inputs=[sets(integers(0, 9), 0, 3)])
def all_subsets(items):
    """Return the ascending list of all subsets of a set of numbers, each as an ascending list."""
    subsets = [[]]
    for item in sorted(items):
        subsets += [subset + [item] for subset in subsets]
    return sorted(subsets)


@problem(
    "medium",
    examples=[[6, 3, "*"], [7, 2, "/"], [7, 0, "/"], [1, 5, "-"]],
    inputs=[integers(-9, 20), integers(-1, 4), choices("+", "-", "*", "/")],
)
def calculate(left, right, operator):
    """Apply one of the operators + - * / to two numbers; division rounds down, and division by zero gives None."""
    if operator == "+":
        return left + right
    if operator == "-":
        return left - right
    if operator == "*":
        return left * right
    return left // right if right else None


@problem("medium", examples=[["RRUL"], [""], ["DDL"]], inputs=[words(0, 8, "UDLR")])
def robot_position(moves):
    """Return the (x, y) a robot reaches from (0, 0) by the moves U (y + 1), D (y - 1), L (x - 1) and R (x + 1)."""
    x = moves.count("R") - moves.count("L")
    y = moves.count("U") - moves.count("D")
    return x, y
