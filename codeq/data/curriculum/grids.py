"""Matrices and grids as lists of rows."""

from codeq.data.curriculum.inputs import choices, grids, integers, sets, squares, tuples
from codeq.data.curriculum.problem import problem

GRID = grids(integers(-5, 9), (1, 3), (1, 3))


@problem("easy", examples=[[[[1, 2], [3, 4]]], [[[5]]], [[[1, 2, 3], [4, 5, 6]]]], inputs=[GRID])
def transpose(matrix):
    """Swap the rows and columns of a matrix."""
    return [list(column) for column in zip(*matrix)]


@problem("easy", examples=[[[[1, 2], [3, 4]]], [[[7]]], [[[0, 0], [-2, 5]]]], inputs=[GRID])
def row_totals(matrix):
    """Return the sum of every row of a matrix."""
    return [sum(row) for row in matrix]


@problem(
    "medium",
    examples=[[[[1, 2], [3, 9]]], [[[7]]], [[[1, 2, 3], [4, 5, 6], [7, 8, 1]]]],
    inputs=[squares(integers(0, 9), 1, 4)],
)
def diagonal_difference(matrix):
    """Return the sum of the main diagonal of a square matrix less the sum of the other diagonal."""
    size = len(matrix)
    main = sum(matrix[i][i] for i in range(size))
    other = sum(matrix[i][size - 1 - i] for i in range(size))
    return main - other


@problem("medium", examples=[[[[1, 2], [3, 4]]], [[[9]]], [[[1, 2, 3], [4, 5, 6]]]], inputs=[GRID])
def rotate_clockwise(grid):
    """Return a grid turned clockwise by a quarter."""
    turned = []
    for column in range(len(grid[0])):
        turned.append([row[column] for row in reversed(grid)])
    return turned


@problem(
    "hard",
    examples=[[[[1, 2], [3, 4]], [[0, 1], [1, 0]]], [[[2]], [[5]]], [[[1, 2], [0, 3]], [[4, 0], [1, 2]]]],
    inputs=lambda rng: [[[rng.randint(-4, 5) for _ in range(2)] for _ in range(2)] for _ in range(2)],
)
def multiply_matrices(left, right):
    """Return the product of two matrices of fitting sizes."""
    columns = list(zip(*right))
    product = []
    for row in left:
        product.append([sum(a * b for a, b in zip(row, column)) for column in columns])
    return product


@problem("easy", examples=[[0], [1], [3]], inputs=[integers(0, 17)])
def identity_matrix(size):
    """Return the square matrix of the given size with ones on the diagonal and zeros elsewhere."""
    return [[1 if row == column else 0 for column in range(size)] for row in range(size)]


@problem(
    "medium",
    examples=[[[[1, 2, 3], [4, 5, 6]]], [[[1], [2]]], [[[7, 8], [9, 10], [11, 12]]]],
    inputs=[grids(integers(0, 9), (1, 4), (1, 3))],
)
def snake_order(grid):
    """Read a grid row by row, the first row from left to right, the second from right to left, and so on."""
    path = []
    for index, row in enumerate(grid):
        path += row if index % 2 == 0 else row[::-1]
    return path


@problem(
    "hard",
    examples=[[[[1, 2, 3], [4, 5, 6], [7, 8, 9]]], [[[1, 2]]], [[[1], [2]]]],
    inputs=[grids(integers(0, 9), (1, 4), (1, 4))],
)
def spiral_order(grid):
    """Read a grid along its edge clockwise from the top left corner, and then spiral inwards."""
    path = []
    while grid:
        path.extend(grid[0])
        grid = [list(column) for column in zip(*grid[1:])][::-1]
    return path


@problem(
    "medium",
    examples=[[[[1, 1], [0, 1]], 0, 0], [[[0]], 0, 0], [[[1, 1, 1], [1, 1, 1], [1, 1, 1]], 1, 1]],
    inputs=lambda rng: [
        (grid := grids(integers(0, 1), (1, 4), (1, 4))(rng)),
        rng.randrange(len(grid)),
        rng.randrange(len(grid[0])),
    ],
)
def live_neighbours(grid, row, column):
    """Return how many of the up to eight cells around a cell of a 0/1 grid are 1."""
    total = -grid[row][column]
    for line in grid[max(0, row - 1) : row + 2]:
        total += sum(line[max(0, column - 1) : column + 2])
    return total


