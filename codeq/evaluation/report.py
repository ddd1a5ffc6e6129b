"""The results report: one HTML file that needs no network, made from tables, plots and digests."""

import base64
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import resources
from typing import Any

import polars as pl
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from codeq.config import Study
from codeq.errors import DataError
from codeq.evaluation.curves import summary
from codeq.evaluation.published import SLICES, Source, crossed
from codeq.evaluation.statistics import SIGNIFICANT
from codeq.evaluation.tables import BASE, BASELINE, CATEGORIES, LEVELS, MODES, label, percent, policy_rank, rank
from codeq.evaluation.viewer import Trees
from codeq.tables import UNFIXED

FIGURES = ("fix_rates", "anytime", "cost", "categories", "duplication", "training", "optimisation")


@dataclass(frozen=True)
class Context:
    """Everything the report says, as values; nothing else is read."""

    study: Study
    fix_rates: pl.DataFrame  # tables of codeq.evaluation.tables
    pooled: pl.DataFrame
    by_category: pl.DataFrame
    by_level: pl.DataFrame
    pass_at_k: pl.DataFrame
    rounds: pl.DataFrame
    regressions: pl.DataFrame
    comparisons: pl.DataFrame
    anytime: pl.DataFrame
    published: pl.DataFrame  # table of codeq.evaluation.published
    sources: Mapping[str, Source]  # of its figures
    figures: Mapping[str, str]  # SVG by name of FIGURES; one that is left out is not shown
    curves: Mapping[tuple[str, int], pl.DataFrame]  # table `training_curve` by (policy, seed)
    audit: Mapping[str, Any]  # audit.json: part -> counts by name
    trees: Trees
    sandboxes: Sequence[Mapping[str, str]]  # each that was in use: "backend" and the layers of Sandbox.isolation
    inputs: Mapping[str, str]  # input file -> sha256
    policies: Mapping[str, str]  # policy -> digest of its manifest


def render(context: Context) -> str:
    """The report as HTML. The same context gives the same bytes.

    Raises DataError if there are no fix rates or a figure is not one of FIGURES.
    """
    unknown = sorted(context.figures.keys() - set(FIGURES))
    if unknown:
        raise DataError(f"report: unknown figures {unknown}; known are {', '.join(FIGURES)}")
    if context.fix_rates.is_empty():
        raise DataError("report: table 'fix_rates' has no rows; evaluate at least one policy")
    environment = Environment(
        loader=PackageLoader("codeq.evaluation", ""),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "percent": percent,
        "points": points,
        "p_value": p_value,
        "label": label,
        "figure": lambda value, form: "–" if value is None else form.format(value).replace("-", "−"),
    }
    rates = context.fix_rates
    script = resources.files("codeq.evaluation").joinpath("viewer.js").read_text()
    return environment.get_template("report.html.j2").render(
        study=context.study,
        headline=headline(rates, context.comparisons),
        rates=rates.to_dicts(),
        pooled=context.pooled.to_dicts(),
        clustered=any(row["n_hidden"] > row["problems"] for row in context.pooled.to_dicts()),
        several_seeds=rates["seed"].n_unique() > 1,
        unseen=rates.filter(pl.col("policy") == UNFIXED)["solved_hidden"].max(),
        pass_at_k=_by_k(context.pass_at_k),
        rounds=context.rounds.to_dicts(),
        trained=context.rounds.filter(pl.col("policy") != BASE).height > 0,
        transfer=_transfer(context.comparisons),
        tests=context.comparisons["p_value"].count(),
        regressions=context.regressions.to_dicts(),
        without_hidden=max(rates["n"] - rates["n_hidden"]),
        comparisons=context.comparisons.to_dicts(),
        published=context.published.filter(pl.col("slice") == "headline").to_dicts(),
        notes=context.published.filter(pl.col("note").is_not_null()).to_dicts(),
        crossed=[crossed(context.published, by) for by in SLICES],
        sources=context.sources,
        budgets=[_budgets(context.anytime, unit) for unit in ("samples", "tokens") if not context.anytime.is_empty()],
        slices=[
            _slices(context.by_category, "category", CATEGORIES),
            _slices(context.by_level, "level", LEVELS),
        ],
        figures={name: Markup(svg) for name, svg in context.figures.items()},
        trainings=[
            (*key, summary(curve)) for key, curve in sorted(context.curves.items(), key=lambda item: _order(*item[0]))
        ],
        audit=[_records(part, counts) for part, counts in context.audit.items()],
        trees=context.trees,
        script=Markup(script),
        script_digest=f"sha256-{base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()}",
        sandboxes=context.sandboxes,
        inputs=context.inputs,
        policies=context.policies,
    )


