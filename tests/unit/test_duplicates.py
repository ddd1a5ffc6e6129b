import itertools
import random

import polars as pl
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from codeq import tables
from codeq.config import DataSettings
from codeq.data import debugbench
from codeq.data.duplicates import banding, candidates, components, duplicates, jaccard, shingles, text_of
from codeq.data.suites.public import compile_examples

SETTINGS = DataSettings()


def table(texts: list[str], problems: list[str] | None = None) -> pl.DataFrame:
    names = [f"bug-{index:03d}" for index in range(len(texts))]
    return pl.DataFrame(
        {"bug_id": names, "problem_id": problems or names, "text": texts},
        schema={"bug_id": pl.String, "problem_id": pl.String, "text": pl.String},
    )


def partition(clusters: pl.DataFrame) -> set[frozenset[str]]:
    return {frozenset(ids) for ids in clusters.group_by("cluster_id").agg("bug_id")["bug_id"]}


def brute_force(texts: pl.DataFrame, threshold: float) -> set[frozenset[str]]:
    """Transitive closure over all pairs, by repeated merging."""
    groups = [{bug} for bug in texts["bug_id"]]
    text = dict(texts.select("bug_id", "text").iter_rows())
    problem = dict(texts.select("bug_id", "problem_id").iter_rows())
    windows = {bug: set(zip(w, w[1:], w[2:], strict=False)) for bug, w in ((b, t.split()) for b, t in text.items())}
    for a, b in itertools.combinations(text, 2):
        left, right = windows[a], windows[b]
        if problem[a] == problem[b] or len(left & right) >= threshold * len(left | right):
            one, two = (next(group for group in groups if x in group) for x in (a, b))
            if one is not two:
                groups.remove(two)
                one |= two
    return {frozenset(group) for group in groups}


def corpus(seed: int, count: int) -> list[str]:
    """Random texts, and edits of them whose similarity scatters about the threshold."""
    order = random.Random(seed)
    texts: list[str] = []
    for _ in range(count):
        words = [f"w{order.randrange(200)}" for _ in range(60)]
        texts.append(" ".join(words))
        for edits in (1, 2, 3, 5):
            changed = list(words)
            for _ in range(edits):
                changed[order.randrange(60)] = f"w{order.randrange(200)}"
            texts.append(" ".join(changed))
    return texts


def test_shingles_are_windows_of_lower_case_words():
    assert shingles("Return the SUM, of a[0]", 3) == {"return the sum", "the sum of", "sum of a", "of a 0"}
    assert shingles("two words", 3) == {"two words"}
    assert shingles("", 3) == shingles("...", 3) == {""}


@given(st.frozensets(st.integers(0, 9).map(str)), st.frozensets(st.integers(0, 9).map(str)))
def test_jaccard_is_intersection_over_union(left, right):
    both = sum(item in left and item in right for item in map(str, range(10)))
    either = sum(item in left or item in right for item in map(str, range(10)))
    assert jaccard(left, right) == (both / either if either else 1.0)


@pytest.mark.parametrize("seed", [0, 1])
def test_verified_clusters_are_those_of_all_pairs_where_unverified_candidates_over_merge(seed):
    texts = table(corpus(seed, 40))
    found = duplicates(texts, SETTINGS)
    assert partition(found) == brute_force(texts, 0.8)

    sets = [shingles(text, 3) for text in texts["text"]]
    pairs = list(candidates(sets, SETTINGS))
    false = [pair for pair in pairs if jaccard(sets[pair[0]], sets[pair[1]]) < 0.8]
    assert len(false) > 10
    unverified = components(len(sets), pairs)
    assert len(set(unverified)) < len(partition(found))


def test_the_representative_is_the_smallest_id_and_similarity_is_to_it():
    words = [f"w{index}" for index in range(40)]
    near, far = [*words[:-1], "x"], [*words[:-2], "y", "x"]
    found = duplicates(table([" ".join(text) for text in (words, near, far)]), DataSettings(jaccard=0.9))
    assert found["representative"].to_list() == ["bug-000"] * 3
    assert found["cluster_id"].n_unique() == 1
    # 38 shingles each; one word at the end changes one shingle, the two last ones change two.
    assert found["similarity"].to_list() == [1.0, 37 / 39, 36 / 40]


