"""Input generators by hand: grids, and boards."""

from itertools import chain

from codeq.data.suites.draw import Draw, RejectedDraw
from codeq.data.suites.registry import Arguments, also, by_hand

Grid = list[list[int]]


def _bits(draw: Draw, rows: int, columns: int, ones: float) -> Grid:
    """Zeros and ones, of these about the given part."""
    return [[int(draw.chance(ones)) for _ in range(columns)] for _ in range(rows)]


def _sides(draw: Draw, low: int, high: int, large: int) -> tuple[int, int]:
    """Rows and columns; now and then a single (or the least) row or column."""
    rows, columns = draw.length(low, high, large=large), draw.length(low, high, large=large)
    if draw.scale != "large" and draw.chance(0.15):
        return draw.pick(((low, columns), (rows, low)))
    return rows, columns


@by_hand("check-if-every-row-and-column-contains-all-numbers")
def valid_matrix(draw: Draw) -> Arguments:
    """A Latin square, often with one cell, row, or pair of cells changed."""
    n = draw.length(1, 12 if draw.scale == "medium" else 100, large=100)
    step = draw.pick([step for step in range(1, n + 1) if step == 1 or n % step])
    matrix = [[(row + column) % n + 1 for column in range(n)] for row in draw.shuffled(range(n))]
    names = [0, *draw.shuffled(range(1, n + 1))]
    matrix = [[names[number] for number in row] for row in matrix]
    change = draw.pick(("none", "none", "cell", "columns", "rows", "swap", "gap"))
    a, b = draw.rng.randrange(n), draw.rng.randrange(n)
    if change == "cell":
        matrix[a][b] = draw.rng.randint(1, n)
    elif change == "columns":  # every row is right
        matrix[a] = draw.shuffled(matrix[a])
    elif change == "rows":  # every column is right
        column = draw.shuffled([row[b] for row in matrix])
        for row, number in zip(matrix, column, strict=True):
            row[b] = number
    elif change == "swap":
        matrix[a][b], matrix[b][a] = matrix[b][a], matrix[a][b]
    elif change == "gap":  # the same few numbers in every row and column
        matrix = [[(number * step) % n + 1 for number in row] for row in matrix]
    return [matrix]


# Wrong, though all rows and columns have the right sum, exclusive or, or first and last number.
also(
    "check-if-every-row-and-column-contains-all-numbers",
    [[[2, 2, 2], [2, 2, 2], [2, 2, 2]]],
    [[[1, 1, 4, 4], [1, 4, 4, 1], [4, 4, 1, 1], [4, 1, 1, 4]]],
    [[[1, 2, 3, 4], [4, 3, 2, 1], [1, 2, 3, 4], [4, 3, 2, 1]]],
    [[[1, 4, 1, 4], [2, 3, 2, 3], [3, 2, 3, 2], [4, 1, 4, 1]]],
    [[[1, 2, 2, 3, 3], [2, 2, 3, 3, 1], [2, 3, 3, 1, 2], [3, 3, 1, 2, 2], [3, 1, 2, 2, 3]]],
)


@by_hand("disconnect-path-in-a-binary-matrix-by-at-most-one-flip")
def one_flip(draw: Draw) -> Arguments:
    """A few ways through, right and down, which may meet in a cell; then one cell more or less."""
    rows, columns = _sides(draw, 1, 12 if draw.scale == "medium" else 1000, 140)
    large = draw.scale == "large"
    grid = _bits(draw, rows, columns, 0.95 if large else draw.pick((0.0, 0.3, 0.7, 0.95)))
    meet = (draw.rng.randrange(rows), draw.rng.randrange(columns))
    meeting = draw.chance(0.3)
    for _ in range(draw.pick((0, 1, 2, 2, 2, 3))):
        row = column = 0
        grid[0][0] = 1
        for goal in (meet, (rows - 1, columns - 1)) if meeting else ((rows - 1, columns - 1),):
            while (row, column) != goal:
                down = row < goal[0] and (column == goal[1] or draw.chance(0.5))
                row, column = row + down, column + (not down)
                grid[row][column] = 1
    if draw.chance(0.3):
        grid[draw.rng.randrange(rows)][draw.rng.randrange(columns)] ^= 1
    if min(rows, columns) > 1 and draw.chance(0.5 if large else 0.1):  # a dead end that shows only late
        grid[-1][-2] = grid[-2][-1] = 0
    grid[0][0] = grid[-1][-1] = 1
    return [grid]


