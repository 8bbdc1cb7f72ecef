"""Rows from flat tables: three files and the name of the column to predict, without a feature store.

An input has the name of its column, with "_" for each character that can't be in the name of an argument.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from contract import tags
from contract.columns import to_column
from contract.errors import ContractError
from contract.stubs import manifest_pb2 as pb
from training.errors import DataError, SpecError
from training.files import read_file
from training.labels import check_labels, to_labels
from training.positions import to_positions
from training.split import Splits
from training.table import Table

_LIST_TYPES = {"String": "Array(String)", "Int64": "Array(Int64)", "Float64": "Array(Float32)"}


@dataclass(frozen=True, slots=True)
class FlatFiles:
    """The file of each split."""

    train: Path
    validation: Path
    test: Path


def read_splits(
    files: FlatFiles, label: str, overrides: Mapping[str, Mapping[str, Any]]
) -> tuple[list[pb.Input], Splits]:
    """Returns the inputs that the columns become, and the rows of the splits; see `read_tables`."""
    inputs, tables = read_tables((files.train, files.validation, files.test), label, overrides)
    return inputs, Splits(*tables)


def read_tables(
    paths: Sequence[Path], label: str, overrides: Mapping[str, Mapping[str, Any]]
) -> tuple[list[pb.Input], list[Table]]:
    """Returns the inputs that the columns of the first file become, and the rows of all files.

    Args:
        paths: The files, that of the training split first.
        label: The column to predict, 0 or 1.
        overrides: By column the tags of `contract.tags` that its type does not say, or ``ignore = true``, or
            ``position = true`` for the one that says where on its page a row of the training was shown.

    Raises:
        DataError: A file does not parse, lacks a column or has it in another type; or the labels are not fit.
        SpecError: An override is unknown or does not fit its column.
    """
    first, *others = paths
    train = read_file(first)
    _require(first, train, [label, *overrides])
    inputs = infer_inputs(first, train.schema, label, overrides)
    tables = [(first, train)]
    for path in others:
        table = read_file(path, like=train.schema)
        _require(path, table, [label, *inputs])
        _check_types(path, table.select(list(inputs)).schema, first, train.schema)
        tables.append((path, table))
    train_split, *later = (_to_table(path, table, inputs, label) for path, table in tables)
    positions = _positions(first, train, overrides)
    return list(inputs.values()), [replace(train_split, positions=positions), *later]


def infer_inputs(
    path: Path, schema: pa.Schema, label: str, overrides: Mapping[str, Mapping[str, Any]]
) -> dict[str, pb.Input]:
    """Returns the input that each column of a file becomes, the label and ignored columns left out.

    Raises:
        DataError: A column has a type that no input has, or two columns become inputs of the same name.
        SpecError: An override is unknown or does not fit its column.
    """
    inputs: dict[str, pb.Input] = {}
    for field in schema:
        override = dict(overrides.get(field.name, {}))
        if field.name == label or override.pop("ignore", False) or override.pop("position", False):
            continue
        feast_type = _feast_type(field.type)
        if feast_type is None:
            raise DataError(
                f"{path}: column {field.name!r} is of type {field.type}, expected a text, number, bool "
                f"or a list of texts or numbers; [inputs.{field.name}] ignore = true leaves it out"
            )
        inputs[field.name] = _input(field.name, feast_type, override)
    for (one, first), (other, second) in combinations(inputs.items(), 2):
        if first.name == second.name:
            raise DataError(f"{path}: columns {one!r} and {other!r} both become the input {first.name!r}")
    return inputs


def _input(column: str, feast_type: str, override: Mapping[str, Any]) -> pb.Input:
    texts = {key: str(int(value) if isinstance(value, bool) else value) for key, value in override.items()}
    try:
        return tags.feature_input(_argument_name(column), feast_type, texts, source=pb.SOURCE_COLUMN)
    except ContractError as error:
        raise SpecError(f"[inputs.{column}]: {error}") from None


def _argument_name(column: str) -> str:
    return re.sub(r"\W", "_", column, flags=re.ASCII)


def _feast_type(data_type: pa.DataType) -> str | None:
    if pa.types.is_dictionary(data_type):
        return _feast_type(data_type.value_type)
    if pa.types.is_list(data_type) or pa.types.is_large_list(data_type):
        return _LIST_TYPES.get(_feast_type(data_type.value_type) or "")
    if pa.types.is_string(data_type) or pa.types.is_large_string(data_type):
        return "String"
    if pa.types.is_boolean(data_type):
        return "Bool"
    if pa.types.is_integer(data_type):
        return "Int64"
    is_real = pa.types.is_floating(data_type) or pa.types.is_decimal(data_type)
    return "Float64" if is_real else None


def _require(path: Path, table: pa.Table, columns: Iterable[str]) -> None:
    for column in columns:
        if column not in table.column_names:
            raise DataError(f"{path} lacks the column {column!r}, expected among {', '.join(table.column_names)}")


def _check_types(path: Path, schema: pa.Schema, train_path: Path, train: pa.Schema) -> None:
    for field in schema:
        expected = train.field(field.name).type
        if _feast_type(field.type) != _feast_type(expected):
            raise DataError(
                f"{path}: column {field.name!r} is of type {field.type}, expected {expected} as in {train_path}"
            )


def _positions(
    path: Path, table: pa.Table, overrides: Mapping[str, Mapping[str, Any]]
) -> NDArray[np.int32] | None:
    columns = [column for column, override in overrides.items() if override.get("position", False)]
    if len(columns) > 1:
        raise SpecError(f"[inputs] has the positions {' and '.join(map(repr, columns))}, expected at most one")
    for column in columns:
        return to_positions(f"{path}: column {column!r}", table.column(column).to_pylist())
    return None


def _to_table(path: Path, table: pa.Table, inputs: Mapping[str, pb.Input], label: str) -> Table:
    try:
        columns = {spec.name: to_column(spec, table.column(name).to_pylist()) for name, spec in inputs.items()}
    except ContractError as error:
        raise DataError(f"{path}: {error}") from None
    converted = Table(
        columns=columns, labels=to_labels(f"{path}: column {label!r}", table.column(label).to_pylist())
    )
    check_labels(f"{path}: column {label!r}", converted)
    return converted
