"""Tables of results, recomputed row by row in plain Python from seeded synthetic evaluations."""

import io
import random
import re
from collections import defaultdict

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from codeq import tables as schemas
from codeq.errors import DataError
from codeq.evaluation import tables
from codeq.evaluation.statistics import clustered_interval, wilson

POLICIES = ("round-10", "base", "round-2", "round-1")  # on purpose not in order
MODES = ("mcts", "single_pass", "best_of_n")


def evaluation(seeds: tuple[int, ...] = (1, 0), bugs: int = 24, untested: int = 3) -> pl.DataFrame:
    draw = random.Random(7)
    rows = []
    for bug in range(bugs):
        for policy in POLICIES:
            for mode in MODES:
                for seed in seeds:
                    public = draw.random() < 0.6
                    rollouts, tokens = draw.randint(1, 10), draw.randint(1, 900)
                    rows.append(
                        {
                            "bug_id": f"bug-{bug}",
                            "policy": policy,
                            "mode": mode,
                            "seed": seed,
                            "problem_id": f"problem-{bug // 2}",
                            "category": ("multiple", "logic", "syntax", "reference")[bug % 4],
                            "level": ("hard", "easy", "medium")[bug % 3],
                            "policy_digest": policy,
                            "tree_id": f"tree-{len(rows)}",
                            "node_id": f"node-{len(rows)}",
                            "solved_public": public,
                            "solved_hidden": None if bug < untested else public and draw.random() < 0.8,
                            "samples": 4 * rollouts,
                            "unparsed": 0 if public else draw.choice((0, 2 * rollouts, 4 * rollouts)),
                            "tokens": tokens,
                            "executions": 3,
                            "seconds": draw.randint(0, 8) / 4,
                            "first_solved_rollout": rollouts if public else None,
                            "first_solved_samples": 4 * rollouts - draw.randint(0, 3) if public else None,
                            "first_solved_tokens": tokens if public else None,
                        }
                    )
    draw.shuffle(rows)
    return schemas.frame("evaluation", rows)


def recomputed(table: pl.DataFrame, *keys: str) -> dict[tuple[object, ...], dict[str, object]]:
    groups = defaultdict(list)
    for row in table.iter_rows(named=True):
        groups[tuple(row[key] for key in keys)].append(row)
    result = {}
    for key, rows in groups.items():
        hidden = [row["solved_hidden"] for row in rows if row["solved_hidden"] is not None]
        parsed = [row for row in rows if row["solved_hidden"] is not None and row["unparsed"] != row["samples"]]
        public = [row["solved_hidden"] for row in rows if row["solved_public"] and row["solved_hidden"] is not None]
        low, high = wilson(sum(hidden), len(hidden)) if hidden else (None, None)
        result[key] = {
            "n": len(rows),
            "n_hidden": len(hidden),
            "solved_public": sum(row["solved_public"] for row in rows),
            "solved_hidden": sum(hidden),
            "rate_public": sum(row["solved_public"] for row in rows) / len(rows),
            "rate_hidden": sum(hidden) / len(hidden) if hidden else None,
            "ci_low": low,
            "ci_high": high,
            "n_parsed": len(parsed),
            "rate_parsed": sum(row["solved_hidden"] for row in parsed) / len(parsed) if parsed else None,
            "overfit": public.count(False),
            "rate_overfit": public.count(False) / len(public) if public else None,
            "samples": sum(row["samples"] for row in rows),
            "unparsed": sum(row["unparsed"] for row in rows),
            "tokens": sum(row["tokens"] for row in rows),
            "executions": sum(row["executions"] for row in rows),
            "seconds": sum(row["seconds"] for row in rows),
        }
    return result


@pytest.mark.parametrize(
    ("make", "keys"),
    [
        (tables.fix_rates, ("policy", "mode", "seed")),
        (tables.by_category, ("policy", "mode", "seed", "category")),
        (tables.by_level, ("policy", "mode", "seed", "level")),
    ],
)
def test_rates_equal_those_recomputed_row_by_row(make, keys):
    table = evaluation()
    rates = make(table)
    expected = recomputed(table, *keys)
    assert rates.columns == [*keys, *next(iter(expected.values()))]
    assert {tuple(row[key] for key in keys): {k: row[k] for k in row if k not in keys} for row in rates.to_dicts()} == (
        expected
    )
    assert rates.height == len(expected)


