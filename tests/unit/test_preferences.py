"""Pairs from trees: hand-made trees, and a plain-Python reference on random ones."""

import itertools
import json
import math
from collections import Counter, defaultdict

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from codeq import preferences, tables
from codeq.config import PairSettings
from codeq.errors import DataError
from codeq.identity import code_key, content_id
from codeq.preferences import pairs

Row = dict[str, object]


def node(node_id: str, parent: str | None = "root", **values: object) -> Row:
    """A trajectory row: a node under `parent`; a node without parent is the root of its tree."""
    row: Row = dict.fromkeys(tables.SCHEMAS["trajectories"])
    row |= {
        "tree_id": "tree-1",
        "node_id": node_id,
        "parent_id": parent,
        "bug_id": "bug-1",
        "problem_id": "problem-1",
        "depth": 0 if parent is None else 1,
        "prompt": f"prompt of {parent}",
        "prompt_digest": f"digest of {parent}",
        "round": 1,
        "tokens": 10,
        "logprob": -1.5,
        "completion": f"completion {node_id}",
        "code": f"x = '{node_id}'",
        "finish_reason": "stop",
        "verdict": "fail",
        "reward": 0.0,
        "q": 0.0,
    }
    row |= values
    row["code_key"] = code_key(str(row["code"])) if row["code"] else None
    if row["verdict"] == "pass" and "reward" not in values:
        row["reward"] = 1.0
    return row


def extract(*rows: Row, earlier: pl.DataFrame | None = None, **values: object) -> pl.DataFrame:
    options = PairSettings(**{"threshold": 0.2, "max_per_tree": 100, **values})
    return together(tables.frame("trajectories", [node("root", None), *rows]), options, earlier)[0]


def together(
    table: pl.DataFrame, options: PairSettings, earlier: pl.DataFrame | None = None
) -> tuple[pl.DataFrame, Counter[str]]:
    """All parts of the pairs of a table, and the sums of their counts."""
    parts, counts = [pl.DataFrame(schema=tables.SCHEMAS["pairs"])], Counter[str]()
    for part, counted in pairs(table.lazy(), options, earlier):
        parts.append(part)
        counts.update(counted)
    return pl.concat(parts), counts


def chosen_rejected(table: pl.DataFrame) -> set[tuple[str, str]]:
    return set(table.select("chosen_node", "rejected_node").iter_rows())


def test_siblings_pair_when_their_margin_exceeds_the_threshold() -> None:
    table = extract(
        node("a", q=0.9, verdict="pass"), node("b", q=0.5), node("c", q=0.25), node("d", q=0.35), strategy="siblings"
    )
    assert chosen_rejected(table) == {("a", "b"), ("a", "c"), ("a", "d"), ("b", "c")}  # b - d = 0.15
    first = table.row(0, named=True)
    assert first == {
        "pair_id": content_id("pair", "tree-1", "a", "c"),
        "bug_id": "bug-1",
        "problem_id": "problem-1",
        "tree_id": "tree-1",
        "chosen_node": "a",
        "rejected_node": "c",
        "prompt": "prompt of root",
        "chosen": "completion a",
        "rejected": "completion c",
        "q_chosen": 0.9,
        "q_rejected": 0.25,
        "margin": pytest.approx(0.65),
        "strategy": "siblings",
        "round": 1,
        "prompt_digest": "digest of root",
        "tokens_chosen": 10,
        "tokens_rejected": 10,
        "logprob_chosen": -1.5,
        "logprob_rejected": -1.5,
    }
    assert table.schema == pl.Schema(tables.SCHEMAS["pairs"])


def test_a_margin_equal_to_the_threshold_is_no_pair() -> None:
    assert extract(node("a", q=0.75), node("b", q=0.5), strategy="siblings", threshold=0.25).is_empty()


def test_cousins_and_nodes_of_other_trees_never_pair() -> None:
    table = extract(
        node("a", "p", q=0.9, depth=2),
        node("b", "r", q=0.1, depth=2),
        node("c", "p", q=0.0, depth=2, tree_id="tree-2"),
        strategy="mix",
    )
    assert table.is_empty()


def test_the_root_is_never_in_a_pair() -> None:
    rows = [node("root2", None, q=0.0), node("a", q=0.9, verdict="pass")]
    assert extract(*rows, strategy="mix").is_empty()


