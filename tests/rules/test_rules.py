"""Every rule alone, for real: given only the inputs of one of its jobs, it makes again what the study has.

The job is run by Snakemake in a checkout of its own, where no other rule may run. A rule that is in no test here
fails `test_every_rule_is_run_alone`.
"""

import re
import shutil
from dataclasses import dataclass
from pathlib import Path

import polars as pl
import pytest
from comparators import assert_same
from finished_study import KEPT
from planning import Snakemake, run_snakemake

from codeq import lineage

RULES = Path(__file__).resolve().parents[2] / "workflow" / "rules"
# One job of each rule, by an output of it in results/small; all other outputs of that job are compared as well.
JOBS = {
    "raw": "data/raw.parquet",
    "problems": "data/problems.parquet",
    "tests": "data/tests.parquet",
    "hidden_tests": "data/hidden_tests.parquet",
    "screen": "data/screen.parquet",
    "hidden_screen": "data/hidden_screen.parquet",
    "duplicates": "data/duplicates.parquet",
    "splits": "data/splits.parquet",
    "tasks": "data/tasks/test.parquet",
    "audit": "data/audit.md",
    "base_model": "base/manifest.json",
    "search": "seed-0/round-1/trajectories.parquet",
    "attempts": "seed-0/attempts/round-1/single_pass.parquet",
    "pairs": "seed-0/round-1/pairs.parquet",
    "reference": "seed-0/round-1/reference.parquet",
    "dpo": "seed-0/round-1/adapter/manifest.json",
    "merge": "seed-0/round-1/policy/manifest.json",
    "drift": "seed-0/round-1/drift.parquet",
    "evaluation": "seed-0/evaluation/round-1/mcts.parquet",
    "tables": "tables/fix_rates.csv",
    "rounds": "tables/rounds.csv",
    "published": "tables/published.csv",
    "plots": "plots/anytime.svg",
    "report": "report.html",
    "cards": "seed-0/round-1/adapter/README.md",
    "crate": "ro-crate-metadata.json",
}
APART = {"gather", "mini_base_model", "all"}  # each has a test of its own below


@dataclass(frozen=True)
class Job:
    """Files that a job reads and writes, relative to the checkout."""

    inputs: list[str]
    outputs: list[str]
    benchmark: str


@pytest.fixture(scope="module")
def jobs(study: Path, snakemake: Snakemake) -> dict[str, Job]:
    """All jobs of the study, by each of their outputs, as a dry-run prints them."""
    plan = snakemake("--configfile", "config/small.yaml", "-n", "--forceall").stdout
    found = {}
    for block in re.split(r"^rule (?=\w+:$)", plan, flags=re.MULTILINE)[1:]:
        lines = dict(re.findall(r"^    (input|output|benchmark): (.*)$", block, re.MULTILINE))
        files = {key: [part.strip() for part in lines.get(key, "").split(",") if part] for key in ("input", "output")}
        job = Job(files["input"], files["output"], lines.get("benchmark", ""))
        found |= dict.fromkeys(job.outputs, job)
    return found


def workspace(checkout: Path, directory: Path, files: list[str]) -> Path:
    """A checkout that holds, of all results, `files` alone, with their records; a manifest brings its model along."""
    for name in KEPT:
        link = directory / name
        link.parent.mkdir(parents=True, exist_ok=True)
        link.symlink_to(checkout / name)
    for name in filter(lambda name: name.startswith("results/"), files):
        source, target = checkout / name, directory / name
        if source.name == "manifest.json":
            shutil.copytree(source.parent, target.parent, dirs_exist_ok=True)
        else:
            target.parent.mkdir(parents=True, exist_ok=True)
            for each in (source, source.with_name(source.name + ".lineage.json")):
                shutil.copy(each, target.parent)
    return directory


def run_alone(rule: str, directory: Path, *arguments: str) -> str:
    """Run Snakemake, with these arguments, where only `rule` may run; returns what it printed."""
    options = ["--cores", "2", "--configfile", "config/small.yaml", "--allowed-rules", rule]
    done = run_snakemake(directory, *arguments, *options)
    return done.stdout + done.stderr


