"""Snapshots in files."""

import math
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from contract.stubs import manifest_pb2 as pb
from server.catalogue.reader import make_snapshot
from server.catalogue.snapshot_files import PART, Damaged, Head, read_snapshot, write_snapshot
from server.ranking.ports import Snapshot
from tests.support.fakes import manifest

KEY = b"what is read"

_ids = st.lists(st.text(), min_size=1, max_size=6, unique=True).map(sorted)
_int64 = st.integers(-(2**63), 2**63 - 1)
_float32 = st.floats(width=32, allow_nan=False, allow_infinity=False)
_VALUES: "dict[pb.DataType.ValueType, st.SearchStrategy[Any]]" = {
    pb.DATA_TYPE_STRING: st.text(),
    pb.DATA_TYPE_INT32: st.integers(-(2**31), 2**31 - 1),
    pb.DATA_TYPE_INT64: _int64,
    pb.DATA_TYPE_FLOAT32: _float32,
    pb.DATA_TYPE_FLOAT64: st.floats(-1e38, 1e38),
    pb.DATA_TYPE_BOOL: st.booleans(),
    pb.DATA_TYPE_STRING_LIST: st.lists(st.text(), max_size=3),
    pb.DATA_TYPE_INT64_LIST: st.lists(_int64, max_size=3),
    pb.DATA_TYPE_FLOAT32_LIST: st.lists(st.none() | _float32, max_size=3),
}
_READ = {
    pb.DATA_TYPE_STRING: pb.ENCODING_VOCABULARY,
    pb.DATA_TYPE_INT64: pb.ENCODING_VOCABULARY,
    pb.DATA_TYPE_FLOAT64: pb.ENCODING_NUMERIC,
    pb.DATA_TYPE_BOOL: pb.ENCODING_NUMERIC,
    pb.DATA_TYPE_STRING_LIST: pb.ENCODING_VOCABULARY,
    pb.DATA_TYPE_INT64_LIST: pb.ENCODING_VOCABULARY,
    pb.DATA_TYPE_FLOAT32_LIST: pb.ENCODING_NUMERIC,
}
"""What the model reads, and how; it shows the features of all other types."""


def reads_every_type() -> pb.Manifest:
    """Returns the manifest of a version with a class feature of every type."""
    message = manifest()
    for data_type in _VALUES:
        spec = pb.Input(name=pb.DataType.Name(data_type), source=pb.SOURCE_CLASS, data_type=data_type)
        if encoding := _READ.get(data_type):
            message.inputs.add().CopyFrom(spec)
            message.inputs[-1].encoding = encoding
            message.inputs[-1].list_length = 2 if spec.name.endswith("LIST") else 0
        else:
            message.display_features.append(spec)
    return message


@st.composite
def snapshots(draw: st.DrawFn) -> Snapshot:
    ids = draw(_ids)
    values = {
        pb.DataType.Name(data_type): draw(
            st.lists(st.none() | found, min_size=len(ids), max_size=len(ids)), label=str(data_type)
        )
        for data_type, found in _VALUES.items()
    }
    read_time = draw(st.floats(0, 4e9))
    return make_snapshot(reads_every_type(), draw(_int64), ids, values, read_time)


def assert_same(found: Snapshot | None, expected: Snapshot) -> None:
    assert found is not None
    for name in ("generation", "class_ids", "positions", "feature_types", "read_time"):
        assert getattr(found, name) == getattr(expected, name)
    for side in ("columns", "features"):
        ours, theirs = getattr(found, side), getattr(expected, side)
        assert list(ours) == list(theirs)
        for name, column in theirs.items():
            assert ours[name].dtype == column.dtype
            assert ours[name].shape == column.shape
            assert repr(ours[name].tolist()) == repr(column.tolist())  # with the type of each value, NaN and -0.0


@given(expected=snapshots())
def test_what_is_read_is_what_was_written(expected: Snapshot) -> None:
    with TemporaryDirectory() as folder:
        file = Path(folder) / "file"
        write_snapshot(file, KEY, expected)

        assert_same(read_snapshot(file, KEY, reads_every_type(), lambda _: True), expected)


@given(data=st.data())
def test_a_file_that_was_changed_anywhere_is_damaged(data: st.DataObject) -> None:
    with TemporaryDirectory() as folder:
        file = Path(folder) / "file"
        write_snapshot(file, KEY, make_snapshot(manifest(), 1, ["a", "b"], {}, 0.0))
        whole = file.read_bytes()
        at = data.draw(st.integers(0, len(whole) - 1))
        other = data.draw(st.sampled_from([b"", b"0", b"\n", b"\xff", bytes([whole[at] ^ 1]) + b"more"]))
        if whole[at : at + 1] == other:
            return

        file.write_bytes(whole[:at] + other + whole[at + 1 :])

        with pytest.raises(Damaged):
            read_snapshot(file, KEY, manifest(), lambda _: True)


@given(data=st.data())
def test_a_file_that_ends_anywhere_is_damaged(data: st.DataObject) -> None:
    with TemporaryDirectory() as folder:
        file = Path(folder) / "file"
        write_snapshot(file, KEY, make_snapshot(manifest(), 1, ["a", "b"], {}, 0.0))
        whole = file.read_bytes()

        file.write_bytes(whole[: data.draw(st.integers(0, len(whole) - 1))])

        with pytest.raises(Damaged):
            read_snapshot(file, KEY, manifest(), lambda _: True)


def test_what_was_written_under_another_key_is_not_read(tmp_path: Path) -> None:
    write_snapshot(tmp_path / "file", b"another", make_snapshot(manifest(), 1, ["a"], {}, 0.0))

    with pytest.raises(Damaged):
        read_snapshot(tmp_path / "file", KEY, manifest(), lambda _: True)


def test_what_is_not_wanted_is_not_read(tmp_path: Path) -> None:
    write_snapshot(tmp_path / "file", KEY, make_snapshot(manifest(), 7, ["a"], {}, 12.5))
    wanted = Head(7, 12.5)

    assert read_snapshot(tmp_path / "file", KEY, manifest(), lambda head: head != wanted) is None


def test_many_classes_are_in_order(tmp_path: Path) -> None:
    reads = reads_every_type()
    ids = [f"{number:06}" for number in range(2 * PART + 3)]
    values: dict[str, list[Any]] = {pb.DataType.Name(data_type): [None] * len(ids) for data_type in _VALUES}
    values["DATA_TYPE_FLOAT64"] = [math.sqrt(number) for number in range(len(ids))]
    expected = make_snapshot(reads, 1, ids, values, 0.0)

    write_snapshot(tmp_path / "file", KEY, expected)

    assert_same(read_snapshot(tmp_path / "file", KEY, reads, lambda _: True), expected)


def test_what_can_not_be_written_leaves_what_was_there(tmp_path: Path) -> None:
    reads = reads_every_type()
    values: dict[str, list[Any]] = {pb.DataType.Name(data_type): [None] for data_type in _VALUES}
    write_snapshot(tmp_path / "file", KEY, make_snapshot(reads, 1, ["a"], values, 0.0))
    values["DATA_TYPE_INT32"] = [np.int32(1)]

    with pytest.raises(TypeError):
        write_snapshot(tmp_path / "file", KEY, make_snapshot(reads, 2, ["a"], values, 0.0))

    found = read_snapshot(tmp_path / "file", KEY, reads, lambda _: True)
    assert found is not None
    assert found.generation == 1
    assert list(tmp_path.iterdir()) == [tmp_path / "file"]
