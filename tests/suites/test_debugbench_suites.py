"""The suites of DebugBench's Python problems: complete, right by independent oracles, and strong."""

import importlib
import json
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

import polars as pl
import pytest

from codeq import tables, values
from codeq.config import load_study
from codeq.data.duplicates import duplicates, text_of
from codeq.data.splits import evaluated, splits
from codeq.data.suites.by_hand import GENERATORS
from codeq.sandbox.comparisons import COMPARISONS

ROOT = Path(__file__).resolve().parents[2]
# Problems with fewer than 50 possible inputs; the numbers are those of the inputs that no example shows.
TINY = {"n-queens-ii": 7, "pascals-triangle": 28, "fibonacci-number": 28, "n-th-tribonacci-number": 36}
PARTS = sorted(path.stem for path in Path(__file__).parent.glob("oracles_*.py"))
ORACLES = {slug: oracle for part in PARTS for slug, oracle in importlib.import_module(part).ORACLES.items()}
_SMALL = 300  # characters of arguments that a brute-force oracle is given


def test_every_example_is_a_test_and_every_problem_has_hidden_ones(debugbench):
    assert debugbench["untested"].to_dicts() == []  # nor do references fail or disagree on any generated input
    counts = debugbench["tests"].group_by("problem_id", "visibility").len()
    public, hidden = (
        dict(counts.filter(pl.col("visibility") == kind).drop("visibility").iter_rows())
        for kind in ("public", "hidden")
    )
    assert public.keys() == hidden.keys() == set(debugbench["problems"]["problem_id"])
    assert sum(public.values()) == 540
    assert {slug: count for slug, count in hidden.items() if count < 50} == TINY
    assert sum(count >= 90 for count in hidden.values()) >= 215


def test_no_test_is_there_twice(debugbench):
    tests = debugbench["tests"]
    assert tests["test_id"].n_unique() == len(tests)
    assert tests.select("problem_id", "arguments").n_unique() == len(tests)


@pytest.fixture(scope="module")
def scores(made, debugbench, tmp_path_factory) -> pl.DataFrame:
    """Every reference (id "PROBLEM reference N") and every bug (its id), as `codeq judge` scores them."""
    problems, bugs = debugbench["problems"], debugbench["bugs"]
    programs = [
        {"id": f"{row['problem_id']} reference {number}", "problem_id": row["problem_id"], "code": code}
        for row in problems.iter_rows(named=True)
        for number, code in enumerate(row["reference_codes"])
    ]
    programs += [
        {"id": row["bug_id"], "problem_id": row["problem_id"], "code": row["buggy_code"]}
        for row in bugs.iter_rows(named=True)
    ]
    directory = tmp_path_factory.mktemp("scores")
    file, out = directory / "programs.jsonl", directory / "scores.parquet"
    file.write_text("".join(json.dumps(program) + "\n" for program in programs))
    command = [
        Path(sys.executable).with_name("codeq"),
        "judge",
        "--tests",
        made["tests"],
        "--tests",
        made["hidden_tests"],
    ]
    ended = subprocess.run(
        [*command, "--programs", file, "--out", out, "--jobs", "2"], check=False, capture_output=True, text=True
    )
    assert ended.returncode == 0, ended.stderr
    found = tables.read("scores", out)
    assert found["id"].to_list() == [program["id"] for program in programs]
    return found


def test_references_pass_and_bugs_fail(scores):
    """All 241 references pass every test; the public tests show 97.2 % of the 1,414 bugs, the hidden ones 99.6 %."""
    references = scores.filter(pl.col("id").str.contains(" reference "))
    assert len(references) == 241
    assert references.filter(pl.col("verdict") != "pass")["id"].to_list() == []
    bugs = scores.join(references, on="id", how="anti")
    assert len(bugs) == 1414
    assert (bugs["public_failed"] > 0).mean() >= 0.971
    assert (bugs["hidden_failed"] > 0).mean() >= 0.996


def test_the_published_study_tests_one_bug_of_each_of_123_problems_and_trains_on_the_others(debugbench, scores):
    study = load_study(ROOT / "config" / "codeq.yaml")
    settings = study.data
    problems = {row["problem_id"]: row for row in debugbench["problems"].to_dicts()}
    tests = debugbench["tests"].partition_by("problem_id", as_dict=True)
    texts = {slug: text_of(row, tests[slug,].to_dicts()) for slug, row in problems.items()}
    bugs = debugbench["bugs"].with_columns(text=pl.col("problem_id").replace_strict(texts))
    clusters = duplicates(bugs.select("bug_id", "problem_id", "text"), settings)
    shown = set(scores.filter(pl.col("public_failed") > 0)["id"])
    table = splits(debugbench["bugs"], clusters, shown & set(bugs["bug_id"]), settings, settings.seed)
    shuffled = debugbench["bugs"].sample(fraction=1, shuffle=True, seed=1)
    assert splits(shuffled, clusters.reverse(), shown & set(bugs["bug_id"]), settings, settings.seed).equals(table)
    test, train = (table.filter(pl.col("split") == split) for split in ("test", "train"))
    assert test["problem_id"].n_unique() == test["cluster_id"].n_unique() == 123
    chosen = table.filter(pl.col("bug_id").is_in(evaluated(table, study.evaluation, settings.seed)))
    assert len(chosen) == chosen["problem_id"].n_unique() == 123
    assert set(chosen["split"]) == {"test"}
    assert not set(test["cluster_id"]) & set(train["cluster_id"])
    assert train["problem_id"].n_unique() >= 225 - 123 - 5
    assert len(train) > 500


def test_every_problem_has_an_oracle(debugbench):
    assert ORACLES.keys() == set(debugbench["problems"]["problem_id"])


@pytest.mark.parametrize("part", PARTS)
def test_expected_outputs_are_those_of_brute_force(debugbench, part):
    oracles = importlib.import_module(part).ORACLES
    small = debugbench["tests"].filter(
        (pl.col("arguments").str.len_chars() <= _SMALL) & pl.col("problem_id").is_in(list(oracles))
    )
    checked: Counter[str] = Counter()
    for test in small.iter_rows(named=True):
        arguments, expected = values.loads(test["arguments"]), values.loads(test["expected"])
        answer = oracles[test["problem_id"]](*values.loads(test["arguments"]))
        if answer is not NotImplemented:
            checked[test["problem_id"]] += 1
            right = COMPARISONS[test["comparison"]](answer, expected, arguments)
            assert right, (test["problem_id"], test["arguments"], answer, test["expected"])
    assert sorted(oracles.keys() - checked.keys()) == []


def test_the_same_seed_gives_the_same_inputs_in_any_process():
    script = (
        "import random; from codeq.data.suites.by_hand import GENERATORS\n"
        "from codeq.data.suites.inputs import inputs; from codeq.identity import digest\n"
        "print(digest([[slug, inputs(slug, GENERATORS[slug], 7)[:20]] for slug in sorted(GENERATORS)]))"
    )
    prints = [
        subprocess.run(
            [sys.executable, "-c", script],
            env={**os.environ, "PYTHONHASHSEED": seed},
            check=True,
            capture_output=True,
            text=True,
        ).stdout
        for seed in ("1", "2")
    ]
    assert prints[0] == prints[1] != ""
    assert len(GENERATORS) > 100
