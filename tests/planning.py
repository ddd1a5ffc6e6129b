"""What the workflow tests share: how Snakemake is run, and how a plan is read."""

import re
import subprocess
from collections import Counter
from collections.abc import Callable

Snakemake = Callable[..., subprocess.CompletedProcess[str]]


def planned(output: str) -> Counter[str]:
    """Jobs by rule, from the table "Job stats" of a dry-run."""
    table = output.split("Job stats:")[1].split("total")[0]
    return Counter({name: int(count) for name, count in re.findall(r"^(\w+)\s+(\d+)$", table, re.MULTILINE)})
