"""The whole loop, run for real in small: every stage leaves its table, and the tables agree with each other."""

import csv
import json
import math
import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest
import torch
from huggingface_hub import ModelCard
from planning import Snakemake

from codeq import tables
from codeq.identity import code_key, derive_seed
from codeq.lineage import manifest_digest, trace, verify_manifest
from codeq.models import tokenizers
from codeq.training.policy import load_model

MODES = ("single_pass", "best_of_n", "mcts")
POLICIES = ("base", "round-1", "round-2")


def wilson(solved: int, n: int, z: float = 1.959963984540054) -> tuple[float, float]:
    """Wilson 1927, the closed formula."""
    rate, share = solved / n, z * z / n
    centre = (rate + share / 2) / (1 + share)
    half = z / (1 + share) * math.sqrt(rate * (1 - rate) / n + share / (4 * n))
    return centre - half, centre + half


def attempts(study: Path, policy: str, mode: str) -> pl.DataFrame:
    return tables.read("trajectories", study / "seed-0" / "attempts" / policy / f"{mode}.parquet")


def evaluation(study: Path, policy: str, mode: str) -> pl.DataFrame:
    return tables.read("evaluation", study / "seed-0" / "evaluation" / policy / f"{mode}.parquet")


def test_second_run_has_nothing_to_do(study: Path, snakemake: Snakemake) -> None:
    output = snakemake("--configfile", "config/small.yaml", "--cores", "2")
    assert "Nothing to be done" in output.stdout + output.stderr


def test_settings_of_the_machine_rerun_nothing(study: Path, snakemake: Snakemake) -> None:
    changed = ["sandbox={workers: 3}", "model={batch_tokens: 4096}", "search={live_trees: 5}"]
    output = snakemake("-n", "--configfile", "config/small.yaml", "--config", *changed)
    assert "Nothing to be done" in output.stdout + output.stderr


def test_fix_rates_are_those_of_the_evaluations_and_their_intervals_wilson(study: Path) -> None:
    with (study / "tables" / "fix_rates.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [(row["policy"], row["mode"]) for row in rows] == [
        ("unfixed", "none"),
        *((p, m) for p in POLICIES for m in MODES),
    ]
    for row in rows[1:]:
        scored = evaluation(study, row["policy"], row["mode"])
        assert (int(row["n"]), int(row["samples"])) == (12, scored["samples"].sum())
        assert int(row["solved_hidden"]) == scored["solved_hidden"].sum()
        assert int(row["solved_public"]) == scored["solved_public"].sum()
        low, high = wilson(int(row["solved_hidden"]), 12)
        assert float(row["ci_low"]) == pytest.approx(max(low, 0.0), abs=1e-9)
        assert float(row["ci_high"]) == pytest.approx(min(high, 1.0), abs=1e-9)


def test_the_unfixed_programs_are_those_evaluated_and_none_passes_a_suite(study: Path) -> None:
    """Judged by the screens, and once more here by what compiles at all."""
    bugs = tables.read("bugs", study / "data" / "bugs.parquet").filter(
        pl.col("bug_id").is_in(evaluation(study, "base", "mcts")["bug_id"].implode())
    )
    assert bugs.height == 12
    for name, column in (("screen", "solved_public"), ("hidden_screen", "solved_hidden")):
        screen = tables.read("screen", study / "data" / f"{name}.parquet").join(bugs, on="bug_id")
        for table in ("fix_rates", "pooled", "by_category", "by_level"):
            rates = pl.read_parquet(study / "tables" / f"{table}.parquet").filter(policy="unfixed")
            if column in rates.columns:
                assert rates[column].sum() == (screen["bug_verdict"] == "pass").sum() == 0, (name, table)
        for row in screen.filter(bug_verdict="syntax_error").iter_rows(named=True):
            with pytest.raises(SyntaxError):
                compile(row["buggy_code"], "bug", "exec", dont_inherit=True)


