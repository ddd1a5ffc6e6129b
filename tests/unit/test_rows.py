"""Traces of rows: from a table's row, or an id, to raw rows, compared with joins made by hand."""

import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from codeq import rows, tables
from codeq.cli import app
from codeq.errors import LineageError
from codeq.lineage import record, write_manifest
from codeq.rows import Row

BUGS = {"bug-a": ("s1", 3), "bug-b": ("s2", 0)}


def write(name: str, path: Path, content: list[dict[str, object]], **inputs: Path | list[Path]) -> Path:
    """A table with its record; columns that are not given are null."""
    schema = tables.SCHEMAS[name]
    path.parent.mkdir(parents=True, exist_ok=True)
    with record(script=__file__, inputs=inputs, outputs={name: path}, settings={}):
        tables.write(name, tables.frame(name, [dict.fromkeys(schema) | row for row in content]), path)
    return path


def model(directory: Path, name: str, weights: str, **inputs: Path) -> Path:
    directory.mkdir(parents=True, exist_ok=True)
    manifest = directory / "manifest.json"
    with record(script=__file__, inputs=inputs, outputs={name: manifest}, settings={}):
        (directory / "model.safetensors").write_text(weights)
        write_manifest(directory)
    return manifest


def tree(name: str, bug: str, parents: list[int | None], **values: object) -> list[dict[str, object]]:
    """Nodes of one tree, each with the number of its parent."""
    depth: list[int] = []
    for parent in parents:
        depth.append(0 if parent is None else depth[parent] + 1)
    return [
        {"tree_id": f"tree-{name}", "node_id": f"node-{name}{number}", "bug_id": bug, "depth": depth[number], **values}
        | {"parent_id": None if parent is None else f"node-{name}{parent}"}
        for number, parent in enumerate(parents)
    ]


@pytest.fixture
def study(tmp_path: Path) -> Path:
    """Two bugs, a search, its pairs, the policy they trained, a second round that replays a pair, an evaluation."""
    at = tmp_path / "results" / "tiny"
    raw = write("raw", at / "data/raw.parquet", [{"shard": s, "row": r, "sha256": s} for s, r in BUGS.values()])
    bugs = write(
        "bugs", at / "data/bugs.parquet", [{"bug_id": b, "shard": s, "row": r} for b, (s, r) in BUGS.items()], raw=raw
    )
    base = model(at / "base", "policy", "0")
    search = write(
        "trajectories",
        at / "seed-0/round-1/trajectories.parquet",
        [*tree("a", "bug-a", [None, 0, 0, 2]), *tree("b", "bug-b", [None, 0])],
        bugs=bugs,
        policy=base,
    )
    pair = {"pair_id": "pair-1", "tree_id": "tree-a", "chosen_node": "node-a1", "rejected_node": "node-a2", "round": 1}
    pairs = write("pairs", at / "seed-0/round-1/pairs.parquet", [pair], trajectories=search, bugs=bugs)
    adapter = model(at / "seed-0/round-1/adapter", "adapter", "a", pairs=pairs, policy=base)
    policy = model(at / "seed-0/round-1/policy", "merged", "1", policy=base, adapter=adapter, pairs=pairs)
    second = write(
        "trajectories",
        at / "seed-0/round-2/trajectories.parquet",
        tree("c", "bug-b", [None, 0, 1]),
        bugs=bugs,
        policy=policy,
    )
    write(
        "pairs",
        at / "seed-0/round-2/pairs.parquet",
        [{"pair_id": "pair-2", "chosen_node": "node-c2", "rejected_node": "node-c1", "round": 2}, pair],
        trajectories=second,
        earlier=[pairs],
        bugs=bugs,
    )
    key = {"policy": "base", "mode": "mcts", "seed": 0}
    evaluations = [
        write(
            "evaluation",
            at / f"seed-0/evaluation/{mode}.parquet",
            [
                {**key, "mode": mode, "bug_id": "bug-a", "node_id": "node-a3", "solved_hidden": True},
                {**key, "mode": mode, "bug_id": "bug-b", "node_id": "node-b1", "solved_hidden": False},
            ],
            trajectories=search,
            bugs=bugs,
        )
        for mode in ("mcts", "single_pass")
    ]
    rates = at / "tables/fix_rates.csv"
    rates.parent.mkdir()
    with record(script=__file__, inputs={"evaluations": evaluations}, outputs={"tables": rates}, settings={}):
        rates.write_text("policy,mode,seed,n,solved_hidden\nbase,mcts,0,2,1\nbase,single_pass,0,2,1\n")
    return at


