"""`codeq sandbox`: where programs run."""

import json
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer


class Backend(StrEnum):
    process = "process"
    docker = "docker"


sandbox = typer.Typer(no_args_is_help=True, help="Where programs run.")


@sandbox.command()
def run(
    problem: Annotated[Path, typer.Option(help='JSON file {"entry_point", "kind", "tests"}')],
    cases: Annotated[Path, typer.Option(help='JSON file: a list of {"id", "code", "expect"}')],
    backend: Annotated[Backend, typer.Option(help="where the programs run")] = Backend.process,
) -> None:
    """Run programs whose verdict is known: a JSON line per case, exit code 1 when one got another verdict."""
    from codeq.config import SandboxSettings
    from codeq.sandbox import cases as files

    asked, known = files.read_problem(problem), files.read_cases(cases)
    wrong = 0
    for case, verdict in files.run(asked, known, SandboxSettings(backend=backend.value)):
        status = case.verdict(verdict.status)
        wrong += status not in case.right
        line = {"id": case.id, "verdict": status, "seconds": verdict.seconds, "right": status in case.right}
        typer.echo(json.dumps(line, ensure_ascii=False))
    if wrong:
        typer.secho(f"{wrong} of {len(known)} cases got another verdict than they expect", err=True)
        raise typer.Exit(1)


@sandbox.command()
def bench(
    backend: Annotated[Backend, typer.Option(help="where the programs run")] = Backend.process,
    executions: Annotated[int, typer.Option(min=1, help="programs to run")] = 2000,
    workers: Annotated[int, typer.Option(min=1, help="programs run at once")] = 2,
) -> None:
    """Measure executions per second, and how long one takes, on tiny programs with three tests each."""
    from codeq.config import SandboxSettings
    from codeq.sandbox import Sandbox, speed

    with Sandbox(SandboxSettings(backend=backend.value, workers=workers)) as running:
        measured = speed.measure(speed.judging(running), executions, workers)
    typer.echo(json.dumps({"backend": backend.value, "workers": workers, **measured.rounded()}))
