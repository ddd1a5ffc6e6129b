"""The plot of the duplicate audit: what every step leaves of a benchmark, and how large its clusters are."""

from collections.abc import Mapping
from typing import Any

import altair as alt
import polars as pl

from codeq.evaluation.plots import PALETTE, header, styled

_WIDTH = 260  # px, of the plotting area
_SIZES = ((1, 1), (2, 2), (3, 4), (5, 8), (9, 16), (17, 32), (33, None))  # bugs of a cluster, both ends included


def duplication(filters: Mapping[str, Mapping[str, Any]], duplicates: pl.DataFrame) -> alt.VConcatChart:
    """Part "filters" of the audit, a panel per step; below, the clusters of table `duplicates` by their size."""
    kinds = list(next(iter(filters.values())))
    left = pl.DataFrame(
        [(step.partition(":")[0], kind, count) for step, counts in filters.items() for kind, count in counts.items()],
        schema=["panel", "line", "count"],
        orient="row",
    )
    sizes = by_size(duplicates).select(panel=pl.lit("clusters by the bugs in them"), line="size", count="clusters")
    colours = dict(zip(kinds, PALETTE[1:], strict=False))
    clusters = dict.fromkeys(sizes["line"], colours["clusters"])
    parts = (_bars(left, colours), _bars(sizes, clusters))
    both: alt.VConcatChart = alt.vconcat(*parts, spacing=22).resolve_scale(color="independent")
    return styled(both)


def by_size(duplicates: pl.DataFrame) -> pl.DataFrame:
    """How many clusters hold how many bugs: columns size (a range, in words, up to the largest) and clusters."""
    found: list[int] = duplicates["cluster_id"].value_counts()["count"].to_list()
    rows = []
    for low, high in _SIZES:
        name = f"{low} or more" if high is None else str(low) if low == high else f"{low} to {high}"
        if low <= max(found):
            rows.append((name, sum(low <= size and (high is None or size <= high) for size in found)))
    return pl.DataFrame(rows, schema={"size": pl.String, "clusters": pl.Int64}, orient="row")


def _bars(counts: pl.DataFrame, colours: Mapping[str, str]) -> alt.FacetChart:
    """A panel per step with a bar per line (line -> colour), and its count at the end of the bar."""
    data = counts.with_columns(text=pl.col("count").map_elements("{:,}".format, pl.String))
    base = alt.Chart(data).encode(
        alt.X("count:Q", axis=None), alt.Y("line:N", sort=list(colours), title=None, axis=alt.Axis(minExtent=70))
    )
    colour = alt.Color("line:N", legend=None).scale(domain=list(colours), range=list(colours.values()))
    bars = base.mark_bar(height=11).encode(colour)
    text = base.mark_text(align="left", dx=5, fontSize=12, color="currentColor").encode(alt.Text("text:N"))
    panels = counts["panel"].unique(maintain_order=True).to_list()
    return (
        alt.layer(bars, text)
        .properties(width=_WIDTH, height=alt.Step(16))
        .facet(row=alt.Row("panel:N", sort=panels, title=None, header=header()), spacing=10)
    )
