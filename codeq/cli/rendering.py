"""How a lineage is shown: as a tree in the terminal, as JSON, as a graph for Graphviz."""

import json
import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.text import Text
    from rich.tree import Tree

    from codeq.lineage import Node


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


def as_dot(root: "Node") -> str:
    """A directed graph in Graphviz' language, from sources to `root`; a file that is no more what was read is red."""
    lines: list[str] = []
    numbers: dict[Node, int] = {}

    def visit(node: "Node") -> int:
        if node in numbers:
            return numbers[node]
        number = numbers[node] = len(numbers)
        parts = [os.path.relpath(node.path), f"{node.status} {node.sha256[:12]}"]
        if node.record:
            parts.append(f"{node.record['script']}, {node.record['start']}")
        label = "\\n".join(part.replace("\\", "\\\\").replace('"', '\\"') for part in parts)
        colour = "" if node.status == "ok" else ", color=red"
        lines.append(f'  n{number} [label="{label}"{colour}];')
        lines.extend([f"  n{visit(source)} -> n{number};" for source in node.inputs])
        return number

    visit(root)
    return "\n".join(["digraph lineage {", "  node [shape=box];", *lines, "}"])