def test_bugs_without_a_reply_that_could_be_parsed_lower_the_apparent_rate_alone():
    table = evaluation(bugs=8, untested=0, seeds=(0,)).filter(policy="base", mode="mcts").sort("bug_id")
    unparsed = pl.Series([4, 4, 3, 0, 0, 0, 4, 4])
    solved = pl.Series([False, False, True, True, False, True, False, False])
    changed = table.with_columns(samples=pl.lit(4), unparsed=unparsed, solved_hidden=solved, solved_public=solved)
    (row,) = tables.fix_rates(changed.cast(table.schema)).to_dicts()
    assert (row["rate_hidden"], row["rate_parsed"], row["unparsed"], row["samples"]) == (3 / 8, 3 / 4, 19, 32)
    assert row["n_parsed"] == 4


def test_the_overfit_rate_is_of_the_bugs_solved_in_public_that_have_hidden_tests():
    """Of eight bugs six are solved in public: one of them has no hidden test, and two of the other five fail one."""
    table = evaluation(bugs=8, untested=0, seeds=(0,)).filter(policy="base", mode="mcts").sort("bug_id")
    public = pl.Series([True, True, True, True, True, True, False, False])
    hidden = pl.Series([None, True, True, True, False, False, False, None])
    (row,) = tables.fix_rates(table.with_columns(solved_public=public, solved_hidden=hidden)).to_dicts()
    assert (row["overfit"], row["rate_overfit"]) == (2, 2 / 5)
    (none,) = tables.fix_rates(table.with_columns(solved_public=pl.lit(False), solved_hidden=pl.lit(False))).to_dicts()
    assert (none["overfit"], none["rate_overfit"]) == (0, None)


def test_rows_are_in_the_order_of_the_study():
    rates = tables.fix_rates(evaluation())
    assert rates.select("policy", "mode", "seed").rows() == [
        (policy, mode, seed)
        for policy in ("base", "round-1", "round-2", "round-10")
        for mode in ("single_pass", "best_of_n", "mcts")
        for seed in (0, 1)
    ]
    assert tables.by_category(evaluation())["category"].to_list()[:4] == ["syntax", "reference", "logic", "multiple"]
    assert tables.by_level(evaluation())["level"].to_list()[:3] == ["easy", "medium", "hard"]


def test_without_hidden_tests_there_is_no_hidden_rate():
    rates = tables.fix_rates(evaluation(bugs=4, untested=4))
    assert set(rates["n_hidden"]) == {0}
    assert (
        rates.select("rate_hidden", "ci_low", "ci_high", "rate_parsed", "rate_overfit").null_count().row(0)
        == (rates.height,) * 5
    )
    assert rates["rate_public"].null_count() == 0


def test_an_empty_evaluation_gives_an_empty_table_of_the_same_columns():
    nothing = evaluation().clear()
    assert tables.fix_rates(nothing).schema == tables.fix_rates(evaluation()).schema
    assert tables.pooled(nothing).schema == tables.pooled(evaluation()).schema


def test_a_bug_evaluated_twice_is_refused():
    table = evaluation()
    for make in (tables.fix_rates, tables.pooled, tables.by_level):
        with pytest.raises(DataError, match="occurs more than once"):
            make(pl.concat([table, table.head(1)]))


def test_pooled_rates_equal_those_recomputed_over_seeds():
    table = evaluation()
    rows = tables.pooled(table).to_dicts()
    assert [(row["policy"], row["mode"]) for row in rows] == [
        (policy, mode)
        for policy in ("base", "round-1", "round-2", "round-10")
        for mode in ("single_pass", "best_of_n", "mcts")
    ]
    for row in rows:
        of_mode = table.filter(policy=row["policy"], mode=row["mode"])
        scored = [each for each in of_mode.iter_rows(named=True) if each["solved_hidden"] is not None]
        clusters = defaultdict(list)
        for each in scored:
            clusters[each["problem_id"]].append(each["solved_hidden"])
        # Of 24 bugs, two to a problem, three are without hidden tests: 10 problems of two bugs and one of one are left.
        assert (row["seeds"], row["problems"], row["n_hidden"]) == (2, len(clusters), len(scored)) == (2, 11, 42)
        assert row["solved_hidden"] == sum(each["solved_hidden"] for each in scored)
        assert row["rate_hidden"] == row["solved_hidden"] / 42
        ordered = [clusters[problem] for problem in sorted(clusters)]
        interval = clustered_interval([sum(each) for each in ordered], [len(each) for each in ordered])
        assert (row["ci_low"], row["ci_high"]) == interval


