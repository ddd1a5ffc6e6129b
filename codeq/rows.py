"""Rows: from one row of a table, or an id, down to the raw rows of the benchmark.

Files are followed by their lineage records, rows by the keys in `codeq.tables`: a row of results counts rows of
`evaluation`, which name the node handed in; a node lies in a tree, a pair joins two nodes; a tree belongs to a bug and
was searched by a policy; a bug is one raw row. Nothing but records and tables is read.
"""

import re
from collections import deque
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from codeq import tables
from codeq.errors import LineageError
from codeq.lineage import Node, read_record, trace
from codeq.lineage.files import MANIFEST, SIDECAR, sidecar_of
from codeq.lineage.manifests import listed

# What is shown of a row: its keys, and what they lead to. Long texts stay in their tables.
SHOWN = {
    "raw": ("shard", "row", "sha256"),
    "bugs": ("bug_id", "problem_id", "category", "subtype", "shard", "row"),
    "trajectories": (
        *("node_id", "parent_id", "tree_id", "bug_id", "round", "mode", "policy"),
        *("depth", "rollout", "verdict", "reward", "q", "seed"),
    ),
    "pairs": (
        *("pair_id", "bug_id", "tree_id", "chosen_node", "rejected_node"),
        *("round", "strategy", "q_chosen", "q_rejected", "margin"),
    ),
    "reference": ("pair_id", "chosen", "rejected"),
    "evaluation": (
        *("bug_id", "policy", "mode", "seed", "category", "level", "tree_id", "node_id"),
        *("solved_public", "solved_hidden", "samples", "tokens"),
    ),
}
# The tables in which an id is looked up, by its prefix, and the column it stands in.
IDS = {
    "bug": ("bugs", "bug_id"),
    "pair": ("pairs", "pair_id"),
    "node": ("trajectories", "node_id"),
    "tree": ("trajectories", "tree_id"),
}
# How a row that compares two policies ends the names of their columns.
SIDES = (("_a", "_b"), ("_before", "_after"))
_DIGEST = re.compile(r"[0-9a-f]{7,64}")


@dataclass(frozen=True, eq=False)
class Row:
    """One row of the table at `path`, `number` from 1; None for a model and for a tree, which is many rows.

    `sources` are the rows it was made from, each with what it is to this one. Rows used several times are shared.
    """

    kind: str
    path: Path
    number: int | None
    values: dict[str, object]
    sources: tuple[tuple[str, "Row"], ...] = ()


def look_up(what: str, directory: Path) -> tuple[Row | None, Node]:
    """The row that `what` names, None if it names a file; and the trace of the file.

    `what` is a file, a model directory, ``FILE:N`` for row N (from 1) of a table, or else the id of a bug, pair, node
    or tree, or the first 7 or more digits of a recorded sha256, looked up below `directory`.
    Raises LineageError if nothing or several things go by that name.
    """
    if Path(what).exists() or sidecar_of(Path(what)).exists():
        return None, trace(Path(what))
    path, _, number = what.rpartition(":")
    if path and number.isdecimal():
        node = trace(Path(path))
        return _row(node, int(number)), node
    if (prefix := what.partition("-")[0]) in IDS:
        return _by_id(what, *IDS[prefix], directory)
    if _DIGEST.fullmatch(what):
        return None, trace(_by_digest(what, directory))
    raise LineageError(
        f"{what}: no such file, and no id; give a file, FILE:ROW, the id of a bug, pair, node or tree, or a sha256"
    )


def _by_id(what: str, table: str, column: str, directory: Path) -> tuple[Row, Node]:
    """The row with an id. Shards and replayed pairs repeat rows: the first of equal ones is taken."""
    hits = []
    for path, record in _recorded(directory):
        if record["output"]["name"] == table and path.suffix == ".parquet":
            found = _scan(path).filter(pl.col(column) == what).select("number", *SHOWN[table]).collect()
            if found.height:
                hits.append((path, found))
    if not hits:
        raise LineageError(f"{what}: in no {table} table below {directory}; give the study's directory with --in")
    whole = [hit for hit in hits if "shards" not in hit[0].relative_to(directory.absolute()).parts] or hits
    studies = {_study(path) for path, _ in whole}
    if len(studies) > 1 or any(not found.drop("number").equals(whole[0][1].drop("number")) for _, found in whole):
        named = ", ".join(str(path) for path, _ in whole)
        raise LineageError(f"{what}: ambiguous, it stands in {named}; choose one with --in")
    path, found = whole[0]
    node = trace(path)
    reader = _Reader()
    if column == "tree_id":
        return reader.nodes(node, found["node_id"])[1][what], node
    return _row(node, found["number"][0]), node