@problem(
    "hard",
    examples=[[{(0, 0), (0, 1), (1, 2)}], [set()], [{(2, 2)}], [{(0, 0), (1, 0), (0, 1), (1, 1)}]],
    inputs=[sets(tuples(integers(0, 3), integers(0, 3)), 0, 8)],
)
def land_perimeter(cells):
    """Return the length of the border between the (row, column) cells of a set and all others of an endless grid."""
    border = 0
    for y, x in cells:
        for other in ((y + 1, x), (y - 1, x), (y, x + 1), (y, x - 1)):
            if other not in cells:
                border += 1
    return border


@problem(
    "easy",
    examples=[[[[1, 5], [9, 2]], 9], [[[4]], 3], [[[0, 0], [7, 7]], 7]],
    inputs=[grids(integers(0, 5), (1, 3), (1, 3)), integers(0, 5)],
)
def locate_in_grid(grid, target):
    """Return the (row, column) at which a value first occurs in a grid, read row by row, or None."""
    for y, row in enumerate(grid):
        for x, value in enumerate(row):
            if value == target:
                return y, x
    return None


@problem("hard", examples=[[5], [0], [1], [3]], inputs=[integers(0, 17)])
def pascal_triangle(rows):
    """Return the first rows of Pascal's triangle, each as a list."""
    triangle = []
    for n in range(rows):
        row = [1] * (n + 1)
        for k in range(1, n):
            row[k] = triangle[-1][k - 1] + triangle[-1][k]
        triangle.append(row)
    return triangle


@problem("easy", examples=[[[[1, 2], [2, 1]]], [[[1, 2], [3, 1]]], [[[4]]]], inputs=[squares(integers(0, 1), 1, 3)])
def is_symmetric(matrix):
    """Tell whether a square matrix equals its own transpose."""
    size = range(len(matrix))
    return all(matrix[i][j] == matrix[j][i] for i in size for j in size)


@problem(
    "hard",
    examples=[[["XXX", "O.O", "..."]], [["XO.", "OX.", "..X"]], [["XOX", "OXO", "OXO"]], [["O..", "OX.", "O.X"]]],
    inputs=lambda rng: [["".join(rng.choice("XXO.") for _ in range(3)) for _ in range(3)]],
)
def x_has_won(board):
    """Tell whether X has a full row, column or diagonal on a three by three board given as three texts."""
    lines = list(board) + ["".join(column) for column in zip(*board)]
    lines.append("".join(board[i][i] for i in range(3)))
    lines.append("".join(board[i][2 - i] for i in range(3)))
    return "XXX" in lines


@problem(
    "easy",
    examples=[[3, 2, "*"], [0, 4, "#"], [2, 1, "ab"]],
    inputs=[integers(0, 4), integers(0, 4), choices("#", "*", "ab")],
)
def draw_rectangle(width, height, symbol):
    """Return height lines, each of width symbols, joined by line breaks."""
    return "\n".join(symbol * width for _ in range(height))


@problem(
    "hard",
    examples=[[[[1, 3, 1], [1, 5, 1], [4, 2, 1]]], [[[5]]], [[[1, 2], [9, 1]]]],
    inputs=[grids(integers(0, 9), (1, 3), (1, 3))],
)
def cheapest_path(grid):
    """Return the smallest sum of a way through a grid from top left to bottom right that only goes right or down."""
    costs = [0] + [float("inf")] * (len(grid[0]) - 1)
    for row in grid:
        for x, cost in enumerate(row):
            costs[x] = cost + (min(costs[x - 1], costs[x]) if x else costs[0])
    return costs[-1]


@problem(
    "medium",
    examples=[[[[1, 2], [3, 4]], 1], [[[5, 6]], 0], [[[1, 2, 3], [4, 5, 6]], 2]],
    inputs=lambda rng: [(grid := GRID(rng)), rng.randrange(len(grid[0]))],
)
def drop_column(table, index):
    """Return a table without the column at an index."""
    return [row[:index] + row[index + 1 :] for row in table]


@problem(
    "medium", examples=[[[[0, 2, 0], [1, 0, 4]]], [[[0]]], [[[3]]]], inputs=[grids(choices(0, 0, 5, 7), (1, 3), (1, 3))]
)
def sparse_entries(matrix):
    """Return a dict from (row, column) to value of all entries of a matrix that are not zero."""
    entries = {}
    for y, row in enumerate(matrix):
        for x, value in enumerate(row):
            if value:
                entries[y, x] = value
    return entries
