"""DebugBench (Tian et al. 2024, arXiv 2401.04621) as tables: raw rows, problems and bugs.

The benchmark is published twice: as shards ``LANGUAGE_SUBTYPE.json`` in its repository, and as
the Hugging Face data set ``Rtian/DebugBench`` with one split of all languages. Both are kept
verbatim in table `raw`; the names that differ between them are reconciled when a row is read.
"""

import hashlib
import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import polars as pl

from codeq import tables
from codeq.data.suites.signatures import signature
from codeq.data.taxonomy import CATEGORY_OF
from codeq.errors import DataError
from codeq.identity import content_id, digest

_LEVELS = ("easy", "medium", "hard")

# What a row must have, and what the hub calls it.
_HUB_NAMES = {"description": "question", "oracle_code": "solution"}
_KEYS: dict[str, type] = {
    "slug": str,
    "description": str,
    "constraints": str,
    "examples": list,
    "level": str,
    "oracle_code": str,
    "buggy_code": str,
}
_HUB_ID = re.compile(r"[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*")


def read_source(source: str, revision: str | None, language: str) -> pl.DataFrame:
    """Table `raw` of one language, from a directory of shards or a Hugging Face data set id.

    Rows come in the order of the sorted shards, then of each shard. Raises DataError for a missing
    directory, a shard that is not JSON, a row without a needed key, or no row of the language.
    """
    if Path(source).is_dir():
        return read_shards(Path(source), language)
    if not _HUB_ID.fullmatch(source):
        raise DataError(
            f"data.source {source!r}: no such directory; name one that holds {language}_SUBTYPE.json shards, "
            "or a Hugging Face data set id such as Rtian/DebugBench"
        )
    return read_hub(source, revision, language)


def read_shards(directory: Path, language: str) -> pl.DataFrame:
    """Table `raw` from the shards ``LANGUAGE_SUBTYPE.json`` of a directory; see `read_source`."""
    paths = sorted(directory.glob(f"{language}_*.json"), key=lambda path: path.name)
    if not paths:
        raise DataError(f"{directory}: no shard {language}_SUBTYPE.json; point data.source at the benchmark's shards")
    return _raw([(path.name, index, record) for path in paths for index, record in enumerate(_shard(path))])


def read_hub(source: str, revision: str | None, language: str) -> pl.DataFrame:
    """Table `raw` from a data set that `datasets.load_dataset` finds; see `read_source`.

    `shard` is ``SOURCE:SPLIT``, `row` the index in that split over all languages.
    """
    import datasets

    try:
        splits = datasets.load_dataset(source, revision=revision)
    except (datasets.exceptions.DatasetsError, OSError, ValueError) as error:
        raise DataError(
            f"data.source {source!r}, revision {revision!r}: neither a directory here nor a data set the hub gave "
            f"({type(error).__name__}: {error}); check the name and the connection, or use a directory of shards"
        ) from error
    found = [
        (f"{source}:{split}", index, record)
        for split in sorted(splits)
        for index, record in enumerate(splits[split].to_list())
        if record.get("language") == language
    ]
    if not found:
        raise DataError(f"data set {source!r}: no row whose 'language' is {language!r}; check data.language")
    return _raw(found)


def problems(raw: pl.DataFrame) -> pl.DataFrame:
    """Table `problems`: one row per slug, in the order of first appearance.

    Reference codes are the distinct oracles of the problem's rows, in that order. Where the entry
    point cannot be told, `entry_point` is empty.
    """
    rows: dict[str, dict[str, Any]] = {}
    for fields in _fields(raw):
        row = rows.setdefault(
            fields["slug"],
            {
                "problem_id": fields["slug"],
                "statement": fields["description"],
                "constraints": fields["constraints"],
                "examples": fields["examples"],
                "reference_codes": [],
                "level": fields["level"],
            },
        )
        if row["level"] != fields["level"]:
            raise DataError(
                f"{fields['where']}: problem {fields['slug']!r} is {fields['level']!r} here and {row['level']!r} "
                "in an earlier row; correct the shard"
            )
        if fields["oracle_code"] not in row["reference_codes"]:
            row["reference_codes"].append(fields["oracle_code"])
    for row in rows.values():
        called = signature(row["problem_id"], row["reference_codes"], row["examples"])
        row["entry_point"], row["kind"] = (called.entry_point, called.kind) if called else ("", "")
        row["parameters"], row["returns"] = (list(called.parameters), called.returns) if called else ([], "")
    return tables.frame("problems", list(rows.values())).select(tables.SCHEMAS["problems"].keys())


