"""Input generators by hand: trees as edges, directed graphs, and other problems on pairs of nodes."""

from collections import defaultdict
from itertools import combinations, pairwise

from codeq.data.suites.draw import Draw, RejectedDraw
from codeq.data.suites.registry import Arguments, also, by_hand
from codeq.data.suites.shapes import tree_edges

DEEP = 5_000  # nodes of the largest path: some references recurse along it; larger graphs are built to be short


@by_hand("add-edges-to-make-degrees-of-all-nodes-even")
def even_degrees(draw: Draw) -> Arguments:
    """Few nodes of odd degree; two of them are joined to everything in some graphs, so that they cannot be mended."""
    n = draw.length(3, 10**5, large=6_000)
    most = n * (n - 1) // 2
    edges: set[tuple[int, ...]] = set()
    if draw.chance(0.3):
        edges = {(1, 2)} | {(hub, node) for node in range(3, n + 1) for hub in draw.some([1, 2], 1, 2)}
    else:
        count = max(2, int(most * draw.rng.random())) if n < 12 else draw.rng.randint(2, min(most, 2 * n))
        while len(edges) < count:
            edges.add(tuple(sorted(draw.rng.sample(range(1, n + 1), 2))))
    degrees: dict[int, int] = defaultdict(int)
    for node in [node for edge in edges for node in edge]:
        degrees[node] += 1
    odd = [1, 2, *draw.shuffled(range(3, n + 1))]
    odd = [node for node in odd if degrees[node] % 2]
    keep = draw.pick((0, 2, 2, 4, 4, 4, 6))
    while len(odd) > keep:  # an edge more or less between two odd nodes makes both even
        edges ^= {tuple(sorted((odd.pop(), odd.pop())))}
    for three in combinations(odd[:4], 3):
        if draw.chance(0.5):  # other neighbours, the same degrees modulo 2: these decide which pairs can be joined
            edges ^= {tuple(sorted(pair)) for pair in combinations(three, 2)}
    if len(edges) < 2:
        raise RejectedDraw
    names = [0, *draw.shuffled(range(1, n + 1))]
    return [n, draw.shuffled([draw.shuffled([names[a], names[b]]) for a, b in edges])]


def _acyclic_edges(draw: Draw, order: list[int], count: int) -> list[list[int]]:
    """`count` different edges (or fewer if they run out), each from a node to a later one in `order`."""
    n = len(order)
    # How far along the order an edge goes: chains, ladders (where paths are too many to follow all) or anything.
    near = draw.pick((2, 5) if draw.scale == "large" else (1, 2, n, n))
    edges: set[tuple[int, int]] = set()
    for _ in range(4 * count):
        if len(edges) < count and n > 1:
            start = draw.rng.randrange(n - 1)
            edges.add((order[start], order[draw.rng.randint(start + 1, min(n - 1, start + near))]))
    return draw.shuffled([list(edge) for edge in sorted(edges)])


