"""Tables: what is written is read back, and what does not fit its schema is refused by name."""

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from codeq import tables
from codeq.errors import DataError

BUG = {
    "bug_id": "bug-1",
    "problem_id": "is-prime",
    "category": "logic",
    "subtype": "condition error",
    "buggy_code": "def f(): ...",
    "reference_code": 'def f():\n    return "é\x00"',
    "shard": "numbers",
    "row": 3,
}

VALUES = {
    pl.String: st.text(max_size=8),
    pl.Int64: st.integers(-(2**63), 2**63 - 1),
    pl.Float64: st.floats(allow_nan=False),
    pl.Boolean: st.booleans(),
}


def of_type(kind):
    """Values, and nulls, of a column type."""
    if isinstance(kind, pl.List):
        return st.lists(of_type(kind.inner), max_size=3)
    if isinstance(kind, pl.Struct):
        return st.fixed_dictionaries({field.name: of_type(field.dtype) for field in kind.fields})
    return st.none() | VALUES[kind if isinstance(kind, type) else type(kind)]


@pytest.mark.parametrize("name", tables.SCHEMAS)
def test_rows_come_back_from_disk_as_they_were(name, tmp_path_factory):
    directory = tmp_path_factory.mktemp(name)

    @settings(max_examples=8, deadline=None)
    @given(st.lists(st.fixed_dictionaries({c: of_type(kind) for c, kind in tables.SCHEMAS[name].items()}), max_size=3))
    def check(rows):
        path = directory / "new" / f"{name}.parquet"
        table = tables.frame(name, rows)
        assert table.to_dicts() == rows
        tables.write(name, table, path)
        assert tables.read(name, path).equals(table)

    check()


def test_a_table_written_in_parts_is_the_parts_in_order(tmp_path):
    path = tmp_path / "new" / "bugs.parquet"
    rows = [BUG | {"row": number} for number in range(5)]
    with tables.writer("bugs", path) as append:
        for part in (rows[:2], [], rows[2:]):
            append(tables.frame("bugs", part))
    assert tables.read("bugs", path).to_dicts() == rows
    assert tables.scan("bugs", [path, path]).collect().to_dicts() == rows * 2
    with tables.writer("bugs", path):
        pass
    assert tables.read("bugs", path).is_empty()


def test_a_table_of_which_a_part_fails_leaves_no_file(tmp_path):
    path = tmp_path / "bugs.parquet"
    parts = [tables.frame("bugs", [BUG]), tables.frame("splits", [])]
    with pytest.raises(DataError, match="not a 'bugs' table"), tables.writer("bugs", path) as append:
        list(map(append, parts))
    assert list(tmp_path.iterdir()) == []


def test_a_scan_checks_every_file_before_it_reads_one(tmp_path):
    good, bad, none = (tmp_path / f"{name}.parquet" for name in ("good", "bad", "none"))
    tables.write("bugs", tables.frame("bugs", [BUG]), good)
    tables.write("splits", tables.frame("splits", []), bad)
    with pytest.raises(DataError, match=r"bad\.parquet: not a 'bugs' table"):
        tables.scan("bugs", [good, bad])
    with pytest.raises(DataError, match=r"none\.parquet: no such table"):
        tables.scan("bugs", [good, none])
    bad.write_bytes(b"no table")
    with pytest.raises(DataError, match=r"bad\.parquet: not a readable parquet file"):
        tables.scan("bugs", [bad])


def test_an_empty_table_has_its_schema():
    for name, schema in tables.SCHEMAS.items():
        assert tables.frame(name, []).schema == pl.Schema(schema)


def test_whole_numbers_are_welcome_in_a_column_of_fractions():
    assert tables.frame("training_curve", [{"step": 1, "metric": "loss", "value": 2}])["value"].to_list() == [2.0]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"row": None, "line": 3}, "row 1: missing columns ['row'], unknown columns ['line']"),
        ({"row": None}, "row 1: missing columns ['row'], unknown columns []"),
        ({"colour": "red"}, "row 1: missing columns [], unknown columns ['colour']"),
    ],
)
def test_a_row_with_missing_or_surplus_columns_is_refused(change, message):
    row = {**BUG, **change}
    if change.get("row", 0) is None:
        del row["row"]
    with pytest.raises(DataError) as caught:
        tables.frame("bugs", [BUG, row])
    assert str(caught.value) == f"table 'bugs', {message}"


@pytest.mark.parametrize(
    ("column", "value", "kind"),
    [
        ("row", "3", "Int64"),
        ("row", 3.5, "Int64"),
        ("row", 2**63, "Int64"),
        ("shard", 7, "String"),
        ("shard", ["numbers"], "String"),
    ],
)
def test_a_value_of_another_type_is_refused_and_never_converted(column, value, kind):
    with pytest.raises(DataError) as caught:
        tables.frame("bugs", [BUG, {**BUG, column: value}])
    assert f"table 'bugs', column '{column}': not {kind}" in str(caught.value)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda table: table.drop("shard"), "shard is missing, not String"),
        (lambda table: table.with_columns(colour=pl.lit("red")), "colour is String, not part of the table"),
        (lambda table: table.with_columns(pl.col("row").cast(pl.Int32)), "row is Int32, not Int64"),
        (lambda table: table.rename({"row": "line"}), "row is missing, not Int64; line is Int64, not part of the"),
        (lambda table: table.select(reversed(table.columns)), "columns are in another order"),
    ],
)
def test_a_table_of_another_schema_is_neither_written_nor_read(tmp_path, change, message):
    wrong, path = change(tables.frame("bugs", [BUG])), tmp_path / "bugs.parquet"
    with pytest.raises(DataError) as caught:
        tables.write("bugs", wrong, path)
    assert str(caught.value).startswith(f"{path}: not a 'bugs' table: {message}")
    assert not path.exists()
    wrong.write_parquet(path)
    with pytest.raises(DataError) as caught:
        tables.read("bugs", path)
    assert str(caught.value).startswith(f"{path}: not a 'bugs' table: {message}")


def test_a_missing_table_names_its_file(tmp_path):
    with pytest.raises(DataError, match=r"none\.parquet: no such table; run the rule that makes it"):
        tables.read("bugs", tmp_path / "none.parquet")


def test_a_truncated_foreign_or_empty_file_is_named(tmp_path):
    path = tmp_path / "bugs.parquet"
    tables.write("bugs", tables.frame("bugs", [BUG]), path)
    whole = path.read_bytes()
    for content in (whole[:-10], whole[: len(whole) // 2], b"", b"bug_id,problem_id\n" * 9):
        path.write_bytes(content)
        with pytest.raises(DataError, match=r"bugs\.parquet: not a readable parquet file .* delete it and rerun"):
            tables.read("bugs", path)


def test_a_directory_is_no_table(tmp_path):
    with pytest.raises(DataError, match="not a readable parquet file"):
        tables.read("bugs", tmp_path)


def test_signs_of_patterns_in_a_path_are_taken_as_they_are(tmp_path):
    table = tables.frame("bugs", [BUG])
    for name in ("[a]", "a*", "a=b"):
        path = tmp_path / name / "bugs?.parquet"
        tables.write("bugs", table, path)
        assert tables.read("bugs", path).equals(table)