def below(row: Row) -> Iterator[Row]:
    yield row
    for _, source in row.sources:
        yield from below(source)


def keys(row: Row, kind: str) -> set[object]:
    return {next(iter(found.values.values())) for found in below(row) if found.kind == kind}


def test_a_row_of_results_leads_to_the_rows_it_counts_and_down_to_raw(study: Path) -> None:
    row, node = rows.look_up(f"{study}/tables/fix_rates.csv:1", study)
    assert row is not None
    assert (row.kind, row.number, row.values["mode"]) == ("fix_rates", 1, "mcts")
    assert [(name, source.path.name, source.number) for name, source in row.sources] == [
        ("counted", "mcts.parquet", 1),
        ("counted", "mcts.parquet", 2),
    ]
    assert sum(bool(source.values["solved_hidden"]) for _, source in row.sources) == row.values["solved_hidden"]
    first = row.sources[0][1]
    chain = []
    while first.sources:
        name, first = first.sources[0]
        chain.append((name, first.number))
    assert chain == [("node", 4), ("parent", 3), ("parent", 1), ("tree", None), ("bug", 1), ("raw", 1)]
    assert (first.values["shard"], first.values["row"]) == ("s1", 3)
    assert node.path == study / "tables/fix_rates.csv"


def test_a_rate_of_the_unfixed_programs_leads_to_the_verdicts_on_the_evaluated_bugs(study: Path) -> None:
    evaluations = sorted((study / "seed-0/evaluation").glob("*.parquet"))
    screen = [{"bug_id": bug, "bug_verdict": "fail"} for bug in ("bug-b", "bug-never-evaluated", "bug-a")]
    found = write("screen", study / "data/hidden_screen.parquet", screen, bugs=study / "data/bugs.parquet")
    rates = study / "tables/pooled.csv"
    inputs = {"evaluations": evaluations, "hidden_screen": found}
    with record(script=__file__, inputs=inputs, outputs={"tables": rates}, settings={}):
        rates.write_text("policy,mode,n,solved_hidden\nunfixed,none,2,0\nbase,mcts,2,1\n")
    row, _ = rows.look_up(f"{rates}:1", study)
    assert row is not None
    assert [(name, each.kind, each.number) for name, each in row.sources] == [
        ("counted", "screen", 1),
        ("counted", "screen", 3),
    ]
    assert [each.sources[0][1].values["bug_id"] for _, each in row.sources] == ["bug-b", "bug-a"]
    assert keys(row, "raw") == {"s1", "s2"}


def test_a_regression_leads_to_both_evaluations_of_its_bug_and_to_the_tree_where_nothing_was_handed_in(
    study: Path,
) -> None:
    bugs = study / "data/bugs.parquet"
    before, after = (
        write(
            "evaluation",
            study / f"seed-0/evaluation/{policy}/mcts.parquet",
            [{"policy": policy, "mode": "mcts", "seed": 0, "bug_id": "bug-b", "tree_id": tree, "node_id": node}],
            trajectories=study / f"seed-0/round-{number}/trajectories.parquet",
            bugs=bugs,
        )
        for number, policy, tree, node in ((1, "base", "tree-b", "node-b1"), (2, "round-1", "tree-c", None))
    )
    lost = study / "tables/regressions.csv"
    inputs = {"evaluations": [before, after, *(study / "seed-0/evaluation").glob("*.parquet")]}
    with record(script=__file__, inputs=inputs, outputs={"tables": lost}, settings={}):
        lost.write_text("seed,mode,policy_before,policy_after,bug_id\n0,mcts,base,round-1,bug-b\n")
    row, _ = rows.look_up(f"{lost}:1", study)
    assert row is not None
    sides = [(name, each.path, each.sources[0][1].values["node_id"]) for name, each in row.sources]
    assert sides[0] == ("counted_before", before, "node-b1")
    assert sides[-1] == ("counted_after", after, "node-c0"), "the root"
    assert keys(row, "bug") == {"bug-b"}


