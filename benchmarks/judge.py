"""Compile the suites of DebugBench's Python problems and judge 4,000 programs by them, as a user would.

The programs are all references, all bugs, and mutants of the references (one injected bug each, by seed).
References must pass and bugs must fail; some mutants are equal to their reference, so their rate is below 100 %.
"""

import argparse
import json
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import polars as pl

from codeq import tables
from codeq.data.bugs import inject
from codeq.lineage.environment import machine

ROOT = Path(__file__).resolve().parents[1]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--source", type=Path, required=True, help="directory of LANGUAGE_SUBTYPE.json shards")
    parser.add_argument("--programs", type=int, default=4000, help="programs to judge (default: 4000)")
    parser.add_argument("--jobs", type=int, default=2, help="programs run at once (default: 2)")
    parser.add_argument(
        "--report",
        type=Path,
        default=ROOT / "benchmarks" / "judge.json",
        help="JSON file to write; a Markdown one goes beside it",
    )
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as directory:
        work = Path(directory)
        suites = ("tests", "untested", "hidden_tests", "hidden_untested")
        files = {name: work / f"{name}.parquet" for name in ("raw", "problems", "bugs", *suites, "scores")}
        settings = json.dumps({"data": {"source": str(args.source.resolve())}, "sandbox": {"workers": args.jobs}})
        common = ("--settings", settings)
        shards = sorted(args.source.resolve().glob("python3_*.json"))
        run("scripts/raw.py", *common, "--raw", files["raw"], "--source", *shards)
        run("scripts/problems.py", *common, *options(files, "raw", "problems", "bugs"))
        given = ("raw", "problems", "tests")
        compiling = run("scripts/tests.py", *common, *options(files, *given, "untested"))
        compiling += run("scripts/hidden_tests.py", *common, *options(files, *given, "hidden_tests", "hidden_untested"))
        problems, bugs = (tables.read(name, files[name]) for name in ("problems", "bugs"))
        submissions = programs(problems, bugs, args.programs)
        (work / "programs.jsonl").write_text("".join(json.dumps(each) + "\n" for each in submissions))
        judging = run(
            *(
                Path(sys.executable).with_name("codeq"),
                "judge",
                "--tests",
                files["tests"],
                "--tests",
                files["hidden_tests"],
                "--programs",
                work / "programs.jsonl",
            ),
            *("--out", files["scores"], "--jobs", str(args.jobs)),
        )
        scores = tables.read("scores", files["scores"])
        inside = float(scores["seconds"].sum())
        report = {
            "machine": {key: machine()[key] for key in ("cpu", "cores")},
            "jobs": args.jobs,
            "programs": len(scores),
            "seconds to compile all suites": round(compiling, 1),
            "seconds to judge all programs": round(judging, 1),
            "share of the judging spent inside the programs": round(inside / judging / args.jobs, 3),
            **counts(pl.concat([tables.read("tests", files[name]) for name in ("tests", "hidden_tests")]), scores),
        }
    args.report.write_text(json.dumps(report, indent=2) + "\n")
    args.report.with_suffix(".md").write_text(markdown(report))
    print(markdown(report))


def run(*command: object) -> float:
    """Run Python in the project's root; its wall time in seconds."""
    started = time.monotonic()
    subprocess.run([sys.executable, *map(str, command)], cwd=ROOT, check=True)
    return time.monotonic() - started


def options(files: dict[str, Path], *names: str) -> list[object]:
    return [part for name in names for part in (f"--{name}", files[name])]


def programs(problems: pl.DataFrame, bugs: pl.DataFrame, wanted: int) -> list[dict[str, str]]:
    """References, bugs and mutants, `wanted` in all; ids begin with the kind."""
    references = [
        (row["problem_id"], code) for row in problems.iter_rows(named=True) for code in row["reference_codes"]
    ]
    found = [("reference", *each) for each in references]
    found += [("bug", *each) for each in bugs.select("problem_id", "buggy_code").iter_rows()]
    rng = random.Random(0)
    seen = {code for _, _, code in found}
    while len(found) < wanted:
        problem, code = rng.choice(references)
        mutant = inject(code, 1, rng, rng.choice(("logic", "reference")))
        if mutant is not None and mutant.code not in seen:
            seen.add(mutant.code)
            found.append(("mutant", problem, mutant.code))
    return [
        {"id": f"{kind}-{number}", "problem_id": problem, "code": code}
        for number, (kind, problem, code) in enumerate(found[:wanted])
    ]


def counts(tests: pl.DataFrame, scores: pl.DataFrame) -> dict[str, Any]:
    """What the suites hold, and how many programs of each kind fail in public, in hidden, in either."""
    hidden = tests.filter(pl.col("visibility") == "hidden")["problem_id"].value_counts()["count"]
    kinds = scores.with_columns(kind=pl.col("id").str.extract(r"^(\w+)-"))
    return {
        "tests": dict(tests["visibility"].value_counts().sort("visibility").iter_rows()),
        "problems with at least 50 hidden tests": int((hidden >= 50).sum()),
        "programs that fail": {
            kind: {
                "of": len(part),
                "public": int((part["public_failed"] > 0).sum()),
                "hidden": int((part["hidden_failed"] > 0).sum()),
                "either": int((part["verdict"] != "pass").sum()),
            }
            for (kind,), part in sorted(kinds.partition_by("kind", as_dict=True).items())
        },
    }


def markdown(report: dict[str, Any]) -> str:
    machine, tests = report["machine"], report["tests"]
    lines = [
        f"DebugBench's Python problems, on {machine['cores']} cores of an {machine['cpu']}, {report['jobs']} jobs:",
        "",
        f"- {tests['public']} public and {tests['hidden']} hidden tests; "
        f"{report['problems with at least 50 hidden tests']} of 225 problems have at least 50 hidden ones",
        f"- all suites compiled in {report['seconds to compile all suites']:.0f} s",
        f"- {report['programs']} programs judged in {report['seconds to judge all programs']:.0f} s, "
        f"{report['share of the judging spent inside the programs']:.0%} of it inside the programs",
        "",
        "| programs | of | fail in public | fail in hidden | fail in either |",
        "| --- | ---: | ---: | ---: | ---: |",
    ]
    for kind, count in report["programs that fail"].items():
        shares = (f"{count[where]} ({count[where] / count['of']:.1%})" for where in ("public", "hidden", "either"))
        lines.append(f"| {kind} | {count['of']} | {' | '.join(shares)} |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    main()
