"""The report's section on published figures: theirs beside ours, cell by cell, and never as a reproduction."""

import polars as pl
import pytest
from test_evaluation_tables import evaluation
from test_published import FIGURES
from test_report import Page, context

from codeq.config import Study
from codeq.evaluation import report


def percent(rate: float | None) -> str:
    return "–" if rate is None else f"{100 * rate:.1f} %"


def share(rate: float | None, solved: int | None, n: int | None) -> str:
    return percent(rate) if n is None else f"{percent(rate)} {solved}/{n}"


def interval(low: float | None, high: float | None) -> str:
    return "–" if low is None else f"{percent(low)} – {percent(high)}"


def both(row: dict) -> list[str]:
    """The two cells of a published rate: theirs and ours."""
    return [share(row["rate"], row["solved"], row["n"]), share(row["our_rate"], row["our_solved"], row["our_n"])]


@pytest.mark.parametrize("seeds", [(0,), (0, 1)])
def test_every_headline_figure_has_a_row_with_ours_beside_it(seeds: tuple[int, ...]):
    made = context(evaluation(seeds=seeds))
    rows = Page(report.render(made)).tables["table-published"][1:]
    headline = made.published.filter(slice="headline").to_dicts()
    assert len(rows) == len(headline) == sum(figure.slice == "headline" for figure in FIGURES.figures)
    for cells, row in zip(rows, headline, strict=True):
        theirs, ours = both(row)
        assert row["source"] in cells[0]
        assert row["policy"].replace("round-", "round ") in cells[0]
        assert cells[1:] == [
            theirs,
            interval(row["ci_low"], row["ci_high"]),
            ours,
            interval(row["our_ci_low"], row["our_ci_high"]),
            "–" if row["difference"] is None else f"{100 * row['difference']:.1f} points".replace("-", "−"),
        ]
    assert ["gpt-4, single passDebugBench", "67.6 %", "–", "–", "–", "–"] in rows
    assert ["gpt-4, single pass, mean of categoriesDebugBench", "74.1 %", "–", "–", "–", "–"] in rows


@pytest.mark.parametrize(
    ("by", "columns", "values"),
    [
        (
            "category",
            [("base", "single_pass"), ("round-2", "single_pass"), ("base", "mcts"), ("round-2", "mcts")],
            ["syntax", "logic", "reference", "multiple"],
        ),
        (
            "level",
            [("base", "single_pass"), ("round-2", "single_pass"), ("base", "mcts"), ("round-2", "mcts")],
            ["easy", "medium", "hard"],
        ),
        ("rollouts", [("base", "mcts"), ("round-2", "mcts")], ["1", "2", "5", "10", "20"]),
    ],
)
def test_the_ablation_tables_are_those_of_the_study_with_ours_in_the_next_column(
    by: str, columns: list[tuple[str, str]], values: list[str]
):
    made = context()
    over, header, *rows = Page(report.render(made)).tables[f"table-published-{by}"]
    names = {"single_pass": "single pass", "mcts": "MCTS"}
    assert over == ["", *(f"{policy.replace('-2', ' 2')}, {names[mode]}" for policy, mode in columns)]
    assert header == [by, *["published", "ours"] * len(columns)]
    cells = {
        (row["policy"], row["mode"], row["value"]): row
        for row in made.published.filter(slice=by, source="CodeQ ablation").to_dicts()
    }
    assert [row[0] for row in rows[: len(values)]] == values
    for value, row in zip(values, rows, strict=False):
        assert row[1:] == [text for column in columns for text in both(cells[*column, value])]


def test_a_second_version_of_a_cell_has_a_row_with_its_source():
    *_, last = Page(report.render(context())).tables["table-published-rollouts"]
    assert last == ["20CodeQ README, 21 commits", "81.3 %", "–", "92.0 % 46/50", "–"]
    text = Page(report.render(context())).text
    assert "CodeQ ablation, but for rows that name another source." in text
    assert "The ablation gives 84.0 % of 50 problems" in text


def test_the_section_says_whose_model_and_bugs_ours_are_and_that_nothing_is_tested():
    text = Page(report.render(context())).text
    assert "Different problems and possibly another model." in text
    assert "This study fixes bugs of the built-in curriculum with Qwen/Qwen2.5-Coder-7B-Instruct ;" in text
    assert "No test is made" in text
    assert "pooled over all seeds" not in text
    other = Study(name="tiny", seeds=(0, 1), data={"source": "shards/x"}, model={"base": "models/y"})
    text = Page(report.render(context(evaluation(seeds=(0, 1)), study=other))).text
    assert "This study fixes bugs of shards/x with models/y ;" in text
    assert "pooled over all seeds; their intervals count each bug once" in text


def test_every_source_is_named_with_its_model_and_benchmark():
    text = Page(report.render(context())).text
    for name, source in FIGURES.sources.items():
        assert f"{name} {source.title}. {source.model}; {source.benchmark}." in text


def test_published_names_are_text_and_never_markup():
    hostile = "<script>alert('&')</script>"
    made = context()
    table = made.published.with_columns(policy=pl.lit(hostile), source=pl.lit(hostile), note=pl.lit(hostile))
    html = report.render(context(published=table))
    assert "<script>alert" not in html
    assert Page(html).text.count(hostile) > 100
