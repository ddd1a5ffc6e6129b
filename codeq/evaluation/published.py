"""Published figures and the same cells of a study, side by side.

The figures are data with their sources (`config/published.yaml`). Problems, tests and models differ, so nothing here
is tested for significance: a paired test needs the same bugs on both sides.
"""

from pathlib import Path
from typing import Any, Literal

import polars as pl
from pydantic import Field, PositiveInt, field_validator, model_validator

from codeq.config import Section, load
from codeq.evaluation.statistics import wilson
from codeq.evaluation.tables import CATEGORIES, LEVELS

SLICES = ("category", "level", "rollouts")
_VALUES: dict[str, tuple[str | None, ...]] = {
    "headline": (None, "parsed", "macro"),  # all; of replies that could be parsed; mean of the categories' rates
    "category": CATEGORIES,
    "level": LEVELS,
}
_ROUNDING = 0.0005  # published rates have at least three digits
_KEYS = ["policy", "mode", "slice", "value"]
_SCHEMA = {
    "source": pl.String,
    "policy": pl.String,
    "mode": pl.String,
    "slice": pl.String,
    "value": pl.String,
    "rate": pl.Float64,
    "solved": pl.Int64,
    "n": pl.Int64,
    "ci_low": pl.Float64,
    "ci_high": pl.Float64,
    "our_rate": pl.Float64,
    "our_seeds": pl.Int64,
    "our_solved": pl.Int64,
    "our_n": pl.Int64,
    "our_ci_low": pl.Float64,
    "our_ci_high": pl.Float64,
    "difference": pl.Float64,
    "note": pl.String,
}


class Source(Section):
    """Where figures stand, and of what they are."""

    title: str
    model: str
    benchmark: str


class Figure(Section):
    """One published cell."""

    source: str  # a key of `Published.sources`
    policy: str  # as this project calls it where the meaning is the same, else as published; so is `mode`
    mode: str
    slice: Literal["headline", "category", "level", "rollouts"] = "headline"
    value: str | None = None
    rate: float = Field(ge=0, le=1)
    solved: int | None = Field(None, ge=0)
    n: PositiveInt | None = None
    note: str | None = None

    @property
    def count(self) -> int | None:
        """Problems solved, as published or as rate and n imply; None where n is not published."""
        return self.solved if self.solved is not None or self.n is None else round(self.rate * self.n)

    @model_validator(mode="after")
    def _value_is_one_of_its_slice(self) -> "Figure":
        if self.slice == "rollouts":
            if not (self.value or "").isdecimal():
                raise ValueError(f"value {self.value!r} of slice 'rollouts' is no number of them; write one in quotes")
        elif self.value not in _VALUES[self.slice]:
            known = ", ".join(value or "none" for value in _VALUES[self.slice])
            raise ValueError(f"value {self.value!r} is not of slice {self.slice!r}; give one of: {known}")
        return self

    @model_validator(mode="after")
    def _rate_is_that_of_its_counts(self) -> "Figure":
        if self.n is None and self.solved is not None:
            raise ValueError(f"solved {self.solved} of how many? Give n, or leave both out")
        if self.n is not None and self.count is not None and abs(self.count / self.n - self.rate) > _ROUNDING:
            raise ValueError(
                f"rate {self.rate} is not {self.count}/{self.n} = {self.count / self.n:.4f}; correct what was misread"
            )
        return self


class Published(Section):
    """The file of published figures."""

    sources: dict[str, Source]
    figures: tuple[Figure, ...] = Field(min_length=1)

    @field_validator("figures")
    @classmethod
    def _each_cell_once_per_source(cls, figures: tuple[Figure, ...]) -> tuple[Figure, ...]:
        seen: dict[tuple[object, ...], int] = {}
        for number, figure in enumerate(figures):
            cell = (figure.source, figure.policy, figure.mode, figure.slice, figure.value)
            if cell in seen:
                raise ValueError(f"rows {seen[cell]} and {number} (from 0) are the same cell {cell}; keep one")
            seen[cell] = number
        return figures

    @model_validator(mode="after")
    def _sources_are_listed(self) -> "Published":
        for number, figure in enumerate(self.figures):
            if figure.source not in self.sources:
                known = ", ".join(self.sources)
                raise ValueError(f"figures.{number}: source {figure.source!r} is not one of sources ({known}); list it")
        return self