def test_rounds_are_told_by_the_tables_and_models_of_each_round(study: Path) -> None:
    table = tables.read("rounds", study / "tables" / "rounds.parquet")
    assert table.select("policy", "seed").rows() == [(policy, 0) for policy in POLICIES]
    lost = tables.read("regressions", study / "tables" / "regressions.parquet")
    solved = {
        policy: {
            (mode, bug) for mode in MODES for bug in evaluation(study, policy, mode).filter("solved_hidden")["bug_id"]
        }
        for policy in POLICIES
    }
    for row, before in zip(table.to_dicts()[1:], POLICIES[:-1], strict=True):
        policy = row["policy"]
        directory = study / "seed-0" / policy
        assert row["regressions"] == len(solved[before] - solved[policy])
        assert row["gains"] == len(solved[policy] - solved[before])
        named = lost.filter(policy_before=before, policy_after=policy).select("mode", "bug_id").rows()
        assert set(named) == solved[before] - solved[policy]
        pairs = tables.read("pairs", directory / "pairs.parquet")
        assert row["pairs"] + row["held_out"] + row["dropped"] == pairs.height
        drift = tables.read("drift", directory / "drift.parquet")
        assert drift.select("kl_mean", "kl_largest").row(0) == (row["kl_mean"], row["kl_largest"])
        assert 0 < row["kl_mean"] < row["kl_largest"]
    for row in table.to_dicts():
        trees = pl.concat([attempts(study, row["policy"], mode) for mode in MODES])
        handed_in = pl.concat([evaluation(study, row["policy"], mode) for mode in MODES])["node_id"].drop_nulls()
        assert row["fix_tokens"] == pytest.approx(
            trees.filter(pl.col("node_id").is_in(handed_in.implode()))["tokens"].mean()
        )
        programs = trees.filter(pl.col("completion").is_not_null(), pl.col("finish_reason") == "stop")
        distinct = [
            len({code_key(code) for code in codes if code})
            for codes in programs.group_by("problem_id").agg("code")["code"]
        ]
        assert row["distinct"] == pytest.approx(sum(distinct) / 12)
        assert row["samples"] == pytest.approx(trees["completion"].count() / 12)


def test_the_anytime_curve_is_read_off_the_trees(study: Path) -> None:
    """In the small study a search has two rollouts of four samples, and its critic costs no tokens."""
    curve = tables.read("anytime", study / "tables" / "anytime.parquet")
    assert curve.select("policy", "mode").unique(maintain_order=True).rows() == [
        (policy, mode) for policy in POLICIES for mode in MODES[1:]
    ]
    mcts = pl.concat([attempts(study, policy, "mcts") for policy in POLICIES])
    per_sample = mcts["tokens"].sum() / mcts["completion"].count()
    for row in curve.iter_rows(named=True):
        assert row["budget"] == round(4 * row["rollouts"] * (per_sample if row["unit"] == "tokens" else 1))
        solved = 0
        for tree in attempts(study, row["policy"], row["mode"]).partition_by("tree_id"):
            passing = tree.filter(pl.col("verdict") == "pass")["rollout"].min()
            until = tree.filter(pl.col("rollout") <= (passing or 0), pl.col("completion").is_not_null())
            spent = until.height if row["unit"] == "samples" else until["tokens"].sum()
            solved += passing is not None and spent <= row["budget"]
        assert (row["n"], row["solved_public"]) == (12, solved)
    rates = pl.read_parquet(study / "tables" / "fix_rates.parquet").filter(pl.col("mode").is_in(MODES[1:]))
    full = curve.filter(pl.col("unit") == "samples", pl.col("rollouts") == 2)
    assert full["solved_hidden"].to_list() == rates["solved_hidden"].to_list()


def test_hidden_verdicts_hold_when_the_references_judge_again(study: Path) -> None:
    """A solved bug's code is run here, in this process, on every test, without the sandbox."""
    from codeq import values

    suite = pl.concat([tables.read("tests", study / "data" / f"{name}.parquet") for name in ("tests", "hidden_tests")])
    problems = {
        row["problem_id"]: row for row in tables.read("problems", study / "data" / "problems.parquet").to_dicts()
    }
    codes = dict(attempts(study, "base", "mcts").select("node_id", "code").iter_rows())
    solved = evaluation(study, "base", "mcts").filter("solved_hidden").to_dicts()
    assert solved, "the mini model repairs nothing at all: the study has no signal"
    for row in solved:
        problem = problems[row["problem_id"]]
        if problem["kind"] != "function":
            continue
        names: dict[str, object] = {}
        exec(codes[row["node_id"]], names)
        for test in suite.filter(pl.col("problem_id") == row["problem_id"]).to_dicts():
            arguments = values.loads(test["arguments"])
            assert values.same(names[problem["entry_point"]](*arguments), values.loads(test["expected"]))


