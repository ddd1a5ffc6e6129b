"""Near-duplicates: which bugs are about the same problem.

MinHash LSH (Broder 1997; Leskovec et al., Mining of Massive Datasets, ch. 3) proposes pairs of
texts, and each pair is verified by its true Jaccard similarity: joining unverified candidates
merges unlike texts, for one false pair joins two whole clusters.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import numpy as np
import polars as pl
from datasketch import MinHash, MinHashLSH
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from codeq import tables
from codeq.config import DataSettings
from codeq.identity import content_id

_SEED = 1  # of the permutations
_RECALL = 0.999  # of pairs at the threshold


def text_of(problem: Mapping[str, Any], tests: Iterable[Mapping[str, Any]]) -> str:
    """The text that is compared: a problem's statement, then its public tests in order of their ids."""
    public = sorted((test for test in tests if test["visibility"] == "public"), key=lambda test: test["test_id"])
    return "\n".join([problem["statement"], *(f"{test['arguments']} -> {test['expected']}" for test in public)])


def duplicates(texts: pl.DataFrame, settings: DataSettings) -> pl.DataFrame:
    """Table `duplicates`, sorted by bug_id, from columns bug_id, problem_id and text.

    Bugs are joined if their texts have a Jaccard similarity of at least `settings.jaccard`, or if
    they share the problem; clusters are the connected components. The representative is the
    smallest bug_id, `similarity` the true Jaccard similarity to its text.
    """
    texts = texts.sort("bug_id")
    bugs, problem_ids, bodies = (texts[name].to_list() for name in ("bug_id", "problem_id", "text"))
    distinct = list(dict.fromkeys(bodies))
    sets = [shingles(text, settings.shingle_words) for text in distinct]
    position = {text: index for index, text in enumerate(distinct)}

    # Nodes are the distinct texts; a problem joins the texts of its bugs.
    first: dict[str, int] = {}
    edges = [
        (first.setdefault(problem, position[text]), position[text])
        for problem, text in zip(problem_ids, bodies, strict=True)
    ]
    edges += [pair for pair in candidates(sets, settings) if jaccard(sets[pair[0]], sets[pair[1]]) >= settings.jaccard]
    component = components(len(distinct), edges)

    representative: dict[int, int] = {}
    rows: list[dict[str, object]] = []
    for bug, text in zip(bugs, bodies, strict=True):
        node = position[text]
        chosen = representative.setdefault(component[node], len(rows))
        rows.append(
            {
                "bug_id": bug,
                "cluster_id": content_id("cluster", bugs[chosen]),
                "representative": bugs[chosen],
                "similarity": jaccard(sets[node], sets[position[bodies[chosen]]]),
            }
        )
    return tables.frame("duplicates", rows)


def shingles(text: str, words: int) -> frozenset[str]:
    """The sets of `words` consecutive words (letters and digits, lower case); a shorter text is one shingle."""
    found = re.findall(r"\w+", text.lower())
    return frozenset(" ".join(found[start : start + words]) for start in range(max(1, len(found) - words + 1)))


def jaccard(left: frozenset[str], right: frozenset[str]) -> float:
    """|A ∩ B| / |A ∪ B|; two empty sets are equal."""
    return len(left & right) / len(left | right) if left or right else 1.0


def candidates(sets: list[frozenset[str]], settings: DataSettings) -> Iterator[tuple[int, int]]:
    """Pairs (i, j), i < j, that share an LSH bucket; unverified."""
    params = banding(settings.jaccard, settings.permutations)
    index = MinHashLSH(num_perm=settings.permutations, params=params)
    for node, items in enumerate(sets):
        sketch = MinHash(num_perm=settings.permutations, seed=_SEED)
        sketch.update_batch([item.encode() for item in sorted(items)])
        for other in sorted(index.query(sketch)):
            yield other, node
        index.insert(node, sketch)


def banding(threshold: float, permutations: int) -> tuple[int, int]:
    """Bands b and rows r per band: the most rows at which a pair of similarity `threshold` is still
    proposed with probability 1 - (1 - threshold^r)^b >= 0.999 (Leskovec et al., section 3.4.2).

    datasketch's own choice balances false against missed candidates, and at 0.8 with 128 permutations
    misses 60 % of the pairs at the threshold. Here a false candidate costs a comparison, a missed one a
    leak between train and test.
    """
    fitting = [
        rows
        for rows in range(1, permutations // 2 + 1)
        if 1 - (1 - threshold**rows) ** (permutations // rows) >= _RECALL
    ]
    rows = max(fitting, default=1)
    return permutations // rows, rows


def components(count: int, edges: list[tuple[int, int]]) -> list[int]:
    """The connected component of each of `count` nodes."""
    heads, tails = np.array(edges, dtype=np.int64).reshape(-1, 2).T
    graph = coo_array((np.ones(len(edges), dtype=bool), (heads, tails)), shape=(count, count))
    return [int(label) for label in connected_components(graph, directed=False)[1]]