@by_hand("all-ancestors-of-a-node-in-a-directed-acyclic-graph")
def ancestors(draw: Draw) -> Arguments:
    """In the largest graphs, small parts, so that the answers are short with as many nodes as there may be."""
    if draw.scale == "large":
        nodes = draw.shuffled(range(1000))
        return [1000, [edge for at in range(0, 400, 40) for edge in _acyclic_edges(draw, nodes[at : at + 40], 190)]]
    n = draw.length(1, 1000)
    most = min(2000, n * (n - 1) // 2)
    count = draw.rng.randint(0, most if draw.chance(0.3) else min(most, 2 * n))
    return [n, _acyclic_edges(draw, draw.shuffled(range(n)), count)]


@by_hand("course-schedule")
def courses(draw: Draw) -> Arguments:
    """Acyclic in half of the draws, else with a ring of two courses or more added."""
    n = draw.length(1, 2000)
    order = draw.shuffled(range(n))
    most = min(4000, n * (n - 1) // 2)
    pairs = _acyclic_edges(draw, order, most if draw.scale == "large" else draw.rng.randint(0, min(most, 3 * n)))
    if draw.scale != "large" and draw.chance(0.5) and n > 1:
        ring = sorted(draw.some(range(n), 2, draw.pick((2, 3, 6, 1000))))
        ring += ring[:1]
        pairs += [[order[a], order[b]] for a, b in pairwise(ring)]
    unique = {tuple(pair): pair for pair in pairs}
    return [n, draw.shuffled(list(unique.values()))]


@by_hand("count-subtrees-with-max-distance-between-cities")
def subtrees(draw: Draw) -> Arguments:
    n = draw.length(2, 12)  # of 15: trying every subset, which LeetCode accepts, takes seconds beyond
    if draw.chance(0.3):  # a spider: paths of (nearly) one length from one node
        legs = draw.rng.randint(2, 4)
        names = draw.shuffled(range(1, n + 1))
        return [n, draw.shuffled([draw.shuffled([names[i], names[max(0, i - legs)]]) for i in range(1, n)])]
    return [n, tree_edges(draw, n, first=1)]


@by_hand("create-components-with-same-value")
def components(draw: Draw) -> Arguments:
    """A tree of parts of one value each, often then with one node changed, or one unit moved to another node."""
    parts = {"tiny": 3, "small": 6, "medium": 12, "extreme": 6, "large": 600}[draw.scale]
    parts = parts if draw.scale == "large" else draw.rng.randint(1, parts)
    values = {"tiny": (1, 2, 3, 4, 6), "small": (1, 2, 3, 4, 6, 12, 30), "large": (50, 120)}
    value = draw.pick(values.get(draw.scale, (6, 12, 30, 50, 120)))
    nums: list[int] = []
    edges: list[list[int]] = []
    shape = draw.pick(("path", "star", "random", "random"))
    for _ in range(parts):
        first, rest = len(nums), value
        while rest:
            at = draw.rng.randrange(first, len(nums)) if rest < value else first - 1
            if rest == value and first:  # where the new part hangs on the tree
                at = {"path": first - 1, "star": 0}.get(shape, draw.rng.randrange(first))
            edges += [[at, len(nums)]] if nums else []
            nums.append(min(draw.rng.randint(1, rest), 50))
            rest -= nums[-1]
    change = 0.0 if draw.scale == "large" else draw.rng.random()  # in large trees no value to find soon
    giver, taker = draw.rng.randrange(len(nums)), draw.rng.randrange(len(nums))
    if change < 0.4 and nums[taker] < 50:
        nums[taker] += 1
        if change < 0.25 and nums[giver] > 1:
            nums[giver] -= 1
    names = draw.shuffled(range(len(nums)))
    named = dict(zip(names, nums, strict=True))
    return [
        [named[node] for node in range(len(nums))],
        draw.shuffled([draw.shuffled([names[a], names[b]]) for a, b in edges]),
    ]


def _successors(draw: Draw, n: int) -> list[int]:
    """The node after each of 0..n-1, never itself, or -1: by chance, or in runs whose last node may turn back."""
    large = draw.scale == "large"  # one run from node 0: from most nodes it is far to its end
    order = [0, *draw.shuffled(range(1, n))] if large else draw.shuffled(range(n))
    if not large and draw.chance(0.3):
        return [draw.pick([-1, *(other for other in order[:5] if other != node)]) for node in range(n)]
    after = [-1] * n
    start = 0
    while start < n:
        run = order[start : start + (n if large else draw.rng.randint(1, draw.pick((1, n - start, n - start))))]
        for node, following in pairwise(run):
            after[node] = following
        # The run ends, closes a ring, goes on in the run before it, or goes on anywhere.
        goal = draw.pick((-1, run[0], run[0], order[start - 1], draw.pick(order)))
        if goal != run[-1]:
            after[run[-1]] = goal
        start += len(run)
    return after


@by_hand("find-closest-node-to-given-two-nodes")
def closest_node(draw: Draw) -> Arguments:
    """Often two tails that lead into one ring, where the sum of the distances may be least elsewhere."""
    n = draw.length(2, 10**5, large=draw.pick((5_000, 28_000)))
    large = draw.scale == "large"
    if not large and (n < 4 or draw.chance(0.6)):
        return [_successors(draw, n), draw.rng.randrange(n), draw.rng.randrange(n)]
    order = draw.shuffled(range(n))
    ring = n // 8 if large else draw.rng.randint(2, n - 2)
    split = n - 9 if large else draw.rng.randint(ring + 1, n - 1)
    edges = [-1] * n
    for run, goal in (
        (order[:ring], order[0]),
        (order[ring:split], draw.pick(order[:ring])),
        (order[split:], draw.pick(order[:ring])),
    ):
        for node, following in pairwise([*run, goal]):
            edges[node] = following
    return [edges, *draw.shuffled((order[ring], order[split]))]


@by_hand("longest-cycle-in-a-graph")
def longest_cycle(draw: Draw) -> Arguments:
    return [_successors(draw, draw.length(2, 10**5, large=draw.pick((5_000, 28_000))))]


@by_hand("node-with-highest-edge-score")
def edge_scores(draw: Draw) -> Arguments:
    """Edges to a few nodes, often given out so that their scores come out (nearly) equal."""
    n = draw.length(2, 10**5, large=15_000)
    hubs = draw.some(range(n), 2, 4)
    scores = dict.fromkeys(hubs, 0)
    edges = [0] * n
    even = draw.chance(0.6)
    for node in reversed(range(n)):
        others = [hub for hub in hubs if hub != node]
        edges[node] = min(others, key=scores.__getitem__) if even else draw.pick(others)
        scores[edges[node]] += node
    return [edges]


@by_hand("frog-position-after-t-seconds")
def frog(draw: Draw) -> Arguments:
    """The time is close to the distance of the target."""
    n = draw.length(1, 100)
    edges = tree_edges(draw, n, first=1)
    near: dict[int, list[int]] = defaultdict(list)
    for a, b in edges:
        near[a].append(b)
        near[b].append(a)
    depth = {1: 0}
    queue = [1]
    for node in queue:
        queue += [other for other in near[node] if other not in depth]
        depth.update({other: depth[node] + 1 for other in near[node] if other not in depth})
    target = draw.pick(queue) if draw.chance(0.8) else queue[-1]
    if depth[target] > 51:
        target = draw.pick(queue[:51])
    t = depth[target] + draw.pick((-1, 0, 0, 0, 1, 1, 2, 20))
    return [n, edges, min(max(t, 1), 50), target]


@by_hand("minimize-the-total-price-of-the-trips")
def trips(draw: Draw) -> Arguments:
    n = draw.length(1, 50)
    price = [2 * half for half in draw.integers(n, 1, 500)]
    count = draw.length(1, 100)
    ends = draw.some(range(n), 1, draw.pick((3, n)))
    return [n, tree_edges(draw, n), price, [[draw.pick(ends), draw.pick(ends)] for _ in range(count)]]


@by_hand("minimum-fuel-cost-to-report-to-the-capital")
def fuel(draw: Draw) -> Arguments:
    n = draw.length(1, 10**5, large=DEEP)
    seats = draw.rng.randint(1, draw.pick((2, 4, n, n + 1)))
    return [tree_edges(draw, n), 10**5 if draw.scale == "extreme" and draw.chance(0.3) else seats]


@by_hand("reachable-nodes-with-restrictions")
def reachable(draw: Draw) -> Arguments:
    """In the largest tree, most nodes are restricted and hang on the others: too many to search a list of them."""
    n = draw.length(2, 10**5, large=draw.pick((2_000, 2_000, 26_000, 2_000)))
    if n > DEEP:
        names = [0, *draw.shuffled(range(1, n))]
        edges = [draw.shuffled([names[i], names[draw.rng.randrange(min(i, n // 5))]]) for i in range(1, n)]
        return [n, draw.shuffled(edges), names[n // 5 :]]
    restricted = draw.some(range(1, n), 1, max(1, draw.pick((2, n // 4, n // 2, n - 1))))
    return [n, tree_edges(draw, n), restricted]


@by_hand("restore-the-array-from-adjacent-pairs")
def adjacent_pairs(draw: Draw) -> Arguments:
    n = draw.length(2, 10**5, large=draw.pick((16_000, 5_000, 5_000)))
    most = n // 2 if n > DEEP else 10**5  # short numbers where they are many
    nums = draw.integers(n, -most, most, distinct=True)
    pairs = [draw.shuffled(pair) for pair in pairwise(nums)]
    return [draw.shuffled(pairs)]


also("restore-the-array-from-adjacent-pairs", [[[10**5, 3], [2, 10**5], [3, 4]]])  # the last number one may have


@by_hand("valid-arrangement-of-pairs")
def arrangement(draw: Draw) -> Arguments:
    """The steps of a walk that uses no step twice, closed or not; few nodes, so that it meets itself often."""
    count = draw.length(1, 10**5, large=4_500)
    size = draw.pick((2, 3, 4, 6, 10)) if count < 50 else draw.pick((100, 3_000))
    names = draw.integers(max(2, size), 0, 10**9, distinct=True)
    at = draw.rng.randrange(len(names))
    unused = {
        node: draw.shuffled([other for other in range(len(names)) if other != node][:200]) for node in range(len(names))
    }
    pairs: list[list[int]] = []
    while len(pairs) < count and unused[at]:
        following = unused[at].pop()
        pairs.append([names[at], names[following]])
        at = following
    return [draw.shuffled(pairs)]


@by_hand("find-players-with-zero-or-one-losses")
def matches(draw: Draw) -> Arguments:
    share = draw.pick((1, 1, 2, 3))
    count = draw.length(1, 10**5, large=draw.pick((2_000, 19_000)))
    share = 1 if count > DEEP else share
    players = draw.integers(max(2, count // share + 1), 1, 10**5, distinct=True)
    played = {tuple(draw.rng.sample(players, 2)) for _ in range(count)}
    return [draw.shuffled([list(match) for match in sorted(played)])]


also("find-players-with-zero-or-one-losses", [[[10**5, 1], [2, 10**5]]])  # the greatest number, among both
