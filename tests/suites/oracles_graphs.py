"""Brute-force answers for the problems of by_hand/graphs.py, straight from their statements."""

from collections.abc import Callable, Iterable, Sequence
from fractions import Fraction
from itertools import combinations, pairwise, permutations

Edges = list[list[int]]


def _even_degrees(n: int, edges: Edges) -> object:
    if n > 9:
        return NotImplemented
    present = {frozenset(edge) for edge in edges}
    absent = [pair for pair in combinations(range(1, n + 1), 2) if frozenset(pair) not in present]
    ends = [node for edge in edges for node in edge]
    return any(
        all((ends + [node for pair in added for node in pair]).count(node) % 2 == 0 for node in range(1, n + 1))
        for size in range(3)
        for added in combinations(absent, size)
    )


def _closure(nodes: Iterable[int], edges: Iterable[Sequence[int]]) -> dict[int, set[int]]:
    """The nodes that each can get to in one step or more, by Warshall's algorithm."""
    reach: dict[int, set[int]] = {node: set() for node in nodes}
    for a, b in edges:
        reach[a].add(b)
    for middle in reach:
        for node in reach:
            if middle in reach[node]:
                reach[node] |= reach[middle]
    return reach


def _ancestors(n: int, edges: Edges) -> list[list[int]]:
    reach = _closure(range(n), edges)
    return [[a for a in range(n) if node in reach[a]] for node in range(n)]


def _courses(n: int, pairs: Edges) -> bool:
    reach = _closure(range(n), pairs)
    return not any(node in reach[node] for node in reach)


def _distances(
    nodes: Iterable[int], edges: Iterable[Sequence[int]], directed: bool = False
) -> dict[int, dict[int, int]]:
    """Steps between every two nodes that are connected, by Floyd and Warshall."""
    steps = {node: {node: 0} for node in nodes}
    for a, b in edges:
        steps[a][b] = 1
        if not directed:
            steps[b][a] = 1
    for middle in steps:
        for row in steps.values():
            for end, length in steps[middle].items():
                if middle in row and row[middle] + length < row.get(end, 10**9):
                    row[end] = row[middle] + length
    return steps


def _subtrees(n: int, edges: Edges) -> object:
    if n > 9:
        return NotImplemented
    steps = _distances(range(1, n + 1), edges)
    counts = [0] * n
    for size in range(2, n + 1):
        for cities in combinations(range(1, n + 1), size):
            if sum(a in cities and b in cities for a, b in edges) == size - 1:
                counts[max(steps[a][b] for a in cities for b in cities)] += 1
    return counts[1:]


def _parts(nodes: Iterable[int], edges: Iterable[Sequence[int]]) -> list[set[int]]:
    """The connected parts of an undirected graph."""
    parts = [{node} for node in nodes]
    for a, b in edges:
        joined = [part for part in parts if a in part or b in part]
        parts = [part for part in parts if part not in joined] + [set().union(*joined)]
    return parts


def _components(nums: list[int], edges: Edges) -> object:
    if len(nums) > 9:
        return NotImplemented
    return max(
        size
        for size in range(len(edges) + 1)
        for cut in combinations(edges, size)
        if len({sum(nums[i] for i in part) for part in _parts(range(len(nums)), [e for e in edges if e not in cut])})
        == 1
    )


def _closest_node(edges: list[int], node1: int, node2: int) -> int:
    steps = _distances(range(len(edges)), [edge for edge in enumerate(edges) if edge[1] >= 0], directed=True)
    both = [(max(steps[node1][node], steps[node2][node]), node) for node in steps[node1] if node in steps[node2]]
    return min(both)[1] if both else -1


def _longest_cycle(edges: list[int]) -> int:
    longest = -1
    for node in range(len(edges)):
        at = node
        for length in range(1, len(edges) + 1):
            at = edges[at] if at >= 0 else -1
            if at == node:
                longest = max(longest, length)
                break
    return longest


