"""The rows of days, with all their features, as one table for a training."""

from collections.abc import Iterable

import pyarrow as pa

from contract.policies import lacking
from features.on_demand import REQUEST_TIME
from training.arrow_columns import ColumnReader
from training.errors import DataError
from training.growing import GrowingColumns
from training.inputs import ServiceInputs
from training.labels import to_labels
from training.left_out import LeftOut
from training.on_demand import ComputedColumns
from training.positions import to_positions
from training.rows import EVENT_TIME
from training.spec import RankingSpec
from training.table import Columns, Table

_LABEL, _TIMES, _POSITIONS = "the label", "the times", "the positions"
"""Columns of a day that are no inputs; no input has a space in its name."""


def row_columns(inputs: ServiceInputs, spec: RankingSpec) -> list[str]:
    """Returns the columns that the rows themselves have, before any feature."""
    position = [spec.dataset.position] if spec.dataset.position else []
    keys = [inputs.source.member_key, inputs.source.class_key]
    return [*keys, EVENT_TIME, spec.dataset.label, *spec.context, *position]


def to_table(
    days: Iterable[pa.Table],
    row_count: int,
    inputs: ServiceInputs,
    spec: RankingSpec,
    left_out: LeftOut,
    *,
    computed: ComputedColumns | None = None,
) -> Table:
    """Returns the rows of days, which are held once only, without those that lack what may not be missing.

    Args:
        days: The rows of each day: a column for each input, and those of `row_columns`.
        row_count: How many they are together.
        inputs: What the model reads.
        spec: Which column is the label, and which the position.
        left_out: Takes note of the rows that are left out.
        computed: Computes some of the inputs; None where all are columns.

    Raises:
        ContractError: A feature is of another type than its input.
        DataError: A label or a position is none, or all rows are left out.
    """
    growing, reader = GrowingColumns(row_count), ColumnReader()
    computed = computed or ComputedColumns((), ())
    for day in days:
        times = day[EVENT_TIME].cast(pa.timestamp("us", tz="UTC")).cast(pa.int64()).to_numpy() // 1_000_000
        known = {**computed.columns(day, times), REQUEST_TIME: times}
        found = _to_columns(day, known, reader, inputs, spec)
        growing.append(left_out.without(found, lacking(inputs.inputs, found)))
    columns = dict(growing.columns())
    labels, times, positions = columns.pop(_LABEL), columns.pop(_TIMES), columns.pop(_POSITIONS, None)
    members = columns[inputs.source.member_key]
    if row_count and not len(labels):
        raise DataError(f"none of {row_count} rows has every feature that may not be missing")
    return Table(columns, labels, members, times, positions, (*reader.warnings(), *left_out.warnings()))


def _to_columns(
    day: pa.Table, known: Columns, reader: ColumnReader, inputs: ServiceInputs, spec: RankingSpec
) -> Columns:
    columns = {
        one.name: known[one.name] if one.name in known else reader.read(one, day[one.name])
        for one in inputs.inputs
    }
    label, position = spec.dataset.label, spec.dataset.position
    columns[_LABEL] = to_labels(f"label {label!r}", day[label].to_pylist(), spec.model.objective)
    columns[_TIMES] = known[REQUEST_TIME]
    if position:
        columns[_POSITIONS] = to_positions(f"position {position!r}", day[position].to_pylist())
    return columns