def _by_digest(what: str, directory: Path) -> Path:
    """The recorded file whose digest begins so; a file of a model is its manifest."""
    hits: set[Path] = set()
    for path, record in _recorded(directory):
        if record["output"]["sha256"].startswith(what) or (
            path.name == MANIFEST and any(sha256.startswith(what) for sha256, _ in listed(path).values())
        ):
            hits.add(path)
    if not hits:
        raise LineageError(f"{what}: no file recorded below {directory} has this sha256; say where to look with --in")
    if len(hits) > 1:
        named = ", ".join(map(str, sorted(hits)))
        raise LineageError(f"{what}: ambiguous, these have it: {named}; give one of them, more digits, or --in")
    return hits.pop()


def _recorded(directory: Path) -> Iterator[tuple[Path, dict[str, Any]]]:
    sidecars = sorted(directory.absolute().rglob(f"*{SIDECAR}"))
    if not sidecars:
        raise LineageError(f"{directory}: no lineage records below it; say with --in where the results are")
    for sidecar in sidecars:
        path = sidecar.with_name(sidecar.name.removesuffix(SIDECAR))
        if record := read_record(path):
            yield path, record


def _study(path: Path) -> Path:
    """The directory of the study that a file belongs to: the one with `data` in it."""
    return next((folder for folder in path.parents if (folder / "data").is_dir()), path.parent)


def _row(node: Node, number: int) -> Row:
    """Row `number` of a recorded table, whatever table it is."""
    table = _scan(node.path)
    columns = table.collect_schema().names()[1:]
    found = table.filter(pl.col("number") == number).collect()
    if not found.height:
        rows = table.select(pl.len()).collect().item()
        raise LineageError(f"{node.path}: no row {number}; it has {rows}, counted from 1 without the heading")
    kind = next((name for name, schema in tables.SCHEMAS.items() if list(schema) == columns), None)
    reader, key = _Reader(), found.row(0, named=True)
    match kind:
        case None | "anytime" | "pass_at_k" | "rounds" | "regressions":
            return reader.result(node, found)
        case "evaluation":
            return reader.evaluations(node, found)[0]
        case "trajectories":
            return reader.nodes(node, found["node_id"])[0][key["node_id"]]
        case "pairs":
            return reader.pairs(node, found["pair_id"])[key["pair_id"]]
        case "reference":
            pair = reader.pairs(_source(node, "pairs"), found["pair_id"])[key["pair_id"]]
            return Row(kind, node.path, number, _values(kind, key), (("pair", pair),))
        case "bugs":
            return reader.bugs(node, found["bug_id"])[key["bug_id"]]
        case _:
            sources: tuple[tuple[str, Row], ...] = ()
            if "bug_id" in key:
                sources = (("bug", reader.bugs(_source(node, "bugs"), found["bug_id"])[key["bug_id"]]),)
            return Row(kind, node.path, number, _values(kind, key), sources)