def test_search_follows_its_definitions(study: Path) -> None:
    nodes = tables.read("trajectories", study / "seed-0" / "round-1" / "trajectories.parquet")
    for tree in nodes.partition_by("tree_id"):
        root, rewrites = tree.row(0, named=True), tree.slice(1).to_dicts()
        by_id = {node["node_id"]: node for node in tree.to_dicts()}
        children = {node_id: [] for node_id in by_id}
        for node in rewrites:
            children[node["parent_id"]].append(node)
        assert root["visits"] == len(rewrites) <= 8
        executed: dict[str, str] = {}
        for node in rewrites:
            subtree = [node]
            for inner in subtree:
                subtree += children[inner["node_id"]]
            assert node["visits"] == len(subtree)
            assert node["q_mcts"] == pytest.approx(sum(inner["reward"] for inner in subtree) / len(subtree))
            judged = by_id[node["duplicate_of"] or node["node_id"]]  # equal programs share the critique of the first
            likelihood = math.exp(judged["logprob"] / judged["tokens"])
            assert node["q_ai"] is None or node["q_ai"] == pytest.approx(likelihood)
            assert node["reward"] == float(node["verdict"] == "pass")
            assert node["code_key"] == (code_key(node["code"]) if node["code"] else None)
            # Any seed can be recomputed from what names it.
            path, step = [], node
            while step["parent_id"] is not None:
                siblings = [child["node_id"] for child in children[step["parent_id"]]]
                path.insert(0, siblings.index(step["node_id"]))
                step = next(n for n in tree.to_dicts() if n["node_id"] == step["parent_id"])
            *parent, index = path
            assert node["seed"] == derive_seed(0, 1, "mcts", node["bug_id"], parent, index, "rewrite")
            # Equal programs ran once.
            if node["verdict"] not in ("truncated", "syntax_error") and node["code"]:
                first = executed.setdefault(code_key(node["code"]), node["node_id"])
                assert node["duplicate_of"] == (None if first == node["node_id"] else first)
            elif node["verdict"] == "syntax_error":
                with pytest.raises(SyntaxError):
                    compile(node["code"], "candidate", "exec", dont_inherit=True)


def test_training_data_never_touch_a_test_problem(study: Path) -> None:
    splits = tables.read("splits", study / "data" / "splits.parquet")
    of = {name: set(splits.filter(pl.col("split") == name)["problem_id"]) for name in ("train", "test")}
    assert len(of["test"]) == 12
    assert not of["train"] & of["test"]
    nodes = tables.read("trajectories", study / "seed-0" / "round-1" / "trajectories.parquet")
    pairs = tables.read("pairs", study / "seed-0" / "round-1" / "pairs.parquet")
    assert set(nodes["problem_id"]) <= of["train"]
    assert set(pairs["problem_id"]) <= of["train"]
    assert set(attempts(study, "base", "mcts")["problem_id"]) == of["test"]


def test_a_search_is_given_its_split_without_references_and_hidden_tests(study: Path) -> None:
    splits = tables.read("splits", study / "data" / "splits.parquet")
    hidden = set(tables.read("tests", study / "data" / "hidden_tests.parquet")["test_id"])
    searches = {"train": "seed-0/round-1/trajectories.parquet", "test": "seed-0/attempts/base/mcts.parquet"}
    for name, searched in searches.items():
        given = tables.read("tasks", study / "data" / "tasks" / f"{name}.parquet")
        assert set(given["bug_id"]) <= set(splits.filter(split=name)["bug_id"])
        assert "reference_code" not in given.columns
        assert not hidden & {test["test_id"] for tests in given["tests"] for test in tests}
        traced = trace(study / searched)
        assert {node.name for node in traced.inputs} == {"tasks", "policy"}
        assert set(tables.read("trajectories", study / searched)["bug_id"]) == set(given["bug_id"])


def test_pairs_join_back_to_their_nodes(study: Path) -> None:
    nodes = tables.read("trajectories", study / "seed-0" / "round-1" / "trajectories.parquet")
    pairs = tables.read("pairs", study / "seed-0" / "round-1" / "pairs.parquet")
    by_id = {node["node_id"]: node for node in nodes.to_dicts()}
    assert len(pairs) >= 4
    for pair in pairs.to_dicts():
        chosen, rejected = by_id[pair["chosen_node"]], by_id[pair["rejected_node"]]
        assert pair["chosen"] == chosen["completion"]
        assert pair["rejected"] == rejected["completion"]
        assert pair["prompt"] == chosen["prompt"] == rejected["prompt"]
        assert pair["prompt_digest"] == chosen["prompt_digest"] == rejected["prompt_digest"]
        assert chosen["finish_reason"] == rejected["finish_reason"] == "stop"
        assert code_key(chosen["code"]) != code_key(rejected["code"])
        assert chosen["reward"] >= rejected["reward"]
    report = (study / "seed-0" / "round-1" / "pairs.md").read_text()
    assert f"| pairs of this round | {len(pairs)} |" in report


