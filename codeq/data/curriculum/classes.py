"""Small classes: each test makes one object and calls its methods in turn."""

from codeq.data.curriculum.inputs import choices, integers, operations, words
from codeq.data.curriculum.problem import problem

DIGIT = integers(0, 9)


@problem(
    "medium",
    examples=[
        [["Stack", "push", "push", "pop", "size", "pop"], [[], [4], [7], [], [], []]],
        [["Stack", "pop", "push", "size"], [[], [], [3], []]],
    ],
    inputs=operations("Stack", calls=(3, 8), push=[DIGIT], pop=[], size=[]),
)
class Stack:
    """A stack of values: push adds one on top, pop removes and returns the top (None if empty), size counts them."""

    def __init__(self):
        self.items = []

    def push(self, item):
        self.items.append(item)

    def pop(self):
        return self.items.pop() if self.items else None

    def size(self):
        return len(self.items)


@problem(
    "easy",
    examples=[
        [["Counter", "increase", "increase", "decrease", "decrease", "decrease"], [[], [], [], [], [], []]],
        [["Counter", "decrease", "increase"], [[], [], []]],
    ],
    inputs=operations("Counter", calls=(3, 8), increase=[], decrease=[]),
)
class Counter:
    """A counter that starts at 0 and never falls below it; increase and decrease change it by one and return it."""

    def __init__(self):
        self.count = 0

    def increase(self):
        self.count += 1
        return self.count

    def decrease(self):
        self.count = max(0, self.count - 1)
        return self.count


@problem(
    "medium",
    examples=[
        [["Wallet", "spend", "left", "spend", "spend"], [[10], [4], [], [7], [6]]],
        [["Wallet", "spend", "left"], [[3], [4], []]],
    ],
    inputs=operations("Wallet", [integers(0, 20)], calls=(2, 6), spend=[integers(1, 12)], left=[]),
)
class Wallet:
    """A wallet with some money: spend takes an amount and returns True, or returns False if there is too little;
    left returns what is in it."""

    def __init__(self, money):
        self.money = money

    def spend(self, amount):
        if amount > self.money:
            return False
        self.money -= amount
        return True

    def left(self):
        return self.money


@problem(
    "medium",
    examples=[
        [["Queue", "join", "join", "leave", "waiting", "leave", "leave"], [[], ["a"], ["b"], [], [], [], []]],
        [["Queue", "waiting", "join", "waiting"], [[], [], ["z"], []]],
    ],
    inputs=operations("Queue", calls=(3, 8), join=[words(1, 1)], leave=[], waiting=[]),
)
class Queue:
    """A queue of names: join appends one, leave removes and returns the first (None if empty), waiting counts them."""

    def __init__(self):
        self.names = []

    def join(self, name):
        self.names += [name]

    def leave(self):
        if self.names:
            return self.names.pop(0)

    def waiting(self):
        return len(self.names)


@problem(
    "easy",
    examples=[
        [["Rectangle", "area", "perimeter"], [[3, 4], [], []]],
        [["Rectangle", "perimeter", "area", "area"], [[5, 1], [], [], []]],
    ],
    inputs=operations("Rectangle", [integers(1, 9), integers(1, 9)], calls=(1, 3), area=[], perimeter=[]),
)
class Rectangle:
    """A rectangle of a width and a height that tells its area and its perimeter."""

    def __init__(self, width, height):
        self.width, self.height = width, height

    def area(self):
        return self.width * self.height

    def perimeter(self):
        return 2 * (self.width + self.height)


@problem(
    "easy",
    examples=[
        [["Toggle", "press", "read", "press", "read"], [[False], [], [], [], []]],
        [["Toggle", "read", "press", "read"], [[True], [], [], []]],
    ],
    inputs=operations("Toggle", [choices(True, False)], press=[], read=[]),
)
class Toggle:
    """A switch that is on or off: press turns it over, read returns "on" or "off"."""

    def __init__(self, active):
        self.active = active

    def press(self):
        self.active = not self.active

    def read(self):
        return "on" if self.active else "off"


@problem(
    "medium",
    examples=[
        [["RunningMean", "add", "add", "mean"], [[], [4], [9], []]],
        [["RunningMean", "mean", "add", "mean"], [[], [], [-3], []]],
    ],
    inputs=operations("RunningMean", calls=(3, 8), add=[integers(-9, 20)], mean=[]),
)
class RunningMean:
    """Collects whole numbers: add takes one, mean returns their mean rounded down (0 without numbers)."""

    def __init__(self):
        self.total = self.count = 0

    def add(self, number):
        self.total += number
        self.count += 1

    def mean(self):
        return self.total // self.count if self.count else 0


