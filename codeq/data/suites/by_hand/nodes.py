"""Inputs for problems on linked lists, which come as the lists of their values."""

from codeq.data.suites.draw import Draw
from codeq.data.suites.registry import Arguments, by_hand


@by_hand("convert-sorted-list-to-binary-search-tree")
def sorted_list(draw: Draw) -> Arguments:
    return [sorted(draw.integers(draw.length(0, 2 * 10**4, large=10**4), -(10**5), 10**5, distinct=True))]


@by_hand("linked-list-cycle")
def list_and_entry(draw: Draw) -> Arguments:
    """One argument: the values, and the index that the tail leads back to, or -1."""
    values = draw.integers(draw.length(0, 10**4), -(10**5), 10**5)
    if not values or draw.chance(0.45):
        return [[values, -1]]
    last = len(values) - 1
    return [[values, draw.pick((0, last, draw.rng.randint(0, last), draw.rng.randint(0, last)))]]


@by_hand("merge-k-sorted-lists")
def sorted_lists(draw: Draw) -> Arguments:
    """Lists with common values, some of them empty."""
    longest = draw.pick((1, 3, 10))
    lengths = [draw.rng.randint(0, longest) for _ in range(draw.length(0, 10**4, large=1000))]
    values = iter(draw.integers(sum(lengths), -(10**4), 10**4))
    return [[sorted(next(values) for _ in range(length)) for length in lengths]]


@by_hand("remove-linked-list-elements")
def list_and_value(draw: Draw) -> Arguments:
    """Runs of the value to remove, at the ends too; sometimes it does not occur."""
    value, *kept = draw.integers(draw.pick((2, 3, 6)), 1, 50, distinct=True)
    share = draw.pick((0, 0.3, 0.5, 0.7, 1))
    if draw.chance(0.1):
        value, share = 0, 0
    count = draw.length(0, 10**4, large=5000)  # right solutions may recurse over the list
    return [[value if draw.chance(share) else draw.pick(kept) for _ in range(count)], value]


@by_hand("reverse-nodes-in-k-group")
def list_and_group(draw: Draw) -> Arguments:
    """Groups that fill the list exactly, or by one node more or less."""
    count = draw.length(1, 5000)
    size = draw.pick((1, 2, 3, count, count - 1, count // 2, (count + 1) // 2, draw.rng.randint(1, count)))
    return [draw.integers(count, 0, 1000, distinct=count <= 1000 and draw.chance(0.8)), max(1, min(size, count))]


@by_hand("split-linked-list-in-parts")
def list_and_parts(draw: Draw) -> Arguments:
    """Parts that come out equal, that differ by one, and parts left empty."""
    parts = draw.pick((1, 2, 3, draw.rng.randint(1, 8), draw.rng.randint(1, 50), 50))
    if draw.chance(0.4):
        count = min(1000, max(0, parts * draw.rng.randint(0, 3) + draw.pick((-1, 0, 1))))
    else:
        count = draw.length(0, 1000)
    return [draw.integers(count, 0, 1000, distinct=count <= 100), parts]