@by_hand("find-the-string-with-lcp")
def prefixes(draw: Draw) -> Arguments:
    """The matrix of a text, often with one cell (or a cell and its mirror image) changed; some use 26 letters or 27."""
    n = draw.length(1, 1000, large=170)
    period = draw.rng.randint(1, n)
    word = [*draw.integers(period, 0, max(1, draw.pick((1, 2, period))))] * n
    if draw.scale == "medium" and draw.chance(0.2):
        n = draw.rng.randint(25, 30)
        word = [min(i, draw.rng.randint(24, 26)) for i in draw.shuffled(range(n))]
    lcp = [[0] * (n + 1) for _ in range(n + 1)]
    for i in reversed(range(n)):
        for j in reversed(range(n)):
            lcp[i][j] = lcp[i + 1][j + 1] + 1 if word[i] == word[j] else 0
    lcp = [row[:n] for row in lcp[:n]]
    change = draw.pick(("none", "none", "one", "both", "row", "bits"))
    i, j = (draw.pick((0, n - 1, draw.rng.randrange(n))) for _ in range(2))
    value = max(0, min(n, draw.pick((0, 1, n, lcp[i][j] + 1, lcp[i][j] - 1))))
    if change in ("one", "both"):
        lcp[i][j] = value
    if change == "both":
        lcp[j][i] = value
    if change == "row":  # the last row and column
        lcp[-1] = [draw.pick((0, 1)) for _ in range(n)]
        for row, number in zip(lcp, lcp[-1], strict=True):
            row[-1] = number
    if change == "bits" and n < 6:
        lcp = [[number if draw.chance(0.7) else draw.rng.randint(0, n) for number in row] for row in lcp]
    return [lcp]


# As many different letters as there are, and one more.
for letters in (26, 27):
    also("find-the-string-with-lcp", [[[(letters - i) * (i == j) for j in range(letters)] for i in range(letters)]])


