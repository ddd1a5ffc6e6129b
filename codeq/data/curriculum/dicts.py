"""Counting, grouping and transforming dicts."""

from codeq.data.curriculum.inputs import booleans, choices, dicts, integers, lists, tuples, words
from codeq.data.curriculum.problem import problem

STOCK = dicts(choices("nut", "bolt", "gear", "pipe", "cog"), integers(0, 9), 0, 5)


@problem("easy", examples=[["abca"], [""], ["zz"]], inputs=[words(0, 9, "abcd")])
def count_letters(text):
    """Return a dict from each character of a text to how often it occurs."""
    counts = {}
    for letter in text:
        counts[letter] = counts.get(letter, 0) + 1
    return counts


@problem("easy", examples=[[{"a": 1, "b": 2}], [{}], [{"x": "y"}]], inputs=[dicts(words(1, 2), integers(0, 99), 0, 4)])
def invert_mapping(mapping):
    """Swap the keys and values of a dict whose values all differ (of equal values the last key counts)."""
    return {value: key for key, value in mapping.items()}


@problem(
    "medium",
    examples=[[["apple", "avocado", "bean"]], [[]], [["b", "a", "b"]]],
    inputs=[lists(words(1, 3, "abc"), 0, 5)],
)
def group_by_first_letter(words):
    """Return a dict from first letters to the lists of the non-empty words that begin with them."""
    groups = {}
    for word in words:
        if word[0] not in groups:
            groups[word[0]] = []
        groups[word[0]].append(word)
    return groups


@problem("easy", examples=[[{"nut": 3}, {"nut": 2, "cog": 1}], [{}, {}], [{"gear": 4}, {}]], inputs=[STOCK, STOCK])
def add_inventories(first, second):
    """Return a dict with the counts of two dicts added up; a missing key counts 0."""
    total = dict(first)
    for name, amount in second.items():
        total[name] = total.get(name, 0) + amount
    return total


@problem("easy", examples=[[{"nut": 3, "cog": 9}], [{}], [{"b": 2, "a": 2}]], inputs=[STOCK])
def key_of_largest(scores):
    """Return the key with the largest value, the alphabetically first of several, or None for an empty dict."""
    best = None
    for key in sorted(scores):
        if best is None or scores[key] > scores[best]:
            best = key
    return best


@problem("easy", examples=[[{"nut": 3, "cog": 0}, 1], [{}, 5], [{"pipe": 2}, 2]], inputs=[STOCK, integers(0, 9)])
def keep_at_least(stock, minimum):
    """Return the entries of a dict whose value is at least the minimum."""
    return {name: amount for name, amount in stock.items() if amount >= minimum}


@problem(
    "medium",
    examples=[[{"nut": 2, "cog": 3}, {"nut": 10}], [{}, {"cog": 1}], [{"pipe": 0, "bolt": 4}, {"pipe": 5, "bolt": 2}]],
    inputs=[STOCK, dicts(choices("nut", "bolt", "gear", "pipe"), integers(1, 20), 1, 4)],
)
def order_total(order, prices):
    """Add up amount times price over an order; what has no price is free."""
    total = 0
    for item, amount in order.items():
        if item in prices:
            total += amount * prices[item]
    return total


@problem(
    "hard",
    examples=[[["ann", "bob", "ann"]], [[]], [["b", "a"]]],
    inputs=[lists(choices("ann", "bob", "cid", "dee"), 1, 7)],
)
def election_winner(votes):
    """Return the name with the most votes, or None if nobody voted or the first place is shared."""
    counts = {name: votes.count(name) for name in votes}
    winners = [name for name in counts if counts[name] == max(counts.values())]
    return winners[0] if len(winners) == 1 else None


@problem(
    "easy",
    examples=[[["a", "b"], [1, 2]], [[], []], [["x", "y"], [7]]],
    inputs=[lists(choices("a", "b", "c", "d"), 0, 4), lists(integers(0, 9), 0, 4)],
)
def pair_up(keys, values):
    """Make a dict of keys and the values at equal positions; a key beyond the last value gets None."""
    result = {}
    for position, key in enumerate(keys):
        result[key] = values[position] if position < len(values) else None
    return result


@problem(
    "hard",
    examples=[[{"a": 1}, {"a": 2, "b": 3}], [{"x": 5}, {}], [{"x": 5, "y": 1}, {"x": 5, "z": 0}]],
    inputs=[dicts(choices("a", "b", "c"), integers(0, 2), 0, 3), dicts(choices("a", "b", "c"), integers(0, 2), 0, 3)],
)
def changed_keys(old, new):
    """Return the sorted list of keys that were added, removed or given another value."""
    changed = []
    for key in sorted(set(old) | set(new)):
        if key not in old or key not in new or old[key] != new[key]:
            changed.append(key)
    return changed


