"""Published figures: the file agrees with its sources, and the cells of a study stand beside the same cells."""

import json
from math import sqrt
from pathlib import Path

import polars as pl
import pytest
import yaml
from test_evaluation_tables import evaluation

from codeq.errors import ConfigError
from codeq.evaluation import published, tables
from codeq.evaluation.anytime import anytime

FILE = Path(__file__).resolve().parents[2] / "config" / "published.yaml"
FIGURES = published.read(FILE)
POLICIES = {"base": "base", "dpo round 1": "round-1", "dpo round 2": "round-2", "dpo": "round-2"}


def beside(table: pl.DataFrame, figures: published.Published = FIGURES) -> pl.DataFrame:
    """Table `published` of a study with this table `evaluation`, searches of 10 rollouts of 4 candidates."""
    return published.beside(
        figures,
        fix_rates=tables.fix_rates(table),
        by_category=tables.by_category(table),
        by_level=tables.by_level(table),
        anytime=anytime(table, 4, 10),
    )


def cell(table: pl.DataFrame, policy: str, mode: str, part: str = "headline", value: str | None = None) -> dict:
    """The first row of a cell."""
    same = pl.col("value").is_null() if value is None else pl.col("value") == value
    return table.filter(same, policy=policy, mode=mode, slice=part).row(0, named=True)


def wilson(solved: float, n: float) -> tuple[float, float]:
    """The closed formula, z = 1.959964."""
    p, z = solved / n, 1.959963984540054
    centre, half = p + z * z / (2 * n), z * sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    return (centre - half) / (1 + z * z / n), (centre + half) / (1 + z * z / n)


def listed(policy: str, mode: str, rate: float, part: str = "headline", value: str | None = None) -> published.Figure:
    """The figure of a cell that has this rate, to the digits of a page."""
    found = [
        figure
        for figure in FIGURES.figures
        if (figure.policy, figure.mode, figure.slice, figure.value) == (policy, mode, part, value)
        and abs(figure.rate - rate) < 0.0006
    ]
    assert len(found) == 1, (policy, mode, part, value, rate)
    return found[0]


def test_every_published_rate_is_in_the_file_with_its_counts(shared):
    codeq = json.loads((shared / "published.json").read_text())["codeq"]
    modes = {
        "line_edits (apparent, parse failures counted as wrong)": ("line_edits", None),
        "line_edits (correctly parsed outputs)": ("line_edits", "parsed"),
        "full rewrite, early README": ("single_pass", None),
    }
    for row in codeq["headline"]:
        mode, value = modes.get(row["mode"], (row["mode"], None))
        if row["rate"] == 0.0038:  # another page gives 0.4 %
            assert listed("base", mode, 0.0038 - 0.0005).solved == 1
            continue
        figure = listed(POLICIES[row["policy"]], mode, row["rate"], value=value)
        assert figure.n == row["n"]
        assert figure.solved == row.get("solved")
    single, search = codeq["later_readme"]
    assert listed("round-2", "single_pass", single["rate"]).n == single["n"]
    assert listed("round-2", "mcts", search["rate"], "rollouts", "20").n == search["n"]


@pytest.mark.parametrize("part", ["category", "level", "rollouts"])
def test_every_cell_of_the_three_ablation_tables_is_in_the_file(shared, part: str):
    table = json.loads((shared / "published.json").read_text())["codeq"][f"by_{part}"]
    columns = [name.split() for name in table.pop("columns")]
    for value, rates in table.items():
        for (mode, policy), rate in zip(columns, rates, strict=True):
            assert listed(POLICIES[policy], mode, rate, part, value).source == "CodeQ ablation"


def test_the_figures_of_debugbench_are_in_the_file(shared):
    models = json.loads((shared / "published.json").read_text())["debugbench_python"]
    assert listed("gpt-4", "single_pass", models["gpt-4"]["micro"])
    assert listed("gpt-4", "single_pass", models["gpt-4"]["macro_of_categories"], value="macro")
    assert listed("gpt-3.5-turbo", "single_pass", models["gpt-3.5-turbo"]["micro"])


