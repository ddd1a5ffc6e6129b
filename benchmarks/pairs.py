"""Time the extraction of preference pairs, as the rule `pairs` runs it, on trees of a study far larger than ours.

Makes tables of random trees: 10 rollouts of 4 rewrites each, one in four with a syntax error, one in six a program
that the tree already has, with other white space where it does not parse. Runs `scripts/pairs.py` on them in a process
of its own, and writes its wall time and peak memory.
"""

import argparse
import itertools
import json
import multiprocessing
import os
import random
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import numpy as np
import polars as pl

from codeq import tables
from codeq.lineage.environment import machine

ROOT = Path(__file__).resolve().parents[1]
ROLLOUTS, CANDIDATES, TEST_BUGS = 10, 4, 123
REWRITES = ROLLOUTS * CANDIDATES
#: The node that each rollout expands, and the depth of the rewrites: the root, its children, then nodes below them.
EXPANDED, DEPTH = (0, 1, 2, 3, 4, 5, 9, 13, 17, 21), (1, 2, 2, 2, 2, 3, 3, 3, 3, 4)
VERDICTS = {"pass": 0.26, "fail": 0.45, "truncated": 0.04, "syntax_error": 0.25}
SPACES = ["", " ", "\n", "\n\n"]
PROBLEMS = 200
SECONDS, GIBIBYTES = 120, 4  # what the extraction may take for 250,000 trees
SETTINGS = {"pairs": {"strategy": "mix"}}
NAMES = ["left", "right", "total", "count", "items", "index", "result", "stack", "queue", "seen", "value", "best"]


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
        # In a process of its own: a child counts the peak of its parent as its own.
        with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
            paths = pool.submit(trajectories, directory, args.trees, args.files).result()
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
    for number, (first, last) in enumerate(itertools.pairwise(bounds)):
        paths.append(directory / f"trajectories-{number}.parquet")
        tables.write("trajectories", forest(first, last, programs), paths[-1])
        print(f"{last:,} of {trees:,} trees made", file=sys.stderr)
    number = pl.Series(range(trees + TEST_BUGS))
    bugs = pl.select(
        bug_id=pl.lit("bug-") + identifier(number),
        problem_id=pl.format("problem-{}", number % PROBLEMS),
        cluster_id=identifier(number),
        buggy_code=pl.Series([program(random.Random(-seed)) for seed in number]),
        split=pl.when(number < trees).then(pl.lit("train")).otherwise(pl.lit("test")),
    )
    for name in ("bugs", "splits"):
        tables.write(name, completed(name, bugs), directory / f"{name}.parquet")
    return paths


def program(rng: random.Random) -> str:
    """A program of about 400 characters."""
    a, b, c = rng.sample(NAMES, 3)
    lines = [f"        {rng.choice((a, b, c))} {rng.choice('+-*')}= {rng.randint(0, 99)}" for _ in range(8)]
    lines[3:3] = [f"        if {a} {rng.choice(('<', '<=', '>', '=='))} {b}:  # {c}", f"            {c} = {a} - {b}"]
    head = f"class Solution:\n    def solve(self, {a}: int, {b}: int) -> int:\n        {c} = {rng.randint(0, 9)}"
    return "\n".join([head, *lines, f"        return {c}"])