def test_a_pair_leads_to_both_nodes_and_a_replayed_one_to_the_search_it_came_from(study: Path) -> None:
    row, _ = rows.look_up("pair-2", study)
    assert row is not None
    assert [(name, source.values["node_id"]) for name, source in row.sources] == [
        ("chosen", "node-c2"),
        ("rejected", "node-c1"),
    ]
    replayed, _ = rows.look_up(f"{study}/seed-0/round-2/pairs.parquet:2", study)
    assert replayed is not None
    assert keys(replayed, "node") == {"node-a0", "node-a1", "node-a2"}
    assert keys(replayed, "raw") == {"s1"}
    found, node = rows.look_up("pair-1", study)
    assert found is not None
    assert node.path == study / "seed-0/round-1/pairs.parquet", "the first table that has it"


def test_a_policy_leads_to_its_adapter_and_the_pairs_that_trained_it(study: Path) -> None:
    row, _ = rows.look_up("tree-c", study)
    assert row is not None
    assert (row.number, row.values["nodes"]) == (None, 3)
    policy = dict(row.sources)["policy"]
    assert {name: source.path.relative_to(study).as_posix() for name, source in policy.sources} == {
        "policy": "base/manifest.json",
        "adapter": "seed-0/round-1/adapter/manifest.json",
        "pairs": "seed-0/round-1/pairs.parquet",
    }
    assert dict(policy.sources)["adapter"].sources[0][1] is dict(policy.sources)["pairs"]


def test_a_digest_leads_to_the_file_and_one_of_a_weight_to_its_manifest(study: Path) -> None:
    manifest = study / "seed-0/round-1/policy/manifest.json"
    for digest in (
        json.loads(Path(f"{manifest}.lineage.json").read_text())["output"]["sha256"][:9],
        json.loads(manifest.read_text())["files"]["model.safetensors"]["sha256"],
    ):
        row, node = rows.look_up(digest, study)
        assert (row, node.path) == (None, manifest)


@pytest.mark.parametrize(
    ("what", "message"),
    [
        ("pair-3", r"pair-3: in no pairs table below .*--in"),
        ("0123456789", r"no file recorded below .* has this sha256"),
        ("nothing", r"nothing: no such file, and no id; give"),
        ("{}/tables/fix_rates.csv:3", r"no row 3; it has 2, counted from 1"),
        ("{}/tables/fix_rates.csv:0", r"no row 0"),
        ("{}/base/manifest.json:1", r"rows of \.parquet and \.csv tables"),
        ("{}/tables/rates.csv:1", r"rates\.csv: does not exist and has no record"),
    ],
)
def test_what_cannot_be_found_is_an_error_with_a_remedy(study: Path, what: str, message: str) -> None:
    with pytest.raises(LineageError, match=message):
        rows.look_up(what.format(study), study)


def test_a_row_of_a_table_that_was_made_of_other_tables_of_results_has_no_evaluations_to_follow(study: Path) -> None:
    rates, table = study / "tables/fix_rates.csv", study / "tables/published.csv"
    with record(script=__file__, inputs={"fix_rates": rates}, outputs={"table": table}, settings={}):
        table.write_text("policy,mode\nbase,mcts\n")
    with pytest.raises(LineageError, match=r"published\.csv: its rows lead to no evaluations; trace the file"):
        rows.look_up(f"{table}:1", study)


