"""The lineage of a finished study: rows compared with joins by hand, and what is damaged made again."""

import shutil
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import polars as pl
import pytest
from planning import planned, run_snakemake

from codeq import rows
from codeq.lineage import file_digest, invalidate, verify
from codeq.rows import Row

MODES = ("single_pass", "best_of_n", "mcts")


def below(row: Row) -> Iterator[Row]:
    yield row
    for _, source in row.sources:
        yield from below(source)


@pytest.mark.parametrize(("policy", "mode"), [("base", "best_of_n"), ("round-2", "mcts")])
def test_a_row_of_fix_rates_leads_to_the_raw_rows_of_the_bugs_it_counts(study: Path, policy: str, mode: str) -> None:
    rates = pl.read_csv(study / "tables" / "fix_rates.csv").with_row_index("number", 1)
    rate = rates.filter(policy=policy, mode=mode).row(0, named=True)
    row, _ = rows.look_up(f"{study}/tables/fix_rates.csv:{rate['number']}", study)
    assert row is not None
    evaluation = pl.read_parquet(study / f"seed-0/evaluation/{policy}/{mode}.parquet")
    attempts = pl.read_parquet(study / f"seed-0/attempts/{policy}/{mode}.parquet")
    bugs = pl.read_parquet(study / "data" / "bugs.parquet")
    raw = pl.read_parquet(study / "data" / "raw.parquet")
    joined = (
        evaluation.join(attempts, on="node_id", suffix="_node", maintain_order="left")
        .join(bugs, on="bug_id", suffix="_bug", maintain_order="left")
        .join(raw, on=["shard", "row"], suffix="_raw", maintain_order="left")
    )
    assert joined.height == rate["n"] == len(row.sources) > 0
    assert sum(source.values["solved_hidden"] is True for _, source in row.sources) == rate["solved_hidden"]
    for (_, counted), expected in zip(row.sources, joined.iter_rows(named=True), strict=True):
        found = {each.kind: each.values for each in below(counted) if each.kind in ("tree", "bug", "raw", "evaluation")}
        assert found["evaluation"]["node_id"] == expected["node_id"]
        assert (found["tree"]["tree_id"], found["bug"]["bug_id"]) == (expected["tree_id_node"], expected["bug_id"])
        assert found["raw"] == {"shard": expected["shard"], "row": expected["row"], "sha256": expected["sha256"]}
    models = {
        each.path.relative_to(study).as_posix()
        for each in below(row)
        if each.kind == "model" and study in each.path.parents
    }
    trained = [f"seed-0/round-{number}/{kind}/manifest.json" for number in (1, 2) for kind in ("adapter", "policy")]
    assert models == {"base/manifest.json", *(trained if policy == "round-2" else [])}


def test_a_rate_of_the_unfixed_programs_leads_to_the_raw_rows_of_the_evaluated_bugs(study: Path) -> None:
    rates = pl.read_csv(study / "tables" / "by_category.csv").with_row_index("number", 1)
    rate = rates.filter(policy="unfixed", category="logic").row(0, named=True)
    row, _ = rows.look_up(f"{study}/tables/by_category.csv:{rate['number']}", study)
    assert row is not None
    evaluated = pl.read_parquet(study / "seed-0/evaluation/base/mcts.parquet").filter(category="logic")
    assert {each.kind for _, each in row.sources} == {"screen"}
    assert {each.values["bug_id"] for _, each in row.sources} == set(evaluated["bug_id"])
    assert len(row.sources) == rate["n"] > 0
    assert sum(each.kind == "raw" for each in below(row)) == rate["n"]


def test_rows_about_rounds_lead_to_the_evaluations_they_count(study: Path) -> None:
    lost = pl.read_csv(study / "tables" / "regressions.csv")
    assert lost.height, "the small study loses nothing: it has no signal here"
    for number, regression in enumerate(lost.iter_rows(named=True), 1):
        row, _ = rows.look_up(f"{study}/tables/regressions.csv:{number}", study)
        assert row is not None
        before, after = (each.values for _, each in row.sources)
        assert (before["bug_id"], after["bug_id"]) == (regression["bug_id"],) * 2
        assert (before["node_id"], after["node_id"]) == (regression["node_before"], regression["node_after"])
        assert (before["solved_hidden"], after["solved_hidden"]) == (True, False)
    row, _ = rows.look_up(f"{study}/tables/rounds.csv:2", study)
    assert row is not None
    assert {each.values["mode"] for _, each in row.sources} == set(MODES)
    assert {each.values["policy"] for _, each in row.sources} == {"round-1"}


def test_every_pair_leads_to_two_nodes_under_one_tree(study: Path) -> None:
    pairs = pl.read_parquet(study / "seed-0/round-2/pairs.parquet")
    for pair in pairs.head(5).iter_rows(named=True):
        row, _ = rows.look_up(pair["pair_id"], study)
        assert row is not None
        sides = dict(row.sources)
        assert [sides[side].values["node_id"] for side in ("chosen", "rejected")] == [
            pair["chosen_node"],
            pair["rejected_node"],
        ]
        trees = {each.values["tree_id"] for each in below(row) if each.kind == "tree"}
        assert trees == {pair["tree_id"]}
        assert {each.values["bug_id"] for each in below(row) if each.kind == "bug"} == {pair["bug_id"]}


@pytest.fixture
def copy(checkout: Path, study: Path, tmp_path: Path) -> Path:
    """The checkout with the finished study, to be damaged."""
    return shutil.copytree(checkout, tmp_path / "copy", symlinks=True)


def snakemake(directory: Path, *arguments: str) -> str:
    done = run_snakemake(directory, "--configfile", "config/small.yaml", *arguments)
    return done.stdout + done.stderr


@pytest.mark.slow
def test_a_damaged_model_and_table_are_made_again_with_what_they_feed_and_the_model_to_the_same_bytes(
    copy: Path, study: Path
) -> None:
    damaged = copy / "results" / "small"
    weights, table = "seed-0/round-2/adapter/adapter_model.safetensors", "tables/by_level.csv"
    before = file_digest(damaged / weights)
    for name in (weights, table):
        content = bytearray((damaged / name).read_bytes())
        content[len(content) // 2] ^= 1
        (damaged / name).write_bytes(content)
    faults = verify(damaged).faults
    assert [(fault.kind, fault.path.relative_to(damaged).as_posix()) for fault in faults] == [
        ("changed", weights),
        ("changed", table),
    ]
    assert len(invalidate(faults)) == 2
    fed = {"dpo": 1, "merge": 1, "drift": 1, "attempts": 3, "evaluation": 3, "cards": 2}
    last = ("tables", "rounds", "published", "plots", "report", "crate", "all")
    assert planned(snakemake(copy, "-n")) == Counter({**fed, **dict.fromkeys(last, 1)})
    snakemake(copy, "--cores", "2")
    assert verify(damaged).faults == ()
    assert file_digest(damaged / weights) == before  # tables hold seconds, which are others each time
    for path in damaged.rglob("policy/*.safetensors"):
        assert file_digest(path) == file_digest(study / path.relative_to(damaged))
    assert "Nothing to be done" in snakemake(copy, "-n")


def test_a_lost_table_in_the_middle_is_made_again(copy: Path) -> None:
    """Snakemake alone would not miss it: what was made from it is there."""
    name = "seed-0/round-1/pairs.parquet"
    (copy / "results" / "small" / name).unlink()
    assert planned(snakemake(copy, "-n"))["pairs"] == 2  # and those of the next round, which are made of what follows