@by_hand("grid-game")
def grid_game(draw: Draw) -> Arguments:
    """The largest game has an answer over 10^9 and, for want of room, no more large numbers than that takes."""
    n = draw.length(1, 5 * 10**4, large=draw.pick((3_000, 22_000)))
    if n > 20_000:
        few, many = ([draw.integers(n // 2, low, high) for _ in range(2)] for low, high in ((1, 9), (99_990, 10**5)))
        return [[few[0] + many[0], many[1] + few[1]]]
    return [[draw.integers(n, 1, 10**5), draw.integers(n, 1, 10**5)]]


def _mixed_rows(grid: Grid) -> bool:
    """Whether some 3 x 3 part is made of the rows of a magic square with another one in the middle."""
    parts = [
        [line[column : column + 3] for line in grid[row : row + 3]]
        for row in range(len(grid) - 2)
        for column in range(len(grid[0]) - 2)
    ]
    return any(
        sorted(chain(*part)) == list(range(1, 10)) and all(sum(line) == 15 for line in part) and 5 not in part[1]
        for part in parts
    )


@by_hand("magic-squares-in-grid")
def magic_squares(draw: Draw) -> Arguments:
    """Magic squares and near misses laid over one another in a grid."""
    rows, columns = _sides(draw, draw.pick((1, 3, 3, 3, 3)), 10, 10)
    flat = draw.integers(rows * columns, 0, 15)
    grid = [flat[start : start + columns] for start in range(0, rows * columns, columns)]
    for _ in range(draw.rng.randint(1, 5) if min(rows, columns) >= 3 else 0):
        square = [[2, 7, 6], [9, 5, 1], [4, 3, 8]]
        if draw.chance(0.5):
            square = [list(line) for line in zip(*square, strict=True)]
        square = square[:: draw.pick((1, -1))]
        if draw.chance(0.5):
            square = [line[::-1] for line in square]
        change = draw.pick((*["none"] * 6, "cell", "swap", "columns", "more", "alike"))
        if change == "cell":
            square[draw.rng.randrange(3)][draw.rng.randrange(3)] = draw.rng.randint(0, 15)
        elif change == "swap":
            a, b, c, d = (draw.rng.randrange(3) for _ in range(4))
            square[a][b], square[c][d] = square[c][d], square[a][b]
        elif change == "columns":  # only the diagonals are wrong
            square = [[line[0], line[2], line[1]] for line in square]
        elif change == "more":  # all sums are equal, not the numbers 1 to 9
            more = draw.rng.choice((-1, 1, 2, 6))
            square = [[number + more for number in line] for line in square]
        elif change == "alike":  # all sums are 15, the numbers not distinct
            square = draw.pick(([[5] * 3] * 3, [[4, 6, 5], [6, 5, 4], [5, 4, 6]]))
        top, left = draw.rng.randint(0, rows - 3), draw.rng.randint(0, columns - 3)
        for line, numbers in zip(grid[top:], square, strict=False):
            line[left : left + 3] = numbers
    if _mixed_rows(grid):  # the reference takes the rows in any order, which is wrong
        raise RejectedDraw
    return [grid]


# Wrong in one respect only: the numbers 0 to 10, the columns, the rows, either diagonal.
also(
    "magic-squares-in-grid",
    [[[1, 10, 4], [8, 5, 2], [6, 0, 9]]],
    [[[1, 3, 2], [9, 8, 7], [5, 4, 6]]],
    [[[1, 6, 8], [7, 5, 3], [2, 4, 9]]],
    [[[1, 9, 5], [8, 4, 3], [6, 2, 7]]],
    [[[2, 6, 7], [4, 8, 3], [9, 1, 5]]],
)


@by_hand("make-costs-of-paths-equal-in-a-binary-tree")
def equal_costs(draw: Draw) -> Arguments:
    """Costs by level with a few changes, or any costs."""
    levels = {"tiny": 2, "small": 3, "medium": 5, "extreme": 3, "large": 14}[draw.scale] + draw.pick((0, 0, 1))
    n = 2 ** min(levels, 14) - 1
    cost = draw.integers(n, 1, 10**4)
    if draw.chance(0.3):
        cost = [cost[(node + 1).bit_length() - 1] for node in range(n)]
        cost[draw.rng.randrange(n)] = draw.integer(1, 10**4)
    return [n, cost]


@by_hand("maximum-number-of-moves-in-a-grid")
def moves(draw: Draw) -> Arguments:
    """Numbers that grow by about `slope` a column, up to a wall in some grids."""
    rows, columns = _sides(draw, 2, 14 if draw.scale == "medium" else 1000, 100)
    slope, noise = draw.pick((0, 1, 2, 5)), draw.pick((1, 2, 5, 9))
    if draw.scale == "large":
        slope, noise = 5, 2  # every move is possible, so that paths are too many to follow all
    base = 10**6 - slope * columns - noise if draw.scale == "extreme" and draw.chance(0.5) else 1
    grid = [[base + slope * c + draw.rng.randrange(noise + 1) for c in range(columns)] for _ in range(rows)]
    if draw.scale != "large" and draw.chance(0.4):
        wall = draw.rng.randrange(columns)
        for row in grid:
            row[wall] = draw.pick((1, row[wall]))
    return [grid]


@by_hand("minimum-cost-to-make-at-least-one-valid-path-in-a-grid")
def signs(draw: Draw) -> Arguments:
    """Signs by chance, or rows (or columns) that lead there and back in turn, with some signs changed."""
    rows, columns = _sides(draw, 1, 12 if draw.scale == "medium" else 100, 100)
    changed = draw.pick((1.0, 1.0, 0.1, 0.3))
    grid = [[1 + row % 2] * columns for row in range(rows)]
    for row in range(rows - 1):
        grid[row][0 if row % 2 else -1] = draw.pick((3, 3, 3, 1))
    if draw.chance(0.5):
        grid = [[(3, 4, 1, 2)[sign - 1] for sign in line] for line in zip(*grid, strict=True)]
    kinds = draw.some([1, 2, 3, 4], 2, 4)
    return [[[draw.pick(kinds) if draw.chance(changed) else sign for sign in row] for row in grid]]


@by_hand("minimum-obstacle-removal-to-reach-corner")
def obstacles(draw: Draw) -> Arguments:
    """Obstacles by chance, or walls across with a hole each, so that the way goes back and forth."""
    rows, columns = _sides(draw, 1, 14 if draw.scale == "medium" else 10**5, 110)
    if rows * columns < 2:
        raise RejectedDraw
    grid = _bits(draw, rows, columns, draw.pick((0.2, 0.5, 0.5, 0.8, 1.0)))
    if draw.chance(0.4):
        few = draw.pick((0.0, 0.1, 0.3))
        holes = [draw.pick((0, columns - 1, draw.rng.randrange(columns))) for _ in range(rows)]
        grid = [
            [int(column != holes[row]) if row % 2 else int(draw.chance(few)) for column in range(columns)]
            for row in range(rows)
        ]
        if draw.chance(0.5):
            grid = [list(line) for line in zip(*grid, strict=True)]
    grid[0][0] = grid[-1][-1] = 0
    return [grid]


@by_hand("number-of-ways-of-cutting-a-pizza")
def pizza(draw: Draw) -> Arguments:
    """Apples enough for the pieces in most pizzas; in the largest, more ways than 10^9 + 7."""
    rows, columns = _sides(draw, draw.pick((1, 2, 3)), 10, 22)
    apples = draw.pick((0.1, 0.3, 0.6, 0.9))
    k = draw.rng.randint(1, min(10, max(2, (rows + columns) // 2)))
    if draw.scale == "large" or (draw.scale == "extreme" and draw.chance(0.2)):
        rows, columns, apples, k = draw.rng.randint(17, 18), max(18, columns), 0.95, draw.rng.randint(9, 10)
    elif draw.scale == "extreme" and draw.chance(0.3):
        rows, columns = draw.shuffled([50, draw.rng.randint(1, 2)])
    return [["".join("A" if draw.chance(apples) else "." for _ in range(columns)) for _ in range(rows)], k]


@by_hand("row-with-maximum-ones")
def most_ones(draw: Draw) -> Arguments:
    rows, columns = _sides(draw, 1, 100, 100)
    return [_bits(draw, rows, columns, draw.pick((0.02, 0.2, 0.5, 0.9)))]


@by_hand("sliding-puzzle")
def sliding(draw: Draw) -> Arguments:
    """The solved board after some moves; now and then with two tiles exchanged, which makes it impossible."""
    board = [1, 2, 3, 4, 5, 0]
    for _ in range({"tiny": 4, "small": 10, "medium": 25}.get(draw.scale, 100)):
        empty = board.index(0)
        other = draw.pick([at for at in range(6) if abs(at // 3 - empty // 3) + abs(at % 3 - empty % 3) == 1])
        if draw.chance(0.9):
            board[empty], board[other] = board[other], board[empty]
    if draw.chance(0.2):
        a, b = draw.rng.sample([at for at in range(6) if board[at]], 2)
        board[a], board[b] = board[b], board[a]
    return [[board[:3], board[3:]]]


also("sliding-puzzle", [[[4, 5, 0], [1, 2, 3]]])  # 21 moves, the most that any board takes
