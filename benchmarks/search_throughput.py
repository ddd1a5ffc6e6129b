"""Time CodeQ's search and what others do, side by side: the mini model repairs bugs of the curriculum.

Every way (`search_ways`) searches the same bugs with the same weights and the same kind of sandbox, in rounds that
alternate: with a single thread for the model, which leaves the sandbox a core of its own, as a GPU does, and with as
many as there are cores, which both then share. A ratio is the median over the rounds of the ratio within a round, so
that a machine which is busy now and then spoils neither side. The driver's own cost (`search_cost`) is measured in
processes of their own, and what the size of a batch and the number of threads do to what is drawn (`search_draws`)
on the prompts and completions of one run.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from itertools import product
from pathlib import Path
from typing import Any

import search_draws
import search_ways
import torch
from mini_search import ROOT, STUDY, TimedEngine, TimedSandbox, covered, policy, tasks
from published_sampling import GenerateEngine
from transformers import AutoModelForCausalLM

from codeq.lineage.environment import machine
from codeq.models import Engine, tokenizers
from codeq.sandbox import Sandbox
from codeq.search.requests import Task

DRIVER, ONE, WAVES, TREEQUEST = "CodeQ's driver", "one tree at a time", "lockstep waves", "TreeQuest's ask_batch"
WAYS: dict[str, Callable[[Sequence[Task], TimedEngine, TimedSandbox], None]] = {
    DRIVER: search_ways.driver,
    ONE: search_ways.one_tree_at_a_time,
    WAVES: search_ways.lockstep,
    TREEQUEST: search_ways.ask_batch,
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bugs", type=int, default=64, help="bugs searched by every way (default: 64)")
    parser.add_argument("--rounds", type=int, default=3, help="rounds that alternate between the ways (default: 3)")
    parser.add_argument(
        "--trees",
        type=int,
        nargs="+",
        default=[100, 1000, 10000],
        help="trees with an instant engine and sandbox, for the driver's own cost (default: 100 1000 10000)",
    )
    parser.add_argument(
        "--report",
        type=Path,
        default=ROOT / "benchmarks" / "search_throughput.json",
        help="JSON file to write; a Markdown one goes beside it",
    )
    args = parser.parse_args()
    weights = str(ROOT / STUDY.model.base)
    plain = AutoModelForCausalLM.from_pretrained(weights, dtype=torch.float32)
    with Sandbox(STUDY.sandbox) as sandbox:
        bugs = tasks(args.bugs, sandbox)
        engines: dict[int, dict[str, Engine]] = {}
        for count in sorted({1, torch.get_num_threads()}):
            torch.set_num_threads(count)
            mine = policy(busy=lambda: sandbox.executing)
            published = GenerateEngine(mine, plain, tokenizers.load(weights))
            engines[count] = {name: published if name == ONE else mine for name in WAYS}
        for name, way in WAYS.items():  # what first calls cost, memory above all, is no part of it
            way(bugs, TimedEngine(engines[count][name]), TimedSandbox(sandbox))
        rounds: dict[int, list[dict[str, dict[str, float]]]] = {count: [] for count in engines}
        for _, (count, having) in product(range(args.rounds), engines.items()):
            measured = {}
            for name, way in WAYS.items():
                torch.set_num_threads(count)  # an engine that left a core to the sandbox may not have taken it back
                measured[name] = measure(way, bugs, having[name], sandbox)
            rounds[count].append(measured)
        draws = search_draws.compare(bugs)
    report = {
        "machine": {**{key: machine()[key] for key in ("cpu", "cores")}, "load": round(os.getloadavg()[2], 1)},
        "bugs": len(bugs),
        "rollouts": STUDY.search.rollouts,
        "rounds": args.rounds,
        "threads": {count: summary(measured) for count, measured in rounds.items()},
        "cost": [cost(trees) for trees in args.trees],
        "draws": draws,
    }
    args.report.write_text(json.dumps(report, indent=2) + "\n")
    args.report.with_suffix(".md").write_text(markdown(report))
    print(markdown(report))


def measure(
    way: Callable[[Sequence[Task], TimedEngine, TimedSandbox], None],
    bugs: Sequence[Task],
    engine: Engine,
    sandbox: Sandbox,
) -> dict[str, float]:
    """Tokens per second of one way, end to end, and the shares of the time in which something was busy."""
    model, judge = TimedEngine(engine), TimedSandbox(sandbox)
    started, used = time.perf_counter(), time.process_time()
    way(bugs, model, judge)
    seconds, cpu = time.perf_counter() - started, time.process_time() - used
    print(f"{way.__name__}: {model.tokens / seconds:.0f} tokens/s", file=sys.stderr, flush=True)
    return {
        "seconds": round(seconds, 2),
        "tokens": model.tokens,
        "completions": model.completions,
        "per_second": round(model.tokens / seconds, 1),
        "per_cpu_second": round(model.tokens / cpu, 1),
        "model": round(covered(model.busy) / seconds, 4),
        "sandbox": round(covered(judge.busy) / seconds, 4),
        "neither": round(1 - covered(model.busy + judge.busy) / seconds, 4),
    }


def summary(rounds: Sequence[dict[str, dict[str, float]]]) -> dict[str, Any]:
    """Of each way the median of every figure, and of the driver the ratio to each other way in every round."""
    return {
        "ways": {
            name: {key: statistics.median(each[name][key] for each in rounds) for key in rounds[0][name]}
            for name in WAYS
        },
        "ratios": {
            name: [round(each[DRIVER]["per_second"] / each[name]["per_second"], 2) for each in rounds]
            for name in WAYS
            if name != DRIVER
        },
    }


def cost(trees: int) -> dict[str, Any]:
    command = [sys.executable, str(ROOT / "benchmarks" / "search_cost.py"), str(trees)]
    found: dict[str, Any] = json.loads(subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout)
    return found


def markdown(report: dict[str, Any]) -> str:
    host, draws = report["machine"], report["draws"]
    lines = [
        f"{report['bugs']} bugs of the curriculum, {report['rollouts']} rollouts each, the mini model in float32 on "
        f"{host['cores']} cores of an {host['cpu']}, sandbox included; median of {report['rounds']} rounds, and of "
        f"ratios the range. The mean load of the machine was {host['load']:.1f} at the end; well above "
        f"{host['cores']} would mean that others were busy.",
    ]
    for threads, found in report["threads"].items():
        lines += [
            "",
            f"Threads of the model: {threads}.",
            "",
            "| way | tokens per second | driver against it | range | tokens per CPU second | model busy | sandbox busy "
            "| neither |",
            "| --- | ---: | ---: | --- | ---: | ---: | ---: | ---: |",
        ]
        for name, way in found["ways"].items():
            ratios = found["ratios"].get(name)
            against = f"{statistics.median(ratios):.2f} times | {min(ratios)} to {max(ratios)}" if ratios else " | "
            shares = " | ".join(f"{100 * way[key]:.1f} %" for key in ("model", "sandbox", "neither"))
            lines.append(f"| {name} | {way['per_second']:.0f} | {against} | {way['per_cpu_second']:.0f} | {shares} |")
    lines += [
        "",
        "One tree at a time is `model.generate` with `num_return_sequences`. Lockstep waves and TreeQuest use CodeQ's",
        "engine for one batch over all trees, then wait for all verdicts. CPU seconds are those of the process that",
        "searches: they change less than wall time when others are busy on the machine. With one thread the model has",
        "a core and the sandbox another, as where the model is on a GPU; with more they share the cores, and the model",
        "leaves one to the sandbox while that is at work.",
        "",
        "The driver's own cost, with an instant engine and sandbox and programs of 22 lines:",
        "",
        "| trees | rollouts | seconds | CPU ms per tree | peak memory |",
        "| ---: | ---: | ---: | ---: | ---: |",
    ]
    for each in report["cost"]:
        per_tree = 1000 * each["cpu_seconds"] / each["trees"]
        cells = (
            each["trees"],
            each["rollouts"],
            f"{each['seconds']:.1f}",
            f"{per_tree:.1f}",
            f"{each['peak_mib']} MiB",
        )
        lines.append(f"| {' | '.join(map(str, cells))} |")
    lines += ["", search_draws.markdown(draws)]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    main()