@pytest.mark.parametrize(
    ("threshold", "permutations", "expected"),
    # By hand: 1 - (1 - 0.8^5)^25 = 0.99995, but 1 - (1 - 0.8^6)^21 = 0.9983; at 1.0 every banding finds the pair.
    [(0.8, 128, (25, 5)), (1.0, 128, (2, 64)), (0.5, 128, (64, 2)), (0.8, 16, (8, 2)), (0.01, 16, (16, 1))],
)
def test_the_banding_finds_pairs_at_the_threshold(threshold, permutations, expected):
    assert banding(threshold, permutations) == expected


def test_a_problem_is_never_split_and_may_chain_texts_together():
    texts = ["alpha beta gamma delta", "one two three four", "one two three four", "red green blue black"]
    found = duplicates(table(texts, ["p", "p", "q", "r"]), SETTINGS)
    assert partition(found) == {frozenset({"bug-000", "bug-001", "bug-002"}), frozenset({"bug-003"})}
    assert found["similarity"].to_list() == [1.0, 0.0, 0.0, 1.0]


@hypothesis_settings(deadline=None, max_examples=15)
@given(st.lists(st.sampled_from(corpus(3, 3)), min_size=1, max_size=12), st.randoms(use_true_random=False))
def test_clusters_do_not_depend_on_the_order_of_rows(texts, order):
    bugs = table(texts, [f"p{index // 2}" for index in range(len(texts))])
    rows = list(range(len(texts)))
    order.shuffle(rows)
    found = duplicates(bugs[rows], SETTINGS)
    assert found.equals(duplicates(bugs, SETTINGS))
    assert found.schema == pl.Schema(tables.SCHEMAS["duplicates"])
    assert partition(found) == brute_force(bugs, 0.8)


@pytest.mark.parametrize("threshold", [0.1, 0.5, 1.0])
def test_any_allowed_threshold_works(threshold):
    texts = table(["a b c d", "a b c d", "a b c e", "x y z"])
    assert partition(duplicates(texts, DataSettings(jaccard=threshold))) == brute_force(texts, threshold)


def test_no_rows_give_no_clusters():
    assert duplicates(table([]), SETTINGS).height == 0


def test_the_text_holds_the_statement_and_the_public_tests_only():
    tests = [
        {"test_id": "test-b", "visibility": "public", "arguments": "[2]", "expected": "4"},
        {"test_id": "test-a", "visibility": "public", "arguments": "[1]", "expected": "1"},
        {"test_id": "test-c", "visibility": "hidden", "arguments": "[9]", "expected": "81"},
    ]
    assert text_of({"statement": "Square it."}, tests) == "Square it.\n[1] -> 1\n[2] -> 4"


def test_debugbench_python_clusters_are_its_problems(shared):
    raw = debugbench.read_shards(shared / "debugbench" / "benchmark", "python3")
    problems, bugs = debugbench.problems(raw), debugbench.bugs(raw)
    text = {row["problem_id"]: text_of(row, compile_examples(row)[0]) for row in problems.iter_rows(named=True)}
    texts = bugs.select("bug_id", "problem_id", text=pl.col("problem_id").replace_strict(text))
    sets = {problem: shingles(body, 3) for problem, body in text.items()}
    similarity = [jaccard(sets[one], sets[two]) for one, two in itertools.combinations(sets, 2)]
    # No two problems reach 0.8, the nearest pair of statements has 0.44; at 0.4 that pair merges.
    for threshold, expected in ((0.8, 225), (0.4, 224)):
        found = duplicates(texts, DataSettings(jaccard=threshold))
        joined = found.join(bugs, on="bug_id")
        assert joined.group_by("problem_id").agg(pl.col("cluster_id").n_unique())["cluster_id"].max() == 1
        assert found["cluster_id"].n_unique() == expected
        assert 225 - sum(value >= threshold for value in similarity) == expected