@problem(
    "medium",
    examples=[[{"a": {"b": 1}}, ["a", "b"]], [{"a": 3}, ["x"]], [{"k": 0}, []]],
    inputs=lambda rng: [
        {"a": {"b": rng.randint(0, 9), "c": rng.randint(0, 9)}, "d": rng.randint(0, 9)},
        rng.choice([["a", "b"], ["a", "c"], ["d"], ["x"], ["a", "z"]]),
    ],
)
def look_up_path(tree, path):
    """Follow a list of keys into nested dicts and return what is there, or None if a key is missing."""
    for key in path:
        try:
            tree = tree[key]
        except KeyError:
            return None
    return tree


@problem(
    "easy",
    examples=[[{"Ann": 40, "Bo": 70}, 50], [{}, 1], [{"Cy": 5, "Al": 5}, 5]],
    inputs=[dicts(choices("Ann", "Bo", "Cy", "Di"), integers(0, 100), 1, 4), integers(0, 100)],
)
def names_above(scores, limit):
    """Return the sorted names whose score is above the limit."""
    return sorted(name for name, score in scores.items() if score > limit)


@problem(
    "medium",
    examples=[[[("ann", 3), ("bob", 1), ("ann", 4)]], [[]], [[("x", 0)]]],
    inputs=[lists(tuples(choices("ann", "bob", "cid"), integers(0, 9)), 0, 6)],
)
def best_score_per_player(results):
    """Return a dict from each player of a list of (player, score) tuples to the player's best score."""
    best = {}
    for player, score in results:
        best[player] = max(score, best.get(player, score))
    return best


@problem("easy", examples=[[{"a": 3, "b": 1}], [{}], [{"y": 2, "x": 2}]], inputs=[STOCK])
def keys_by_value(mapping):
    """Return the keys ordered by their values from small to large, and alphabetically where values are equal."""
    return sorted(mapping, key=lambda key: (mapping[key], key))


@problem("medium", examples=[[[1, 2, 1, 3]], [[]], [[4, 4, 4]]], inputs=[lists(integers(0, 4), 1, 7)])
def histogram_of_counts(items):
    """Return a dict from each number of occurrences to how many different items occur that often."""
    histogram = {}
    for item in set(items):
        times = items.count(item)
        histogram[times] = histogram.get(times, 0) + 1
    return histogram


@problem(
    "hard",
    examples=[[{"a": "b", "b": "c"}, "a"], [{}, "x"], [{"p": "q", "q": "p"}, "p"]],
    inputs=[dicts(choices("a", "b", "c", "d"), choices("a", "b", "c", "e"), 1, 4), choices("a", "b", "c", "d")],
)
def follow_links(links, start):
    """Follow links from a name until there is none or a name would come twice; return the names visited."""
    visited = [start]
    while links.get(visited[-1]) is not None:
        target = links[visited[-1]]
        if target in visited:
            break
        visited.append(target)
    return visited


@problem(
    "medium",
    examples=[[{"a": ["x", "y"], "b": ["y"]}], [{}], [{"k": []}]],
    inputs=[dicts(choices("ann", "bob", "cid"), lists(choices("art", "ski", "go"), 0, 2), 0, 3)],
)
def invert_groups(groups):
    """From a dict of lists make the dict that maps each member to the sorted list of the keys it stood under."""
    result = {}
    for name in sorted(groups):
        for member in groups[name]:
            if name not in result.setdefault(member, []):
                result[member].append(name)
    return result


@problem(
    "easy",
    examples=[[{"nut": 2}, "nut", 1], [{"nut": 2}, "nut", 2], [{}, "cog", 1]],
    inputs=[dicts(choices("nut", "cog"), integers(1, 5), 0, 2), choices("nut", "cog"), integers(1, 5)],
)
def take_from_stock(stock, item, amount):
    """Return the stock after taking an amount of an item; an item that runs out, or would go below zero, is removed."""
    left = stock.get(item, 0) - amount
    if left > 0:
        stock[item] = left
    else:
        stock.pop(item, None)
    return stock


@problem(
    "hard",
    examples=[
        [{"a": ["b"], "b": []}, "a"],
        [{"x": []}, "x"],
        [{"a": ["b", "c"], "b": ["a"], "c": ["d"], "d": []}, "b"],
    ],
    inputs=[
        lambda rng: {node: [other for other in "abcd" if rng.random() < 0.3] for node in "abcd"},
        choices("a", "b", "c", "d"),
    ],
)
def reachable_from(graph, start):
    """Return the set of nodes that can be reached from start along the edges, start included."""
    reached = {start}
    waiting = [start]
    while waiting:
        fresh = set(graph[waiting.pop()]) - reached
        reached |= fresh
        waiting.extend(fresh)
    return reached


@problem(
    "easy",
    examples=[[[True, False, True], "y"], [[], "n"], [[False], "k"]],
    inputs=[lists(booleans(), 0, 6), choices("y", "n", "k")],
)
def tally_answers(answers, prefix):
    """Return a dict with the keys prefix + "_yes" and prefix + "_no" that count true and false answers."""
    yes = sum(answers)
    return {f"{prefix}_yes": yes, f"{prefix}_no": len(answers) - yes}
