"""Differences: why two results are not the same, found where their lineages part, from the raw end up."""

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from codeq.errors import LineageError
from codeq.lineage.files import SIDECAR, subject
from codeq.lineage.tracing import Node, traces

Kind = Literal["source", "seed", "setting", "code", "package", "input", "unexplained", "only in one"]


@dataclass(frozen=True)
class Difference:
    """One reason why `path` is another file in run a than in run b; `a` and `b` are what differs, as text."""

    path: str  # relative to the runs
    kind: Kind
    key: str
    a: str
    b: str

    def __str__(self) -> str:
        where = f"{self.path}: {self.kind} {self.key}".rstrip()
        return f"{where}: {self.a} in the first, {self.b} in the second"


def differences(a: Path, b: Path) -> list[Difference]:
    """Every root cause for which two files, or two directories of studies, differ; the earliest in the lineage first.

    A file that differs merely because what it was made from differs is no cause. Raises LineageError if one of the
    two has no record.
    """
    found: dict[Difference, None] = {}
    compared: set[tuple[Path, Path]] = set()
    names_a, names_b = _recorded(a), _recorded(b)
    common = sorted(names_a.keys() & names_b.keys())
    nodes_a, nodes_b = (traces(names[name] for name in common) for names in (names_a, names_b))
    for node_a, node_b in zip(nodes_a, nodes_b, strict=True):
        found |= dict.fromkeys(_compare(node_a, node_b, a, compared))
    for name in sorted(names_a.keys() ^ names_b.keys()):
        here, there = ("recorded", "absent") if name in names_a else ("absent", "recorded")
        found[Difference(name, "only in one", "", here, there)] = None
    return list(found)


def _recorded(run: Path) -> dict[str, Path]:
    """The recorded files of a run, by name; of a file it is itself."""
    if not run.is_dir() or subject(run).is_file():
        return {"": run}
    paths = sorted(path.with_name(path.name.removesuffix(SIDECAR)) for path in run.rglob(f"*{SIDECAR}"))
    if not paths:
        raise LineageError(f"{run}: no lineage records below it; give a file or the directory of a study")
    return {path.relative_to(run).as_posix(): path for path in paths}


def _compare(a: Node, b: Node, run: Path, compared: set[tuple[Path, Path]]) -> Iterator[Difference]:
    """The causes below two nodes, then their own; nothing where the two are the same bytes."""
    if a.sha256 == b.sha256 or (a.path, b.path) in compared:
        return
    compared.add((a.path, b.path))
    name = os.path.relpath(a.path, run if run.is_dir() else run.parent)
    if a.record is None or b.record is None:
        yield Difference(name, "source", "", f"sha256 {a.sha256[:12]}", f"sha256 {b.sha256[:12]}")
        return
    inputs_differ = False
    inputs_a, inputs_b = _by_name(a), _by_name(b)
    for key in [*inputs_a, *(key for key in inputs_b if key not in inputs_a)]:
        if key in inputs_a and key in inputs_b:
            inputs_differ |= inputs_a[key].sha256 != inputs_b[key].sha256
            yield from _compare(inputs_a[key], inputs_b[key], run, compared)
        else:
            inputs_differ = True
            yield Difference(
                name, "input", key, *("used" if key in used else "not used" for used in (inputs_a, inputs_b))
            )
    own = list(_own(name, a.record, b.record))
    yield from own
    if not own and not inputs_differ:
        equal = "equal inputs, settings, seed, code and packages"
        yield Difference(name, "unexplained", equal, f"sha256 {a.sha256[:12]}", f"sha256 {b.sha256[:12]}")


def _by_name(node: Node) -> dict[str, Node]:
    """Inputs by their name in the record, numbered where several share one."""
    named: dict[str, Node] = {}
    for source in node.inputs:
        number = sum(key.partition("[")[0] == source.name for key in named)
        named[f"{source.name}[{number}]" if number else source.name] = source
    return named


def _own(name: str, a: Mapping[str, Any], b: Mapping[str, Any]) -> Iterator[Difference]:
    """What the records of two runs of a script say that differs, inputs apart."""
    if a["seed"] != b["seed"]:
        yield Difference(name, "seed", "", str(a["seed"]), str(b["seed"]))
    parts: tuple[tuple[Kind, Mapping[str, Any], Mapping[str, Any]], ...] = (
        ("setting", _texts(a["settings"]), _texts(b["settings"])),
        ("code", _short(a["code"]["parts"]), _short(b["code"]["parts"])),
        ("package", a["packages"], b["packages"]),
    )
    for kind, ours, theirs in parts:
        for key in sorted(ours.keys() | theirs.keys()):
            if ours.get(key) != theirs.get(key):
                yield Difference(name, kind, key, str(ours.get(key, "absent")), str(theirs.get(key, "absent")))


def flat(settings: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Nested settings as dotted keys."""
    found: dict[str, Any] = {}
    for key, value in settings.items():
        if isinstance(value, Mapping) and value:
            found |= flat(value, f"{prefix}{key}.")
        else:
            found[f"{prefix}{key}"] = value
    return found


def _texts(settings: Mapping[str, Any]) -> dict[str, str]:
    return {key: repr(value) for key, value in flat(settings).items()}


def _short(parts: Mapping[str, str]) -> dict[str, str]:
    return {module: f"version {digest[:12]}" for module, digest in parts.items()}
