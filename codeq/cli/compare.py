"""`codeq compare`: the same policies and modes in two studies, on the bugs that both evaluated."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from codeq.errors import DataError

if TYPE_CHECKING:
    import polars as pl
    from rich.table import Table


def compare(
    run_a: Annotated[Path, typer.Argument(help="directory of a study, results/<name>")],
    run_b: Annotated[Path, typer.Argument(help="directory of another one")],
    mode: Annotated[list[str] | None, typer.Option(help="only this mode; may be repeated")] = None,
) -> None:
    """Compare two studies bug by bug: hidden rates on the bugs that both evaluated, with paired exact McNemar tests.

    Policies are paired by name and seed. p is corrected for the number of rows (Holm).
    """
    from rich.console import Console

    from codeq.evaluation.comparisons import between

    (a, tests_a), (b, tests_b) = (_evaluations(run, mode) for run in (run_a, run_b))
    compared = between(a, b)
    Console().print(_table(compared))
    typer.echo(f"a: {run_a}\nb: {run_b}")
    if (compared["n"] < compared["n_a"]).any() or (compared["n"] < compared["n_b"]).any():
        typer.echo("The two did not evaluate the same bugs. Everything above is on those in both; n counts them.")
    if tests_a != tests_b:
        typer.echo("The two were judged by different hidden tests: a difference may be one of the tests.")


def _evaluations(run: Path, modes: list[str] | None) -> "tuple[pl.DataFrame, set[str]]":
    """All evaluations of a study, and the digests of the hidden tests that judged them."""
    import polars as pl

    from codeq import lineage, tables

    paths = [path for path in sorted(run.glob("seed-*/evaluation/*/*.parquet")) if not modes or path.stem in modes]
    if not paths:
        of_modes = f" of mode {', '.join(modes)}" if modes else ""
        raise DataError(
            f"{run}: no evaluations{of_modes} in it; give the directory of a finished study, results/<name>"
        )
    records = [lineage.read_record(path) for path in paths]
    judged_by = {
        entry["sha256"]
        for record in records
        if record is not None
        for entry in record["inputs"]
        if entry["name"] == "hidden_tests"
    }
    return pl.concat([tables.read("evaluation", path) for path in paths]), judged_by


def _table(compared: "pl.DataFrame") -> "Table":
    from rich.box import SIMPLE_HEAD
    from rich.table import Table

    from codeq.evaluation.report import p_value, points
    from codeq.evaluation.tables import label, percent

    table = Table(title="Hidden rates on the same bugs", box=SIMPLE_HEAD, pad_edge=False, padding=0)
    several_seeds = compared["seed"].n_unique() > 1
    for heading in ("policy", "mode"):
        table.add_column(heading, no_wrap=True)
    for heading in (*(["seed"] if several_seeds else []), "n", "a", "b", "only a", "only b", "a − b", "p"):
        table.add_column(heading, justify="right", no_wrap=True)
    for row in compared.iter_rows(named=True):
        table.add_row(
            label(row["policy"]),
            label(row["mode"]),
            *([str(row["seed"])] if several_seeds else []),
            str(row["n"]),
            percent(row["rate_a"]),
            percent(row["rate_b"]),
            str(row["only_a"]),
            str(row["only_b"]),
            points(row["difference"]).removesuffix(" points"),
            p_value(row["p_holm"]).removeprefix("p = ").removeprefix("p "),
        )
    return table
