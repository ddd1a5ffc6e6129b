"""`codeq doctor`: one line per finding."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

_COLOURS = {"ok": "green", "note": "blue", "warning": "yellow", "failure": "red"}


def doctor(
    profile: Annotated[str | None, typer.Option(help="Snakemake profile, such as profiles/mini")] = None,
    configfile: Annotated[Path | None, typer.Option(help="study file [default: the profile's, or the mini study]")] = (
        None
    ),
    as_json: Annotated[bool, typer.Option("--json", help="print JSON")] = False,
) -> None:
    """Say what this machine has and lacks for a study on a profile, and what to do; exit code 1 if something lacks."""
    from codeq.doctor.examination import findings

    found = findings(profile, configfile)
    if as_json:
        typer.echo(json.dumps([asdict(finding) for finding in found], indent=2, ensure_ascii=False))
    else:
        for finding in found:
            typer.secho(f"{finding.state:<8}", fg=_COLOURS[finding.state], nl=False)
            typer.echo(f"{finding.subject:<10}{finding.found}")
            if finding.state in ("warning", "failure"):
                typer.echo(f"{'':<18}-> {finding.remedy}")
    if any(finding.state == "failure" for finding in found):
        raise typer.Exit(1)