class _Reader:
    """Reads each table once for all rows that are asked of it together."""

    def __init__(self) -> None:
        self._models: dict[Node, Row] = {}

    def result(self, node: Node, found: pl.DataFrame) -> Row:
        """A row of results with the evaluations it counts; of a comparison, those of both sides.

        A row about the unfixed programs counts their verdicts in the screen of hidden tests.
        """
        values = found.row(0, named=True)
        number = values.pop("number")
        counted: list[tuple[str, Row]] = []
        evaluations = list(_evaluations(node))
        for side in next((pair for pair in SIDES if f"policy{pair[0]}" in values), ("",)):
            keys = {
                key: values[key + side] if key + side in values else values[key]
                for key in ("policy", "mode", "seed", "category", "level", "bug_id")
                if key in values or key + side in values
            }
            if not keys or not evaluations:
                raise LineageError(f"{node.path}: its rows lead to no evaluations; trace the file")
            if keys.get("policy") == tables.UNFIXED:
                counted += [("counted", row) for row in self.unfixed(node, keys)]
                continue
            for source in evaluations:
                rows = _scan(source.path).filter(*(pl.col(key) == value for key, value in keys.items())).collect()
                counted += [(f"counted{side}", row) for row in self.evaluations(source, rows)]
        if not counted:
            raise LineageError(f"{node.path}, row {number}: no evaluation has its keys; run codeq lineage verify")
        return Row(node.path.stem, node.path, number, values, tuple(counted))

    def unfixed(self, node: Node, keys: Mapping[str, object]) -> list[Row]:
        """The verdicts of hidden tests on the bugs that were evaluated."""
        wanted = [pl.col(key) == value for key, value in keys.items() if key not in ("policy", "mode")]
        evaluated = pl.concat([_scan(source.path).filter(*wanted).select("bug_id") for source in _evaluations(node)])
        screen = _source(node, "hidden_screen")
        found = _scan(screen.path).join(evaluated, on="bug_id", how="semi", maintain_order="left").collect()
        bugs = self.bugs(_source(screen, "bugs"), found["bug_id"])
        return [
            Row("screen", screen.path, row["number"], _values("screen", row), (("bug", bugs[row["bug_id"]]),))
            for row in found.iter_rows(named=True)
        ]

    def evaluations(self, node: Node, found: pl.DataFrame) -> list[Row]:
        """Evaluations with the nodes handed in; where that was nothing, with the root of the tree."""
        if not found.height:
            return []
        search = _source(node, "trajectories")
        roots = _scan(search.path).filter(pl.col("parent_id").is_null()).select("tree_id", root="node_id")
        found = found.lazy().join(roots, on="tree_id", how="left", maintain_order="left").collect()
        ids = found["node_id"].fill_null(found["root"])
        nodes, _ = self.nodes(search, ids)
        return [
            Row("evaluation", node.path, row["number"], _values("evaluation", row), (("node", nodes[shown]),))
            for shown, row in zip(ids, found.iter_rows(named=True), strict=True)
        ]

    def pairs(self, node: Node, ids: Collection[str]) -> dict[str, Row]:
        found = _keyed(node, "pairs", "pair_id", ids)
        wanted = {row[column] for row in found.values() for column in ("chosen_node", "rejected_node")}
        nodes: dict[str, Row] = {}
        # Its own search first; the nodes of replayed pairs lie in those of earlier rounds.
        for search in _sources(node, "trajectories"):
            if missing := wanted - nodes.keys():
                nodes |= self.nodes(search, missing, partial=True)[0]
        for row in found.values():
            for column in ("chosen_node", "rejected_node"):
                if row[column] not in nodes:
                    raise _broken(node, row["number"], column, row[column])
        return {
            key: Row(
                "pair",
                node.path,
                row["number"],
                _values("pairs", row),
                (("chosen", nodes[row["chosen_node"]]), ("rejected", nodes[row["rejected_node"]])),
            )
            for key, row in found.items()
        }

    def nodes(self, node: Node, ids: Collection[str], partial: bool = False) -> tuple[dict[str, Row], dict[str, Row]]:
        """Nodes by id with those above them, and their trees. Raises LineageError on an unknown id but if `partial`."""
        table = _scan(node.path).select("number", *SHOWN["trajectories"])
        wanted = table.filter(pl.col("node_id").is_in(list(ids))).collect()
        if not partial and (lost := set(ids) - set(wanted["node_id"])):
            raise LineageError(f"{node.path}: no node {min(lost)}, which another table names; run codeq lineage verify")
        if not wanted.height:
            return {}, {}
        frame = table.filter(pl.col("tree_id").is_in(wanted["tree_id"].unique().to_list())).collect()
        bugs = self.bugs(_source(node, "bugs"), frame["bug_id"].unique())
        policy = self.model(_source(node, "policy"))
        trees: dict[str, Row] = {}
        counted = frame.with_columns(nodes=pl.len().over("tree_id")).unique("tree_id", keep="first")
        for tree in counted.select("tree_id", "bug_id", "round", "mode", "policy", "nodes").iter_rows(named=True):
            sources = (("bug", bugs[tree["bug_id"]]), ("policy", policy))
            trees[tree["tree_id"]] = Row("tree", node.path, None, tree, sources)
        rows: dict[str, Row] = {}
        for row in frame.sort("depth", maintain_order=True).iter_rows(named=True):  # parents before children
            parent = row["parent_id"]
            above = ("tree", trees[row["tree_id"]]) if parent is None else ("parent", rows[parent])
            rows[row["node_id"]] = Row("node", node.path, row["number"], _values("trajectories", row), (above,))
        return rows, trees

    def bugs(self, node: Node, ids: Collection[str]) -> dict[str, Row]:
        found = _keyed(node, "bugs", "bug_id", ids)
        raw = _source(node, "raw")
        places = pl.DataFrame([(row["shard"], row["row"]) for row in found.values()], ["shard", "row"], orient="row")
        rows = _scan(raw.path).select("number", *SHOWN["raw"]).join(places.lazy().unique(), on=["shard", "row"])
        at = {
            (row["shard"], row["row"]): Row("raw", raw.path, row["number"], _values("raw", row))
            for row in rows.collect().iter_rows(named=True)
        }
        for row in found.values():
            if (row["shard"], row["row"]) not in at:
                raise _broken(node, row["number"], "shard, row", f"{row['shard']}, {row['row']}")
        return {
            key: Row("bug", node.path, row["number"], _values("bugs", row), (("raw", at[row["shard"], row["row"]]),))
            for key, row in found.items()
        }

    def model(self, node: Node) -> Row:
        """A model, the models it was made from, and the table of pairs that trained it."""
        if node not in self._models:
            used = [
                (source.name, self.model(source))
                for source in node.inputs
                if source.path.name == MANIFEST or source.name == "pairs"
            ]
            kind = "model" if node.path.name == MANIFEST else "table"
            self._models[node] = Row(kind, node.path, None, {"sha256": node.sha256, "status": node.status}, tuple(used))
        return self._models[node]