def headline(rates: pl.DataFrame, comparisons: pl.DataFrame) -> list[str]:
    """What the tables say, in sentences: the effect of training, that of search, and public against hidden.

    Speaks of the last round, whatever its result, in the last mode of `tables.MODES` that was
    evaluated; several seeds are averaged and their p-values listed. Of one seed the verdict is that of the p-value
    corrected for all comparisons of the study.
    """
    policy = max(rates["policy"].unique(), key=policy_rank)
    mode = max(rates.filter(pl.col("policy") == policy)["mode"].unique(), key=rank(MODES))
    fewest, most = min(rates["n_hidden"]), max(rates["n_hidden"])
    if most == 0:
        return [
            "No bug has hidden tests, so nothing is scored: the public rates below are of the tests that guide search."
        ]
    bugs = f"{most} bugs" if fewest == most else f"{fewest} to {most} bugs"
    seeds = rates["seed"].n_unique()
    over = f", averaged over {seeds} seeds," if seeds > 1 else ","

    sentences = []
    hidden, public = (_mean(rates, policy, mode, column) for column in ("rate_hidden", "rate_public"))
    where = "In a single pass" if mode == BASELINE else f"With {label(mode)}"
    change = _change(comparisons, (policy, mode), (BASE, mode))
    if change:
        before = _percent(_mean(rates, BASE, mode, "rate_hidden"))
        against = f"{_percent(hidden)} of {bugs} under hidden tests and the base model {before}"
        sentences.append(f"{where}{over} {label(policy)} fixes {against}: {change}.")
    change = _change(comparisons, (BASE, mode), (BASE, BASELINE))
    if change:
        searched, single = (_percent(_mean(rates, BASE, how, "rate_hidden")) for how in (mode, BASELINE))
        sentences.append(
            f"With the base model{over} {label(mode)} fixes {searched} and a single pass {single}: {change}."
        )
    who = "the base model" if policy == BASE else label(policy)
    if not sentences:
        sentences.append(f"{where}{over} {who} fixes {_percent(hidden)} of {bugs} under hidden tests.")
    sentences.append(
        f"By the public tests, which the search sees, {_noun(mode)} with {who} would score {_percent(public)}."
    )
    return sentences


def _change(comparisons: pl.DataFrame, a: tuple[str, str], b: tuple[str, str]) -> str | None:
    """The paired difference of (policy, mode) a and b with its test; None where they were not compared."""
    tests = comparisons.filter(
        pl.col("policy_a") == a[0],
        pl.col("mode_a") == a[1],
        pl.col("policy_b") == b[0],
        pl.col("mode_b") == b[1],
        pl.col("n") > 0,
    )
    if tests.is_empty():
        return None
    differences, p_values = tests["difference"].to_list(), tests["p_value"].to_list()
    difference = sum(differences) / len(differences)
    change = f"{'up' if difference > 0 else 'down'} {points(abs(difference))}" if difference else "no change"
    if len(p_values) > 1:
        return f"{change} (paired exact McNemar tests by seed: {', '.join(map(p_value, p_values))})"
    corrected, count = tests["p_holm"][0], comparisons["p_value"].count()
    verdict = "chance alone could explain it" if corrected >= SIGNIFICANT else "more than chance would explain"
    among = f"; {p_value(corrected)} as one of {count} tests" if count > 1 else ""
    return f"{change} (paired exact McNemar test on {tests['n'][0]} bugs, {p_value(p_values[0])}{among}: {verdict})"


def _mean(rates: pl.DataFrame, policy: str, mode: str, column: str) -> float | None:
    """Mean over seeds."""
    chosen = rates.filter(pl.col("policy") == policy, pl.col("mode") == mode)[column].drop_nulls().to_list()
    return sum(chosen) / len(chosen) if chosen else None


