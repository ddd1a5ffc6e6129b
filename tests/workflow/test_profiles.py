"""What the profiles say: every rule goes to its machine, and one machine has one GPU."""

import re
import shutil
from datetime import datetime
from pathlib import Path

import pytest
import yaml
from planning import Snakemake

from codeq.lineage import read_record

ROOT = Path(__file__).resolve().parents[2]
MODES = ("single_pass", "best_of_n", "mcts")


def rules() -> dict[str, str]:
    """The text of every rule that has a command, by name."""
    found: dict[str, str] = {}
    for path in (ROOT / "workflow" / "rules").glob("*.smk"):
        parts = re.split(r"^ *rule (\w+):$", path.read_text(), flags=re.MULTILINE)[1:]
        found |= dict(zip(parts[::2], parts[1::2], strict=True))
    return {name: text for name, text in found.items() if "shell:" in text}


def profile(name: str) -> dict[str, object]:
    return yaml.safe_load((ROOT / "profiles" / name / "config.yaml").read_text())


def test_every_rule_says_what_it_needs_and_none_names_a_machine_of_a_profile() -> None:
    for name, text in rules().items():
        assert re.search(r'machine="(inference|training)"', text), name
        assert re.search(r"mem_mb=", text), name
        assert re.search(r"runtime=\d+", text), name
        assert not re.search(r"slurm|partition|machine-[ab]", text), name


def test_two_h100_sends_each_rule_to_the_partition_of_its_machine() -> None:
    settings = profile("two-h100")
    default = settings["default-resources"]["slurm_partition"]
    given = settings["set-resources"]
    named = {rule: each["slurm_partition"] for rule, each in given.items() if "slurm_partition" in each}
    sent = {name: named.pop(name, default) for name in rules()}
    assert sent == {name: re.search(r'machine="(\w+)"', text)[1] for name, text in rules().items()}
    assert not named, "rules that do not exist"


def test_there_is_no_default_profile_that_would_override_the_one_asked_for() -> None:
    assert sorted(path.name for path in (ROOT / "profiles").iterdir() if "default" in path.name) == []


@pytest.mark.slow
def test_local_runs_jobs_that_need_the_gpu_one_after_another(study: Path, snakemake: Snakemake, tmp_path: Path) -> None:
    attempts = [f"results/small/seed-0/attempts/base/{mode}.parquet" for mode in MODES]
    copy = tmp_path / "clone"
    shutil.copytree(study.parents[1], copy, symlinks=True, ignore=shutil.ignore_patterns(".snakemake", "attempts"))
    local = ("--directory", str(copy), "--profile", "profiles/local", "--configfile", "config/small.yaml")
    snakemake(*local, "--cores", "2", *attempts)
    records = [read_record(copy / path) or {} for path in attempts]
    times = sorted((datetime.fromisoformat(each["start"]), datetime.fromisoformat(each["end"])) for each in records)
    assert times[0][1] <= times[1][0]
    assert times[1][1] <= times[2][0]
