"""What Snakemake plans: the full graph of a study, without data or model, and no plan for a bad configuration."""

import re
from collections import Counter
from pathlib import Path

import pytest
from planning import Snakemake, planned

HIDDEN = ("hidden_tests", "hidden_screen")
DATA = ("raw", "problems", "tests", "screen", "duplicates", "splits", *HIDDEN, "audit", "base_model")
LAST = ("tables", "rounds", "published", "plots", "report", "crate", "all")


def whole_graph(rounds: int, modes: int, seeds: int = 1) -> Counter[str]:
    """The jobs of a study from nothing: every round trains, every policy is evaluated in every mode."""
    each = dict.fromkeys(("search", "pairs", "reference", "dpo", "merge", "drift", "cards"), rounds * seeds)
    return Counter(
        {
            **dict.fromkeys((*DATA, *LAST), 1),
            "tasks": 2,
            **each,
            **dict.fromkeys(("attempts", "evaluation"), (rounds + 1) * modes * seeds),
        }
    )


def test_published_study_is_planned_from_a_clean_clone(snakemake: Snakemake, checkout: Path) -> None:
    output = snakemake("--profile", "two-h100", "-n").stdout
    assert planned(output) == whole_graph(rounds=2, modes=6)
    assert not (checkout / "results" / "codeq").exists()


@pytest.mark.parametrize(
    ("config", "rounds", "seeds"), [("mini", 2, 1), ("mini-seeds", 2, 3), ("debugbench-mini", 1, 1)]
)
def test_shipped_studies_are_planned(snakemake: Snakemake, config: str, rounds: int, seeds: int) -> None:
    output = snakemake("--configfile", f"config/{config}.yaml", "-n").stdout
    assert planned(output) == whole_graph(rounds, 3, seeds)


@pytest.mark.parametrize(("searches", "evaluations"), [(3, 1), (1, 2), (3, 2)])
def test_a_search_in_shards_is_planned_as_jobs_of_their_own_that_are_joined(
    snakemake: Snakemake, searches: int, evaluations: int
) -> None:
    config = (f"search={{shards: {searches}}}", f"evaluation={{shards: {evaluations}}}")
    output = snakemake("--configfile", "config/mini.yaml", "--config", *config, "-n", "-p").stdout
    whole = whole_graph(2, 3)
    gathered = sum(whole[rule] for rule, count in (("search", searches), ("attempts", evaluations)) if count > 1)
    parts = {"search": searches * whole["search"], "attempts": evaluations * whole["attempts"], "gather": gathered}
    assert planned(output) == whole | parts
    shown = Counter(re.findall(r"--shard (\S+) --journal results/mini/seed-0/(\S+).journal", output))
    tables = {f"round-{number}/trajectories": searches for number in (1, 2)}
    modes = ("single_pass", "best_of_n", "mcts")
    tables |= {f"attempts/{policy}/{mode}": evaluations for policy in ("base", "round-1", "round-2") for mode in modes}
    assert shown == {(f"{n}-of-{count}", name): 1 for name, count in tables.items() for n in range(1, count + 1)}


def test_replay_makes_pairs_depend_on_those_of_all_earlier_rounds(snakemake: Snakemake) -> None:
    def earlier(*overrides: str) -> list[str]:
        shown = snakemake("--configfile", "config/mini.yaml", "--config", "rounds=3", *overrides, "-n", "-p").stdout
        return re.findall(r"--earlier (.*?) *--bugs", shown)

    assert sorted(earlier()) == ["", "", ""]
    first, second = (f"results/mini/seed-0/round-{number}/pairs.parquet" for number in (1, 2))
    assert sorted(earlier("pairs={replay: 0.5}")) == ["", first, f"{first} {second}"]


def test_mini_study_is_the_default(snakemake: Snakemake) -> None:
    assert "results/mini/report.html" in snakemake("-n").stdout


@pytest.mark.parametrize(
    ("override", "named"),
    [
        ("dpo={bta: 0.2}", ["dpo.bta", "did you mean 'beta'?"]),
        ("dpo={beta: -1}", ["dpo.beta", "greater than 0", "-1"]),
        ("search={rollouts: many}", ["search.rollouts", "valid integer", "'many'"]),
        ("rouns=3", ["rouns", "did you mean 'rounds'?"]),
    ],
)
def test_bad_configuration_stops_before_the_graph(snakemake: Snakemake, override: str, named: list[str]) -> None:
    done = snakemake("-n", "--config", override, check=False)
    assert done.returncode == 1
    said = done.stdout + done.stderr
    assert "Building DAG" not in said
    for part in named:
        assert part in said
