"""Brute-force answers for the problems of by_hand/grids.py and by_hand/tables.py, straight from their statements."""

from collections.abc import Callable, Iterator
from itertools import chain, combinations, permutations

Grid = list[list[int]]
Cell = tuple[int, int]


def _cells(grid: Grid) -> list[Cell]:
    return [(row, column) for row in range(len(grid)) for column in range(len(grid[0]))]


def _paths(grid: Grid, row: int = 0, column: int = 0) -> Iterator[list[Cell]]:
    """Every way right and down over ones, from a cell to the last one."""
    if row < len(grid) and column < len(grid[0]) and grid[row][column]:
        if (row, column) == (len(grid) - 1, len(grid[0]) - 1):
            yield [(row, column)]
        for next_row, next_column in ((row + 1, column), (row, column + 1)):
            for path in _paths(grid, next_row, next_column):
                yield [(row, column), *path]


def _one_flip(grid: Grid) -> object:
    if len(grid) + len(grid[0]) > 14:
        return NotImplemented
    ends = {(0, 0), (len(grid) - 1, len(grid[0]) - 1)}
    cut: set[Cell] | None = None  # the cells on all paths
    for path in _paths(grid):
        cut = set(path) if cut is None else cut & set(path)
    return cut is None or bool(cut - ends)


def _common_prefixes(word: str) -> Grid:
    n = len(word)
    return [
        [max(k for k in range(n - max(i, j) + 1) if word[i : i + k] == word[j : j + k]) for j in range(n)]
        for i in range(n)
    ]


def _prefixes(lcp: Grid) -> object:
    """Words in alphabetical order, a new letter always being the next one, until one has this matrix."""
    if len(lcp) > 7:
        return NotImplemented
    words = [""]
    for _ in lcp:
        words = [word + chr(97 + letter) for word in words for letter in range(len(set(word)) + 1)]
    return next((word for word in sorted(words) if _common_prefixes(word) == lcp), "")


def _grid_game(grid: Grid) -> int:
    """Both robots turn down at some column."""
    n = len(grid[0])

    def path(turn: int) -> set[Cell]:
        return {(0, column) for column in range(turn + 1)} | {(1, column) for column in range(turn, n)}

    return min(
        max(sum(grid[row][column] for row, column in path(second) - path(first)) for second in range(n))
        for first in range(n)
    )


def _magic_squares(grid: Grid) -> int:
    count = 0
    for row, column in _cells(grid):
        a = [line[column : column + 3] for line in grid[row : row + 3]]
        if sorted(chain(*a)) == list(range(1, 10)):
            lines = [*a, *zip(*a, strict=True), (a[0][0], a[1][1], a[2][2]), (a[0][2], a[1][1], a[2][0])]
            count += len({sum(line) for line in lines}) == 1
    return count