def forest(first: int, last: int, programs: list[str]) -> pl.DataFrame:
    """Trees number `first` to `last` - 1 as a table `trajectories`, all of the form that `EXPANDED` gives."""
    rng, nodes = np.random.default_rng(first), 1 + REWRITES
    size = (last - first) * nodes
    node, root = np.arange(size) % nodes, np.arange(size) // nodes * nodes  # number in its tree; row of its root
    rollout = (node + CANDIDATES - 1) // CANDIDATES
    parent = np.array([0, *EXPANDED])[rollout]
    # One rewrite in six is the program of its tree's first rewrite once more.
    original = np.where((rng.random(size) < 1 / 6) & (node > 1), root + 1, root + node)
    verdict = pl.Series(rng.choice(list(VERDICTS), size, p=list(VERDICTS.values())))[original]
    number = pl.Series(rng.integers(0, 1000, size))[original]
    executed = verdict.is_in(["pass", "fail"])
    tree = pl.Series(first + root // nodes)
    table = pl.DataFrame({"tree": tree, "node": node, "verdict": verdict, "number": number}).with_columns(
        tree_id=pl.lit("tree-") + identifier(tree),
        node_id=pl.lit("node-") + identifier(tree * 64 + node),
        code=pl.Series(programs)[rng.integers(0, len(programs), size)[original]]
        + pl.format("\n\n# {}\nLIMIT = {}{}", "number", "number", pl.when(verdict == "syntax_error")
        .then(pl.lit(")") + pl.Series(SPACES)[node % len(SPACES)]).otherwise(pl.lit(""))),
        code_key=pl.lit("ast-") + identifier(tree * 64 + pl.Series(original - root)),
        reward=(verdict == "pass").cast(pl.Float64),
        q_ai=pl.Series(rng.beta(4, 2, size)),
    )  # fmt: skip
    above = table[root + parent]
    results = pl.Series([[result(test, rng.random() < 0.5) for test in range(3)] for _ in range(100)])
    only_rewrites = {
        "parent_id": above["node_id"],
        "prompt": pl.format(
            "<|im_start|>user\nFix bug {}: answer with the whole program.\n```python\n{}\n```\n{}<|im_end|>\n",
            "tree",
            above["code"],
            pl.lit("Input: solve(3, 4)\nExpected: 12\nReturned: 7\n" * 3),
        ),
        "prompt_digest": above["node_id"],
        "completion": pl.format("Here is the corrected program.\n```python\n{}\n```", "code"),
        "finish_reason": pl.when(verdict == "truncated").then(pl.lit("length")).otherwise(pl.lit("stop")),
        "results": results[rng.integers(0, 100, size)],
        "verdict": verdict,
        "duplicate_of": pl.when(executed & pl.Series(original != root + node)).then(table["node_id"][original]),
        "reward": "reward",
        "q": (pl.col("reward") + pl.col("q_ai")) / 2,
    }
    table = table.with_columns(
        bug_id=pl.lit("bug-") + identifier(tree),
        problem_id=pl.format("problem-{}", tree % PROBLEMS),
        round=1,
        mode=pl.lit("mcts"),
        depth=pl.Series(np.array([0, *DEPTH])[rollout]),
        rollout=pl.Series(rollout),
        logprob=-100 * pl.col("q_ai"),
        tokens=pl.col("code").str.len_bytes() // 3,
        **{name: pl.when(pl.Series(node > 0)).then(value) for name, value in only_rewrites.items()},
    )
    return completed("trajectories", table)


def completed(name: str, table: pl.DataFrame) -> pl.DataFrame:
    """The columns of the named table, null where there are none."""
    return table.select(
        (pl.col(column) if column in table.columns else pl.lit(None).alias(column)).cast(kind)
        for column, kind in tables.SCHEMAS[name].items()
    )


def identifier(number: pl.Series) -> pl.Series:
    """Ids in no order, all different."""
    return (number * 1_000_003 % 2**40).cast(pl.String).str.zfill(16)


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
        f"Pairs of {report['nodes']:,} nodes in {report['trees']:,} trees ({report['input_mb']:,} MB of parquet), "
        f"{VERDICTS['syntax_error']:.0%} of them with a syntax error, on "
        f"{report['machine']['cores']} cores of an {report['machine']['cpu']}:\n\n"
        "| | measured | at most |\n| --- | ---: | ---: |\n"
        f"| wall time | {report['seconds']:.0f} s | {SECONDS} s |\n"
        f"| CPU time | {report['cpu_seconds']:.0f} s | |\n"
        f"| peak memory | {report['peak_gib']:.2f} GiB | {GIBIBYTES} GiB |\n"
        f"| pairs kept | {report['pairs']:,} | |\n"
    )


if __name__ == "__main__":
    main()