@pytest.mark.parametrize("rule", JOBS)
def test_a_rule_alone_makes_again_what_the_study_has(
    rule: str, jobs: dict[str, Job], study: Path, checkout: Path, tmp_path: Path
) -> None:
    target = f"results/small/{JOBS[rule]}"
    job = jobs[target]
    directory = workspace(checkout, tmp_path, job.inputs)
    if rule == "crate":  # it describes every file
        shutil.copytree(study, directory / "results/small", dirs_exist_ok=True)
        for name in job.outputs:
            (directory / name).unlink()
    if rule == "cards":  # it tells the whole lineage
        for record in study.rglob("*.lineage.json"):
            target_record = directory / record.relative_to(checkout)
            target_record.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(record, target_record)
    printed = run_alone(rule, directory, target)
    assert re.findall(r"^(?:local)?rule (\w+):$", printed, re.MULTILINE) == [rule]
    assert target in job.outputs
    for name in job.outputs:
        assert_same(directory / name, checkout / name)
        assert Path(f"{directory / name}.lineage.json").is_file()
    header, row = (line.split("\t") for line in (directory / job.benchmark).read_text().splitlines())
    assert 0 < float(dict(zip(header, row, strict=True))["s"]) < 300


def test_gather_joins_shards_into_the_table_of_a_search_in_one_piece(
    study: Path, checkout: Path, tmp_path: Path
) -> None:
    name = "seed-0/attempts/base/mcts.parquet"
    whole = pl.read_parquet(study / name)
    bugs = whole["bug_id"].unique().sort()
    directory = workspace(checkout, tmp_path, [])
    for number in (1, 2):
        shard = directory / f"results/small/seed-0/shards/{number}-of-2/attempts/base/mcts.parquet"
        shard.parent.mkdir(parents=True)
        part = bugs.gather_every(2, number - 1).implode()
        whole.filter(pl.col("bug_id").is_in(part)).write_parquet(shard)
    run_alone("gather", directory, f"results/small/{name}", "--config", "evaluation={shards: 2}")
    assert_same(directory / "results/small" / name, study / name)


def test_mini_base_model_makes_a_model_from_a_small_corpus(checkout: Path, tmp_path: Path) -> None:
    """The shipped weights take an hour. The rule runs here in a checkout whose recipe and corpus are cut short."""
    directory = workspace(checkout, tmp_path, [])
    (directory / "codeq").unlink()
    shutil.copytree(checkout / "codeq", directory / "codeq")
    recipe = directory / "codeq/models/mini/pretraining.py"
    for old, new in (
        ("copy_tokens: int = 700_000", "copy_tokens: int = 2_000"),
        ("repair_tokens: int = 7_300_000", "repair_tokens: int = 4_000"),
    ):
        shorten(recipe, old, new)
    shorten(directory / "codeq/models/mini/corpus.py", "sorted(files)[::3]", "sorted(files)[::60]")
    model = directory / "results/mini-base-model"
    run_alone("mini_base_model", directory, f"{model.relative_to(directory)}/manifest.json")
    lineage.verify_manifest(model)
    log = pl.read_csv(model / "training_log.csv")
    assert log["phase"].unique().sort().to_list() == ["copy", "repair"]
    assert 6_000 <= log["tokens"].max() < 20_000
    losses = log["loss"].to_list()
    assert losses[-1] < losses[0]
    assert "functions" in (directory / "results/logs/mini_base_model.log").read_text()


def shorten(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert text.count(old) == 1
    path.write_text(text.replace(old, new))


def test_all_asks_for_nothing_that_a_finished_study_lacks(study: Path, checkout: Path, tmp_path: Path) -> None:
    files = [
        str(path.relative_to(checkout))
        for path in study.rglob("*")
        if path.with_name(f"{path.name}.lineage.json").exists()
    ]
    assert "Nothing to be done" in run_alone("all", workspace(checkout, tmp_path, files))


def test_every_rule_is_run_alone() -> None:
    files = [*RULES.glob("*.smk"), RULES.parent / "Snakefile"]
    rules = {name for path in files for name in re.findall(r"^rule (\w+):", path.read_text(), re.MULTILINE)}
    assert rules == JOBS.keys() | APART