def bugs(raw: pl.DataFrame) -> pl.DataFrame:
    """Table `bugs`: one row per raw row, in the same order.

    Rows that agree in problem, subtype, buggy code and reference (15 pairs in the Python shards,
    which differ in the order of their `type` list only) are told apart by their rank among equals.
    """
    seen: Counter[str] = Counter()
    rows: list[dict[str, object]] = []
    for fields in _fields(raw):
        content = [fields["slug"], fields["category"], fields["subtype"], fields["buggy_code"], fields["oracle_code"]]
        rank = seen[key := digest(content)]
        seen[key] += 1
        rows.append(
            {
                "bug_id": content_id("bug", *content, rank),
                "problem_id": fields["slug"],
                "category": fields["category"],
                "subtype": fields["subtype"],
                "buggy_code": fields["buggy_code"],
                "reference_code": fields["oracle_code"],
                "shard": fields["shard"],
                "row": fields["row"],
            }
        )
    return tables.frame("bugs", rows)


def _shard(path: Path) -> list[object]:
    try:
        records = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise DataError(f"{path}: not a readable JSON shard ({error}); fetch the benchmark again") from error
    if not isinstance(records, list):
        raise DataError(f"{path}: a shard is a JSON list of rows, not {type(records).__name__}")
    return records


def _raw(found: Sequence[tuple[str, int, object]]) -> pl.DataFrame:
    rows: list[dict[str, object]] = []
    for shard, index, record in found:
        text = json.dumps(record, ensure_ascii=False, sort_keys=True, separators=(",", ":"), default=str)
        rows.append({"shard": shard, "row": index, "sha256": hashlib.sha256(text.encode()).hexdigest(), "record": text})
        _checked(shard, index, record)
    return tables.frame("raw", rows)


def _checked(shard: str, index: int, record: object) -> dict[str, Any]:
    """The fields of a record under the shards' names, with category and subtype."""
    where = f"shard {shard!r}, row {index}"
    if not isinstance(record, Mapping):
        raise DataError(f"{where}: a row is a JSON object, not {type(record).__name__}; fetch the benchmark again")
    fields: dict[str, Any] = {"where": where, "shard": shard, "row": index}
    for key, kind in _KEYS.items():
        names = [name for name in (key, _HUB_NAMES.get(key, key)) if name in record]
        if not names:
            raise DataError(f"{where}: no key {key!r}; fetch the benchmark again or remove the row")
        fields[key] = record[names[0]]
        if not isinstance(fields[key], kind):
            raise DataError(f"{where}: key {names[0]!r} is {type(fields[key]).__name__}, not {kind.__name__}")
    if not all(isinstance(text, str) for text in fields["examples"]):
        raise DataError(f"{where}: key 'examples' holds something else than texts")
    subtype = record.get("subtype") or Path(shard).stem.partition("_")[2]
    subtype = "misused == or =" if subtype == "misused ==/=" else subtype
    if subtype not in CATEGORY_OF:
        raise DataError(f"{where}: unknown subtype {subtype!r}; known: {', '.join(CATEGORY_OF)}")
    if fields["level"] not in _LEVELS:
        raise DataError(f"{where}: key 'level' is {fields['level']!r}, not one of {', '.join(_LEVELS)}")
    return {**fields, "subtype": subtype, "category": CATEGORY_OF[subtype]}


def _fields(raw: pl.DataFrame) -> Iterator[dict[str, Any]]:
    for row in raw.iter_rows(named=True):
        yield _checked(row["shard"], row["row"], json.loads(row["record"]))
