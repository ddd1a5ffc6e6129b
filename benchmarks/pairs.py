"""Time the extraction of preference pairs, as the rule `pairs` runs it, on trees of a study far larger than ours.

Makes tables of random trees (10 rollouts of 4 rewrites each, with prompts, programs and verdicts of the usual mix), runs
`scripts/pairs.py` on them in a process of its own, and writes its wall time and peak memory.
"""

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import polars as pl

from codeq import tables
from codeq.lineage.environment import machine

ROOT = Path(__file__).resolve().parents[1]
ROLLOUTS, CANDIDATES, TEST_BUGS = 10, 4, 123
REWRITES = ROLLOUTS * CANDIDATES
SECONDS, GIBIBYTES = 120, 4  # what the extraction may take for 250,000 trees
SETTINGS = {"pairs": {"strategy": "mix"}}
NAMES = "left right total count items index result stack queue seen node value start end best".split()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--trees", type=int, default=250_000, help="trees to search for pairs (default: 250,000)")
    parser.add_argument("--files", type=int, default=10, help="tables they lie in (default: 10)")
    parser.add_argument(
        "--report",
        type=Path,
        default=ROOT / "benchmarks" / "pairs.json",
        help="JSON file to write; a Markdown one goes beside it",
    )
    args = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="codeq-pairs-") as scratch:
        directory = Path(scratch)
        paths = trajectories(directory, args.trees, args.files)
        report = {"trees": args.trees, "nodes": args.trees * (1 + REWRITES), **extracted(directory, paths)}
        report["input_mb"] = round(sum(path.stat().st_size for path in paths) / 1e6)
    host = machine()
    report["machine"] = {key: host[key] for key in ("cpu", "cores")}
    args.report.write_text(json.dumps(report, indent=2) + "\n")
    args.report.with_suffix(".md").write_text(markdown(report))
    print(markdown(report))