def _noun(mode: str) -> str:
    return "a single pass" if mode == BASELINE else label(mode)


def _percent(rate: float | None) -> str:
    return percent(rate).replace(" ", "\N{NO-BREAK SPACE}")


def points(difference: float | None) -> str:
    """A difference of rates in percentage points, such as "5.2 points" or "−1.0 points"."""
    if difference is None:
        return "–"
    text = f"{100 * difference:.1f}".replace("-", "−")
    return f"{text} points"


def p_value(p: float | None) -> str:
    """ "p = 0.031", or "p < 0.001"; an en dash for None."""
    if p is None:
        return "–"
    return "p < 0.001" if p < 0.001 else f"p = {p:.3f}"


def _order(policy: str, seed: int) -> tuple[object, int]:
    return policy_rank(policy), seed


def _slices(table: pl.DataFrame, by: str, known: Sequence[str]) -> dict[str, Any]:
    """A table of slices turned so that each slice is a column."""
    columns = sorted(table[by].unique(), key=rank(known))
    rows: dict[tuple[str, str, int], dict[str, Any]] = {}
    for row in table.iter_rows(named=True):
        rows.setdefault((row["policy"], row["mode"], row["seed"]), {})[row[by]] = row
    return {
        "by": by,
        "columns": columns,
        "rows": [(*key, [cells.get(column) for column in columns]) for key, cells in rows.items()],
    }


def _budgets(anytime: pl.DataFrame, unit: str) -> dict[str, Any]:
    """Table `anytime` in one unit, turned so that each budget is a column."""
    curve = anytime.filter(pl.col("unit") == unit)
    columns = curve.select("rollouts", "budget").unique().sort("rollouts").rows()
    rows = curve.partition_by("policy", "mode", "seed", maintain_order=True, as_dict=True)
    return {"unit": unit, "columns": columns, "rows": [(*key, cells.to_dicts()) for key, cells in rows.items()]}


def _by_k(table: pl.DataFrame) -> dict[str, Any]:
    """Table `pass_at_k` turned so that each k is a column."""
    columns = sorted(table["k"].unique())
    rows: dict[tuple[str, str, int], dict[int, Any]] = {}
    for row in table.iter_rows(named=True):
        rows.setdefault((row["policy"], row["mode"], row["bugs"]), {})[row["k"]] = row
    return {"columns": columns, "rows": [(*key, [cells.get(k) for k in columns]) for key, cells in rows.items()]}


def _transfer(comparisons: pl.DataFrame) -> dict[str, Any]:
    """What training changed: the comparisons of two policies in one mode, turned so that each mode is a column."""
    of_policies = comparisons.filter(pl.col("mode_a") == pl.col("mode_b"))
    modes = sorted(of_policies["mode_a"].unique(), key=rank(MODES))
    rows: dict[tuple[str, str, int], dict[str, Any]] = {}
    for row in of_policies.iter_rows(named=True):
        rows.setdefault((row["policy_a"], row["policy_b"], row["seed"]), {})[row["mode_a"]] = row
    order = sorted(rows, key=lambda key: (policy_rank(key[0]), policy_rank(key[1]), key[2]))
    return {
        "modes": modes,
        "rows": [(*key, [rows[key].get(mode) for mode in modes]) for key in order],
        "tested": of_policies["p_holm"].count(),
        "significant": int((of_policies["p_holm"] < SIGNIFICANT).sum()),
    }


def _records(part: str, counts: object) -> tuple[str, list[str], list[tuple[str, list[str]]]]:
    """One part of the audit as (title, column names, rows of name and cells)."""
    named: Mapping[str, Any] = counts if isinstance(counts, Mapping) else {part: counts}
    columns = list(dict.fromkeys(key for value in named.values() if isinstance(value, Mapping) for key in value))
    rows = [
        (
            str(name),
            [_cell(value.get(column)) for column in columns] if isinstance(value, Mapping) else [_cell(value)],
        )
        for name, value in named.items()
    ]
    return part, columns, rows


def _cell(value: object) -> str:
    """Counts with thousands separators; fractions are shares."""
    if isinstance(value, float):
        return percent(value)
    if isinstance(value, int) and not isinstance(value, bool):
        return f"{value:,}"
    return "–" if value is None else str(value)
