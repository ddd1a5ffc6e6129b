"""A model card says what the records and tables say, and writing it changes nothing about the model."""

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import tiny_policy
from huggingface_hub import ModelCard
from test_evaluation_tables import evaluation
from test_plots import curve
from test_rounds import screens

from codeq.config import DpoSettings, PairSettings, SearchSettings
from codeq.errors import LineageError
from codeq.evaluation import cards, comparisons, tables
from codeq.evaluation.unfixed import unfixed
from codeq.lineage import Node, manifest_digest, verify_manifest, write_manifest

EVALUATION = evaluation(seeds=(0, 1), bugs=40)
RATES = tables.fix_rates(pl.concat([unfixed(EVALUATION, *screens(*[("fail", "fail")] * 40)), EVALUATION]))
COMPARISONS = comparisons.within(EVALUATION)


def entry(name: str, letter: str) -> dict[str, object]:
    return {"name": name, "path": f"{name}.file", "sha256": letter * 64}


def record(script: str, inputs: str = "", notes: dict[str, Any] | None = None, **settings: Any) -> dict[str, Any]:
    """What matters of a sidecar; `inputs` are names, each with its first letter repeated as its digest."""
    return {
        "script": f"scripts/{script}.py",
        "settings": settings,
        "seed": 0,
        "notes": notes or {},
        "inputs": [entry(name, name[0]) for name in inputs.split()],
        "output": {"name": script, "sha256": f"{script} digest"},
        "code": {"version": "c0de" * 16, "git": {"commit": "abc123", "dirty": False}},
        "packages": {"python": "3.11.9", "torch": "2.13.0"},
        "machine": {"hostname": "secret-host", "cpu": "Some CPU", "cores": 4, "gpus": []},
        "start": "2026-11-28T06:00:00.000+00:00",
        "seconds": 12.3,
    }


DPO = DpoSettings(lora_r=8, learning_rate=1e-4, dtype="float32", patience=None).determinants()
COUNTS = {
    "counts": {"rewrites": 512, "cut off": 7},
    "tokens of chosen - rejected": {"siblings, round 1": {"mean": 2.5}},
}
RECORDS = {
    "raw": record(
        "raw", data={"source": "Rtian/DebugBench", "revision": "r1", "language": "python3", "seed": 0}
    ),
    "splits": record("splits", data={"train_bugs": 64, "test_problems": 20, "seed": 0}),
    "base_model": record("base_model", model={"base": "Qwen/Qwen2.5-Coder-7B-Instruct", "revision": "r2"}),
    "search": record(
        "search",
        search=SearchSettings(critic="likelihood").determinants(),
        model={"dtype": "bfloat16", "quantization": "nf4", "prompt": "instruct"},
    ),
    "pairs": record("pairs", notes=COUNTS, pairs=PairSettings(strategy="best_vs_worst").determinants()),
    "dpo": record("dpo", "pairs reference policy", dpo=DPO),
    "merge": record(
        "merge",
        "policy adapter pairs",
        notes={"kl_nf4": {"mean": 0.0123, "largest": 1.5, "tokens": 321.0}},
        model={"quantization": "nf4"},
    ),
}  # fmt: skip


def facts(**changes: Any) -> cards.Facts:
    made = cards.Facts(
        study="tiny",
        seed=1,
        round=1,
        directories={"adapter": "results/tiny/a", "policy": "results/tiny/p", "start": "results/tiny/base"},
        records=RECORDS,
        sandboxes=[{"backend": "docker"}],
        pairs=tiny_policy.make_pairs(30),
        curve=curve(),
        fix_rates=RATES,
        comparisons=COMPARISONS,
    )
    return replace(made, **changes)


def changed(script: str, **changes: Any) -> dict[str, Any]:
    return {**RECORDS, script: {**RECORDS[script], **changes}}


def cells(card: str) -> list[list[str]]:
    """The rows of all tables."""
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in card.splitlines() if line[:1] == "|"]


both = pytest.mark.parametrize("kind", ["adapter", "policy"])


@both
def test_the_front_matter_is_that_of_the_hub(kind: cards.Kind) -> None:
    data = ModelCard(cards.render(kind, facts())).data
    assert data.base_model == "Qwen/Qwen2.5-Coder-7B-Instruct"
    assert data.base_model_relation == {"adapter": "adapter", "policy": "finetune"}[kind]
    assert data.library_name == {"adapter": "peft", "policy": "transformers"}[kind]
    assert data.datasets == ["Rtian/DebugBench"]
    assert (data.pipeline_tag, data.language) == ("text-generation", "code")
    assert {"codeq", "dpo", "lora"} <= set(data.tags)
    expected = RATES.filter(pl.col("policy") == "round-1", pl.col("seed") == 1).to_dicts()
    assert [result.metric_value for result in data.eval_results] == [row["rate_hidden"] for row in expected]
    assert [result.metric_args["n_hidden"] for result in data.eval_results] == [row["n_hidden"] for row in expected]


