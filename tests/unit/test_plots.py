"""The plots are drawn, and what is drawn is read back from the SVG and compared with the tables."""

import math
import re
from functools import cache
from xml.etree import ElementTree

import polars as pl
import pytest
from test_evaluation_tables import evaluation
from test_published import FIGURES, beside

from codeq import tables as schemas
from codeq.errors import DataError
from codeq.evaluation import plots, report, tables
from codeq.evaluation.anytime import anytime
from codeq.evaluation.duplication import by_size, duplication
from codeq.evaluation.published import Figure

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


# 29 clusters of one bug, 10 of two, and one each of 4, 5 and 40; `filters` as in audit.json.
SIZES = [1] * 29 + [2] * 10 + [4, 5, 40]
FILTERS = {
    "rows of the benchmark": {"bugs": 1414, "problems": 225, "clusters": 223},
    "usable: bug fails a public test": {"bugs": 1214, "problems": 215, "clusters": 213},
}
CURVES = {("round-2", 0): curve(0.02), ("round-1", 0): curve()}


def clusters() -> pl.DataFrame:
    """Table `duplicates` with clusters of these sizes."""
    rows = [(f"bug-{c}-{b}", f"cluster-{c}", f"bug-{c}-0", 1.0) for c, size in enumerate(SIZES) for b in range(size)]
    return pl.DataFrame(rows, schema=schemas.SCHEMAS["duplicates"], orient="row")


@cache
def drawn(name: str) -> str:
    table = evaluation(bugs=40)
    charts = {
        "fix_rates": lambda: plots.fix_rates(tables.fix_rates(table), beside(table)),
        "anytime": lambda: plots.anytime(anytime(table, 4, 10)),
        "cost": lambda: plots.cost(tables.fix_rates(table)),
        "categories": lambda: plots.categories(tables.by_category(table)),
        "duplication": lambda: duplication(FILTERS, clusters()),
        "training": lambda: plots.training(CURVES),
        "optimisation": lambda: plots.training(CURVES, plots.OPTIMISATION),
    }
    return plots.svg(charts[name]())


every_plot = pytest.mark.parametrize("name", report.FIGURES)


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
    others = [figure.rate for figure in drawn_figures(table)] if name == "fix_rates" else []
    assert points == pytest.approx(sorted([*rates["rate_hidden"], *rates["rate_public"], *others]), abs=0.002)
    intervals = marks(drawn(name), "mark-rule role-mark")
    assert sorted(x_of(mark) / 280 for mark in intervals) == pytest.approx(sorted(rates["ci_low"]), abs=0.002)
    lengths = [float(mark.get("x2", 0)) / 280 for mark in intervals]
    assert sorted(lengths) == pytest.approx(sorted(rates["ci_high"] - rates["ci_low"]), abs=0.002)


def drawn_figures(table: pl.DataFrame) -> list[Figure]:
    """The published rates over all bugs of what a study has evaluated."""
    mine = set(table.select("policy", "mode").unique().rows())
    return [
        figure
        for figure in FIGURES.figures
        if figure.slice == "headline" and figure.value is None and (figure.policy, figure.mode) in mine
    ]


def test_published_rates_stand_as_diamonds_on_the_line_of_the_same_policy_and_mode():
    study = evaluation(seeds=(0,), bugs=40)
    rates = tables.fix_rates(study)
    svg = plots.svg(plots.fix_rates(rates, beside(study)))
    points = marks(svg, "mark-symbol role-mark")
    diamonds = [mark for mark in points if mark.get("stroke") == "currentColor"]
    assert sorted(x_of(mark) / 280 for mark in diamonds) == pytest.approx(
        sorted([0.439, 0.36, 0.813, 0.38, 0.439, 0.463, 0.556, 0.84]), abs=0.002
    )
    line = {mark.get("transform", "").partition(",")[2] for mark in points}
    assert {mark.get("transform", "").partition(",")[2] for mark in diamonds} < line
    assert "diamond: published, of other problems" in svg


def test_without_a_published_rate_of_the_same_cell_no_diamond_is_explained():
    study = evaluation(seeds=(0,)).filter(mode="best_of_n")
    svg = plots.svg(plots.fix_rates(tables.fix_rates(study), beside(study)))
    assert "published" not in svg
    assert len(marks(svg, "mark-symbol role-mark")) == 2 * 4  # hidden and public, of each policy


