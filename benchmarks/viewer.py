"""Time the report's tree viewer in headless Chromium: from the first byte to the first tree, and from tree to tree.

20 rollouts of 4 rewrites each; the programs have 20 lines of random names and numbers, so that they hardly compress.
"""

import argparse
import json
import random
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import polars as pl
from playwright.sync_api import sync_playwright
from search_cost import TESTS, InstantEngine, InstantSandbox, tasks

from codeq import tables
from codeq.config import SearchSettings, Study
from codeq.evaluation import comparisons, published, report, viewer
from codeq.evaluation import tables as results
from codeq.evaluation.anytime import anytime
from codeq.evaluation.metrics import evaluation_row, handed_in
from codeq.evaluation.pass_at_k import over_seeds
from codeq.evaluation.rounds import regressions, rounds
from codeq.lineage.environment import machine
from codeq.models import Completion, SampleRequest
from codeq.search import MODES
from codeq.search.driver import drive
from codeq.search.trajectory import rows

ROOT = Path(__file__).resolve().parents[1]
# Milliseconds from the start of loading to the first tree, as the page itself sees it.
FIRST_TREE = """() => new Promise((done) => {
  const look = () => document.querySelector("#tree-picture .chosen") ? done(performance.now()) : setTimeout(look, 1);
  look();
})"""
NEXT_TREE = """(place) => new Promise((done) => {
  const start = performance.now(), list = document.querySelector("#tree-list");
  const watch = new MutationObserver(() => { watch.disconnect(); done(performance.now() - start); });
  watch.observe(document.querySelector("#tree-picture"), {childList: true});
  list.value = place;
  list.dispatchEvent(new Event("change"));
})"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--trees", type=int, nargs="+", default=[100, 500], help="trees of a page (default: 100 500)")
    parser.add_argument("--rounds", type=int, default=5, help="times each page is opened (default: 5)")
    parser.add_argument(
        "--report",
        type=Path,
        default=ROOT / "benchmarks" / "viewer.json",
        help="JSON file to write; a Markdown one goes beside it",
    )
    args = parser.parse_args()
    chromium = shutil.which("chromium")
    if chromium is None:
        sys.exit("no Chromium; install Debian's package chromium")
    with sync_playwright() as playwright, tempfile.TemporaryDirectory() as folder:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        found = {
            "machine": {key: machine()[key] for key in ("cpu", "cores")},
            "browser": f"Chromium {browser.version}",
            "pages": [],
        }
        for count in args.trees:
            started = time.perf_counter()
            html = page_of(count)
            made = time.perf_counter() - started
            path = Path(folder) / f"{count}.html"
            path.write_text(html)
            first, following = [], []
            for _ in range(args.rounds):
                page = browser.new_page()
                page.goto(path.as_uri(), wait_until="commit")
                first.append(page.evaluate(FIRST_TREE))
                following += [page.evaluate(NEXT_TREE, place) for place in (1, count // 2, count - 1)]
                page.close()
            found["pages"].append(
                {
                    "trees": count,
                    "megabytes": round(len(html) / 1e6, 1),
                    "made_s": round(made, 1),
                    "first_tree_ms": round(statistics.median(first)),
                    "slowest_first_tree_ms": round(max(first)),
                    "next_tree_ms": round(statistics.median(following)),
                }
            )
        browser.close()
    args.report.write_text(json.dumps(found, indent=2) + "\n")
    args.report.with_suffix(".md").write_text(markdown(found))
    print(markdown(found))


class WordyEngine(InstantEngine):
    """Programs that have little in common, unlike those of a real policy, which keep most lines of the bug."""

    def sample(self, requests: Sequence[SampleRequest]) -> list[list[Completion]]:
        return [
            [Completion(program(seed), (1,) * 100, "stop", -50.0) for seed in request.seeds] for request in requests
        ]


def program(seed: int) -> str:
    rng = random.Random(seed)
    lines = [
        f"    {rng.choice('abcdefgh')}{n} = x * {rng.randrange(10**6)} + {rng.randrange(10**6)}" for n in range(20)
    ]
    return "\n".join(["def f(x):", *lines, f"    return {seed}"])


def page_of(count: int) -> str:
    """A report with that many searched trees, none of which found a fix."""
    settings = SearchSettings(rollouts=20, critic="likelihood")
    searches = (MODES["mcts"](task, settings, "instruct", False) for task in tasks(count))
    nodes, evaluated = [], []
    for tree in drive(searches, WordyEngine(), InstantSandbox(), settings.live_trees):
        made = tables.frame("trajectories", rows(tree, settings.alpha))
        chosen = handed_in(made)
        bug = {"bug_id": tree.task.bug_id, "problem_id": tree.task.problem_id, "category": "logic", "level": "easy"}
        evaluated.append(
            evaluation_row(
                bug=bug,
                policy="base",
                mode="mcts",
                seed=0,
                policy_digest="instant",
                nodes=made,
                handed_in=chosen and chosen["node_id"],
                solved_hidden=False,
            )
        )
        nodes.append(made)
    evaluation = tables.frame("evaluation", evaluated)
    public = pl.DataFrame([asdict(test) for test in TESTS]).with_columns(
        entry_point=pl.lit("f"), kind=pl.lit("function"), returns=pl.lit("")
    )
    trajectories = pl.concat(nodes)
    rates = {
        "fix_rates": results.fix_rates(evaluation),
        "by_category": results.by_category(evaluation),
        "by_level": results.by_level(evaluation),
        "anytime": anytime(evaluation, settings.candidates, settings.rollouts),
    }
    figures = published.read(ROOT / "config" / "published.yaml")
    context = report.Context(
        study=Study(name="viewer"),
        **rates,
        pooled=results.pooled(evaluation),
        pass_at_k=over_seeds(evaluation),
        rounds=rounds(evaluation, trajectories, {}, {}),
        regressions=regressions(evaluation),
        comparisons=comparisons.within(evaluation),
        published=published.beside(figures, **rates),
        sources=figures.sources,
        figures={},
        curves={},
        audit={},
        trees=viewer.gather([(evaluation, trajectories.lazy())], public),
        sandboxes=[],
        inputs={},
        policies={},
    )
    return report.render(context)


def markdown(found: dict[str, object]) -> str:
    host = found["machine"]
    lines = [
        f"Reports with search trees of 81 nodes, in headless {found['browser']} on {host['cores']} cores of an "
        f"{host['cpu']}:",
        "",
        "| trees | page | made in | first tree shown after | slowest | another tree after |",
        "| ---: | ---: | ---: | ---: | ---: | ---: |",
    ]
    lines += [
        f"| {page['trees']} | {page['megabytes']} MB | {page['made_s']} s | {page['first_tree_ms']} ms "
        f"| {page['slowest_first_tree_ms']} ms | {page['next_tree_ms']} ms |"
        for page in found["pages"]
    ]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    main()
