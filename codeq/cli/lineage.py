"""`codeq lineage`: where results come from, whether they still are what was recorded, and why two of them differ."""

import json
import os
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

lineage = typer.Typer(no_args_is_help=True, help="Where results come from.")


@lineage.command()
def trace(
    what: Annotated[
        str,
        typer.Argument(
            metavar="FILE_OR_ID",
            help="a file made by a rule, a model directory, FILE:N for row N of a table, "
            "the id of a bug, pair, node or tree, or the start of a sha256",
        ),
    ],
    directory: Annotated[Path, typer.Option("--in", help="where ids are looked up")] = Path("results"),
    as_json: Annotated[bool, typer.Option("--json", help="print JSON instead of a tree")] = False,
    as_dot: Annotated[bool, typer.Option("--dot", help="print a graph for Graphviz instead of a tree")] = False,
) -> None:
    """Show what a file or a row was made from, down to the raw sources, and whether the disk still agrees.

    Of a row its own chain comes first: the rows it counts or joins, down to raw rows; then that of its file.
    What is used several times is described once and marked "above" after that.
    """
    from codeq import rows
    from codeq.cli import rendering

    row, root = rows.look_up(what, directory)
    if as_json:
        shown = rendering.as_json(root, set())
        if row:
            shown = {"row": rendering.row_as_json(row, set()), "file": shown}
        typer.echo(json.dumps(shown, indent=2, ensure_ascii=False))
        return
    if as_dot:
        typer.echo(rendering.as_dot(root, row))
        return
    from rich.console import Console

    # Into a pipe each line goes whole: a wrapped path could not be searched for.
    console = Console(width=None if sys.stdout.isatty() else 10_000)
    if row:
        console.print(rendering.row_as_tree(row))
    console.print(rendering.as_tree(root))


@lineage.command()
def verify(
    directory: Annotated[Path, typer.Argument(help="a study, or all of them")] = Path("results"),
    invalidate: Annotated[
        bool, typer.Option("--invalidate", help="remove what is at fault, so that the next run remakes it")
    ] = False,
) -> None:
    """Compare every file below DIRECTORY with what its record, or its model's manifest, says.

    Names what is missing, changed, made from something that has changed since, or in no record; exit code 1 if there
    is any. Orphans are never removed.
    """
    from codeq import lineage as records

    done = records.verify(directory)
    for fault in done.faults:
        typer.secho(f"{fault.kind}: {os.path.relpath(fault.path)}: {fault.detail}", fg=typer.colors.RED)
    for path in done.absent:
        typer.echo(f"not here, so not compared: {path}")
    typer.echo(f"{done.files} files, {done.bytes / 1e6:,.1f} MB: {len(done.faults)} at fault")
    if invalidate:
        for path in records.invalidate(done.faults):
            typer.echo(f"removed {os.path.relpath(path)}; run snakemake to remake it")
    if done.faults:
        raise typer.Exit(1)


@lineage.command()
def diff(
    run_a: Annotated[Path, typer.Argument(help="a file made by a rule, or the directory of a study")],
    run_b: Annotated[Path, typer.Argument(help="another one")],
    as_json: Annotated[bool, typer.Option("--json", help="print JSON instead of lines")] = False,
) -> None:
    """Say why two results differ: the first setting, source, module or package that does, then the others.

    Exit code 1 if they differ.
    """
    from codeq.lineage import differences

    found = differences(run_a, run_b)
    if as_json:
        typer.echo(json.dumps([asdict(difference) for difference in found], indent=2, ensure_ascii=False))
    elif found:
        typer.echo("\n".join(["The first cause:", f"  {found[0]}", *([] if len(found) == 1 else ["Others:"])]))
        for difference in found[1:]:
            typer.echo(f"  {difference}")
    else:
        typer.echo("No difference.")
    if found:
        raise typer.Exit(1)


@lineage.command()
def crate(
    directory: Annotated[Path, typer.Argument(help="the directory of a finished study")],
    as_zip: Annotated[bool, typer.Option("--zip", help="pack it as DIRECTORY.crate.zip as well")] = False,
) -> None:
    """Make a study a Workflow Run RO-Crate: DIRECTORY/ro-crate-metadata.json, and the workflow beside it."""
    from codeq import crate as crates

    crates.write(directory)
    typer.echo(os.path.relpath(directory / crates.METADATA))
    if as_zip:
        # Resolved, so that "." has a name.
        packed = directory.resolve().with_name(directory.resolve().name + ".crate.zip")
        crates.write_zip(directory, packed)
        typer.echo(os.path.relpath(packed))