def test_a_directory_is_named_in_the_text_but_not_as_an_id_of_the_hub() -> None:
    base = changed(
        "base_model", settings={"model": {"base": "models/mini", "revision": None}}, inputs=[entry("s", "s")]
    )
    raw = changed("raw", inputs=[entry("s", "s")])["raw"]
    card = cards.render("policy", facts(records={**base, "raw": raw}))
    data = ModelCard(card).data
    assert (data.base_model, data.get("base_model_relation"), data.datasets) == (None, None, None)
    assert "`models/mini`" in card


@both
def test_the_evaluation_is_that_of_the_tables_for_this_seed_beside_the_base(kind: cards.Kind) -> None:
    rows = cells(cards.render(kind, facts()))
    modes = {"none": "–", "single_pass": "single pass", "best_of_n": "best of n", "mcts": "MCTS"}
    chosen = RATES.filter(pl.col("policy").is_in(["unfixed", "base", "round-1"]), pl.col("seed") == 1).to_dicts()
    for row in chosen:
        assert [
            row["policy"].replace("-", " "),
            modes[row["mode"]],
            f"{row['n_hidden']} of {row['n']}" if row["n_hidden"] < row["n"] else str(row["n"]),
            f"{100 * row['rate_hidden']:.1f} %",
            f"{100 * row['ci_low']:.1f} % to {100 * row['ci_high']:.1f} %",
            f"{100 * row['rate_public']:.1f} %",
            f"{row['samples']:,}",
        ] in rows
    assert sum(row[0] in ("unfixed", "base", "round 1", "round 2", "round 10") for row in rows) == len(chosen)
    tests = COMPARISONS.filter(
        pl.col("policy_a") == "round-1", pl.col("policy_b") == "base", pl.col("seed") == 1
    ).to_dicts()
    assert len(tests) == 3
    for test in tests:
        assert [
            modes[test["mode_a"]],
            *(str(test[name]) for name in ("n", "only_a", "only_b")),
            f"{100 * test['difference']:+.1f} points",
            f"{test['p_value']:.3f}",
        ] in rows


@both
def test_training_data_and_curve_are_in_the_card(kind: cards.Kind) -> None:
    card = cards.render(kind, facts())
    assert "30, of 30 search trees for 30 bugs of 6 problems (siblings 30)" in card
    assert "400 were trained on, 40 of other problems held out to choose the checkpoint; 3 dropped too long" in card
    assert "rewrites 512; cut off 7" in card
    assert "siblings, round 1: 2.5" in card
    assert "10 optimiser steps. The first loss was 0.6900 (ln 2 = 0.6931), the last 0.6000." in card
    assert "The checkpoint of step 5 was kept, with a reward accuracy of 75.0 % on held-out pairs" in card
    assert ["5", "0.65", "0.69", "75.0 %", "0.1"] in cells(card)
    assert "80 completions: mean difference 0.01, largest 0.3 nats per token" in card
    assert "1,055 tokens/s (median step), 12 s in all, peak memory 2.0 GiB" in card
    early = curve().with_columns(value=pl.when(pl.col("metric") == "max_steps").then(25.0).otherwise("value"))
    assert "10 optimiser steps of 25 planned: it stopped early" in cards.render(kind, facts(curve=early))


@both
def test_the_lineage_is_in_the_card_and_the_host_is_not(kind: cards.Kind) -> None:
    card = cards.render(kind, facts())
    for what, digest in {
        "raw rows": "raw digest",
        "base model (manifest)": "base_model digest",
        "policy that was trained (manifest)": "p" * 64,
        "adapter (manifest)": "a" * 64,
        "merged policy (manifest)": "merge digest",
        "code of the training (version)": "c0de" * 16,
    }.items():
        assert [what, f"`{digest}`"] in cells(card)
    assert "Commit `abc123`, seed 1. Packages: python 3.11.9, torch 2.13.0." in card
    assert f"codeq lineage trace results/tiny/{kind[0]}\n" in card
    assert "4 cores of Some CPU, no GPU" in card
    assert "secret-host" not in card


def test_only_settings_that_had_an_effect_are_listed_with_their_unit() -> None:
    card = cards.render("adapter", facts())
    listed = {row[0].strip("`"): row[1] for row in cells(card) if row[0].startswith("`")}
    assert listed["learning_rate"] == "0.0001"
    assert listed["batch_size"] == "16 pairs"
    assert listed["target_modules"].startswith("q_proj, k_proj")
    assert listed["rollouts"] == "10 expansions"
    # The critic is the likelihood, pairs are best against worst, training has no patience and no dropout.
    absent = {"critic_temperature", "critic_max_new_tokens", "threshold", "patience", "lora_dropout", "replay", "top_p"}
    assert not absent & listed.keys()
    assert {"alpha", "critic", "exploration"} <= listed.keys()
    whole = cards.hyperparameters(SearchSettings, SearchSettings(exploration=0).determinants())
    rubric = {name: value for name, value, _ in whole}
    assert (rubric["critic_temperature"], rubric["exploration"]) == ("0.2", "0.0")
    assert "live_trees" not in rubric


