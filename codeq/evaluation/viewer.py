"""The search trees that the report shows: what `viewer.js` draws, computed here and packed into the page.

Each tree is JSON, compressed on its own, so that a page with hundreds of trees opens at once and a browser unpacks
only the one that is looked at. Values of earlier rollouts are not stored: the page adds up rewards as
`codeq.search.tree` does.
"""

import base64
import difflib
import gzip
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

from codeq.errors import DataError
from codeq.evaluation.tables import MODES, label, policy_rank, rank
from codeq.prompts import case, outcome

LIMIT = 24_000_000  # characters of packed trees in one page
_CASE = ("entry_point", "kind", "returns", "arguments", "expected", "comparison")  # as codeq.prompts.case takes them
_CRITIC = ("correctness", "clarity", "plausibility", "score", "rationale", "status")


@dataclass(frozen=True)
class Trees:
    """The trees of a page: rows for `pack`, and how many of how many there are."""

    shown: Sequence[Mapping[str, Any]]
    total: int

    def pack(self) -> str:
        """JSON that may stand in a script element: no `<` can end it."""
        return json.dumps(self.shown, ensure_ascii=False, separators=(",", ":")).replace("<", r"\u003c")


def gather(evaluations: Iterable[tuple[pl.DataFrame, pl.LazyFrame]], tests: pl.DataFrame, limit: int = LIMIT) -> Trees:
    """The trees behind tables `evaluation`, each with the `trajectories` it was made from.

    Seed by seed, and of a seed first the mode that searches most, in every policy; from the tree on that would make
    the page longer than `limit` characters, the rest is left out. `tests` is a table that holds the public tests.
    Raises DataError if a tree or a test is not in the table it should be in.
    """
    known = {
        row["test_id"]: case(*(row[key] for key in _CASE))
        for row in tests.filter(pl.col("visibility") == "public").iter_rows(named=True)
    }
    pairs = sorted((pair for pair in evaluations if pair[0].height), key=lambda pair: _order(pair[0]))
    total = sum(evaluation.height for evaluation, _ in pairs)
    shown: list[dict[str, Any]] = []
    length = 0
    for evaluation, trajectories in pairs:
        for row in _rows(evaluation, trajectories, known):
            length += len(row["data"])
            if length > limit:
                return Trees(shown, total)
            shown.append(row)
    return Trees(shown, total)


def _order(evaluation: pl.DataFrame) -> tuple[object, ...]:
    policy, mode, seed = evaluation.select("policy", "mode", "seed").row(0)
    return seed, -rank(MODES)(mode)[0], policy_rank(policy)


def _rows(evaluation: pl.DataFrame, trajectories: pl.LazyFrame, tests: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """One row per evaluated bug: what the list of the page shows, and the packed tree as `data`."""
    trees = trajectories.collect().partition_by("tree_id", as_dict=True, maintain_order=True)
    for row in evaluation.sort("problem_id", "bug_id").iter_rows(named=True):
        nodes = trees.get((row["tree_id"],))
        if nodes is None:
            raise DataError(
                f"evaluation of {row['bug_id']} ({row['policy']}, {row['mode']}, seed {row['seed']}): its tree "
                f"{row['tree_id']} is not among the trajectories; rerun rule evaluation"
            )
        packed = json.dumps(view(nodes.to_dicts(), row["node_id"], tests), ensure_ascii=False, separators=(",", ":"))
        yield {
            **{key: row[key] for key in ("bug_id", "problem_id", "category", "level", "seed", "samples", "tree_id")},
            "policy": label(row["policy"]),
            "mode": label(row["mode"]),
            "outcome": result(row["solved_public"], row["solved_hidden"]),
            "rollouts": nodes["rollout"].max(),
            "data": base64.b64encode(gzip.compress(packed.encode(), mtime=0)).decode(),
        }


def result(public: bool, hidden: bool | None) -> str:
    """What a search came to: solved, overfit (by public tests alone) or unsolved; unscored without hidden tests."""
    if not public:
        return "unsolved"
    return "unscored" if hidden is None else "solved" if hidden else "overfit"


def view(nodes: Sequence[Mapping[str, Any]], handed_in: str | None, tests: Mapping[str, Any]) -> dict[str, Any]:
    """One tree as the page reads it: nodes in order of creation, which name each other by their place in it.

    x is a node's depth and y its row, leaves one below the other and parents in the middle of their children. `diff`
    are `difflib` opcodes from the parent's lines to the node's. `tests` are `codeq.prompts.Case` by id.
    """
    places = {node["node_id"]: place for place, node in enumerate(nodes)}
    parents = [places.get(node["parent_id"]) for node in nodes]
    heights = layout(parents)
    prompts: dict[str | None, int | None] = {None: None}
    shown: list[dict[str, Any]] = []
    for node, parent, y in zip(nodes, parents, heights, strict=True):
        prompts.setdefault(node["prompt"], len(prompts) - 1)
        shown.append(
            {
                **{key: node[key] for key in ("node_id", "depth", "rollout", "verdict", "reward", "code")},
                **{key: node[key] for key in ("completion", "finish_reason", "parse_status", "q", "tokens")},
                "parent": parent,
                "y": y,
                "seed": None
                if node["seed"] is None
                else str(node["seed"]),  # 64 bits: more than a number of JavaScript
                "logprob": node["logprob"],
                "same_as": places.get(node["duplicate_of"]),
                "prompt": prompts[node["prompt"]],
                "critic": None if node["critic"] is None else {key: node["critic"][key] for key in _CRITIC},
                "passed": sum(result["status"] == "pass" for result in node["results"] or ()),
                "ran": len(node["results"] or ()),
                "failed": [_failure(result, tests) for result in node["results"] or () if result["status"] != "pass"],
                "diff": None if parent is None else _opcodes(nodes[parent]["code"], node["code"]),
            }
        )
    return {"nodes": shown, "prompts": list(prompts)[1:], "handed_in": places.get(handed_in)}


def layout(parents: Sequence[int | None]) -> list[float]:
    """Rows of the nodes of a tree, given the place of each one's parent, which comes before it.

    Leaves take rows 0, 1, 2, ... in the order of the tree; every other node stands midway between its first child and
    its last.
    """
    children: list[list[int]] = [[] for _ in parents]
    for place, parent in enumerate(parents):
        if parent is not None:
            children[parent].append(place)
    rows = [0.0] * len(parents)
    free = 0
    waiting = [(place, False) for place, parent in enumerate(parents) if parent is None]
    while waiting:
        place, seen = waiting.pop()
        if not children[place]:
            rows[place], free = float(free), free + 1
        elif seen:
            rows[place] = (rows[children[place][0]] + rows[children[place][-1]]) / 2
        else:
            waiting.append((place, True))
            waiting += [(child, False) for child in reversed(children[place])]
    return rows


def _opcodes(before: str, after: str) -> Sequence[tuple[str, int, int, int, int]]:
    return difflib.SequenceMatcher(None, before.split("\n"), after.split("\n"), autojunk=False).get_opcodes()


def _failure(result: Mapping[str, Any], tests: Mapping[str, Any]) -> dict[str, Any]:
    known = tests.get(result["test_id"])
    if known is None:
        raise DataError(f"trajectories: test {result['test_id']} is not in the table of tests; rerun rule attempts")
    return {
        "call": known.call,
        "expected": known.expected,
        "status": result["status"],
        "outcome": outcome(result["status"], result["returned"], result["message"]),
        "printed": result["printed"],
    }