@problem(
    "easy",
    examples=[
        [["Heater", "warmer", "cooler", "cooler"], [[20], [3], [5], [1]]],
        [["Heater", "warmer", "cooler"], [[28], [9], [40]]],
    ],
    inputs=operations("Heater", [integers(10, 28)], warmer=[integers(1, 9)], cooler=[integers(1, 9)]),
)
class Heater:
    """A heater set to 5 to 30 degrees: warmer and cooler change the setting within these limits and return it."""

    def __init__(self, heat):
        self.heat = heat

    def warmer(self, by):
        self.heat = min(30, self.heat + by)
        return self.heat

    def cooler(self, by):
        self.heat = max(5, self.heat - by)
        return self.heat


@problem(
    "hard",
    examples=[
        [["RecentlyUsed", "use", "use", "use", "use"], [[2], ["a"], ["b"], ["a"], ["c"]]],
        [["RecentlyUsed", "use", "use", "use"], [[1], ["x"], ["x"], ["y"]]],
    ],
    inputs=operations("RecentlyUsed", [integers(1, 3)], calls=(3, 7), use=[choices("a", "b", "c", "d")]),
)
class RecentlyUsed:
    """Remembers the given number of names: use puts a name last, forgets the oldest if there are too many, and
    returns the list."""

    def __init__(self, size):
        self.size, self.names = size, []

    def use(self, name):
        kept = [other for other in self.names if other != name]
        self.names = (kept + [name])[-self.size :]
        return self.names


@problem(
    "medium",
    examples=[
        [["Inventory", "add", "add", "add", "total"], [[], ["nut", 2], ["nut", 3], ["cog", 4], []]],
        [["Inventory", "total", "add"], [[], [], ["cog", 1]]],
    ],
    inputs=operations("Inventory", add=[choices("nut", "cog", "pin"), integers(1, 9)], total=[]),
)
class Inventory:
    """Counts of things by name: add raises a count and returns it, total returns the sum of all counts."""

    def __init__(self):
        self.counts = {}

    def add(self, name, amount):
        self.counts[name] = self.counts.get(name, 0) + amount
        return self.counts[name]

    def total(self):
        return sum(self.counts.values())


@problem(
    "hard",
    examples=[
        [["Editor", "write", "write", "undo", "undo", "undo"], [[], ["ab"], ["c"], [], [], []]],
        [["Editor", "undo", "write", "write", "undo"], [[], [], ["x"], ["y"], []]],
    ],
    inputs=operations("Editor", calls=(3, 8), write=[words(1, 2)], undo=[]),
)
class Editor:
    """A text that starts empty: write appends to it, undo takes back the last write (if any) and returns the text."""

    def __init__(self):
        self.states = [""]

    def write(self, text):
        self.states.append(self.states[-1] + text)

    def undo(self):
        if len(self.states) > 1:
            self.states.pop()
        return self.states[-1]


@problem(
    "easy",
    examples=[
        [["Clock", "advance", "advance", "show"], [[23, 50], [15], [60], []]],
        [["Clock", "show", "advance", "show"], [[0, 0], [], [1439], []]],
    ],
    inputs=operations("Clock", [integers(0, 23), integers(0, 59)], advance=[integers(1, 1500)], show=[]),
)
class Clock:
    """A clock of 24 hours: advance moves it on by minutes, show returns the (hour, minute) tuple."""

    def __init__(self, hour, minute):
        self.minutes = hour * 60 + minute

    def advance(self, minutes):
        self.minutes = (self.minutes + minutes) % 1440

    def show(self):
        return divmod(self.minutes, 60)


@problem(
    "hard",
    examples=[
        [["Ring", "put", "put", "put", "put"], [[2], [1], [2], [3], [4]]],
        [["Ring", "put", "put"], [[1], [7], [8]]],
    ],
    inputs=operations("Ring", [integers(1, 4)], calls=(3, 8), put=[DIGIT]),
)
class Ring:
    """A given number of slots, at first all 0, that are filled in turn, round and round: put stores a value and
    returns the one it replaces."""

    def __init__(self, size):
        self.slots = [0] * size
        self.at = 0

    def put(self, value):
        old = self.slots[self.at]
        self.slots[self.at] = value
        self.at = (self.at + 1) % len(self.slots)
        return old


@problem(
    "easy",
    examples=[
        [["Walker", "turn", "walk", "walk"], [[], [], [3], [2]]],
        [["Walker", "walk", "turn", "walk", "turn", "walk"], [[], [4], [], [1], [], [5]]],
    ],
    inputs=operations("Walker", turn=[], walk=[integers(0, 5)]),
)
class Walker:
    """Walks on a line, from 0 and upwards at first: turn reverses the direction, walk goes on and returns the place."""

    def __init__(self):
        self.place, self.way = 0, 1

    def turn(self):
        self.way = -self.way

    def walk(self, steps):
        self.place += self.way * steps
        return self.place