def trajectories(directory: Path, trees: int, files: int) -> list[Path]:
    """Write tables of random trees, and those of bugs and splits that go with them."""
    bounds = [trees * number // files for number in range(files + 1)]
    programs = [program(random.Random(number)) for number in range(500)]
    paths = []
    for number, (first, last) in enumerate(zip(bounds, bounds[1:], strict=False)):
        paths.append(directory / f"trajectories-{number}.parquet")
        tables.write("trajectories", forest(first, last, programs), paths[-1])
        print(f"{last:,} of {trees:,} trees made", file=sys.stderr)
    bugs = [(f"bug-{n:016x}", f"problem-{n % 200}", program(random.Random(-n))) for n in range(trees + TEST_BUGS)]
    empty = dict.fromkeys(tables.SCHEMAS["bugs"], "")
    table = pl.DataFrame(
        {**empty, "bug_id": [b for b, _, _ in bugs], "problem_id": [p for _, p, _ in bugs]}, strict=False
    ).with_columns(buggy_code=pl.Series([code for *_, code in bugs]), row=pl.int_range(pl.len()))
    tables.write("bugs", table.select(tables.SCHEMAS["bugs"].keys()), directory / "bugs.parquet")
    split = ["train"] * trees + ["test"] * TEST_BUGS
    cluster = pl.when(pl.col("split") == "test").then(pl.lit("t")).otherwise(pl.lit("c")) + pl.col("bug_id")
    splits = table.select("bug_id", "problem_id", split=pl.Series(split)).with_columns(cluster_id=cluster)
    tables.write("splits", splits.select(tables.SCHEMAS["splits"].keys()), directory / "splits.parquet")
    return paths


def program(rng: random.Random) -> str:
    """A program of about 400 characters."""
    a, b, c = rng.sample(NAMES, 3)
    lines = [f"        {rng.choice((a, b, c))} {rng.choice('+-*')}= {rng.randint(0, 99)}" for _ in range(8)]
    lines[3:3] = [f"        if {a} {rng.choice(('<', '<=', '>', '=='))} {b}:  # {c}", f"            {c} = {a} - {b}"]
    head = f"class Solution:\n    def solve(self, {a}: int, {b}: int) -> int:\n        {c} = {rng.randint(0, 9)}"
    return "\n".join([head, *lines, f"        return {c}"])


def forest(first: int, last: int, programs: list[str]) -> pl.DataFrame:
    """Trees number `first` to `last` - 1: a root, then the rewrites of each rollout below an earlier failure."""
    trees, rng = last - first, np.random.default_rng(first)
    own = np.tile(np.arange(REWRITES + 1), (trees, 1))
    rollout = (own + CANDIDATES - 1) // CANDIDATES
    # The root first, then each of its children, then nodes further down, none twice: depth 4 at most.
    expanded = np.zeros((trees, ROLLOUTS + 1), dtype=np.int64)
    for r in range(2, ROLLOUTS + 1):
        first_level = r - 1 if r < 2 + CANDIDATES else None
        expanded[:, r] = first_level or (r - 4) * CANDIDATES - 3 + rng.integers(0, CANDIDATES, trees)
    parent = np.take_along_axis(expanded, rollout, 1)
    depth = np.zeros_like(own)
    for node in range(1, REWRITES + 1):
        depth[:, node] = np.take_along_axis(depth, parent[:, node : node + 1], 1)[:, 0] + 1
    base = np.arange(trees)[:, None] * (REWRITES + 1)
    tree = first + np.repeat(np.arange(trees), REWRITES + 1)
    flat, above = (base + own).ravel(), (base + parent).ravel()
    root = own.ravel() == 0
    size = len(flat)
    # One rewrite in six repeats an earlier program of its tree; one in twelve has a syntax error, one in 25 is cut off.
    kind = rng.choice(5, size, p=[0.25, 0.46, 0.04, 0.08, 0.17])
    repeats = np.where((kind == 4) & (own.ravel() > 1), base.ravel().repeat(REWRITES + 1) + 1, flat)
    kind[kind == 4] = 1
    kind, text = kind[repeats], rng.integers(0, len(programs), size)[repeats]
    number = rng.integers(0, 1000, size)[repeats]
    verdict = pl.Series(["pass", "fail", "truncated", "syntax_error"]).gather(kind)
    q_ai = rng.beta(4, 2, size)
    table = pl.DataFrame({"tree": tree, "number": number, "flat": flat, "above": above, "repeats": repeats})
    name = {
        key: pl.lit(f"{key}-") + (pl.col(column) * 0x9E3779B97F4A7C1 % 2**63).cast(pl.String).str.zfill(16).str.slice(-16)
        for key, column in {"tree": "tree", "node": "node"}.items()
    }
    table = table.with_columns(node=pl.col("tree") * 64 + pl.col("flat") % (REWRITES + 1))
    table = table.with_columns(
        tree_id=name["tree"],
        node_id=name["node"],
        code=pl.Series(programs).gather(text)
        + pl.format("\n\n# {}\nLIMIT = {}{}", "number", "number", pl.Series(["", "", "", ")"]).gather(kind)),
        verdict=verdict,
        reward=pl.Series(kind == 0).cast(pl.Float64),
        q_ai=pl.Series(q_ai),
        depth=pl.Series(depth.ravel()),
        rollout=pl.Series(rollout.ravel()),
    )
    upper = table[above]
    results = pl.Series([[result(test, rng.random() < 0.5) for test in range(3)] for _ in range(100)])
    nothing = pl.lit(None)
    table = table.with_columns(
        parent_id=upper["node_id"],
        bug_id=pl.format("bug-{}", pl.Series([f"{n:016x}" for n in range(first, last)]).gather(tree - first)),
        problem_id=pl.format("problem-{}", pl.col("tree") % 200),
        prompt=pl.format(
            "<|im_start|>user\nFix the bug in bug {} and answer with the whole program.\n```python\n{}\n```\n{}<|im_end|>\n",
            "tree",
            upper["code"],
            pl.lit("Input: solve(3, 4)\nExpected: 12\nReturned: 7\n" * 3),
        ),
        prompt_digest=upper["node_id"],
        completion=pl.format("Here is the corrected program.\n```python\n{}\n```", "code"),
        finish_reason=pl.when(verdict == "truncated").then(pl.lit("length")).otherwise(pl.lit("stop")),
        parse_status=pl.lit("fenced"),
        results=results.gather(rng.integers(0, 100, size)),
        duplicate_of=pl.when(
            pl.col("repeats") != pl.col("flat"), ~verdict.is_in(["truncated", "syntax_error"]), pl.col("repeats") % (REWRITES + 1) != 0
        ).then(table["node_id"].gather(repeats)),
        q=0.5 * (pl.col("reward") + pl.col("q_ai")),
        q_mcts=pl.col("reward"),
        logprob=-100 * pl.col("q_ai"),
        seed=pl.col("node"),
        prompt_tokens=300,
        tokens=pl.col("code").str.len_bytes() // 3,
        visits=1,
        seconds=0.1,
        policy=pl.lit("0" * 64),
        mode=pl.lit("mcts"),
        round=1,
        peak_mb=12.0,
        critic_tokens=0,
    )
    rewrite_only = ("parent_id", "prompt", "prompt_digest", "completion", "finish_reason", "results", "verdict", "reward", "q")
    table = table.with_columns(
        pl.when(~pl.Series(root)).then(pl.col(*rewrite_only, "duplicate_of")), critic=nothing
    )
    return table.select(pl.col(column).cast(kind) for column, kind in tables.SCHEMAS["trajectories"].items())


def result(test: int, passed: bool) -> dict[str, object]:
    return {
        "test_id": f"example-{test}",
        "status": "pass" if passed else "fail",
        "returned": "12" if passed else "7",
        "message": None if passed else "expected 12, returned 7",
        "printed": "",
        "seconds": 0.001,
    }


def extracted(directory: Path, paths: list[Path]) -> dict[str, object]:
    """Run the script; its wall time in seconds, peak memory in GiB, and what it found."""
    out = directory / "pairs.parquet"
    command = [sys.executable, ROOT / "scripts" / "pairs.py", "--settings", json.dumps(SETTINGS)]
    for name in ("bugs", "splits"):
        command += [f"--{name}", directory / f"{name}.parquet"]
    command += ["--trajectories", *paths, "--pairs", out, "--audit", out.with_suffix(".md")]
    started = time.perf_counter()
    process = subprocess.Popen(command, env={**os.environ, "PYTHONPATH": str(ROOT), "POLARS_MAX_THREADS": "2"})
    _, status, usage = os.wait4(process.pid, 0)  # of this one process: other children have their own
    seconds = time.perf_counter() - started
    if status:
        sys.exit(f"scripts/pairs.py ended with status {os.waitstatus_to_exitcode(status)}")
    return {
        "seconds": round(seconds, 1),
        "cpu_seconds": round(usage.ru_utime + usage.ru_stime, 1),
        "peak_gib": round(usage.ru_maxrss / 2**20, 2),
        "pairs": pl.scan_parquet(out).select(pl.len()).collect().item(),
        "output_mb": round(out.stat().st_size / 1e6),
    }


def markdown(report: dict[str, object]) -> str:
    return (
        f"Pairs of {report['nodes']:,} nodes in {report['trees']:,} trees ({report['input_mb']:,} MB of parquet), on "
        f"{report['machine']['cores']} cores of an {report['machine']['cpu']}:\n\n"
        "| | measured | at most |\n| --- | ---: | ---: |\n"
        f"| wall time | {report['seconds']:.0f} s | {SECONDS} s |\n"
        f"| CPU time | {report['cpu_seconds']:.0f} s | |\n"
        f"| peak memory | {report['peak_gib']:.2f} GiB | {GIBIBYTES} GiB |\n"
        f"| pairs kept | {report['pairs']:,} | |\n"
    )


if __name__ == "__main__":
    main()
