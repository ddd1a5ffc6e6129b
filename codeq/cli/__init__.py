"""The command line: it inspects; everything that makes results is a rule of the workflow."""

import logging
import os
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from codeq.cli.compare import compare
from codeq.cli.doctor import doctor
from codeq.cli.lineage import lineage
from codeq.cli.sandbox import Backend, sandbox
from codeq.cli.status import status
from codeq.errors import CodeqError


class _Group(TyperGroup):
    """Errors that CodeQ raises on purpose end a command with one red line and exit code 1."""

    def invoke(self, ctx: Any) -> object:
        try:
            return super().invoke(ctx)
        except CodeqError as error:
            typer.secho(f"Error: {error}", fg=typer.colors.RED, err=True)
            raise typer.Exit(1) from error


class Visibility(StrEnum):
    public = "public"
    hidden = "hidden"
    all = "all"


app = typer.Typer(cls=_Group, no_args_is_help=True, add_completion=False, help="CodeQ: inspect what the pipeline made.")
app.add_typer(lineage, name="lineage")
app.add_typer(sandbox, name="sandbox")
app.command()(doctor)
app.command()(compare)
app.command()(status)


@app.callback()
def codeq() -> None:
    """Keep commands grouped by what they inspect."""


@app.command()
def judge(
    tests: Annotated[list[Path], typer.Option(help="table of tests, public or hidden; give both by two --tests")],
    programs: Annotated[Path, typer.Option(help='JSON lines {"id", "problem_id", "code"}')],
    out: Annotated[Path, typer.Option(help="parquet table to write: one row per program, in their order")],
    visibility: Annotated[Visibility, typer.Option(help="the tests to judge by")] = Visibility.all,
    backend: Annotated[Backend, typer.Option(help="where the programs run")] = Backend.process,
    jobs: Annotated[int, typer.Option(min=1, help="programs run at once [default: the number of CPUs]")] = (
        os.cpu_count() or 1
    ),
) -> None:
    """Run programs on the tests of their problems and say how each ended.

    Finished programs are kept in OUT.journal until all are done: a run that was stopped goes on from there.
    """
    from codeq import tables
    from codeq.config import SandboxSettings
    from codeq.sandbox import Sandbox, scoring

    _log_lines()
    submissions = scoring.read_submissions(programs, tests, visibility.value)
    settings = SandboxSettings(backend=backend.value, workers=jobs)
    journal = out.with_name(out.name + ".journal")
    out.parent.mkdir(parents=True, exist_ok=True)
    with Sandbox(settings) as sandbox:
        scores = scoring.score(
            submissions, sandbox, jobs, journal, limits=settings.model_dump_json(exclude={"workers"})
        )
    tables.write("scores", scores, out)
    journal.unlink()
    counts = scores["verdict"].value_counts(sort=True)
    typer.echo(f"{len(scores)} programs: " + ", ".join(f"{count} {verdict}" for verdict, count in counts.iter_rows()))


def _log_lines() -> None:
    """Plain log lines on stderr, for what shows progress."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s", datefmt="%H:%M:%S")