def test_the_critic_never_outvotes_the_tests() -> None:
    rows = [node("liked", q=0.9, verdict="fail"), node("passing", q=0.1, verdict="pass")]
    assert extract(*rows, strategy="siblings").is_empty()
    assert chosen_rejected(extract(*rows, strategy="best_vs_worst")) == {("passing", "liked")}


def test_a_truncated_completion_is_in_no_pair_and_a_codeless_one_never_chosen() -> None:
    rows = [
        node("cut", q=0.95, verdict="pass", finish_reason="length"),
        node("codeless", q=0.9, code=""),
        node("codeless2", q=0.85, code=None),
        node("good", q=0.6, verdict="pass"),
        node("cut2", q=0.1, finish_reason="length"),
        node("codeless3", q=0.0, code="", parent="good", depth=2),
        node("fair", q=0.3, parent="good", depth=2),
    ]
    # codeless answers to one prompt are one program, for which the first stands
    assert chosen_rejected(extract(*rows, strategy="mix")) == {("good", "codeless"), ("fair", "codeless3")}


def test_equal_code_is_considered_once_and_never_paired_with_itself() -> None:
    rows = [
        node("b", q=0.4, verdict="pass", code="def f():\n    return 1"),
        node("a", q=0.9, verdict="pass", code="def f():\n    return (1)"),
        node("d", q=0.1, code="def f():\n    return 2"),
    ]
    assert chosen_rejected(extract(*rows, strategy="mix")) == {("b", "d")}


def test_code_with_a_syntax_error_is_compared_without_having_been_run() -> None:
    """What does not parse is equal but for white space; what parses and does not compile, by its syntax tree."""
    broken = {"verdict": "syntax_error"}
    rows = [
        node("a", q=0.1, code="f( :\n  pass", **broken),
        node("b", q=0.9, code="f(   :\n\n  pass", **broken),
        node("c", q=0.2, code="return 1", **broken),
        node("d", q=0.95, code="return (1)  # at last", **broken),
        node("e", q=0.5, code="f( : # other\n  pass", **broken),
    ]
    assert chosen_rejected(extract(*rows, strategy="siblings")) == {("e", "a"), ("e", "c")}


def test_best_vs_worst_is_the_best_passing_against_the_best_failing_answer_to_the_root_prompt() -> None:
    rows = [
        node("a", q=0.3, verdict="pass"),
        node("b", q=0.6, verdict="pass"),
        node("c", q=0.4),
        node("d", q=0.2, verdict="timeout"),
        node("deep", "c", depth=2, q=1.0, verdict="pass"),
        node("deeper", "c", depth=2, q=0.9),
    ]
    table = extract(*rows, strategy="best_vs_worst")
    assert table.select("chosen_node", "rejected_node", "strategy").rows() == [("b", "c", "best_vs_worst")]


def test_mix_counts_a_pair_once() -> None:
    rows = [node("a", q=0.9, verdict="pass"), node("b", q=0.1), node("c", q=0.6)]
    table = extract(*rows, strategy="mix")
    assert table.select("chosen_node", "rejected_node", "strategy").rows() == [
        ("a", "c", "best_vs_worst"),
        ("a", "b", "siblings"),
        ("c", "b", "siblings"),
    ]


def test_the_widest_margins_of_each_tree_are_kept_after_best_vs_worst_ties_by_node() -> None:
    rows = [node("a", q=0.9, verdict="pass")] + [node(f"n{i}", q=0.5) for i in reversed(range(5))]
    rows += [node("z", q=0.0), node("other", q=1.0, tree_id="tree-2"), node("other2", q=0.0, tree_id="tree-2")]
    table = extract(*rows, max_per_tree=3)
    assert table.select("chosen_node", "rejected_node").rows() == [
        ("a", "n0"),
        ("a", "z"),
        ("n0", "z"),
        ("other", "other2"),
    ]


