"""How a lineage is shown: as a tree in the terminal, as JSON, as a graph for Graphviz."""

import json
import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from rich.text import Text
    from rich.tree import Tree

    from codeq.lineage import Node
    from codeq.rows import Row


def as_json(node: "Node", seen: set["Node"]) -> dict[str, object]:
    """A node and its inputs; a node met before is given without its record and inputs."""
    shown: dict[str, object] = {
        "name": node.name,
        "path": os.path.relpath(node.path),
        "sha256": node.sha256,
        "status": node.status,
        "origin": _origin(node),
    }
    if node in seen:
        return {**shown, "above": True}
    seen.add(node)
    if node.record:
        keys = ("script", "settings", "seed", "notes", "code", "packages", "machine", "start", "end", "seconds")
        shown |= {key: node.record[key] for key in keys}
    return {**shown, "inputs": [as_json(source, seen) for source in node.inputs]}


def as_tree(root: "Node") -> "Tree":
    from rich.tree import Tree

    seen: set[Node] = set()

    def grow(node: "Node", parent: "Tree | None") -> "Tree":
        label = _label(node, above=node in seen)
        branch = Tree(label) if parent is None else parent.add(label)
        if node not in seen:
            seen.add(node)
            for source in node.inputs:
                grow(source, branch)
        return branch

    return grow(root, None)


def _label(node: "Node", above: bool) -> "Text":
    """Three lines: the file and its state, who made it when and where, with which settings."""
    from rich.text import Text

    label = Text.assemble(
        (node.name, "bold"),
        f" {os.path.relpath(node.path)} ",
        (node.status, "green" if node.status == "ok" else "bold red"),
        (f" {node.sha256[:12]}", "dim"),
        (" (above)" if above else "" if node.record else f" ({_origin(node)})", "yellow" if node.lost else "cyan"),
    )
    if node.record and not above:
        record = node.record
        machine = record["machine"]
        where = ", ".join([machine["hostname"], machine["cpu"], *machine["gpus"]])
        facts = [
            record["script"],
            f"code {record['code']['version'][:12]}",
            *([] if record["seed"] is None else [f"seed {record['seed']}"]),
            record["start"],
            f"{record['seconds']} s",
            where,
        ]
        settings = json.dumps(record["settings"], ensure_ascii=False)
        label.append(f"\n{' · '.join(facts)}\n{settings}", "dim")
    return label


def _origin(node: "Node") -> str:
    return "made" if node.record else "record lost" if node.lost else "source"


def row_as_json(row: "Row", seen: set["Row"]) -> dict[str, object]:
    """A row and its sources; a row met before is given without them."""
    shown: dict[str, object] = {
        "kind": row.kind,
        "path": os.path.relpath(row.path),
        "row": row.number,
        "values": row.values,
    }
    if row in seen:
        return {**shown, "above": True}
    seen.add(row)
    return {**shown, "sources": [{"as": name, **row_as_json(source, seen)} for name, source in row.sources]}


def row_as_tree(root: "Row") -> "Tree":
    from rich.text import Text
    from rich.tree import Tree

    seen: set[Row] = set()

    def grow(name: str, row: "Row", parent: "Tree | None") -> "Tree":
        above = row in seen
        label = Text.assemble((name, "bold"), f" {_place(row)}", (" (above)" if above else "", "cyan"))
        if not above:
            values = ", ".join(f"{key} {value}" for key, value in row.values.items() if value is not None)
            label.append(f"\n{values}", "dim")
        branch = Tree(label) if parent is None else parent.add(label)
        if not above:
            seen.add(row)
            for source_name, source in row.sources:
                grow(source_name, source, branch)
        return branch

    return grow(root.kind, root, None)


def _place(row: "Row") -> str:
    path = os.path.relpath(row.path)
    return path if row.number is None else f"{path}:{row.number}"


def as_dot(root: "Node", row: "Row | None" = None) -> str:
    """A directed graph in Graphviz' language, from sources to `root`; a file that is no more what was read is red.

    The rows that `row` leads to are ellipses, each with a dotted line to its file.
    """
    lines: list[str] = []
    files: dict[Node, int] = {}
    at: dict[Path, int] = {}
    rows: dict[Row, int] = {}

    def visit(node: "Node") -> int:
        if node in files:
            return files[node]
        number = files[node] = len(files)
        at.setdefault(node.path, number)
        parts = [os.path.relpath(node.path), f"{node.status} {node.sha256[:12]}"]
        if node.record:
            parts.append(f"{node.record['script']}, {node.record['start']}")
        colour = "" if node.status == "ok" else ", color=red"
        lines.append(f"  n{number} [label={_quoted(parts)}{colour}];")
        lines.extend([f"  n{visit(source)} -> n{number};" for source in node.inputs])
        return number

    def visit_row(row: "Row") -> int:
        if row in rows:
            return rows[row]
        number = rows[row] = len(rows)
        key = next(iter(row.values.items()), ("", ""))
        lines.append(f"  r{number} [shape=ellipse, label={_quoted([row.kind, _place(row), f'{key[0]} {key[1]}'])}];")
        if row.path in at:
            lines.append(f"  n{at[row.path]} -> r{number} [style=dotted];")
        lines.extend(
            [f"  r{visit_row(source)} -> r{number} [label={_quoted([name])}];" for name, source in row.sources]
        )
        return number

    visit(root)
    if row:
        visit_row(row)
    return "\n".join(["digraph lineage {", "  node [shape=box];", *lines, "}"])


def _quoted(lines: list[str]) -> str:
    """Lines as one quoted string of the language; a line break within a name is shown as a space."""
    escaped = (line.replace("\\", "\\\\").replace('"', '\\"').replace("\n", " ") for line in lines)
    return '"' + "\\n".join(escaped) + '"'
