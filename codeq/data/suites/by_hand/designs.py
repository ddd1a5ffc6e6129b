"""Inputs for problems that ask for a class, which are lists of method names and of their arguments.

Two more are here whose input is no plain value to the statement: a hidden function and a word of bits.
"""

from string import ascii_lowercase

from codeq.data.suites.draw import Draw
from codeq.data.suites.registry import Arguments, also, by_hand


@by_hand("design-a-text-editor")
def editing(draw: Draw) -> Arguments:
    """Steps of one size about the length of the text, so that the cursor often meets an end."""
    names, lists = ["TextEditor"], [[]]  # type: list[str], list[list[object]]
    longest = draw.pick((2, 6, 14, 40))
    for _ in range(draw.length(5, 2 * 10**4, large=4000)):
        names.append(draw.pick(("addText", "addText", "deleteText", "cursorLeft", "cursorRight")))
        amount = draw.rng.randint(1, longest)
        text = "".join(draw.rng.choices(ascii_lowercase, k=amount))
        lists.append([text if names[-1] == "addText" else amount])
    return [names, lists]


@by_hand("design-hashmap")
def table_calls(draw: Draw) -> Arguments:
    """Keys that meet in a table of fewer places: few ones the same number apart, or very many."""
    step = draw.pick((1, 10, 100, 1000, 1009, 1024, 10**4, 10**5))
    first = draw.integer(0, 10**6)
    keys = [(first + index * step) % (10**6 + 1) for index in range(draw.pick((2, 3, 5, 12)))]
    if draw.scale == "large":
        keys = draw.integers(1500, 0, 10**6, distinct=True)
    names, lists = ["MyHashMap"], [[]]  # type: list[str], list[list[int]]
    for value in draw.integers(draw.length(5, 10**4, large=4000), 0, 10**6):
        names.append(draw.pick(("put", "put", "get", "get", "get", "remove")))
        lists.append([draw.pick(keys), value] if names[-1] == "put" else [draw.pick(keys)])
    return [names, lists]


@by_hand("find-positive-integer-solution-for-a-given-equation")
def function_and_target(draw: Draw) -> Arguments:
    """The number of a hidden function and what it should give, for most draws something that it does give."""
    x, y = draw.rng.randint(1, 10), draw.rng.randint(1, 10)
    reached = (
        x + y, x * y, x**2 + y, x + y**2, x**2 + y**2, (x + y) ** 2, x**3 + y**3, x**2 * y, x * y**2,
    )  # fmt: skip
    function = draw.rng.randrange(9)
    target = reached[function]
    return [function + 1, target if target <= 100 and draw.chance(0.9) else draw.rng.randint(1, 100)]


@by_hand("generate-random-point-in-a-circle")
def circle(draw: Draw) -> Arguments:
    """Some inputs ask for points enough to see whether these are spread evenly."""
    radius = draw.pick((1.0, 2.5, 0.01, 100.0, 12345.678, 1e7, 1e8))
    centre = [draw.pick((0.0, -1.5, 10.0, draw.rng.uniform(-1e7, 1e7), 1e7, -1e7)) for _ in range(2)]
    many = draw.scale == "large" or (draw.scale == "extreme" and draw.chance(0.4))
    points = 2000 if many else draw.length(1, 3 * 10**4)
    return [["Solution"] + ["randPoint"] * points, [[radius, *centre]] + [[] for _ in range(points)]]


@by_hand("online-election")
def votes(draw: Draw) -> Arguments:
    """Few candidates, so that they tie; questions at the times of votes and just before and after."""
    count = draw.length(1, 5000)
    persons = draw.integers(count, 0, min(count - 1, draw.pick((1, 2, 4, 5000))))
    times = sorted(draw.integers(count, 0, 10**9, distinct=True))
    near = [draw.pick(times) + draw.pick((-1, 0, 0, 1, 5)) for _ in range(draw.length(2, 10**4, large=4500))]
    asked = [10**9 if draw.chance(0.05) else max(times[0], min(10**9, time)) for time in near]
    return [["TopVotedCandidate"] + ["q"] * len(asked), [[persons, times]] + [[time] for time in asked]]


@by_hand("range-sum-query-immutable")
def ranges(draw: Draw) -> Arguments:
    """Ranges of one number, from the first, up to the last, and of all."""
    numbers = draw.integers(draw.length(1, 10**4), -(10**5), 10**5)
    last = len(numbers) - 1
    names, lists = ["NumArray"], [[numbers]]  # type: list[str], list[list[object]]
    for _ in range(draw.length(2, 10**4, large=2000)):
        left, right = sorted(draw.pick((0, last, draw.rng.randint(0, last))) for _ in range(2))
        names.append("sumRange")
        lists.append([left, right])
    return [names, lists]


@by_hand("reverse-bits")
def word(draw: Draw) -> Arguments:
    """32 bits: few or many of them set, runs at either end, or all at random."""
    share = draw.pick((0.05, 0.5, 0.5, 0.95))
    bits = sum(1 << place for place in range(32) if draw.chance(share))
    cut = draw.rng.randint(0, 32)
    ends = draw.pick((2**32 - 1, 2**32 - 1, (1 << cut) - 1, 2**32 - (1 << cut)))
    return [bits & ends if draw.chance(0.8) else ends]


_ENDS = [[10**6, 5], [10**6], [0, 10**6], [10**6, 0], [10**6], [0], [10**6], [10**6]]
also("design-hashmap", [["MyHashMap", "put", "get", "put", "put", "get", "get", "remove", "get"], [[], *_ENDS]])
also("find-positive-integer-solution-for-a-given-equation", [2, 100], [8, 100], [9, 100], [1, 1])
also("reverse-bits", [0], [1], [2**31], [2**32 - 1])