def test_cost_stands_where_tokens_per_bug_and_the_hidden_rate_say_in_the_colour_of_its_mode():
    rates = tables.fix_rates(evaluation(bugs=40)).with_columns(tokens=pl.col("tokens") / pl.col("n"))
    low, high = math.log(0.8 * min(rates["tokens"])), math.log(1.25 * max(rates["tokens"]))
    # Searches have the colours of the anytime curve, in the same order.
    colours = {"single_pass": "currentColor", "best_of_n": plots.PALETTE[0], "mcts": plots.PALETTE[1]}
    expected = sorted(
        (310 * (math.log(tokens) - low) / (high - low), 120 * (1 - rate), colours[mode])
        for tokens, rate, mode in rates.select("tokens", "rate_hidden", "mode").iter_rows()
    )
    found = sorted(
        (*map(float, re.findall(r"[\d.]+", mark.get("transform", ""))), mark.get("fill"))
        for mark in marks(drawn("cost"), "mark-symbol role-mark")
    )
    assert len(found) == len(expected)
    for one, other in zip(found, expected, strict=True):
        assert one[:2] == pytest.approx(other[:2], abs=0.5)  # px
        assert one[2] == other[2]
    lengths = [abs(float(mark.get("y2", 0))) / 120 for mark in marks(drawn("cost"), "mark-rule role-mark")]
    assert sorted(lengths) == pytest.approx(sorted(rates["ci_high"] - rates["ci_low"]), abs=0.004)


def test_what_cost_no_token_or_has_no_hidden_test_is_not_drawn_against_cost():
    free = tables.fix_rates(evaluation(seeds=(0,)).with_columns(tokens=pl.lit(0)))
    assert marks(plots.svg(plots.cost(free)), "mark-symbol role-mark") == []
    untested = tables.fix_rates(evaluation(bugs=4, untested=4, seeds=(0,)))
    assert marks(plots.svg(plots.cost(untested)), "mark-symbol role-mark") == []


def test_clusters_are_counted_by_the_bugs_in_them():
    assert by_size(clusters()).rows() == [
        ("1", 29),
        ("2", 10),
        ("3 to 4", 1),
        ("5 to 8", 1),
        ("9 to 16", 0),
        ("17 to 32", 0),
        ("33 or more", 1),
    ]
    pairs = clusters().filter(pl.col("cluster_id").is_in(["cluster-0", "cluster-30"]))
    assert by_size(pairs).rows() == [("1", 1), ("2", 1)]


def test_each_bar_of_the_duplicate_audit_is_as_long_as_its_count_and_says_it():
    svg = drawn("duplication")
    shown = texts(svg)
    assert [text for text in shown if text in ("rows of the benchmark", "usable", "clusters by the bugs in them")] == [
        "rows of the benchmark",
        "usable",
        "clusters by the bugs in them",
    ]
    counts = [count for left in FILTERS.values() for count in left.values()]
    sizes = [29, 10, 1, 1, 0, 0, 1]
    assert [text for text in shown if re.fullmatch(r"[\d,]+", text)][-7:] == [str(size) for size in sizes]
    assert {f"{count:,}" for count in counts} <= set(shown)
    widths = [
        float(re.match(r"M[-\d.]+,[-\d.]+h([-\d.]+)", bar.get("d", ""))[1]) for bar in marks(svg, "mark-rect role-mark")
    ]
    assert len(widths) == len(counts) + len(sizes)
    for group, values in ((widths[: len(counts)], counts), (widths[len(counts) :], sizes)):
        assert [width / max(group) for width in group] == pytest.approx(
            [value / max(values) for value in values], abs=0.004
        )


def test_panels_and_lines_are_in_the_order_of_the_study():
    shown = [text for text in texts(drawn("fix_rates")) if text in ("single pass", "best of n", "MCTS")]
    assert shown == ["single pass", "best of n", "MCTS"]
    shown = [text for text in texts(drawn("categories")) if text in tables.CATEGORIES]
    assert shown == list(tables.CATEGORIES)


def test_bugs_without_hidden_tests_are_drawn_with_public_rates_alone():
    study = evaluation(bugs=4, untested=4, seeds=(0,))
    rates = tables.fix_rates(study)
    points = marks(plots.svg(plots.fix_rates(rates, beside(study))), "mark-symbol role-mark")
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