def test_near_duplicates_are_thinned_within_a_problem() -> None:
    """Two pairs are near-duplicates if their programs differ in comments, blank lines and indentation alone."""
    fix, bug = "def f(x):\n    return x + 1", "def f(x):\n    return x - 1"
    fix_too, bug_too = "def f(x):  # repaired\n\n\treturn x + 1\n", "# still wrong\n# very\ndef f(x):\n  return x - 1"

    def tree(name: str, good: str, bad: str, margin: float = 0.5, **values: object) -> list[Row]:
        values = {"tree_id": name, **values}
        return [
            node(f"{name} good {values.get('parent')}", q=margin, verdict="pass", code=good, **values),
            node(f"{name} bad {values.get('parent')}", q=0.0, code=bad, **values),
        ]

    rows = [
        *tree("tree-1", fix, bug),
        *tree("tree-1", fix_too, bug_too, 0.8, parent="inner", depth=2),  # its wider margin is kept
        *tree("tree-2", fix_too, bug),  # tree-1 stands before it
        *tree("tree-3", fix, bug, problem_id="problem-2"),
        *tree("tree-4", fix, "def f(x):\n    return x"),
    ]
    table, counts = together(tables.frame("trajectories", rows), PairSettings(strategy="siblings"))
    assert table["chosen_node"].to_list() == ["tree-1 good inner", "tree-3 good None", "tree-4 good None"]
    assert counts == {
        "rewrites": 10,
        "cut off": 0,
        "without a value": 0,
        "equal to a sibling": 0,
        "pairs found": 5,
        "near-duplicates within their tree": 1,
        "beyond max_per_tree": 0,
        "near-duplicates of another tree": 1,
        "pairs of this round": 3,
    }


def forest(count: int, round: int = 1) -> list[Row]:
    """Trees of one pair each, whose programs name tree and round."""
    return [
        node(f"{name}-{round}-{tree}", tree_id=f"tree-{round}-{tree}", round=round, q=q, verdict=verdict,
             code=f"{name} = {tree}, {round}", completion=f"```python\n{name} = {tree}, {round}\n```")
        for tree in range(count)
        for name, q, verdict in (("good", 0.9, "pass"), ("bad", 0.1, "fail"))
    ]  # fmt: skip


def test_the_trees_of_a_batch_do_not_matter(monkeypatch: pytest.MonkeyPatch) -> None:
    table = tables.frame("trajectories", forest(50) + forest(20)[:10] + forest(3, round=2))
    with pytest.raises(DataError, match=r"rows of tree tree-1-0 do not stand together"):
        together(table, PairSettings())
    table = tables.frame("trajectories", forest(50) + forest(30, round=2))
    whole, _ = together(table, PairSettings())
    assert whole.height == 80
    monkeypatch.setattr(preferences, "BATCH", 7)
    batches = [batch["tree_id"].to_list() for batch in preferences.whole_trees(table.lazy(), 7)]
    assert 10 < len(batches) < 80
    assert list(itertools.chain(*batches)) == table["tree_id"].to_list()
    assert together(table, PairSettings())[0].equals(whole)
    scattered = pl.concat([table, table.head(1)])
    with pytest.raises(DataError, match=r"rows of tree tree-1-0 do not stand together"):
        list(preferences.whole_trees(scattered.lazy(), 7))


def test_earlier_pairs_are_replayed_as_a_share_of_the_round_with_id_and_round() -> None:
    first = together(tables.frame("trajectories", forest(30)), PairSettings())[0]
    second_trees = tables.frame("trajectories", forest(20, round=2))
    alone = together(second_trees, PairSettings(replay=0), first)[0]
    assert alone["round"].unique().to_list() == [2]
    table, counts = together(second_trees, PairSettings(replay=0.5), pl.concat([first, first]))
    assert table.head(20).equals(alone)
    old = table.tail(10)
    assert counts["pairs of earlier rounds"] == old.height == table.height - 20
    assert old["pair_id"].n_unique() == 10
    assert old.sort("pair_id").equals(first.filter(pl.col("pair_id").is_in(old["pair_id"].implode())).sort("pair_id"))
    third = tables.frame("trajectories", forest(20, round=3))
    again = together(third, PairSettings(replay=0.5), first)[0].tail(10)
    assert set(again["pair_id"]) != set(old["pair_id"])  # drawn anew each round
    assert together(third.head(4), PairSettings(replay=1.0), first)[0].height == 4
    assert together(second_trees, PairSettings(replay=1.0), first.head(3))[0].height == 23  # no more than there are


