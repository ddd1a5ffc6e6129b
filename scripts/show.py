"""Print the fix rates of a finished study and the path of its report."""

import argparse
from pathlib import Path

import polars as pl

from codeq import stage
from codeq.errors import DataError


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("study", type=Path, help="directory of the study, such as results/mini")
    args = parser.parse_args()

    from rich.console import Console

    from codeq.evaluation.tables import console_table

    rates = args.study / "tables" / "fix_rates.parquet"
    if not rates.exists():
        raise DataError(f"{rates}: no such file; the study is not finished")
    Console().print(console_table(pl.read_parquet(rates)))
    print(f"Report: {args.study / 'report.html'}")


if __name__ == "__main__":
    stage.run(main)
