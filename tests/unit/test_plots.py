"""The plots are drawn, and what is drawn is read back from the SVG and compared with the tables."""

import re
from functools import cache
from xml.etree import ElementTree

import polars as pl
import pytest
from test_evaluation_tables import evaluation

from codeq import tables as schemas
from codeq.errors import DataError
from codeq.evaluation import plots, tables
from codeq.evaluation.anytime import anytime

SVG = "{http://www.w3.org/2000/svg}"
REFERENCE = {"compared": 80, "mean": 0.01, "largest": 0.3, "beyond_tolerance": 1}
PAPER = {"light": "#ffffff", "dark": "#14171c"}


def curve(shift: float = 0.0) -> pl.DataFrame:
    """Ten steps of training, two evaluations, and the other metrics a run logs."""
    start = {"train_pairs": 400, "eval_pairs": 40, "dropped_too_long": 3, "dropped_inner_eos": 0, "max_steps": 10}
    start |= {f"reference/{name}": value for name, value in REFERENCE.items()}
    rows: list[tuple[int, str, float]] = [(0, name, value) for name, value in start.items()]
    for step in range(1, 11):
        rows += [(step, "loss", 0.7 - 0.01 * step + shift), (step, "rewards/accuracies", 0.5 + 0.02 * step)]
        rows += [(step, "rewards/margins", 0.03 * step), (step, "grad_norm", 1.0), (step, "learning_rate", 1e-5)]
        rows += [(step, "tokens_per_second", 1000.0 + 10 * step), (step, "peak_memory_gib", 1 + 0.1 * step)]
        both = {"rewards/chosen": -0.01, "rewards/rejected": -0.04, "logps/chosen": -20, "logps/rejected": -25}
        both |= {"entropy": 0.3 + 0.01 * step}
        rows += [(step, name, value) for name, value in both.items()]
        if step % 5 == 0:
            accuracy = 0.75 if step == 5 else 0.55
            held_out = {"loss": 0.69, "rewards/accuracies": accuracy, "rewards/margins": 0.1, **both}
            rows += [(step, f"eval_{name}", value) for name, value in held_out.items()]
    rows.append((5, "best/eval_rewards/accuracies", 0.75))
    return pl.DataFrame(rows, schema=schemas.SCHEMAS["training_curve"], orient="row")


CURVES = {("round-2", 0): curve(0.02), ("round-1", 0): curve()}


@cache
def drawn(name: str) -> str:
    table = evaluation(bugs=40)
    charts = {
        "fix_rates": lambda: plots.fix_rates(tables.fix_rates(table)),
        "anytime": lambda: plots.anytime(anytime(table, 4, 10)),
        "categories": lambda: plots.categories(tables.by_category(table)),
        "training": lambda: plots.training(CURVES),
        "optimisation": lambda: plots.training(CURVES, plots.OPTIMISATION),
    }
    return plots.svg(charts[name]())


every_plot = pytest.mark.parametrize("name", ["fix_rates", "anytime", "categories", "training", "optimisation"])


def texts(svg: str) -> list[str]:
    return [element.text or "" for element in ElementTree.fromstring(svg).iter(f"{SVG}text")]


def marks(svg: str, role: str) -> list[ElementTree.Element]:
    groups = (group for group in ElementTree.fromstring(svg).iter(f"{SVG}g") if role in group.get("class", ""))
    return [path for group in groups for path in group]


def x_of(element: ElementTree.Element) -> float:
    found = re.match(r"translate\(([-\d.]+)", element.get("transform", ""))
    assert found
    return float(found[1])


def y_of(element: ElementTree.Element) -> float:
    """A rate, from the height of a mark in a panel of 130 px."""
    found = re.match(r"translate\([-\d.]+,([-\d.]+)", element.get("transform", ""))
    assert found
    return 1 - float(found[1]) / 130


@every_plot
def test_the_same_table_gives_the_same_bytes(name: str):
    first = drawn(name)
    drawn.cache_clear()
    assert drawn(name) == first


@every_plot
def test_a_plot_fits_a_phone(name: str):
    width = float(re.search(r'viewBox="0 0 (\d+)', drawn(name))[1])
    assert width <= 420
    assert all(float(size) >= 12 for size in re.findall(r'font-size="([\d.]+)px"', drawn(name)))


@every_plot
def test_a_plot_can_be_set_into_a_page(name: str):
    svg = drawn(name)
    assert svg.startswith("<svg")
    assert not re.search(r"\bid=|url\(|href=", svg), "ids would collide between plots, references may leave the page"


@every_plot
def test_nothing_is_drawn_in_a_colour_that_one_theme_hides(name: str):
    used = set(re.findall(r'(?:fill|stroke)="([^"]+)"', drawn(name)))
    assert used <= {*plots.PALETTE, "currentColor", "none", "transparent"}
    assert "currentColor" in used
    assert all(ink in drawn(name) for ink in plots.INK.values())