def _frog(n: int, edges: Edges, t: int, target: int) -> float:
    chances: dict[tuple[int, ...], Fraction] = {(1,): Fraction(1)}  # of every path of the frog
    for _ in range(t):
        longer: dict[tuple[int, ...], Fraction] = {}
        for path, chance in chances.items():
            ways = [b for edge in edges for a, b in (edge, edge[::-1]) if a == path[-1] and b not in path]
            longer |= {(*path, way): chance / len(ways) for way in ways} if ways else {path: chance}
        chances = longer
    return float(sum(chance for path, chance in chances.items() if path[-1] == target))


def _trips(n: int, edges: Edges, price: list[int], trips: Edges) -> object:
    if n > 10:
        return NotImplemented
    steps = _distances(range(n), edges)
    passed = [node for a, b in trips for node in range(n) if steps[a][node] + steps[node][b] == steps[a][b]]
    return min(
        sum(price[node] // (1 + (node in halved)) for node in passed)
        for size in range(n + 1)
        for halved in combinations(range(n), size)
        if not any(a in halved and b in halved for a, b in edges)
    )


def _fuel(roads: Edges, seats: int) -> int:
    """Cut each road: those on the far side of the capital need that many full cars."""
    nodes = range(len(roads) + 1)
    sides = [next(part for part in _parts(nodes, [r for r in roads if r != road]) if 0 not in part) for road in roads]
    return sum(-(-len(side) // seats) for side in sides)


def _reachable(n: int, edges: Edges, restricted: list[int]) -> int:
    allowed = [edge for edge in edges if not set(edge) & set(restricted)]
    return next(len(part) for part in _parts(range(n), allowed) if 0 in part)


def _adjacent_pairs(pairs: Edges) -> object:
    if len(pairs) > 6:
        return NotImplemented
    wanted = sorted(sorted(pair) for pair in pairs)
    return next(
        list(nums)
        for nums in permutations({number for pair in pairs for number in pair})
        if sorted(sorted(pair) for pair in pairwise(nums)) == wanted
    )


def _arrangement(pairs: Edges) -> object:
    """The first order of the pairs, trying them one after another, in which each begins where the last ended."""

    def extend(chain: Edges, left: Edges) -> Edges | None:
        for pair in left:
            if not chain or chain[-1][1] == pair[0]:
                found = extend([*chain, pair], [other for other in left if other != pair])
                if found:
                    return found
        return None if left else chain

    return extend([], pairs) if len(pairs) <= 8 else NotImplemented


def _matches(matches: Edges) -> list[list[int]]:
    losses = [loser for _, loser in matches]
    players = sorted({player for match in matches for player in match})
    return [[player for player in players if losses.count(player) == times] for times in (0, 1)]


ORACLES: dict[str, Callable[..., object]] = {
    "add-edges-to-make-degrees-of-all-nodes-even": _even_degrees,
    "all-ancestors-of-a-node-in-a-directed-acyclic-graph": _ancestors,
    "count-subtrees-with-max-distance-between-cities": _subtrees,
    "course-schedule": _courses,
    "create-components-with-same-value": _components,
    "find-closest-node-to-given-two-nodes": _closest_node,
    "find-players-with-zero-or-one-losses": _matches,
    "frog-position-after-t-seconds": _frog,
    "longest-cycle-in-a-graph": _longest_cycle,
    "minimize-the-total-price-of-the-trips": _trips,
    "minimum-fuel-cost-to-report-to-the-capital": _fuel,
    "node-with-highest-edge-score": lambda edges: max(
        range(len(edges)), key=lambda node: (sum(i for i, end in enumerate(edges) if end == node), -node)
    ),
    "reachable-nodes-with-restrictions": _reachable,
    "restore-the-array-from-adjacent-pairs": _adjacent_pairs,
    "valid-arrangement-of-pairs": _arrangement,
}