def test_a_near_duplicate_of_a_pair_of_this_round_is_not_replayed() -> None:
    first = together(tables.frame("trajectories", forest(3)), PairSettings())[0]
    rows = [{**row, "tree_id": f"again {row['tree_id']}", "node_id": f"again {row['node_id']}"} for row in forest(2)]
    table = together(tables.frame("trajectories", rows), PairSettings(replay=1.0), first)[0]
    assert table["tree_id"].to_list() == ["again tree-1-0", "again tree-1-1", "tree-1-2"]


def bugs(*categories: str) -> pl.DataFrame:
    """bug-1, bug-2, ... with a category each."""
    return pl.DataFrame({"bug_id": [f"bug-{n + 1}" for n in range(len(categories))], "category": categories})


def test_the_audit_reports_the_difference_in_length_by_strategy_category_and_round() -> None:
    rows = [
        node("a", q=0.9, verdict="pass", tokens=50),
        node("b", q=0.5, tokens=70),
        node("c", q=0.1, tokens=20),
    ]
    report = preferences.audit(extract(*rows).lazy(), bugs("logic"), Counter({"rewrites": 3}))
    assert report == {
        "counts": {"rewrites": 3},
        "tokens of chosen - rejected": {
            "best_vs_worst, round 1": {
                "pairs": 1, "mean": -20.0, "5 %": -20.0, "median": -20.0, "95 %": -20.0, "chosen longer": 0.0
            },
            "siblings, round 1": {
                "pairs": 2, "mean": 40.0, "5 %": 30.0, "median": 50.0, "95 %": 50.0, "chosen longer": 1.0
            },
        },
        "tokens of chosen - rejected by category": {
            "logic, round 1": {
                "pairs": 3, "mean": 20.0, "5 %": -20.0, "median": 30.0, "95 %": 50.0, "chosen longer": 0.667
            },
        },
    }  # fmt: skip
    json.dumps(report)


def test_the_audit_tells_the_categories_of_bugs_apart() -> None:
    def tree(number: int, chosen: int, rejected: int) -> list[Row]:
        name = f"tree-{number}"
        of = {"tree_id": name, "bug_id": f"bug-{number}", "problem_id": f"problem-{number}"}
        return [
            node(f"{name} good", q=0.9, verdict="pass", tokens=chosen, **of),
            node(f"{name} bad", q=0.1, tokens=rejected, **of),
        ]

    rows = [*tree(1, 30, 10), *tree(2, 5, 12), *tree(3, 40, 20)]
    report = preferences.audit(extract(*rows).lazy(), bugs("logic", "syntax", "logic"), Counter())
    found = report["tokens of chosen - rejected by category"]
    assert {label: (each["pairs"], each["mean"], each["chosen longer"]) for label, each in found.items()} == {
        "logic, round 1": (2, 20.0, 1.0),
        "syntax, round 1": (1, -7.0, 0.0),
    }


def test_nodes_without_a_finite_q_take_no_part() -> None:
    rows = [node("a", q=0.9, verdict="pass"), node("b", q=None), node("c", q=math.nan)]
    assert extract(*rows, strategy="mix").is_empty()


def test_children_of_one_node_with_different_prompts_are_refused() -> None:
    with pytest.raises(DataError, match=r"node root in tree tree-1 answer different prompts"):
        extract(node("a", q=0.9), node("b", q=0.1, prompt_digest="another"))


def test_an_empty_table_gives_an_empty_table() -> None:
    table, counts = together(tables.frame("trajectories", []), PairSettings())
    assert table.is_empty()
    assert not counts
    lengths = preferences.audit(table.lazy(), bugs("logic"), counts)
    assert list(lengths.values()) == [{}, {}, {}]


# A plain-Python reference, written from the module's contract.


