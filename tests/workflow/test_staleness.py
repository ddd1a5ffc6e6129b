"""What a change makes stale, and nothing else: dry-runs on a finished study of two rounds."""

import os
import re
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import polars as pl
import pytest
from planning import Snakemake

from codeq import lineage
from codeq.lineage.files import SIDECAR

MODES = ("single_pass", "best_of_n", "mcts")
POLICIES = ("base", "round-1", "round-2")
LAST = {"tables", "rounds", "published", "plots", "report", "cards 1", "cards 2", "crate", "all"}
BESIDE = {"published", "plots", "report", "crate", "all"}  # what shows published figures
HIDDEN = "results/small/data/hidden_tests.parquet"

Plan = Callable[..., set[str]]


def scored(*policies: str, modes: tuple[str, ...] = MODES) -> set[str]:
    return {f"evaluation {mode} {policy}" for policy in policies for mode in modes} | LAST


def attempted(*policies: str, modes: tuple[str, ...] = MODES) -> set[str]:
    return {f"attempts {mode} {policy}" for policy in policies for mode in modes} | scored(*policies, modes=modes)


def rounds(*numbers: int, rules: str = "search pairs reference dpo merge drift") -> set[str]:
    return {f"{rule} {number}" for rule in rules.split() for number in numbers}


EVERYTHING_FROM_SEARCH_ON = rounds(1, 2) | attempted(*POLICIES)
FROM_TRAINING_ON = rounds(1, 2, rules="dpo merge drift") | rounds(2) | attempted("round-1", "round-2")


@pytest.fixture(scope="module")
def plan(study: Path, snakemake: Snakemake) -> Plan:
    """The jobs of a dry-run: each its rule and its wildcards but for the seed, in alphabetical order of their names."""

    def jobs(*config: str) -> set[str]:
        given = ["--config", *config] if config else []
        output = snakemake("-n", "--configfile", "config/small.yaml", *given).stdout
        found = set()
        for rule, block in re.findall(r"^(?:local)?rule (\w+):\n((?:    .*\n)+)", output, re.MULTILINE):
            named = re.search(r"^    wildcards: (.*)$", block, re.MULTILINE)
            values = dict(each.split("=") for each in named[1].split(", ")) if named else {}
            found.add(" ".join([rule, *(value for name, value in sorted(values.items()) if name != "seed")]))
        assert found or "Nothing to be done" in output
        return found

    return jobs


@contextmanager
def edited(*files: Path, change: Callable[[bytes], bytes]) -> Iterator[None]:
    """The files with other contents for a while; afterwards as they were, their times too."""
    before = [(path, path.read_bytes(), path.stat()) for path in files]
    try:
        for path, content, _ in before:
            path.write_bytes(change(content))
        yield
    finally:
        for path, content, state in before:
            path.write_bytes(content)
            os.utime(path, ns=(state.st_atime_ns, state.st_mtime_ns))


def sources(checkout: Path) -> list[Path]:
    return [path for folder in ("codeq", "scripts") for path in (checkout / folder).rglob("*.py")]


def test_nothing_changed_nothing_is_planned(plan: Plan) -> None:
    assert plan() == set()


def test_touching_every_file_plans_nothing(checkout: Path, plan: Plan) -> None:
    """Raw inputs, tables, manifests, models, sources and rules, in an order that is wrong for every rule."""
    files = [path for path in checkout.rglob("*") if path.is_file() and ".snakemake" not in path.parts]
    before = [(path, path.stat()) for path in files]
    latest = max(state.st_mtime for _, state in before)
    for age, (path, _) in enumerate(sorted(before, key=lambda each: -each[1].st_mtime)):
        os.utime(path, (latest + age, latest + age))
    try:
        assert plan() == set()
    finally:
        for path, state in before:
            os.utime(path, ns=(state.st_atime_ns, state.st_mtime_ns))


def test_comments_and_docstrings_in_every_module_plan_nothing(checkout: Path, plan: Plan) -> None:
    with edited(*sources(checkout), change=lambda code: code + b'\n# A comment.\n"""A string without effect."""\n'):
        assert plan() == set()


def test_a_lost_snakemake_folder_plans_nothing(checkout: Path, plan: Plan) -> None:
    kept = shutil.move(checkout / ".snakemake", checkout.parent / "snakemake-kept")
    try:
        assert plan() == set()
    finally:
        shutil.rmtree(checkout / ".snakemake")
        shutil.move(kept, checkout / ".snakemake")


