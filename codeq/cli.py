"""The command line: it inspects; everything that makes results is a rule of the workflow."""

import json
import logging
import os
import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperGroup

from codeq.errors import CodeqError

if TYPE_CHECKING:
    from rich.text import Text
    from rich.tree import Tree

    from codeq.lineage import Node


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


class Backend(StrEnum):
    process = "process"
    docker = "docker"


app = typer.Typer(cls=_Group, no_args_is_help=True, add_completion=False, help="CodeQ: inspect what the pipeline made.")
lineage = typer.Typer(no_args_is_help=True, help="Where results come from.")
app.add_typer(lineage, name="lineage")
sandbox = typer.Typer(no_args_is_help=True, help="Where programs run.")
app.add_typer(sandbox, name="sandbox")


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


@lineage.command()
def trace(
    file: Annotated[Path, typer.Argument(help="a file made by a rule, or a model directory")],
    as_json: Annotated[bool, typer.Option("--json", help="print JSON instead of a tree")] = False,
) -> None:
    """Show what FILE was made from, down to the raw sources, and whether the disk still agrees.

    A file that is used several times is described once and marked "above" after that.
    """
    from codeq.lineage import trace as trace_file

    root = trace_file(file)
    if as_json:
        typer.echo(json.dumps(_as_json(root, set()), indent=2, ensure_ascii=False))
        return
    from rich.console import Console

    # Into a pipe each line goes whole: a wrapped path could not be searched for.
    Console(width=None if sys.stdout.isatty() else 10_000).print(_as_tree(root))


def _as_json(node: "Node", seen: set["Node"]) -> dict[str, object]:
    """A node and its inputs; a node met before is given without its record and inputs."""
    shown: dict[str, object] = {
        "name": node.name,
        "path": os.path.relpath(node.path),
        "sha256": node.sha256,
        "status": node.status,
        "origin": _origin(node),
    }
    if node in seen:
        return {**shown, "above": True}
    seen.add(node)
    if node.record:
        keys = ("script", "settings", "seed", "notes", "code", "packages", "machine", "start", "end", "seconds")
        shown |= {key: node.record[key] for key in keys}
    return {**shown, "inputs": [_as_json(source, seen) for source in node.inputs]}


def _as_tree(root: "Node") -> "Tree":
    from rich.tree import Tree

    seen: set[Node] = set()

    def grow(node: "Node", parent: "Tree | None") -> "Tree":
        label = _label(node, above=node in seen)
        branch = Tree(label) if parent is None else parent.add(label)
        if node not in seen:
            seen.add(node)
            for source in node.inputs:
                grow(source, branch)
        return branch

    return grow(root, None)


def _label(node: "Node", above: bool) -> "Text":
    """Three lines: the file and its state, who made it when and where, with which settings."""
    from rich.text import Text

    label = Text.assemble(
        (node.name, "bold"),
        f" {os.path.relpath(node.path)} ",
        (node.status, "green" if node.status == "ok" else "bold red"),
        (f" {node.sha256[:12]}", "dim"),
        (" (above)" if above else "" if node.record else f" ({_origin(node)})", "yellow" if node.lost else "cyan"),
    )
    if node.record and not above:
        record = node.record
        machine = record["machine"]
        where = ", ".join([machine["hostname"], machine["cpu"], *machine["gpus"]])
        facts = [
            record["script"],
            f"code {record['code']['version'][:12]}",
            *([] if record["seed"] is None else [f"seed {record['seed']}"]),
            record["start"],
            f"{record['seconds']} s",
            where,
        ]
        settings = json.dumps(record["settings"], ensure_ascii=False)
        label.append(f"\n{' · '.join(facts)}\n{settings}", "dim")
    return label


def _origin(node: "Node") -> str:
    return "made" if node.record else "record lost" if node.lost else "source"


def _log_lines() -> None:
    """Plain log lines on stderr, for what shows progress."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s", datefmt="%H:%M:%S")