def luminance(colour: str) -> float:
    """WCAG 2.2, relative luminance."""
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(a: str, b: str) -> float:
    high, low = sorted((luminance(a), luminance(b)), reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_marks_and_letters_stand_out_in_both_themes(theme: str):
    assert all(contrast(colour, PAPER[theme]) >= 3 for colour in plots.PALETTE)
    assert contrast(plots.INK[theme], PAPER[theme]) >= 7


@pytest.mark.parametrize("name", ["fix_rates", "categories"])
def test_marks_stand_where_the_table_says(name: str):
    table = evaluation(bugs=40)
    rates = tables.fix_rates(table) if name == "fix_rates" else tables.by_category(table)
    points = sorted(x_of(mark) / 280 for mark in marks(drawn(name), "mark-symbol role-mark"))
    assert points == pytest.approx(sorted([*rates["rate_hidden"], *rates["rate_public"]]), abs=0.002)
    intervals = marks(drawn(name), "mark-rule role-mark")
    assert sorted(x_of(mark) / 280 for mark in intervals) == pytest.approx(sorted(rates["ci_low"]), abs=0.002)
    lengths = [float(mark.get("x2", 0)) / 280 for mark in intervals]
    assert sorted(lengths) == pytest.approx(sorted(rates["ci_high"] - rates["ci_low"]), abs=0.002)


def test_panels_and_lines_are_in_the_order_of_the_study():
    shown = [text for text in texts(drawn("fix_rates")) if text in ("single pass", "best of n", "MCTS")]
    assert shown == ["single pass", "best of n", "MCTS"]
    shown = [text for text in texts(drawn("categories")) if text in tables.CATEGORIES]
    assert shown == list(tables.CATEGORIES)


def test_bugs_without_hidden_tests_are_drawn_with_public_rates_alone():
    rates = tables.fix_rates(evaluation(bugs=4, untested=4, seeds=(0,)))
    points = marks(plots.svg(plots.fix_rates(rates)), "mark-symbol role-mark")
    assert sorted(x_of(mark) / 280 for mark in points) == pytest.approx(sorted(rates["rate_public"]), abs=0.002)


def test_names_are_text_and_never_markup():
    hostile = "</style><script>alert('&')</script>"
    svg = plots.svg(plots.categories(tables.by_category(evaluation(seeds=(0,)).with_columns(category=pl.lit(hostile)))))
    assert hostile in texts(svg)
    assert not list(ElementTree.fromstring(svg).iter(f"{SVG}script"))


def test_training_shows_three_metrics_of_every_round():
    titles = list(plots.OUTCOME.values())
    assert [text for text in texts(drawn("training")) if text in titles] == titles
    assert {"round 1", "round 2"} <= set(texts(drawn("training")))
    lines = marks(drawn("training"), "mark-line role-mark")
    assert len(lines) == 3 * 2 * 2  # metric, round, training or held-out
    assert sum(line.get("stroke-dasharray") == "4,3" for line in lines) == 6
    assert len(marks(drawn("training"), "mark-symbol role-mark")) == 3 * 2 * 2  # metric, round, evaluation


def test_optimisation_shows_what_moved_the_metrics_of_every_round():
    titles = list(plots.OPTIMISATION.values())
    assert [text for text in texts(drawn("optimisation")) if text in titles] == titles
    lines = marks(drawn("optimisation"), "mark-line role-mark")
    # Seven metrics of two rounds in training; gradient and learning rate are none of held-out pairs.
    assert sum(line.get("stroke-dasharray") == "1,0" for line in lines) == 7 * 2
    assert sum(line.get("stroke-dasharray") == "4,3" for line in lines) == 5 * 2


def test_the_anytime_curve_has_its_marks_where_the_table_says():
    rates = anytime(evaluation(bugs=40), 4, 10)
    points = sorted(y_of(mark) for mark in marks(drawn("anytime"), "mark-symbol role-mark"))
    assert points == pytest.approx(sorted([*rates["rate_hidden"], *rates["rate_public"]]), abs=0.002)
    lines = marks(drawn("anytime"), "mark-line role-mark")
    assert len(lines) == 4 * 2 * 2 * 2  # policy, unit, mode, seed
    assert {line.get("stroke") for line in lines} == set(plots.PALETTE[:2])
    shown = texts(drawn("anytime"))
    titles = ("base", "round 1", "round 2", "round 10")
    assert [text for text in shown if text in titles] == [title for title in titles for _ in ("samples", "tokens")]
    assert [text for text in shown if text.startswith("equal ")] == ["equal samples", "equal tokens"]
    assert [text for text in shown if text in ("best of n", "MCTS")] == ["best of n", "MCTS"]


def test_a_study_of_single_passes_has_an_empty_anytime_curve():
    single = evaluation().filter(pl.col("mode") == "single_pass")
    assert marks(plots.svg(plots.anytime(anytime(single, 4, 10))), "role-mark") == []


def test_a_policy_keeps_its_colour_in_every_plot():
    alone = plots.svg(plots.training({("round-2", 0): curve()}))
    assert {line.get("stroke") for line in marks(alone, "mark-line role-mark")} == {plots.PALETTE[2]}


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_a_value_that_is_not_finite_leaves_a_gap(value: float):
    broken = curve().with_columns(value=pl.when(pl.col("step") == 3).then(value).otherwise("value"))
    svg = plots.svg(plots.training({("round-1", 0): broken}))
    solid = [line for line in marks(svg, "mark-line role-mark") if line.get("stroke-dasharray") == "1,0"]
    assert [line.get("d", "").count("M") for line in solid] == [2, 2, 2]


def test_curves_without_a_known_metric_are_refused():
    with pytest.raises(DataError, match="hold none of"):
        plots.training({("round-1", 0): curve().filter(pl.col("metric") == "grad_norm")})
    with pytest.raises(DataError, match="hold none of"):
        plots.training({("round-1", 0): curve().filter(pl.col("metric") == "loss")}, plots.OPTIMISATION)
