from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from contract.columns import INT64_MISSING
from contract.stubs import manifest_pb2 as pb
from training.errors import DataError, SpecError
from training.flat import FlatFiles, read_splits

ROWS: dict[str, list[Any]] = {
    "colour": ["red", None, "blue"],
    "age": [31, 42, None],
    "height-cm": [1.5, None, 2.5],
    "member": [True, False, None],
    "tags": [["a", "b"], [], None],
    "bought": [0, 1, 1],
}
TYPES = {"tags": pa.list_(pa.string())}


def _write(path: Path, rows: dict[str, list[Any]]) -> Path:
    arrays = {name: pa.array(values, TYPES.get(name)) for name, values in rows.items()}
    pq.write_table(pa.table(arrays), path)
    return path


@pytest.fixture
def files(tmp_path: Path) -> FlatFiles:
    """Three Parquet files of the same rows."""
    return FlatFiles(*(_write(tmp_path / f"{split}.parquet", ROWS) for split in ("train", "valid", "test")))


def _csv(tmp_path: Path, train: str, other: str) -> FlatFiles:
    texts = {"train": train, "valid": other, "test": other}
    for split, text in texts.items():
        (tmp_path / f"{split}.csv").write_text(text)
    return FlatFiles(*(tmp_path / f"{split}.csv" for split in texts))


def test_types_say_what_becomes_of_columns(files: FlatFiles) -> None:
    inputs, splits = read_splits(files, "bought", {})

    assert {spec.name: (spec.data_type, spec.encoding) for spec in inputs} == {
        "colour": (pb.DATA_TYPE_STRING, pb.ENCODING_VOCABULARY),
        "age": (pb.DATA_TYPE_INT64, pb.ENCODING_NUMERIC),
        "height_cm": (pb.DATA_TYPE_FLOAT64, pb.ENCODING_NUMERIC),
        "member": (pb.DATA_TYPE_BOOL, pb.ENCODING_NUMERIC),
        "tags": (pb.DATA_TYPE_STRING_LIST, pb.ENCODING_VOCABULARY),
    }
    assert {spec.source for spec in inputs} == {pb.SOURCE_COLUMN}
    columns = splits.test.columns
    assert columns["colour"].tolist() == ["red", "", "blue"]
    np.testing.assert_array_equal(columns["age"], np.array([31, 42, np.nan], np.float32))
    np.testing.assert_array_equal(columns["height_cm"], np.array([1.5, np.nan, 2.5], np.float32))
    assert columns["tags"][0, :3].tolist() == ["a", "b", ""]
    assert splits.train.labels.tolist() == [0, 1, 1]


def test_the_spec_says_what_types_do_not(files: FlatFiles) -> None:
    overrides: dict[str, dict[str, object]] = {
        "age": {"encoding": "vocabulary"},
        "height-cm": {"encoding": "log", "default": 1},
        "member": {"ignore": True},
        "tags": {"length": 1},
    }

    inputs, splits = read_splits(files, "bought", overrides)

    by_name = {spec.name: spec for spec in inputs}
    assert "member" not in by_name
    assert by_name["height_cm"].encoding == pb.ENCODING_LOG
    assert by_name["height_cm"].default_number == 1
    assert splits.train.columns["age"].tolist() == [31, 42, INT64_MISSING]
    assert splits.train.columns["tags"].tolist() == [["a"], [""], [""]]


def test_csv_files_have_the_types_of_the_training_file(tmp_path: Path) -> None:
    """The test file alone would be read as whole numbers."""
    files = _csv(tmp_path, "size,word,bought\n1.5,NA,1\n,x,0\n", "size,word,bought\n1,,0\n2,7,1\n")

    inputs, splits = read_splits(files, "bought", {})

    assert [spec.data_type for spec in inputs] == [pb.DATA_TYPE_FLOAT64, pb.DATA_TYPE_STRING]
    np.testing.assert_array_equal(splits.train.columns["size"], np.array([1.5, np.nan], np.float32))
    assert splits.train.columns["word"].tolist() == ["NA", "x"]
    assert splits.test.columns["word"].tolist() == ["", "7"]


def test_a_position_is_no_input_and_read_of_the_training_rows_only(files: FlatFiles) -> None:
    _write(files.train, ROWS | {"rank": [0, 2, 1]})

    inputs, splits = read_splits(files, "bought", {"rank": {"position": True}})

    assert "rank" not in {spec.name for spec in inputs}
    assert splits.train.positions is not None
    assert splits.train.positions.tolist() == [0, 2, 1]
    assert splits.validation.positions is splits.test.positions is None


def test_positions_that_are_none_or_too_many_are_named(files: FlatFiles) -> None:
    _fails(files, "train.parquet: column 'colour' has 'red' in row 1", colour={"position": True})
    _fails(
        files, "[inputs] has the positions 'age' and 'member'", age={"position": True}, member={"position": True}
    )


def test_one_file_may_serve_as_two_splits(files: FlatFiles) -> None:
    _, splits = read_splits(FlatFiles(files.train, files.validation, files.validation), "bought", {})

    assert len(splits.test) == len(splits.validation) == 3


def _fails(files: FlatFiles, *parts: str, label: str = "bought", **overrides: dict[str, Any]) -> None:
    with pytest.raises((DataError, SpecError)) as caught:
        read_splits(files, label, overrides)
    for part in parts:
        assert part in str(caught.value)


def test_a_missing_file_is_named(files: FlatFiles) -> None:
    files.validation.unlink()

    _fails(files, "valid.parquet does not exist")