def test_pooled_rates_without_hidden_tests_are_unknown():
    rows = tables.pooled(evaluation(bugs=4, untested=4)).to_dicts()
    keys = ("problems", "n_hidden", "rate_hidden", "ci_low", "ci_high")
    assert {tuple(row[key] for key in keys) for row in rows} == {(0, 0, None, None, None)}


def test_markdown_escapes_and_aligns():
    table = pl.DataFrame({"name": ["a|b", "c\nd"], "n": [12, None], "rate": [0.123456, 12345.6]})
    assert tables.to_markdown(table) == (
        "| name | n | rate |\n| --- | ---: | ---: |\n| a\\|b | 12 | 0.1235 |\n| c d | – | 12346 |\n"
    )


def test_latex_escapes_and_aligns():
    table = pl.DataFrame(
        {"a_b": ["x & y", "c\nd", "50 %", None], "n": [12, None, 3, 4], "r": [0.123456, 12345.6, 1.0, 2.5]}
    )
    assert tables.to_latex(table) == (
        "\\begin{tabular}{lrr}\n\\toprule\na\\_b & n & r \\\\\n\\midrule\n"
        "x \\& y & 12 & 0.1235 \\\\\nc d & -- & 12346 \\\\\n50 \\% & 3 & 1 \\\\\n-- & 4 & 2.5 \\\\\n"
        "\\bottomrule\n\\end{tabular}\n"
    )


@given(st.text(st.characters(codec="ascii", exclude_categories=["Cc"])))
def test_no_text_breaks_out_of_its_latex_cell(text: str):
    """Every character with a meaning in LaTeX is escaped, and a reader of the escapes has the text again."""
    (_, _, header, _, row, *_) = tables.to_latex(pl.DataFrame({"t": [text], "n": [1]})).split("\n")
    assert header == r"t & n \\"
    cell = row.removesuffix(r" & 1 \\")
    assert not re.search(r"(?<!\\)[&%$#_]", cell)
    words = {"textbackslash{}": "\\", "textasciitilde{}": "~", "textasciicircum{}": "^"}
    read = re.sub(r"\\(text\w+\{\}|.)", lambda found: words.get(found[1], found[1]), cell)
    assert read == text


def printed(rates: pl.DataFrame) -> str:
    console = Console(file=io.StringIO(), width=80)
    console.print(tables.console_table(rates))
    return console.file.getvalue()


def test_the_console_shows_rates_with_intervals_in_80_columns():
    rates = tables.fix_rates(evaluation(seeds=(0,), bugs=120, untested=0))
    text = printed(rates)
    assert "…" not in text
    assert "seed" not in text
    lines = [line.split() for line in text.splitlines()]
    for row in rates.iter_rows(named=True):
        cells = [
            *tables.label(row["policy"]).split(),
            *tables.label(row["mode"]).split(),
            "120",
            f"{100 * row['rate_public']:.1f}",
            f"{100 * row['rate_hidden']:.1f}",
            f"{100 * row['ci_low']:.1f}–{100 * row['ci_high']:.1f}",
            f"{row['samples']:,}",
            f"{row['tokens']:,}",
            f"{row['seconds']:,.0f}",
        ]
        assert cells in lines


@pytest.mark.parametrize("mode", tables.MODES)
def test_the_name_of_every_mode_fits_the_console(mode: str):
    text = printed(tables.fix_rates(evaluation(bugs=120).filter(mode="mcts").with_columns(mode=pl.lit(mode))))
    assert tables.label(mode) in text
    assert "…" not in text


def test_the_console_says_how_many_bugs_have_hidden_tests():
    assert "21/24" in printed(tables.fix_rates(evaluation()))
    assert "0/4 " in printed(tables.fix_rates(evaluation(bugs=4, untested=4, seeds=(0,))))
