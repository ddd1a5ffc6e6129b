"""The report's plots as Altair charts, and their SVG.

Lines and letters take the text colour of the page around them (`currentColor`) and every mark has
at least 3:1 contrast to both white and near-black, so one SVG serves light and dark. Charts are
about 400 px wide, so that letters stay legible when a phone scales them to its screen.
"""

import io
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeVar

import altair as alt
import polars as pl

from codeq.errors import DataError
from codeq.evaluation.tables import BASELINE, CATEGORIES, MODES, label, policy_rank, rank

AnyChart = alt.FacetChart | alt.VConcatChart
Chart = TypeVar("Chart", alt.FacetChart, alt.VConcatChart)

# Base is grey, rounds have hues that differ in lightness too (Okabe and Ito 2008, adjusted).
PALETTE = ("#80868f", "#2f81c7", "#d0661b", "#1b9277", "#b0619a")
INK = {"light": "#1f2328", "dark": "#e6e8eb"}
_FONT = "Liberation Sans, Arimo, Arial, Helvetica, sans-serif"  # the first is the one vl-convert measures with
_WIDTH = 280  # px, of the plotting area
_INK = "currentColor"
_HIDDEN_AND_PUBLIC = "filled: hidden tests, 95 % Wilson interval · ring: public tests"

# How trl names what a DPO run logs; the same with "eval_" before it is measured on held-out pairs.
OUTCOME = {"loss": "DPO loss", "rewards/accuracies": "reward accuracy", "rewards/margins": "reward margin"}
OPTIMISATION = {
    "rewards/chosen": "reward of chosen",
    "rewards/rejected": "reward of rejected",
    "logps/chosen": "log-probability of chosen, nats",
    "logps/rejected": "log-probability of rejected, nats",
    "entropy": "entropy, nats per token",
    "grad_norm": "gradient norm",
    "learning_rate": "learning rate",
}