def test_a_file_that_does_not_parse_is_named(files: FlatFiles, tmp_path: Path) -> None:
    whole = files.test.read_bytes()
    files.test.write_bytes(whole[: len(whole) // 2])

    _fails(files, "test.parquet does not parse")
    _fails(_csv(tmp_path, "a,bought\n1,0\n2\n", ""), "train.csv does not parse", "Expected 2 columns, got 1")
    _fails(_csv(tmp_path, "", ""), "train.csv does not parse")


def test_a_file_of_another_format_is_named(tmp_path: Path) -> None:
    path = tmp_path / "train.json"
    path.write_text("{}")

    _fails(FlatFiles(path, path, path), "train.json is neither .parquet nor .csv")


def test_a_column_that_occurs_twice_is_named(tmp_path: Path) -> None:
    _fails(_csv(tmp_path, "a,a,bought\n1,2,0\n", ""), "train.csv has more than one column 'a'")


def test_columns_that_would_become_one_input_are_named(tmp_path: Path) -> None:
    _fails(_csv(tmp_path, "a-b,a.b,bought\n1,2,0\n", ""), "columns 'a-b' and 'a.b' both become the input 'a_b'")


def test_a_column_that_a_file_lacks_is_named_with_the_file(files: FlatFiles) -> None:
    _write(files.test, {name: values for name, values in ROWS.items() if name != "age"})

    _fails(files, "test.parquet lacks the column 'age'")
    _fails(files, "train.parquet lacks the column 'sold'", label="sold")
    _fails(files, "train.parquet lacks the column 'size'", size={"encoding": "log"})


def test_a_column_of_another_type_is_named_with_both_files(files: FlatFiles) -> None:
    _write(files.validation, ROWS | {"age": ["31", "42", "53"]})

    _fails(files, "valid.parquet: column 'age' is of type string, expected int64 as in", "train.parquet")


def test_a_csv_value_of_another_type_is_named_with_its_file(tmp_path: Path) -> None:
    _fails(_csv(tmp_path, "age,bought\n1,0\n2,1\n", "age,bought\nold,0\n"), "valid.csv does not parse", "'old'")


def test_an_ignored_column_may_differ(files: FlatFiles) -> None:
    _write(files.validation, ROWS | {"age": ["31", "42", "53"]})

    inputs, _ = read_splits(files, "bought", {"age": {"ignore": True}})

    assert "age" not in {spec.name for spec in inputs}


def test_a_column_of_a_type_that_no_input_has_is_named_with_the_way_out(files: FlatFiles) -> None:
    pq.write_table(pa.table({"when": pa.array([1], pa.timestamp("us")), "bought": [0]}), files.train)

    _fails(files, "train.parquet: column 'when' is of type timestamp[us]", "[inputs.when] ignore = true")


def test_an_override_that_does_not_fit_is_named(files: FlatFiles) -> None:
    _fails(files, "[inputs.colour]", "does not fit a text", colour={"encoding": "log"})
    _fails(files, "[inputs.age]", "unknown tag 'encodng'", age={"encodng": "log"})


@pytest.mark.parametrize("labels", [[0, 1, 2], ["no", "yes", "no"], [0, 1, None], [0.0, 0.5, 1.0]])
def test_a_label_that_is_neither_0_nor_1_is_named_with_its_row(files: FlatFiles, labels: list[Any]) -> None:
    bad = next(row for row, label in enumerate(labels) if label not in (0, 1))
    _write(files.test, ROWS | {"bought": labels})

    _fails(files, f"test.parquet: column 'bought' has {labels[bad]!r} in row {bad + 1}, expected 0 or 1")


@pytest.mark.parametrize("labels", [[False, True, True], [0.0, 1.0, 1.0]])
def test_labels_may_be_bools_or_floats(files: FlatFiles, labels: list[Any]) -> None:
    _write(files.test, ROWS | {"bought": labels})

    assert read_splits(files, "bought", {})[1].test.labels.tolist() == [0, 1, 1]


@pytest.mark.parametrize("bad", [None, "1", float("nan"), float("inf"), 1e39])
def test_labels_of_a_regression_are_numbers(files: FlatFiles, bad: Any) -> None:
    for path in (files.train, files.validation, files.test):
        _write(path, ROWS | {"bought": [-1.5, 0.0, 1e6]})

    assert read_splits(files, "bought", {}, "regression")[1].test.labels.tolist() == [-1.5, 0, 1e6]

    _write(files.test, ROWS | {"bought": ["1", "2", "1"] if bad == "1" else [1.5, bad, 2.5]})
    with pytest.raises(DataError, match=r"test.parquet: column 'bought' has .* in row [12], expected a number"):
        read_splits(files, "bought", {}, "regression")


def test_numbers_that_are_all_the_same_are_named(files: FlatFiles) -> None:
    _write(files.test, ROWS | {"bought": [2.5, 2.5, 2.5]})

    with pytest.raises(DataError, match=r"has only the label 2\.5, expected different ones"):
        read_splits(files, "bought", {}, "regression")


def test_a_split_of_one_label_or_no_rows_is_named(files: FlatFiles) -> None:
    _write(files.test, ROWS | {"bought": [1, 1, 1]})
    _fails(files, "test.parquet: column 'bought' has only the label 1, expected both 0 and 1")

    pq.write_table(pq.read_table(files.train).slice(0, 0), files.test)
    _fails(files, "test.parquet: column 'bought' has no rows")