def test_where_pages_conflict_all_are_listed():
    rates = {
        (figure.source, figure.rate)
        for figure in FIGURES.figures
        if (figure.policy, figure.mode, figure.slice) == ("round-2", "single_pass", "headline")
    }
    assert rates == {("CodeQ pages", 0.439), ("CodeQ report 2", 0.463), ("CodeQ README, 21 commits", 0.556)}
    twenty = [
        figure.rate
        for figure in FIGURES.figures
        if (figure.policy, figure.slice, figure.value) == ("round-2", "rollouts", "20")
    ]
    assert twenty == [0.86, 0.92]


def test_the_file_calls_modes_and_policies_as_this_project_does():
    assert {figure.mode for figure in FIGURES.figures} <= set(tables.MODES)
    ours = {"base", "round-1", "round-2"}
    assert {figure.policy for figure in FIGURES.figures} - ours == {"gpt-4", "gpt-3.5-turbo"}


def test_published_intervals_are_those_of_published_counts():
    table = beside(evaluation(seeds=(0,)))
    row = cell(table, "base", "mcts")
    assert (row["rate"], row["solved"], row["n"]) == (0.813, 100, 123)
    assert (row["ci_low"], row["ci_high"]) == pytest.approx((0.735, 0.872), abs=0.0005)
    counted = table.filter(pl.col("n").is_not_null())
    for row in counted.iter_rows(named=True):
        assert (row["ci_low"], row["ci_high"]) == pytest.approx(wilson(row["solved"], row["n"]), abs=1e-12)
    assert cell(table, "round-2", "mcts", "category", "logic")["solved"] == 17  # 85.0 % of 20
    unknown = table.filter(pl.col("n").is_null())
    assert unknown["ci_low"].null_count() == unknown.height > 0


def counted(table: pl.DataFrame, row: dict) -> tuple[int, int]:
    """(solved, n) of a cell, counted bug by bug; of rollouts, the bugs whose first pass came within 4 samples each."""
    solved = n = 0
    for bug in table.iter_rows(named=True):
        slices = {
            "category": bug["category"],
            "level": bug["level"],
            "rollouts": row["value"],
            "headline": row["value"],
        }
        if (bug["policy"], bug["mode"], slices[row["slice"]]) != (row["policy"], row["mode"], row["value"]):
            continue
        if bug["solved_hidden"] is None or (row["value"] == "parsed" and bug["unparsed"] == bug["samples"]):
            continue
        late = row["slice"] == "rollouts" and (bug["first_solved_samples"] or 99) > 4 * int(row["value"])
        n += 1
        solved += bug["solved_hidden"] and not late
    return solved, n


@pytest.mark.parametrize("seeds", [(0,), (2, 0, 1)])
def test_our_rate_in_each_cell_is_that_of_the_bugs_in_it(seeds: tuple[int, ...]):
    study = evaluation(seeds=seeds, bugs=40)
    table = beside(study)
    assert table.height == len(FIGURES.figures)
    ours = table.filter(pl.col("our_n").is_not_null())
    assert set(ours["slice"]) == {"headline", "category", "level", "rollouts"}
    for row in ours.iter_rows(named=True):
        solved, n = counted(study, row)
        assert (row["our_solved"], row["our_n"], row["our_seeds"]) == (solved, n, len(seeds))
        assert row["our_rate"] == solved / n
        assert row["difference"] == pytest.approx(solved / n - row["rate"], abs=1e-12)
        if len(seeds) == 1:
            assert (row["our_ci_low"], row["our_ci_high"]) == pytest.approx(wilson(solved, n), abs=1e-12)


def test_the_interval_of_several_seeds_counts_each_bug_once():
    """Twenty bugs at three seeds, 30 of 60 solved: as wide as 10 of 20."""
    study = evaluation(seeds=(0, 1, 2), bugs=20, untested=0).filter(policy="base", mode="mcts")
    number = pl.col("bug_id").str.strip_prefix("bug-").cast(pl.Int64)
    row = cell(beside(study.with_columns(solved_hidden=number % 2 == 0)), "base", "mcts")
    assert (row["our_seeds"], row["our_solved"], row["our_n"], row["our_rate"]) == (3, 30, 60, 0.5)
    assert (row["our_ci_low"], row["our_ci_high"]) == pytest.approx(wilson(10, 20), abs=1e-12)