@pytest.mark.parametrize(
    ("config", "jobs"),
    [
        pytest.param("dpo={beta: 0.2}", FROM_TRAINING_ON, id="beta"),
        # Two values that change places: the bag of reprs that Snakemake compares by itself would be the same.
        pytest.param("search={temperature: 1.0, top_p: 0.8}", EVERYTHING_FROM_SEARCH_ON, id="swapped"),
        pytest.param(
            "overrides={2: {dpo: {beta: 0.2}}}",
            rounds(2, rules="dpo merge drift") | attempted("round-2"),
            id="training of round 2",
        ),
        pytest.param(
            "overrides={2: {pairs: {max_per_tree: 3}}}",
            rounds(2, rules="pairs reference dpo merge drift") | attempted("round-2"),
            id="pairs of round 2",
        ),
        pytest.param(
            "overrides={2: {search: {temperature: 0.9}}}", rounds(2) | attempted("round-2"), id="search of round 2"
        ),
        pytest.param("rounds=3", rounds(3) | attempted("round-3") | {"cards 3"}, id="a third round"),
        pytest.param(
            "evaluation={modes: [single_pass, best_of_n, refine, mcts]}",
            attempted(*POLICIES, modes=("refine",)),
            id="one more mode",
        ),
        pytest.param("evaluation={max_bugs: 7}", {"tasks test"} | attempted(*POLICIES), id="fewer bugs evaluated"),
        pytest.param(
            "evaluation={bugs_per_problem: 2}",
            {"tasks test"} | attempted(*POLICIES),
            id="more bugs of each problem evaluated",
        ),
    ],
)
def test_a_changed_setting_plans_what_depends_on_it(plan: Plan, config: str, jobs: set[str]) -> None:
    assert plan(config) == jobs


@pytest.mark.parametrize(
    ("file", "jobs"),
    [
        ("codeq/search/mcts.py", EVERYTHING_FROM_SEARCH_ON),
        ("codeq/models/transformers_engine.py", EVERYTHING_FROM_SEARCH_ON),
        ("codeq/evaluation/metrics.py", scored(*POLICIES)),
        ("codeq/evaluation/tables.py", LAST),
        ("codeq/evaluation/published.py", BESIDE),
        ("codeq/evaluation/plots.py", {"plots", "report", "crate", "all"}),
        ("codeq/evaluation/report.html.j2", {"report", "crate", "all"}),
        ("workflow/report/tables/fix_rates.rst", set()),  # `snakemake --report` reads it whenever it runs
        ("codeq/evaluation/published.html.j2", {"report", "crate", "all"}),
        ("codeq/evaluation/rounds.html.j2", {"report", "crate", "all"}),
        ("codeq/evaluation/rounds.py", {"rounds", "report", "crate", "all"}),
        ("codeq/evaluation/unfixed.py", LAST - {"rounds"}),
        ("scripts/drift.py", {"drift 1", "drift 2", "rounds", "report", "crate", "all"}),
        ("codeq/training/dpo.py", FROM_TRAINING_ON),
        ("codeq/data/suites/hidden.py", {"hidden_tests", "hidden_screen", "audit"} | scored(*POLICIES)),
    ],
)
def test_changed_code_plans_what_it_can_change(checkout: Path, plan: Plan, file: str, jobs: set[str]) -> None:
    with edited(checkout / file, change=lambda code: code + b"\nWIDTH = 3\n"):
        assert plan() == jobs


def test_other_hidden_tests_plan_evaluation_and_neither_search_nor_training(checkout: Path, plan: Plan) -> None:
    def fewer(content: bytes) -> bytes:
        shorter = checkout.parent / "fewer.parquet"
        pl.read_parquet(content)[1:].write_parquet(shorter)
        return shorter.read_bytes()

    with edited(checkout / HIDDEN, change=fewer):
        assert plan() == {"hidden_screen", "audit"} | scored(*POLICIES)


def test_another_published_figure_plans_what_shows_it_and_no_table_of_ours(checkout: Path, plan: Plan) -> None:
    file = checkout / "config" / "published.yaml"
    with edited(file, change=lambda content: content.replace(b"rate: 0.813", b"rate: 0.814")):
        assert plan() == BESIDE