def reference(rows: list[Row], options: PairSettings) -> list[tuple[str, str, str, str]]:
    """(tree, chosen, rejected, strategy) in the order of the table; `rows` are in the order of the trees."""
    families: dict[tuple[object, object], dict[str, Row]] = defaultdict(dict)
    for row in rows:
        if row["parent_id"] is not None and row["finish_reason"] == "stop" and row["q"] is not None:
            families[row["tree_id"], row["parent_id"]].setdefault(code_key(row["code"]) if row["code"] else "", row)
    found: dict[tuple[str, str, str], tuple[Row, Row, str]] = {}
    for (tree, _), programs in families.items():
        nodes = list(programs.values())
        if options.strategy != "best_vs_worst":
            for good, bad in itertools.permutations(nodes, 2):
                preferred = good["q"] - bad["q"] > options.threshold and good["reward"] >= bad["reward"]
                if preferred and good["code"]:
                    found[tree, good["node_id"], bad["node_id"]] = (good, bad, "siblings")
        if options.strategy != "siblings" and nodes[0]["depth"] == 1:
            passing = [n for n in nodes if n["verdict"] == "pass" and n["code"]]
            failing = [n for n in nodes if n["verdict"] != "pass"]
            if passing and failing:
                good, bad = (min(group, key=lambda n: (-n["q"], n["node_id"])) for group in (passing, failing))
                found[tree, good["node_id"], bad["node_id"]] = (good, bad, "best_vs_worst")
    trees = list(dict.fromkeys(row["tree_id"] for row in rows))
    ordered = sorted(
        found.items(),
        key=lambda item: (trees.index(item[0][0]), item[1][2], item[1][1]["q"] - item[1][0]["q"], item[0]),
    )
    kept: list[tuple[str, str, str, str]] = []
    count: dict[str, int] = defaultdict(int)
    known: set[object] = set()
    for tree, pairs_of_tree in itertools.groupby(ordered, key=lambda item: item[0][0]):
        own: set[object] = set()
        for (_, chosen, rejected), (good, bad, strategy) in pairs_of_tree:
            key = (good["problem_id"], shape(good["code"]), shape(bad["code"]))
            if key in own or count[tree] == options.max_per_tree:
                continue
            own.add(key)
            count[tree] += 1
            if key not in known:
                kept.append((tree, chosen, rejected, strategy))
        known |= own
    return kept


def shape(code: str | None) -> tuple[str, ...]:
    return tuple(text for line in (code or "").split("\n") if (text := line.split("#")[0].strip()))


CODES = ["", "a=1", "a = 1", "a = 1  # one", "b=2", "c=(", "c = (", "c = ( # open", "d=3", "e=4", "if a:\n  b=2"]


@st.composite
def trees(draw: st.DrawFn) -> list[Row]:
    """Trees as the search writes them: equal programs run once, what does not compile or was cut off never."""
    rows = []
    for tree in range(draw(st.integers(1, 3))):
        parents: list[tuple[str, int]] = [(f"t{tree}", 0)]
        rows.append(node(f"t{tree}", None, tree_id=f"tree-{tree}", q=0.5))
        executed: dict[str, str] = {}
        problem = draw(st.sampled_from(["p", "q"]))
        for number in draw(st.permutations(range(draw(st.integers(0, 9))))):
            parent, depth = draw(st.sampled_from(parents))
            name, code = f"t{tree}n{number}", draw(st.sampled_from(CODES))
            cut = draw(st.sampled_from([False, False, False, True]))
            verdict = draw(st.sampled_from(["pass", "fail", "timeout"]))
            if cut or not code or "(" in code:
                verdict = "truncated" if cut else "syntax_error" if code else "missing_entry_point"
            else:
                verdict = executed.setdefault(code_key(code), verdict)
            rows.append(
                node(
                    name,
                    parent,
                    tree_id=f"tree-{tree}",
                    problem_id=problem,
                    depth=depth + 1,
                    q=draw(st.sampled_from([None, 0.0, 0.1, 0.25, 0.3, 0.5, 0.5, 0.8, 1.0])),
                    verdict=verdict,
                    finish_reason="length" if cut else "stop",
                    code=code,
                )
            )
            parents.append((name, depth + 1))
    return rows


@settings(max_examples=200, deadline=None)
@given(trees(), st.sampled_from(["siblings", "best_vs_worst", "mix"]), st.sampled_from([1, 2, 100]), st.integers(1, 40))
def test_agrees_with_the_reference_in_batches_of_any_size(
    rows: list[Row], strategy: str, most: int, batch: int
) -> None:
    options = PairSettings(strategy=strategy, threshold=0.2, max_per_tree=most)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(preferences, "BATCH", batch)
        table, _ = together(tables.frame("trajectories", rows), options)
    got = table.select("tree_id", "chosen_node", "rejected_node", "strategy").rows()
    assert got == reference(rows, options)
    codes = {row["node_id"]: row["code"] or "" for row in rows}
    assert all(code_key(codes[chosen]) != code_key(codes[rejected]) for _, chosen, rejected, _ in got)
