"""The frame every script shares: its arguments, its settings, its log, and how errors are shown."""

import argparse
import errno
import json
import logging
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from codeq.config import Section, Study, load_study, parse
from codeq.errors import CodeqError, ConfigError

MACHINE = "CODEQ_MACHINE"  # environment variable: JSON of the machine's settings, by section


def parser(doc: str | None, *, settings: bool = True) -> argparse.ArgumentParser:
    """An argument parser that shows the script's docstring, with `--settings` if the stage has any."""
    made = argparse.ArgumentParser(description=doc, formatter_class=argparse.RawDescriptionHelpFormatter)
    if settings:
        made.add_argument(
            "--settings",
            type=study,
            required=True,
            help='a study\'s YAML file, or inline JSON with the sections that matter, as in \'{"dpo": {"beta": 0.2}}\'',
        )
    return made


def study(text: str) -> Study:
    """The `--settings` argument: a YAML file, or inline JSON whose missing sections get their defaults.

    Settings of the machine may also stand, as JSON by section, in the environment variable CODEQ_MACHINE.
    """
    given: Study
    if text.lstrip().startswith("{"):
        given = parse(Study, {"name": "by-hand", **_json(text, "--settings")}, "--settings")
    else:
        given = load_study(Path(text))
    if MACHINE not in os.environ:
        return given
    plain, known = given.model_dump(mode="json"), machine(given)
    for section, changes in _json(os.environ[MACHINE], MACHINE).items():
        for name, value in changes.items():
            if name not in known.get(section, {}):
                raise ConfigError(f"{MACHINE}: {section}.{name} is no setting of the machine; use --settings")
            plain[section][name] = value
    return parse(Study, plain, MACHINE)


def _json(text: str, where: str) -> dict[str, Any]:
    try:
        values: dict[str, Any] = json.loads(text)
    except json.JSONDecodeError as error:
        raise ConfigError(f"{where}: not JSON: {error}") from error
    return values


def sections(study: Study, *whole: str, **parts: Sequence[str]) -> dict[str, Any]:
    """Some sections of a study as plain data, `whole` but for the machine's settings, or in `parts` (section -> keys).

    These are the parameters of a rule and of its lineage record: what is left out makes nothing stale.
    """
    plain = study.model_dump(mode="json")
    chosen = {name: getattr(study, name).determinants() for name in whole}
    chosen |= {name: {key: plain[name][key] for key in keys} for name, keys in parts.items()}
    return dict(sorted(chosen.items()))


def machine(study: Study) -> dict[str, Any]:
    """The settings that say how a machine is used, by section; no result depends on them."""
    parts = {name: part.machine() for name, part in study if isinstance(part, Section)}
    return {name: part for name, part in sorted(parts.items()) if part}


def run(main: Callable[[], None]) -> None:
    """Run a script's main: plain log lines on stderr; a CodeqError or a full disk is a message and exit status 1."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s: %(message)s", datefmt="%H:%M:%S")
    if not sys.stderr.isatty():
        os.environ.setdefault("TQDM_DISABLE", "1")  # the bars of libraries; a log wants plain lines
    for noisy in ("httpx2", "datasets", "filelock"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
    try:
        main()
    except CodeqError as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(1)
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT):
            raise
        print(f"error: {error}: the disk is full; make room and run the same command again", file=sys.stderr)
        sys.exit(1)
