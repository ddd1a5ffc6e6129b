"""The comparators of rules see every difference but those that only the machine makes."""

from pathlib import Path

import polars as pl
import pytest
import torch
from comparators import assert_same, assert_same_tables, assert_same_tensors
from safetensors.torch import save_file

from codeq import lineage

TABLE = pl.DataFrame(
    {"key": ["a", "b"], "q": [0.5, None], "seconds": [1.0, 2.0], "results": [[{"status": "pass", "seconds": 0.1}], []]}
)


def test_measured_columns_and_fields_are_left_out() -> None:
    slower = TABLE.with_columns(
        seconds=pl.col("seconds") * 2,
        results=pl.Series([[{"status": "pass", "seconds": 0.7}], []], dtype=TABLE.schema["results"]),
    )
    assert_same_tables(TABLE, slower)


@pytest.mark.parametrize(
    "other",
    [
        TABLE.with_columns(q=pl.Series([0.5 + 1e-12, None])),
        TABLE.with_columns(q=pl.Series([0.5, 0.0])),
        TABLE.with_columns(results=pl.Series([[{"status": "fail", "seconds": 0.1}], []])),
        TABLE.reverse(),
        TABLE.head(1),
        TABLE.drop("q"),
        TABLE.with_columns(pl.col("q").cast(pl.Float32)),
    ],
    ids=["value", "null", "nested", "order", "rows", "columns", "type"],
)
def test_any_other_difference_of_tables_is_seen(other: pl.DataFrame) -> None:
    with pytest.raises(AssertionError):
        assert_same_tables(TABLE, other)


def test_metrics_of_speed_are_left_out_of_a_training_curve_and_no_others() -> None:
    def curve(loss: float, speed: float) -> pl.DataFrame:
        return pl.DataFrame({"step": [1, 1], "metric": ["loss", "tokens_per_second"], "value": [loss, speed]})

    assert_same_tables(curve(0.5, 100), curve(0.5, 200))
    with pytest.raises(AssertionError):
        assert_same_tables(curve(0.5, 100), curve(0.6, 100))


def test_models_are_compared_tensor_by_tensor_and_their_other_files_by_bytes(tmp_path: Path) -> None:
    weights, config = {"w": torch.arange(4.0)}, "{}"
    changes = {
        "same": (weights, config),
        "value": ({"w": torch.tensor([0.0, 1.0, 2.0, 3.0000002])}, config),
        "type": ({"w": weights["w"].bfloat16()}, config),
        "name": ({"v": weights["w"]}, config),
        "config": (weights, "{ }"),
    }
    for name, (tensors, text) in {"one": (weights, config), **changes}.items():
        (tmp_path / name).mkdir()
        save_file(tensors, tmp_path / name / "model.safetensors", metadata={"made": name})
        (tmp_path / name / "config.json").write_text(text)
        lineage.write_manifest(tmp_path / name)
    assert_same(tmp_path / "one" / "manifest.json", tmp_path / "same" / "manifest.json")
    for name in ("value", "type", "name", "config"):
        with pytest.raises(AssertionError):
            assert_same(tmp_path / "one" / "manifest.json", tmp_path / name / "manifest.json")
    with pytest.raises(AssertionError):
        assert_same_tensors(tmp_path / "one" / "model.safetensors", tmp_path / "value" / "model.safetensors")
