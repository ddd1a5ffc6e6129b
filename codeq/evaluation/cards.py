"""Model cards: what an adapter and the policy merged from it are, told by their lineage.

A card is written after the policy was evaluated, so it is no part of the model's manifest. Every fact comes from the
records of the scripts that made the model and from tables; nothing is asked of the configuration of today.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import polars as pl
from huggingface_hub import EvalResult, ModelCardData
from jinja2 import Environment, PackageLoader, StrictUndefined

from codeq.config import DpoSettings, PairSettings, SearchSettings, Section
from codeq.errors import LineageError
from codeq.evaluation.curves import evaluations, summary
from codeq.evaluation.tables import BASE, label, percent
from codeq.lineage import Node
from codeq.tables import UNFIXED

Kind = Literal["adapter", "policy"]

SCRIPTS = ("raw", "splits", "base_model", "search", "pairs", "dpo", "merge")  # whose records a card quotes
HUB_ID = re.compile(r"[\w.-]+/[\w.-]+")
# Settings that say nothing unless another one has one of these values.
_ONLY_IF: dict[str, tuple[str, tuple[object, ...]]] = {
    "alpha": ("critic", ("rubric", "likelihood")),
    "critic_temperature": ("critic", ("rubric",)),
    "critic_max_new_tokens": ("critic", ("rubric",)),
    "threshold": ("strategy", ("siblings", "mix")),
}
# Values with which a setting changes nothing.
_OFF: dict[str, object] = {
    "patience": None,
    "lora_dropout": 0,
    "warmup_ratio": 0,
    "replay": 0,
    "top_p": 1,
    "stop_when_solved": False,
}


@dataclass(frozen=True)
class Facts:
    """Everything the two cards of one round and seed say, as values; nothing else is read."""

    study: str  # name
    seed: int
    round: int
    directories: Mapping[str, str]  # of "adapter", "policy", and "start": the policy that was trained
    records: Mapping[str, Mapping[str, Any]]  # of SCRIPTS, nearest to the policy
    sandboxes: Sequence[Mapping[str, str]]  # notes of the evaluations
    pairs: pl.DataFrame  # tables
    curve: pl.DataFrame
    fix_rates: pl.DataFrame
    comparisons: pl.DataFrame


def nearest(policy: Node) -> dict[str, Mapping[str, Any]]:
    """The record of each script, by its name, that stands nearest above a policy in its lineage.

    Raises LineageError if one of SCRIPTS is not among them.
    """
    found: dict[str, Mapping[str, Any]] = {}
    seen: set[Path] = set()
    level: list[Node] = [policy]
    while level:
        for node in level:
            if node.record:
                found.setdefault(Path(node.record["script"]).stem, node.record)
        seen |= {node.path for node in level}
        level = [source for node in level for source in node.inputs if source.path not in seen]
    missing = [name for name in SCRIPTS if name not in found]
    if missing:
        raise LineageError(
            f"{policy.path}: its lineage holds no record of scripts/{missing[0]}.py; rerun the rules that made it"
        )
    return found


def render(kind: Kind, facts: Facts) -> str:
    """The card of the adapter or of the merged policy: Markdown with the front matter of the Hugging Face hub."""
    environment = Environment(
        loader=PackageLoader("codeq.evaluation", ""),
        autoescape=False,  # Markdown
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters |= {"percent": percent, "label": label, "number": number}
    records, name = facts.records, f"round-{facts.round}"
    source, base = records["raw"]["settings"]["data"], records["base_model"]["settings"]["model"]
    dpo = records["dpo"]
    rates = facts.fix_rates.filter(
        pl.col("seed") == facts.seed, pl.col("policy").is_in([UNFIXED, BASE, name])
    ).to_dicts()
    against = {
        row["mode_a"]: row
        for row in facts.comparisons.iter_rows(named=True)
        if (row["policy_a"], row["policy_b"], row["seed"]) == (name, BASE, facts.seed) and row["n"]
    }
    return environment.get_template("card.md.j2").render(
        metadata=_metadata(kind, facts, rates).to_yaml(),
        kind=kind,
        facts=facts,
        name=name,
        base=base,
        source=source,
        bits=records["merge"]["settings"]["model"]["quantization"],
        kl=records["merge"]["notes"].get("kl_nf4"),
        splits=records["splits"]["settings"]["data"],
        pairs=_pairs(facts.pairs, facts.round),
        audit=records["pairs"]["notes"],
        settings={
            "Search": hyperparameters(SearchSettings, records["search"]["settings"]["search"]),
            "Pairs": hyperparameters(PairSettings, records["pairs"]["settings"]["pairs"]),
            "DPO": hyperparameters(DpoSettings, dpo["settings"]["dpo"]),
        },
        model=records["search"]["settings"]["model"],
        dtype=dpo["settings"]["dpo"]["dtype"],
        run=summary(facts.curve),
        evaluations=evaluations(facts.curve),
        rates=rates,
        against=against,
        seeds=facts.fix_rates["seed"].n_unique(),
        digests=_digests(facts),
        dpo=dpo,
    )


def hyperparameters(section: type[Section], values: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    """(name, value with its unit, description) of those recorded settings of a section that had an effect."""

    def used() -> Iterator[tuple[str, str, str]]:
        for name, field in section.model_fields.items():
            other, wanted = _ONLY_IF.get(name, (name, ()))
            if name not in values or (name in _OFF and values[name] == _OFF[name]):
                continue
            if wanted and values[other] not in wanted:
                continue
            extra = field.json_schema_extra
            unit = extra.get("unit") if isinstance(extra, dict) else None
            yield name, _value(values[name], str(unit or "")), field.description or ""

    return list(used())


def number(value: float | None, digits: int = 4) -> str:
    """To some significant digits; an en dash for None."""
    return "–" if value is None else f"{value:,}" if isinstance(value, int) else f"{value:.{digits}g}"


def _metadata(kind: Kind, facts: Facts, rates: Sequence[Mapping[str, Any]]) -> ModelCardData:
    source = facts.records["raw"]["settings"]["data"]
    base = facts.records["base_model"]
    # A directory is no id on the hub, which refuses a card that names one as a base.
    local = bool(base["inputs"]) or not HUB_ID.fullmatch(base["settings"]["model"]["base"])
    from_hub = not facts.records["raw"]["inputs"] and HUB_ID.fullmatch(source["source"])
    results = [
        EvalResult(
            task_type="text-generation",
            task_name="program repair",
            dataset_type=source["source"],
            dataset_name=f"{source['source']}, held-out problems",
            dataset_revision=source["revision"],
            dataset_split="test",
            metric_type="fix_rate",
            metric_name=f"bugs fixed, hidden tests, {label(row['mode'])}",
            metric_value=row["rate_hidden"],
            metric_args={key: row[key] for key in ("n_hidden", "solved_hidden", "ci_low", "ci_high")},
        )
        for row in rates
        if row["policy"] not in (UNFIXED, BASE) and row["n_hidden"]
    ]
    return ModelCardData(
        base_model=None if local else base["settings"]["model"]["base"],
        base_model_relation=None if local else {"adapter": "adapter", "policy": "finetune"}[kind],
        library_name={"adapter": "peft", "policy": "transformers"}[kind],
        pipeline_tag="text-generation",
        language="code",
        datasets=[source["source"]] if from_hub else None,
        tags=["codeq", "program-repair", "dpo", "trl", "lora", "python"],
        model_name=f"codeq-{facts.study}-seed-{facts.seed}-round-{facts.round}",
        eval_results=results or None,
    )


def _pairs(pairs: pl.DataFrame, current: int) -> dict[str, Any]:
    """What the round trained on: counts, and pairs by strategy."""
    return {
        "count": pairs.height,
        "problems": pairs["problem_id"].n_unique(),
        "bugs": pairs["bug_id"].n_unique(),
        "trees": pairs["tree_id"].n_unique(),
        "replayed": pairs.filter(pl.col("round") < current).height,
        "strategies": dict(sorted(pairs["strategy"].value_counts().iter_rows())),
    }


def _digests(facts: Facts) -> dict[str, str]:
    """SHA-256 of what the model was made from, by what it is."""
    records = facts.records
    used = {source["name"]: source["sha256"] for source in records["dpo"]["inputs"]}
    return {
        "raw rows": records["raw"]["output"]["sha256"],
        "base model (manifest)": records["base_model"]["output"]["sha256"],
        "policy that was trained (manifest)": used["policy"],
        "preference pairs": used["pairs"],
        "reference log-probabilities": used["reference"],
        "adapter (manifest)": next(
            source["sha256"] for source in records["merge"]["inputs"] if source["name"] == "adapter"
        ),
        "merged policy (manifest)": records["merge"]["output"]["sha256"],
    }


def _value(value: object, unit: str) -> str:
    text = ", ".join(map(str, value)) if isinstance(value, (list, tuple)) else str(value)
    return f"{text} {unit}" if unit not in ("", "1") else text