def test_what_stands_in_two_studies_is_ambiguous_until_one_is_named(study: Path) -> None:
    other = shutil.copytree(study, study.parent / "other")
    for what in ("node-a1", json.loads((other / "base/manifest.json.lineage.json").read_text())["output"]["sha256"]):
        with pytest.raises(LineageError, match=r"ambiguous.*other.*tiny.*--in"):
            rows.look_up(what, study.parent)
        assert rows.look_up(what, other)[1].path.is_relative_to(other)
    with pytest.raises(LineageError, match="no lineage records below it"):
        rows.look_up("node-a1", study / "nowhere")


def test_a_row_that_its_sources_lost_is_named(study: Path) -> None:
    path = study / "seed-0/round-1/trajectories.parquet"
    table = pl.read_parquet(path)
    tables.write("trajectories", table.filter(pl.col("node_id") != "node-a3"), path)
    with pytest.raises(LineageError, match=r"trajectories\.parquet: no node node-a3.*verify"):
        rows.look_up(f"{study}/tables/fix_rates.csv:1", study)
    path.write_text("no table")
    with pytest.raises(LineageError, match=r"trajectories\.parquet: cannot be read"):
        rows.look_up("tree-a", study)


def test_the_command_prints_the_rows_then_the_files(study: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(study.parents[1])
    runner = CliRunner()
    text = runner.invoke(app, ["lineage", "trace", "pair-2"]).stdout
    assert re.match(r"pair results/tiny/seed-0/round-2/pairs\.parquet:1\n", text)
    assert "├── chosen results/tiny/seed-0/round-2/trajectories.parquet:3" in text
    assert "\npairs results/tiny/seed-0/round-2/pairs.parquet ok " in text
    found = json.loads(runner.invoke(app, ["lineage", "trace", "pair-2", "--json"]).stdout)
    assert found["row"]["sources"][1]["values"]["node_id"] == "node-c1"
    assert found["file"]["path"] == "results/tiny/seed-0/round-2/pairs.parquet"
    graph = runner.invoke(app, ["lineage", "trace", "pair-2", "--dot"]).stdout
    assert 'r0 [shape=ellipse, label="pair\\nresults/tiny/seed-0/round-2/pairs.parquet:1\\npair_id pair-2"];' in graph
    failed = runner.invoke(app, ["lineage", "trace", "pair-3"])
    assert (failed.exit_code, failed.stdout) == (1, "")


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_every_node_of_a_random_tree_leads_up_to_its_root_and_down_to_its_raw_row(
    data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Compared with the parents that were drawn."""
    at = tmp_path_factory.mktemp("trees")
    raw = write("raw", at / "raw.parquet", [{"shard": s, "row": r} for s, r in BUGS.values()])
    bugs = write(
        "bugs", at / "bugs.parquet", [{"bug_id": b, "shard": s, "row": r} for b, (s, r) in BUGS.items()], raw=raw
    )
    base = model(at / "base", "policy", "0")
    parents: dict[str, list[int | None]] = {}
    for name in ("x", "y"):
        size = data.draw(st.integers(1, 8))
        parents[name] = [None, *(data.draw(st.integers(0, number - 1)) for number in range(1, size))]
    bug_of = {name: data.draw(st.sampled_from(sorted(BUGS))) for name in parents}
    nodes = [row for name, drawn in parents.items() for row in tree(name, bug_of[name], drawn)]
    order = data.draw(st.permutations(nodes))
    path = write("trajectories", at / "trajectories.parquet", order, bugs=bugs, policy=base)
    number = data.draw(st.integers(1, len(order)))
    row, _ = rows.look_up(f"{path}:{number}", at)
    assert row is not None
    name, at_node = str(row.values["tree_id"])[-1], int(str(row.values["node_id"])[6:])
    expected = []
    step: int | None = at_node
    while step is not None:
        expected.append(f"node-{name}{step}")
        step = parents[name][step]
    assert [found.values["node_id"] for found in below(row) if found.kind == "node"] == expected
    assert [(found.values["shard"], found.values["row"]) for found in below(row) if found.kind == "raw"] == [
        BUGS[bug_of[name]]
    ]
