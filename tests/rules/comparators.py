"""Whether two outputs of a rule say the same: by content, and without what only measures the machine."""

import json
from pathlib import Path
from typing import Any

import polars as pl
import torch
from polars.testing import assert_frame_equal
from safetensors.torch import load_file

# Time and memory of programs and searches: another run measures other values.
MEASURED = {"seconds", "peak_mb", "reference_seconds"}
# What an endless program runs out of first, time or memory, depends on the machine.
EITHER = {"oom": "timeout"}
MEASURED_METRICS = {"tokens_per_second", "peak_memory_gib"}  # rows of a training curve


def assert_same(one: Path, other: Path) -> None:
    """Compare two files, or the models that two manifests list."""
    if one.name == "manifest.json":
        assert_same_models(one.parent, other.parent)
    elif one.suffix == ".parquet":
        assert_same_tables(pl.read_parquet(one), pl.read_parquet(other))
    else:
        assert one.read_bytes() == other.read_bytes(), f"{one} and {other} differ"


def assert_same_tables(one: pl.DataFrame, other: pl.DataFrame) -> None:
    """Equal columns, types, rows and order; measured columns, metrics and fields of structs need not be equal."""
    assert one.schema == other.schema
    if "metric" in one.columns:
        one, other = (table.filter(~pl.col("metric").is_in(MEASURED_METRICS)) for table in (one, other))
    verdicts = pl.col("^.*verdict$").replace(EITHER)
    one, other = one.with_columns(verdicts), other.with_columns(verdicts)
    kept = [name for name in one.columns if name not in MEASURED]
    flat = [name for name in kept if not one.schema[name].is_nested()]
    assert_frame_equal(one.select(flat), other.select(flat), check_exact=True)
    nested = [name for name in kept if name not in flat]
    assert without_measured(one.select(nested).to_dicts()) == without_measured(other.select(nested).to_dicts())


def without_measured(value: Any) -> Any:
    """Plain data without the measured fields, however deep they lie."""
    if isinstance(value, dict):
        return {key: without_measured(part) for key, part in value.items() if key not in MEASURED}
    if isinstance(value, list):
        return [without_measured(part) for part in value]
    return EITHER.get(value, value) if isinstance(value, str) else value


def assert_same_models(one: Path, other: Path) -> None:
    """Equal files by their manifests; weights by name, type and value of every tensor."""
    names = [sorted(json.loads((directory / "manifest.json").read_bytes())["files"]) for directory in (one, other)]
    assert names[0] == names[1]
    for name in names[0]:
        if name.endswith(".safetensors"):
            assert_same_tensors(one / name, other / name)
        else:
            assert (one / name).read_bytes() == (other / name).read_bytes(), f"{one / name} and {other / name} differ"


def assert_same_tensors(one: Path, other: Path) -> None:
    """Equal names, types, shapes and values of all tensors in two safetensors files."""
    tensors, others = load_file(one), load_file(other)
    assert tensors.keys() == others.keys()
    for name, tensor in tensors.items():
        assert tensor.dtype == others[name].dtype, name
        assert torch.equal(tensor, others[name]), name