def test_a_cell_that_the_study_has_not_is_null():
    table = beside(evaluation(seeds=(0,)))
    mine = [name for name in table.columns if name.startswith("our_")] + ["difference"]
    missing = [
        cell(table, "gpt-4", "single_pass"),
        cell(table, "gpt-4", "single_pass", value="macro"),
        cell(table, "base", "line_edits"),
        cell(table, "base", "mcts", "rollouts", "20"),
    ]
    assert all(row[name] is None for row in missing for name in mine)
    assert cell(table, "base", "mcts", "rollouts", "10")["our_n"] == 21
    untested = beside(evaluation(seeds=(0,), untested=24))
    assert untested["our_n"].null_count() == untested.height


def test_the_rate_of_parsed_replies_stands_beside_ours_of_parsed_replies():
    study = evaluation(seeds=(0,), bugs=60).with_columns(mode=pl.col("mode").replace("best_of_n", "line_edits"))
    table = beside(study)
    apparent, parsed = (cell(table, "base", "line_edits", value=value) for value in (None, "parsed"))
    assert parsed["rate"] == 0.36
    assert parsed["our_n"] < apparent["our_n"] == 57
    assert parsed["our_solved"] == apparent["our_solved"]
    assert (parsed["our_solved"], parsed["our_n"]) == counted(study, parsed)


def test_an_ablation_is_turned_as_the_study_prints_it():
    turned = published.crossed(beside(evaluation(seeds=(0,))), "rollouts")
    assert turned["columns"] == [("mcts", "base"), ("mcts", "round-2")]
    assert [(value, source) for value, source, _ in turned["rows"]] == [
        *((value, "CodeQ ablation") for value in ("1", "2", "5", "10", "20")),
        ("20", "CodeQ README, 21 commits"),
    ]
    assert [[each["rate"] for each in cells] for *_, cells in turned["rows"]] == [
        [0.8, 0.78],
        [0.8, 0.8],
        [0.8, 0.82],
        [0.84, 0.84],
        [0.84, 0.86],
        [0.813, 0.92],
    ]


ROW = {"source": "page", "policy": "base", "mode": "mcts", "rate": 0.5}
SOURCES = {"page": {"title": "A page", "model": "m", "benchmark": "b"}}


@pytest.mark.parametrize(
    ("rows", "says"),
    [
        ([{**ROW, "rat": 0.5}], ["figures.0.rat: unknown key", "did you mean 'rate'?"]),
        ([{**ROW, "rate": 81.3}], ["figures.0.rate", "less than or equal to 1", "81.3"]),
        ([ROW, {**ROW, "rate": 0.9, "solved": 100, "n": 123}], ["figures.1", "0.9 is not 100/123 = 0.8130", "correct"]),
        ([{**ROW, "rate": 0.513, "n": 20}], ["figures.0", "0.513 is not 10/20"]),
        ([{**ROW, "solved": 3}], ["figures.0", "solved 3 of how many", "Give n"]),
        ([{**ROW, "slice": "category", "value": "typo"}], ["'typo'", "syntax, reference, logic, multiple"]),
        ([{**ROW, "slice": "rollouts", "value": "many"}], ["'many'", "number"]),
        ([{**ROW, "source": "pge"}], ["figures.0: source 'pge'", "page", "list it"]),
        ([ROW, {**ROW, "rate": 0.6}], ["rows 0 and 1", "'mcts'", "keep one"]),
        ([], ["figures", "at least 1 item"]),
    ],
)
def test_a_mistake_is_refused_and_the_row_and_remedy_are_named(tmp_path: Path, rows: list[dict], says: list[str]):
    path = tmp_path / "published.yaml"
    path.write_text(yaml.safe_dump({"sources": SOURCES, "figures": rows}))
    with pytest.raises(ConfigError) as refused:
        published.read(path)
    assert all(part in str(refused.value) for part in [str(path), *says])


def test_a_file_that_is_none_is_refused(tmp_path: Path):
    with pytest.raises(ConfigError, match=r"nothing\.yaml: cannot be read"):
        published.read(tmp_path / "nothing.yaml")
    broken = tmp_path / "broken.yaml"
    broken.write_text("figures: [")
    with pytest.raises(ConfigError, match=r"broken\.yaml: not YAML"):
        published.read(broken)
