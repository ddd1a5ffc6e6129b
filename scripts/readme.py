"""Write the results of a finished study into README.md: its table of fix rates and one plot."""

import argparse
import json
import re
import shutil
from datetime import datetime
from pathlib import Path

import polars as pl

from codeq import lineage, stage
from codeq.errors import DataError

BLOCK = re.compile(r"(<!-- results: [^\n]*-->\n).*?(<!-- end of results -->)", re.DOTALL)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("study", type=Path, help="directory of the study, such as results/mini")
    parser.add_argument("--readme", type=Path, required=True, help="file to write into, between its two markers")
    parser.add_argument("--plot", type=Path, required=True, help="where to copy the plot of fix rates")
    args = parser.parse_args()

    from codeq.evaluation.tables import label, percent

    rates, plot = args.study / "tables" / "fix_rates.parquet", args.study / "plots" / "fix_rates.svg"
    record = lineage.read_record(rates)
    if record is None or not plot.exists():
        raise DataError(f"{args.study}: not a finished study; run it first")
    records = [json.loads(path.read_text()) for path in args.study.rglob("*.lineage.json")]
    first, last = (
        pick(datetime.fromisoformat(each[key]) for each in records) for pick, key in ((min, "start"), (max, "end"))
    )
    lines = [
        "| policy | mode | n | solved, public tests | solved, hidden too | 95 % interval | samples |",
        "| --- | --- | ---: | ---: | ---: | ---: | ---: |",
    ]
    for row in pl.read_parquet(rates).iter_rows(named=True):
        lines.append(
            f"| {row['policy']} | {label(row['mode'])} | {row['n']} | {percent(row['rate_public'])} "
            f"| {percent(row['rate_hidden'])} | {percent(row['ci_low'])} to {percent(row['ci_high'])} "
            f"| {row['samples']} |"
        )
    machine = record["machine"]
    shutil.copy(plot, args.plot)
    text = "\n".join(lines)
    block = (
        f"{text}\n\n![Fix rates by mode and policy]({args.plot.as_posix()})\n\n"
        f"Study `{args.study.name}`, made on {first:%Y-%m-%d} in {(last - first).total_seconds() / 60:.1f} minutes on "
        f"{machine['cores']} cores of an {machine['cpu']}.\n\n"
    )
    readme = args.readme.read_text()
    if not BLOCK.search(readme):
        raise DataError(f"{args.readme}: the two result markers are missing")
    args.readme.write_text(BLOCK.sub(lambda match: f"{match[1]}\n{block}{match[2]}", readme))


if __name__ == "__main__":
    stage.run(main)