def _equal_costs(n: int, cost: list[int]) -> int:
    """Raise each node as much as all paths through it allow, from the root down, up to the dearest path."""
    paths = [[leaf >> up for up in range(leaf.bit_length())] for leaf in range(n // 2 + 1, n + 1)]
    costs = [0, *cost]
    dearest = max(sum(costs[node] for node in path) for path in paths)
    for node in range(1, n + 1):
        costs[node] += dearest - max(sum(costs[other] for other in path) for path in paths if node in path)
    return sum(costs) - sum(cost)


def _moves(grid: Grid) -> int:
    def further(row: int, column: int) -> int:
        return max(
            (
                1 + further(other, column + 1)
                for other in (row - 1, row, row + 1)
                if 0 <= other < len(grid) and column + 1 < len(grid[0]) and grid[other][column + 1] > grid[row][column]
            ),
            default=0,
        )

    return max(further(row, 0) for row in range(len(grid)))


def _cheapest(grid: Grid, price: Callable[[Cell, Cell], int]) -> int:
    """The least price of a way from the first cell to the last, by Bellman and Ford."""
    prices = dict.fromkeys(_cells(grid), 10**9) | {(0, 0): 0}
    steps = [(a, b) for a in prices for b in prices if abs(a[0] - b[0]) + abs(a[1] - b[1]) == 1]
    for _ in prices:
        for a, b in steps:
            prices[b] = min(prices[b], prices[a] + price(a, b))
    return prices[len(grid) - 1, len(grid[0]) - 1]


def _signs(grid: Grid) -> int:
    ways = {(0, 1): 1, (0, -1): 2, (1, 0): 3, (-1, 0): 4}
    return _cheapest(grid, lambda a, b: int(grid[a[0]][a[1]] != ways[b[0] - a[0], b[1] - a[1]]))


def _pizza(pizza: list[str], k: int) -> object:
    if k * (len(pizza) + len(pizza[0])) > 60:
        return NotImplemented
    turned = ["".join(row) for row in zip(*pizza, strict=True)]
    if not any("A" in row for row in pizza):
        return 0
    if k == 1:
        return 1
    ways = 0
    for side in (pizza, turned):
        for cut in range(1, len(side)):
            if any("A" in row for row in side[:cut]):
                ways += int(str(_pizza(side[cut:], k - 1)))
    return ways % (10**9 + 7)


def _sliding(board: Grid) -> int:
    """From the solved board outwards, as texts of six tiles."""
    reached = {"123450": 0}
    boards = list(reached)
    for text in boards:
        empty = text.index("0")
        for other in (empty - 3, empty + 3, *([empty - 1] * (empty % 3 > 0)), *([empty + 1] * (empty % 3 < 2))):
            if 0 <= other < 6:
                moved = text.translate({ord("0"): text[other], ord(text[other]): "0"})
                if moved not in reached:
                    reached[moved] = reached[text] + 1
                    boards.append(moved)
    return reached.get("".join(map(str, chain(*board))), -1)


def _queens(n: int) -> int:
    return sum(
        len({row + column for column, row in enumerate(rows)})
        == n
        == len({row - column for column, row in enumerate(rows)})
        for rows in permutations(range(n))
    )


def _candies(counts: list[int], queries: list[list[int]]) -> object:
    """On each day between one and `cap` candies: which numbers of candies may have been eaten before it."""
    if sum(counts) > 60:
        return NotImplemented
    order = [kind for kind, count in enumerate(counts) for _ in range(count)]
    answer = []
    for kind, day, cap in queries:
        before = {0}
        for _ in range(min(day, len(order) + 1)):
            before = {
                eaten + more for eaten in before for more in range(1, min(cap, 60) + 1) if eaten + more <= len(order)
            }
        answer.append(any(kind in order[eaten : eaten + cap] for eaten in before))
    return answer


def _replacements(nums: list[int], operations: list[list[int]]) -> list[int]:
    for old, new in operations:
        nums = [new if number == old else number for number in nums]
    return nums


def _elegance(items: list[list[int]], k: int) -> object:
    if len(items) > 12:
        return NotImplemented
    return max(
        sum(profit for profit, _ in chosen) + len({category for _, category in chosen}) ** 2
        for chosen in combinations(items, k)
    )


def _tasks(tasks: list[list[int]]) -> object:
    first, last = min(start for start, _, _ in tasks), max(end for _, end, _ in tasks)
    if last - first > 12:
        return NotImplemented
    return next(
        size
        for size in range(last - first + 2)
        for on in combinations(range(first, last + 1), size)
        if all(sum(start <= second <= end for second in on) >= duration for start, end, duration in tasks)
    )


ORACLES: dict[str, Callable[..., object]] = {
    "can-you-eat-your-favorite-candy-on-your-favorite-day": _candies,
    "check-if-every-row-and-column-contains-all-numbers": lambda matrix: all(
        number in line for line in [*matrix, *zip(*matrix, strict=True)] for number in range(1, len(matrix) + 1)
    ),
    "corporate-flight-bookings": lambda bookings, n: [
        sum(seats for first, last, seats in bookings if first <= flight <= last) for flight in range(1, n + 1)
    ],
    "delete-greatest-value-in-each-row": lambda grid: sum(
        max(sorted(row)[place] for row in grid) for place in range(len(grid[0]))
    ),
    "disconnect-path-in-a-binary-matrix-by-at-most-one-flip": _one_flip,
    "find-the-string-with-lcp": _prefixes,
    "grid-game": _grid_game,
    "magic-squares-in-grid": _magic_squares,
    "make-costs-of-paths-equal-in-a-binary-tree": _equal_costs,
    "maximum-elegance-of-a-k-length-subsequence": _elegance,
    "maximum-number-of-moves-in-a-grid": _moves,
    "minimum-cost-to-make-at-least-one-valid-path-in-a-grid": _signs,
    "minimum-obstacle-removal-to-reach-corner": lambda grid: _cheapest(grid, lambda _, cell: grid[cell[0]][cell[1]]),
    "minimum-time-to-complete-all-tasks": _tasks,
    "n-queens-ii": _queens,
    "number-of-ways-of-cutting-a-pizza": _pizza,
    "replace-elements-in-an-array": _replacements,
    "row-with-maximum-ones": lambda mat: max(
        ([i, sum(row)] for i, row in enumerate(mat)), key=lambda pair: (pair[1], -pair[0])
    ),
    "sliding-puzzle": _sliding,
}