def fix_rates(rates: pl.DataFrame, published: pl.DataFrame) -> alt.FacetChart:
    """Table `fix_rates`: one panel per mode, one line per policy and seed; a diamond at each published rate.

    Of table `published` the rates over all bugs are drawn, on the line of the same policy and mode (of several seeds,
    the middle one).
    """
    seeds = sorted(rates["seed"].unique())
    known = published.filter(pl.col("slice") == "headline", pl.col("value").is_null(), pl.col("our_n").is_not_null())
    marks = known.select("policy", "mode", published="rate", seed=pl.lit(seeds[len(seeds) // 2], pl.Int64))
    both = pl.concat([rates, marks], how="diagonal").with_columns(pl.col("published").cast(pl.Float64))
    return _intervals(
        both.with_columns(panel="mode", line="policy", shift=pl.col("seed").cast(pl.String)),
        panels=sorted(rates["mode"].unique(), key=rank(MODES)),
        lines=sorted(rates["policy"].unique(), key=policy_rank),
        shifts=[str(seed) for seed in seeds],
    )


def categories(rates: pl.DataFrame) -> alt.FacetChart:
    """Table `by_category`: one panel per category, one line per mode and policy; seeds lie upon each other."""
    return _intervals(
        rates.with_columns(panel="category", line="mode", shift="policy", published=pl.lit(None, pl.Float64)),
        panels=sorted(rates["category"].unique(), key=rank(CATEGORIES)),
        lines=sorted(rates["mode"].unique(), key=rank(MODES)),
        shifts=sorted(rates["policy"].unique(), key=policy_rank),
    )


def _intervals(
    rates: pl.DataFrame, panels: Sequence[str], lines: Sequence[str], shifts: Sequence[str]
) -> alt.FacetChart:
    """Hidden rates with their intervals, public and published rates, in a grid of panels, lines and their shifts."""
    policies = sorted(rates["policy"].unique(), key=policy_rank)
    data = rates.select(
        "rate_public",
        "rate_hidden",
        "ci_low",
        "ci_high",
        "published",
        pl.col("policy", "panel", "line").map_elements(label, pl.String),
        pl.col("shift").map_elements(label, pl.String),
    )
    step = 13 if len(shifts) > 1 else 20
    # Where seeds lie upon each other, faint intervals: their union is nobody's interval.
    own = data.filter(pl.col("published").is_null())
    overlap = own.select("panel", "line", "shift").is_duplicated().any()
    base = alt.Chart(data).encode(
        alt.Y("line:N", sort=[label(name) for name in lines], title=None),
        alt.YOffset("shift:N", sort=[label(name) for name in shifts]),
        _policy_colour(policies, legend=policies != list(lines)),
    )
    axis = alt.Axis(format="%", tickCount=5, labelFlush=False)
    x = alt.X("rate_hidden:Q", title="bugs fixed", axis=axis).scale(domain=[0, 1])
    layers = [
        base.mark_rule(strokeWidth=2, strokeCap="round", opacity=0.3 if overlap else 1).encode(
            alt.X("ci_low:Q"), alt.X2("ci_high:Q")
        ),
        base.mark_point(filled=False, size=34, strokeWidth=1.3, opacity=0.7).encode(alt.X("rate_public:Q")),
        base.mark_point(filled=True, size=44, opacity=1).encode(x),
    ]
    title = [_HIDDEN_AND_PUBLIC]
    if own.height < data.height:
        diamond = base.mark_point(shape="diamond", filled=False, size=56, strokeWidth=1.4, opacity=1)
        layers.append(diamond.encode(alt.X("published:Q"), color=alt.value(_INK)))
        title.append("diamond: published, of other problems")
    chart = (
        alt.layer(*layers)
        .properties(width=_WIDTH, height=alt.Step(step))
        .facet(row=alt.Row("panel:N", sort=[label(name) for name in panels], title=None, header=header()), spacing=14)
    )
    return styled(chart.properties(title=title))


def cost(rates: pl.DataFrame) -> alt.FacetChart:
    """Table `fix_rates`: hidden rate with its interval against tokens generated per bug, a panel per policy."""
    rates = rates.filter(pl.col("n_hidden") > 0, pl.col("tokens") > 0)
    policies = [label(name) for name in sorted(rates["policy"].unique(), key=policy_rank)]
    data = rates.select(
        "rate_hidden",
        "ci_low",
        "ci_high",
        pl.col("policy", "mode").map_elements(label, pl.String),
        tokens=pl.col("tokens") / pl.col("n"),
    )
    spent: list[float] = data["tokens"].to_list()
    domain = [0.8 * min(spent, default=1), 1.25 * max(spent, default=1)]
    overlap = data.select("policy", "mode").is_duplicated().any()
    base = alt.Chart(data).encode(
        alt.X("tokens:Q", title="tokens generated per bug", axis=alt.Axis(tickCount=5, format="~s", grid=False)).scale(
            type="log", domain=domain, nice=False
        ),
        _mode_colour(rates["mode"].unique()),
    )
    y = alt.Y("rate_hidden:Q", title="bugs fixed", axis=alt.Axis(format="%", tickCount=5, grid=True))
    marks = alt.layer(
        base.mark_rule(strokeWidth=1.6, strokeCap="round", opacity=0.3 if overlap else 0.7).encode(
            alt.Y("ci_low:Q"), alt.Y2("ci_high:Q")
        ),
        base.mark_point(filled=True, size=44, opacity=1).encode(y.scale(domain=[0, 1])),
    ).properties(width=_WIDTH + 30, height=120)
    chart = marks.facet(row=alt.Row("policy:N", sort=policies, title=None, header=header()), spacing=14)
    return styled(chart.properties(title="hidden tests, 95 % Wilson interval"))


def anytime(rates: pl.DataFrame) -> alt.FacetChart:
    """Table `anytime`: one row of panels per policy, equal samples beside equal tokens, one line per mode and seed."""
    policies = sorted(rates["policy"].unique(), key=policy_rank)
    modes = [label(name) for name in sorted(rates["mode"].unique(), key=rank(MODES))]
    units = {"samples": "equal samples", "tokens": "equal tokens"}
    data = rates.select(
        "rollouts",
        "rate_public",
        "rate_hidden",
        "ci_low",
        "ci_high",
        "seed",
        pl.col("policy", "mode").map_elements(label, pl.String),
        unit=pl.col("unit").replace_strict(units),
    )
    overlap = data.select("policy", "mode", "unit", "rollouts").is_duplicated().any()
    base = alt.Chart(data).encode(
        alt.X("rollouts:O", title="budget in rollouts", axis=alt.Axis(labelAngle=0)),
        alt.XOffset("mode:N", sort=modes),
        _mode_colour(rates["mode"].unique()),
        alt.Detail("seed:N"),
    )
    y = alt.Y("rate_hidden:Q", title="bugs fixed", axis=alt.Axis(format="%", tickCount=5, grid=True))
    marks = alt.layer(
        base.mark_rule(strokeWidth=1.4, strokeCap="round", opacity=0.25 if overlap else 0.6).encode(
            alt.Y("ci_low:Q"), alt.Y2("ci_high:Q")
        ),
        base.mark_line(strokeWidth=1.6).encode(y),
        base.mark_point(filled=False, size=16, strokeWidth=1, opacity=0.7).encode(alt.Y("rate_public:Q")),
        base.mark_point(filled=True, size=20, opacity=1).encode(y.scale(domain=[0, 1])),
    ).properties(width=_WIDTH // 2 + 16, height=130)
    chart = marks.facet(
        row=alt.Row("policy:N", sort=[label(name) for name in policies], title=None, header=header()),
        column=alt.Column("unit:N", sort=list(units.values()), title=None, header=header()),
        spacing=14,
    )
    return styled(chart.properties(title=_HIDDEN_AND_PUBLIC))


def training(curves: Mapping[tuple[str, int], pl.DataFrame], metrics: Mapping[str, str] = OUTCOME) -> alt.FacetChart:
    """Tables `training_curve` by (policy, seed): a panel for each metric (name -> title) against the step.

    Raises DataError if no curve holds any of the metrics.
    """
    frames = [
        frame.with_columns(
            policy=pl.lit(policy),
            seed=pl.lit(seed),
            held_out=pl.col("metric").str.starts_with("eval_"),
            name=pl.col("metric").str.strip_prefix("eval_"),
        ).filter(pl.col("name").is_in(list(metrics)))
        for (policy, seed), frame in sorted(curves.items(), key=lambda item: (policy_rank(item[0][0]), item[0][1]))
    ]
    if not any(frame.height for frame in frames):
        raise DataError(f"training curves hold none of {list(metrics)}, with or without 'eval_'; retrain")
    policies = sorted({policy for policy, _ in curves}, key=policy_rank)
    data = pl.concat(frames).select(
        "step",
        "value",
        "seed",
        pl.col("policy").map_elements(label, pl.String),
        pl.col("name").replace_strict(metrics).alias("panel"),
        pairs=pl.when("held_out").then(pl.lit("held-out")).otherwise(pl.lit("training")),
    )
    base = alt.Chart(data).encode(
        alt.X("step:Q", title="optimiser step", axis=alt.Axis(tickCount=5, tickMinStep=1, grid=False)),
        alt.Y("value:Q", title=None, axis=alt.Axis(tickCount=4, grid=True)).scale(zero=False),
        _policy_colour(policies, legend=True),
        alt.Detail("seed:N"),
        alt.StrokeDash("pairs:N", legend=None).scale(domain=["training", "held-out"], range=[[1, 0], [4, 3]]),
    )
    # A point marks each held-out measurement: a single one would draw no line.
    points = base.transform_filter("datum.pairs === 'held-out'").mark_point(filled=True, size=24, opacity=1)
    chart: alt.FacetChart = (
        alt.layer(base.mark_line(strokeWidth=1.6), points)
        .properties(width=_WIDTH + 20, height=110)
        .facet(row=alt.Row("panel:N", sort=list(metrics.values()), title=None, header=header()), spacing=14)
        .resolve_scale(y="independent")
    )
    return styled(chart.properties(title="solid: training pairs · dashed: held-out pairs"))


def _policy_colour(policies: Sequence[str], legend: bool) -> alt.Color:
    """The same colour for the same policy in every plot, however many are shown."""
    rounds = [policy_rank(policy)[1] for policy in policies]
    colours = [PALETTE[1 + (number - 1) % (len(PALETTE) - 1)] if number else PALETTE[0] for number in rounds]
    shown = alt.Legend(title=None, symbolOpacity=1, symbolType="circle") if legend else None
    return alt.Color("policy:N", legend=shown).scale(domain=[label(name) for name in policies], range=colours)


def _mode_colour(modes: Iterable[str]) -> alt.Color:
    """The same colour for the same mode in every plot of a study; a single pass has the colour of letters."""
    ordered = sorted(modes, key=rank(MODES))
    searches = [mode for mode in ordered if mode != BASELINE]
    colours = {mode: PALETTE[number % len(PALETTE)] for number, mode in enumerate(searches)} | {BASELINE: _INK}
    legend = alt.Legend(title=None, symbolOpacity=1, symbolType="circle", columns=3)
    return alt.Color("mode:N", legend=legend).scale(
        domain=[label(mode) for mode in ordered], range=[colours[mode] for mode in ordered]
    )


def header() -> alt.Header:
    """The title of a panel, above it."""
    return alt.Header(labelOrient="top", labelAnchor="start", labelFontWeight="bold", labelFontSize=12, labelPadding=3)


def styled(chart: Chart) -> Chart:
    """The chart with the letters, lines and margins that all plots share."""
    text: dict[str, Any] = {
        "labelColor": _INK,
        "titleColor": _INK,
        "labelFontSize": 12,
        "titleFontSize": 12,
        "titleFontWeight": "normal",
    }
    axis: dict[str, Any] = {
        **text,
        "gridColor": _INK,
        "gridOpacity": 0.14,
        "domain": False,
        "ticks": False,
        "labelPadding": 6,
    }
    made: Chart = chart.configure(
        background="transparent",
        font=_FONT,
        padding=4,
        view=alt.ViewConfig(stroke=None),
        axis=alt.AxisConfig(**axis),
        axisY=alt.AxisConfig(grid=False),
        header=alt.HeaderConfig(**text),
        legend=alt.LegendConfig(**text, orient="top", symbolStrokeWidth=2),
        title=alt.TitleConfig(color=_INK, fontSize=12, fontWeight="normal", anchor="start", offset=6),
    )
    return made


def svg(chart: AnyChart) -> str:
    """The chart as one SVG element; the same table gives the same bytes.

    It scales to its container, and takes its ink from the page it is set in or, opened by itself,
    from the reader's colour scheme.
    """
    buffer = io.StringIO()
    chart.save(buffer, format="svg")
    style = (
        f"<style>.plot{{color:{INK['light']}}}@media(prefers-color-scheme:dark){{.plot{{color:{INK['dark']}}}}}</style>"
    )
    opening, rest = buffer.getvalue().split(">", 1)
    return f"{opening.replace('marks', 'plot', 1)}>{style}{rest}"
