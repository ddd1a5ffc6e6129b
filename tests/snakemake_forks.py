"""Snakemake with its imports, much of the time of a dry-run, behind it; run as a process of its own.

It reads calls, a line of JSON each, makes a fork for each, which is then what `python -m snakemake` is from there on,
and answers with its exit status. Nothing of CodeQ is imported before the fork: each call may have other code.
"""

import json
import os
import signal
import sys
from typing import Any

from snakemake import cli

SECONDS = 900  # then a call is killed


def become(call: dict[str, Any]) -> None:
    os.chdir(call["directory"])
    os.environ.clear()
    os.environ.update(call["environment"])
    sys.path[0] = call["directory"]
    sys.argv = ["snakemake", *call["arguments"]]
    for descriptor, path in enumerate((os.devnull, call["stdout"], call["stderr"])):
        os.dup2(os.open(path, os.O_RDONLY if descriptor == 0 else os.O_WRONLY | os.O_CREAT), descriptor)
    signal.alarm(SECONDS)
    cli.main(call["arguments"])


for line in sys.stdin:
    if not (child := os.fork()):
        become(json.loads(line))
        sys.exit()
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