def test_a_rerun_that_writes_the_same_bytes_leaves_everything_below_fresh(
    study: Path, snakemake: Snakemake, plan: Plan
) -> None:
    """Early cut-off: the forced jobs write new lineage records and the same tables."""
    rules = {
        "raw": "data/raw.parquet",
        "problems": "data/bugs.parquet",
        "hidden_tests": "data/hidden_tests.parquet",
        "splits": "data/splits.parquet",
        "tasks": "data/tasks/train.parquet",
        "pairs": "seed-0/round-1/pairs.parquet",
        "drift": "seed-0/round-1/drift.parquet",
        "tables": "tables/fix_rates.parquet",
        "rounds": "tables/rounds.parquet",
    }
    for rule, name in rules.items():
        table = study / name
        record = table.with_name(table.name + ".lineage.json")
        before, written, run = table.read_bytes(), table.stat().st_mtime_ns, record.read_bytes()
        target = f"results/small/{name}"
        snakemake("--configfile", "config/small.yaml", "--cores", "2", "--forcerun", rule, "--", target)
        assert table.stat().st_mtime_ns > written, rule
        assert record.read_bytes() != run, rule
        assert table.read_bytes() == before, rule
        assert plan() == set(), rule


def test_every_recorded_file_is_asked_for_so_that_a_lost_one_is_made_again(study: Path, snakemake: Snakemake) -> None:
    shown = snakemake("-n", "--configfile", "config/small.yaml", "--forcerun", "all").stdout
    asked = re.search(r"^rule all:\n    input: (.*)$", shown, re.MULTILINE)
    assert asked
    recorded = {str(path).removesuffix(SIDECAR) for path in study.rglob(f"*{SIDECAR}")}
    assert len(recorded) > 60
    assert recorded <= {str(study.parents[1] / path) for path in asked[1].split(", ")}


def test_lost_files_that_nothing_reads_plan_their_jobs(study: Path, checkout: Path, plan: Plan) -> None:
    lost = {
        "data/audit.json": "audit",
        "seed-0/evaluation/base/mcts.parquet": "evaluation mcts base",
        "seed-0/round-1/training_curve.parquet": "dpo 1",
        "tables/by_level.csv": "tables",
        "tables/published.md": "published",
        "plots/anytime.svg": "plots",
    }
    for name, job in lost.items():
        kept = shutil.move(study / name, checkout.parent / "lost")
        try:
            assert job in plan(), name
        finally:
            shutil.move(kept, study / name)
    assert plan() == set()


@pytest.mark.parametrize(("model", "jobs"), [("adapter", FROM_TRAINING_ON), ("policy", FROM_TRAINING_ON - {"dpo 1"})])
def test_a_byte_inside_a_model_is_found_and_it_and_what_it_feeds_are_planned(
    study: Path, checkout: Path, plan: Plan, model: str, jobs: set[str]
) -> None:
    directory = study / "seed-0" / "round-1" / model
    manifest, weights = directory / "manifest.json", next(directory.glob("*.safetensors"))
    record = manifest.with_name("manifest.json.lineage.json")
    with edited(manifest, record, weights, change=lambda content: content):
        with edited(weights, change=lambda content: content[:-1] + bytes([content[-1] ^ 1])):
            faults = lineage.verify(study).faults
            assert plan() == set()  # Snakemake does not look inside models
        assert [(fault.kind, fault.path) for fault in faults] == [("changed", weights)]
        assert lineage.invalidate(faults) == [manifest]
        assert plan() == jobs
    assert plan() == set()


def test_a_damaged_model_is_remade_with_the_same_bytes_and_nothing_below_it(
    study: Path, snakemake: Snakemake, plan: Plan
) -> None:
    manifest = study / "seed-0" / "round-1" / "policy" / "manifest.json"
    weights = next(manifest.parent.glob("*.safetensors"))
    before = weights.read_bytes()
    weights.write_bytes(b"damaged")
    lineage.invalidate(lineage.verify(study).faults)
    target = manifest.relative_to(study.parents[1])
    snakemake("--configfile", "config/small.yaml", "--cores", "2", "--", str(target))
    assert weights.read_bytes() == before
    assert lineage.verify(study).faults == ()
    assert plan() == set()


def test_the_workflow_is_parsed_without_writing_and_without_git(
    study: Path, checkout: Path, snakemake: Snakemake, tmp_path: Path
) -> None:
    """Programs that would betray a call stand first in PATH; no file of the project is new or other after the parse."""
    called = tmp_path / "called"
    for name in ("git", "nvidia-smi"):
        spy = tmp_path / name
        spy.write_text(f"#!/bin/sh\necho {name} >> {called}\nexit 1\n")
        spy.chmod(0o755)

    def state() -> dict[Path, int]:
        files = (path for path in checkout.rglob("*") if not {".snakemake", "__pycache__"} & set(path.parts))
        return {path: path.stat().st_mtime_ns for path in files if path != checkout}

    before = state()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
        patch.setenv("CUDA_VISIBLE_DEVICES", "")
        snakemake("-n", "--configfile", "config/small.yaml")
    assert state() == before
    assert not called.exists()