def test_policy_1_differs_from_the_base_and_its_first_loss_was_ln_2(study: Path) -> None:
    curve = tables.read("training_curve", study / "seed-0" / "round-1" / "training_curve.parquet")
    first = curve.filter(pl.col("metric") == "loss").sort("step").row(0, named=True)
    assert first["value"] == pytest.approx(math.log(2), abs=1e-6)
    policies = {
        policy: attempts(study, policy, "single_pass")["policy"].unique().to_list() for policy in ("base", "round-1")
    }
    assert len(policies["base"]) == len(policies["round-1"]) == 1
    assert policies["base"] != policies["round-1"]


def test_every_output_has_a_record_and_traces_to_the_raw_rows(study: Path) -> None:
    suffixes, models = (".parquet", ".csv", ".md", ".svg", ".html"), ("base", "policy", "adapter")
    made = [path for path in study.rglob("*") if path.suffix in suffixes and path.parent.name not in models]
    made += [*study.rglob("manifest.json"), *study.rglob("README.md")]
    assert sum(path.name == "README.md" for path in made) == 4
    assert len(made) > 30
    assert [path for path in made if not path.with_name(path.name + ".lineage.json").exists()] == []
    done = subprocess.run(
        [Path(sys.executable).with_name("codeq"), "lineage", "trace", "--json", study / "tables" / "fix_rates.csv"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert "raw.parquet" in done.stdout
    assert '"CHANGED"' not in done.stdout
    json.loads(done.stdout)


@pytest.mark.parametrize("kind", ["adapter", "policy"])
def test_a_model_card_agrees_with_the_tables_and_loads_its_model(study: Path, kind: str, tmp_path: Path) -> None:
    directory = study / "seed-0" / "round-1"
    card = (directory / kind / "README.md").read_text()
    rates = pl.read_parquet(study / "tables" / "fix_rates.parquet").filter(pl.col("policy") == "round-1")
    results = ModelCard(card).data.eval_results
    assert [result.metric_value for result in results] == rates["rate_hidden"].to_list()
    for row in rates.iter_rows(named=True):
        assert f"| {row['n_hidden']} | {100 * row['rate_hidden']:.1f} % | {100 * row['ci_low']:.1f} % to" in card
    pairs = tables.read("pairs", directory / "pairs.parquet")
    assert f"**Pairs**: {pairs.height}, of {pairs['tree_id'].n_unique()} search trees" in card
    for manifest in (study / "base", directory / "adapter", directory / "policy"):
        assert f"`{manifest_digest(manifest)}`" in card
        verify_manifest(manifest)
    curve = tables.read("training_curve", directory / "training_curve.parquet")
    best = curve.filter(pl.col("metric") == "best/eval_rewards/accuracies").row(0, named=True)
    assert f"step {best['step']} was kept, with a reward accuracy of {100 * best['value']:.1f} %" in card
    assert "Isolation was reduced" in card
    # The lines that load it, run as they stand in the directory that Snakemake runs in.
    code = card.split("```python\n")[1].split("```")[0]
    asked = """
import sys, torch
ids = torch.tensor([tokenizer("<bug>def f(x):\\n    return x<fix>", add_special_tokens=False)["input_ids"]])
torch.save(model(input_ids=ids).logits.float(), sys.argv[1])
"""
    out = tmp_path / "logits.pt"
    subprocess.run([sys.executable, "-c", code + asked, out], cwd=study.parents[1], check=True)
    logits = torch.load(out)
    loaded = load_model(directory / "policy", "bfloat16")
    ids = tokenizers.load(study / "base")("<bug>def f(x):\n    return x<fix>", add_special_tokens=False)["input_ids"]
    expected = loaded(input_ids=torch.tensor([ids])).logits.float()
    assert logits.shape == expected.shape
    assert torch.allclose(logits, expected, atol=0 if kind == "policy" else 0.25)