def _scan(path: Path) -> pl.LazyFrame:
    """A table with its rows numbered from 1. Raises LineageError if it is no table, or gone."""
    try:
        if path.suffix == ".csv":
            table = pl.scan_csv(path, glob=False)
        elif path.suffix == ".parquet":
            table = pl.scan_parquet(path, glob=False)
        else:
            raise LineageError(
                f"{path}: rows of .parquet and .csv tables can be traced; trace the file, or its .parquet"
            )
        table.collect_schema()
    except (OSError, pl.exceptions.PolarsError) as error:
        raise LineageError(f"{path}: cannot be read ({str(error).splitlines()[0]}); rerun its rule") from error
    return table.with_row_index("number", 1)


def _keyed(node: Node, table: str, column: str, ids: Collection[str]) -> dict[str, dict[str, Any]]:
    rows = _scan(node.path).select("number", *SHOWN[table]).filter(pl.col(column).is_in(list(ids))).collect()
    found = {row[column]: row for row in rows.iter_rows(named=True)}
    if lost := set(ids) - found.keys():
        raise LineageError(f"{node.path}: no {column} {min(lost)}, which another table names; run codeq lineage verify")
    return found


def _values(table: str, row: dict[str, object]) -> dict[str, object]:
    return {name: row[name] for name in SHOWN.get(table, row) if name != "number"}


def _evaluations(node: Node) -> Iterator[Node]:
    return (source for source in node.inputs if source.name == "evaluations")


def _sources(node: Node, name: str) -> Iterator[Node]:
    """Files that a file was made from, by their name in the records, the nearest first."""
    waiting, seen = deque(node.inputs), set(node.inputs)
    while waiting:
        source = waiting.popleft()
        if source.name == name:
            yield source
        new = [below for below in source.inputs if below not in seen]
        seen.update(new)
        waiting.extend(new)


def _source(node: Node, name: str) -> Node:
    found = next(_sources(node, name), None)
    if found is None:
        raise LineageError(f"{node.path}: its lineage names no {name!r}; rerun the rule that made it")
    return found


def _broken(node: Node, number: object, column: str, value: object) -> LineageError:
    return LineageError(
        f"{node.path}, row {number}: {column} {value} is in no table it was made from; run codeq lineage verify"
    )