def test_caveats_follow_from_the_facts() -> None:
    def card(kind: cards.Kind = "policy", **changes: Any) -> str:
        return cards.render(kind, facts(**changes))

    assert "mean 0.0123, largest 1.5 nats per token, over 321 tokens" in card()
    assert "Merging rounds the adapted weights to bfloat16" in card()
    assert "this adapter merged in and rounded" in card("adapter")
    assert "This is one of 2 seeds" in card()
    one = {"fix_rates": RATES.filter(pl.col("seed") == 1), "comparisons": COMPARISONS.filter(pl.col("seed") == 1)}
    assert "One seed: the intervals" in card(**one)
    assert "Isolation was reduced" not in card()
    assert "Isolation was reduced" in card(sandboxes=[{"backend": "process", "network": "none"}])
    assert "not committed" not in card()
    code = RECORDS["dpo"]["code"]
    assert "not committed" in card(records=changed("dpo", code={**code, "git": {"commit": "abc123", "dirty": True}}))
    assert "Commit unknown, seed 1" in card(records=changed("dpo", code={**code, "git": None}))
    unmeasured = card(records=changed("merge", notes={}))
    assert "Searches sample from nf4 weights of the policy; what that does to it was not measured" in unmeasured
    plain = card(records=changed("merge", notes={}, settings={"model": {"quantization": "none"}}))
    assert "Searches sample from" not in plain


def test_a_study_without_hidden_tests_claims_no_rate() -> None:
    table = evaluation(bugs=6, untested=6, seeds=(1,))
    card = cards.render("policy", facts(fix_rates=tables.fix_rates(table), comparisons=comparisons.within(table)))
    assert ModelCard(card).data.eval_results is None
    assert "there is nothing to compare with" in card
    row = next(row for row in cells(card) if row[:2] == ["round 1", "MCTS"])
    assert row[2:5] == ["0 of 6", "–", "–"]


def test_a_later_round_names_the_policy_its_adapter_belongs_to() -> None:
    later = facts(round=2, directories={**facts().directories, "start": "results/tiny/round-1"})
    assert "`results/tiny/round-1`, the policy of round 1, and not to the base model itself" in cards.render(
        "adapter", later
    )
    assert "trained for 2 rounds of search and DPO" in cards.render("adapter", later)
    assert "30 of them are of earlier rounds" in cards.render("adapter", later)  # the pairs are those of round 1


@both
def test_the_same_facts_give_the_same_bytes_without_gaps(kind: cards.Kind) -> None:
    card = cards.render(kind, facts())
    assert card == cards.render(kind, facts())
    assert "\n\n\n" not in card
    assert not re.search(r"[^\n]\n\|[^\n]*\n\| ?-", card), "a table follows a line of text"
    assert card.startswith("---\n")
    assert card.endswith(".\n")


def node(script: str, *inputs: Node, seed: int = 0) -> Node:
    made = {**record(script), "seed": seed}
    return Node(script, Path(f"/{script}-{seed}"), "0" * 64, "ok", made, False, inputs)


def test_of_several_rounds_the_records_nearest_to_the_policy_are_taken() -> None:
    raw = node("raw")
    splits, base = node("splits", raw), node("base_model")

    def merged(start: Node, seed: int) -> Node:
        shard = node("search", start, splits, seed=seed)
        pairs = node("pairs", node("gather", shard, seed=seed), splits, seed=seed)
        adapter = node("dpo", pairs, node("reference", pairs, start, seed=seed), start, seed=seed)
        return node("merge", start, adapter, pairs, seed=seed)

    found = cards.nearest(merged(merged(base, 1), 2))
    assert {name: found[name]["seed"] for name in ("merge", "dpo", "pairs", "search")} == dict.fromkeys(
        ("merge", "dpo", "pairs", "search"), 2
    )
    assert set(cards.SCRIPTS) <= found.keys()
    with pytest.raises(LineageError, match=r"holds no record of scripts/base_model\.py"):
        cards.nearest(merged(node("raw"), 1))


def test_a_card_written_later_is_no_part_of_the_model(tmp_path: Path) -> None:
    (tmp_path / "model.safetensors").write_bytes(b"weights")
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "README.md").write_text("a file of the model's own")
    before = write_manifest(tmp_path)
    (tmp_path / "README.md").write_text(cards.render("policy", facts()))
    (tmp_path / "README.md.lineage.json").write_text("{}")
    verify_manifest(tmp_path)
    assert manifest_digest(tmp_path) == before
    assert write_manifest(tmp_path) == before
    (tmp_path / "docs" / "README.md").write_text("changed")
    assert write_manifest(tmp_path) != before