def read(path: Path) -> Published:
    """The published figures of a YAML file. Raises ConfigError naming the file, the row and the remedy."""
    return load(Published, path)


def beside(
    figures: Published,
    *,
    fix_rates: pl.DataFrame,
    by_category: pl.DataFrame,
    by_level: pl.DataFrame,
    anytime: pl.DataFrame,
) -> pl.DataFrame:
    """Table `published`: one row per published cell, in the order of the file, and our hidden rate in that cell.

    The tables are those of `codeq.evaluation.tables` and `anytime`, of which rollouts are read at equal samples.
    Intervals are 95 % Wilson intervals; null where n is not published. our_solved and our_n are summed over seeds,
    and our_rate is their quotient. Seeds of one bug are no independent trials: with several, our interval is that of
    one seed's number of bugs, which is cautious. difference = our_rate - rate. All of ours is null where the study
    has no such cell.
    """
    ours = _cells(fix_rates, by_category, by_level, anytime)
    rows: list[dict[str, Any]] = []
    for figure in figures.figures:
        row = dict.fromkeys(_SCHEMA) | figure.model_dump() | {"solved": figure.count}
        if figure.n is not None and figure.count is not None:
            row["ci_low"], row["ci_high"] = wilson(figure.count, figure.n)
        if cell := ours.get((figure.policy, figure.mode, figure.slice, figure.value)):
            seeds, solved, n = cell
            low, high = wilson(round(solved / seeds), round(n / seeds))
            row |= {"our_seeds": seeds, "our_solved": solved, "our_n": n, "our_rate": solved / n}
            row |= {"our_ci_low": low, "our_ci_high": high, "difference": solved / n - figure.rate}
        rows.append(row)
    return pl.DataFrame(rows, schema=_SCHEMA, orient="row")


def _cells(
    fix_rates: pl.DataFrame, by_category: pl.DataFrame, by_level: pl.DataFrame, anytime: pl.DataFrame
) -> dict[tuple[str, str, str, str | None], tuple[int, int, int]]:
    """(seeds, solved, n) of every cell of ours that has bugs with hidden tests, over all seeds."""
    whole = pl.lit(None, pl.String)
    parts = [
        (fix_rates, "headline", whole, "n_hidden"),
        (fix_rates, "headline", pl.lit("parsed"), "n_parsed"),
        (by_category, "category", pl.col("category"), "n_hidden"),
        (by_level, "level", pl.col("level"), "n_hidden"),
        (anytime.filter(pl.col("unit") == "samples"), "rollouts", pl.col("rollouts").cast(pl.String), "n_hidden"),
    ]
    seeds = pl.concat(
        table.select("policy", "mode", slice=pl.lit(name), value=value, solved="solved_hidden", n=n)
        for table, name, value, n in parts
    )
    pooled = seeds.filter(pl.col("n") > 0).group_by(_KEYS).agg(pl.len(), pl.col("solved", "n").sum())
    return {row[:4]: row[4:] for row in pooled.iter_rows()}


def crossed(table: pl.DataFrame, by: str) -> dict[str, Any]:
    """The cells of one slice as the study prints them: a column per mode and policy, a row per value and source.

    Columns and rows are in the order of the table; a cell that is not published is None.
    """
    cells = table.filter(pl.col("slice") == by)
    columns = cells.select("mode", "policy").unique(maintain_order=True).rows()
    rows: dict[tuple[str, str], dict[tuple[str, str], dict[str, Any]]] = {}
    for cell in cells.iter_rows(named=True):
        rows.setdefault((cell["value"], cell["source"]), {})[cell["mode"], cell["policy"]] = cell
    return {
        "by": by,
        "columns": columns,
        "sources": cells["source"].unique(maintain_order=True).to_list(),
        "rows": [(*key, [found.get(column) for column in columns]) for key, found in rows.items()],
    }
