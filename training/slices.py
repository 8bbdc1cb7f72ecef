"""Parts of the rows that are looked at by themselves, as the mean over all hides what goes wrong in few.

=================== ==================================================================================
group               its slices
=================== ==================================================================================
members             rows of new members: fewer than `NEW_MEMBER_ROWS` rows in training
classes             rows of new classes: fewer than `NEW_CLASS_ROWS` rows in training
name of an input    a slice for each of its values, the missing one too
hour                the hour of the day, as the model reads it
popularity          the class's decile by the sum of labels in training, among the classes seen there; 1 the least
=================== ==================================================================================
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from contract.columns import missing_marker
from contract.stubs import manifest_pb2 as pb
from training.errors import SpecError
from training.table import Table

NEW_MEMBER_ROWS = 5
NEW_CLASS_ROWS = 20
MOST_VALUES = 50
"""How many values an input may have in training and still be sliced by, unless it is named."""
MISSING = "(missing)"

_SLICED_SOURCES = (pb.SOURCE_CLASS, pb.SOURCE_CONTEXT, pb.SOURCE_COLUMN)

Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Slice:
    """Some of the rows.

    Attributes:
        name: What these have in common, such as "yoga".
        group: What slices them, such as "class_discipline".
        mask: Which they are, ``[rows]``, at least one.
    """

    name: str
    group: str
    mask: Mask


@dataclass(frozen=True, slots=True)
class Slicing:
    """What rows are sliced by.

    Attributes:
        train: The rows trained on.
        inputs: What the model reads.
        source: Which inputs are the keys; None for flat tables.
        names: The inputs to slice by; None takes each text of class, context or table with few values.
        utc_offset: How far the clocks of the hours are ahead of UTC.
    """

    train: Table
    inputs: Sequence[pb.Input]
    source: pb.FeatureSource | None
    names: Sequence[str] | None = None
    utc_offset: timedelta = timedelta(0)


def slices(table: Table, by: Slicing) -> list[Slice]:
    """Returns the slices of a table that have rows.

    Raises:
        SpecError: A name is not that of an input, or of one whose values can't be told apart.
    """
    found = [*_values(table, by), *_hours(table, by.utc_offset)]
    if by.source is not None:
        found += [*_entities(table, by.train, by.source), *_deciles(table, by.train, by.source.class_key)]
    return [each for each in found if each.mask.any()]


def _entities(table: Table, train: Table, source: pb.FeatureSource) -> Iterator[Slice]:
    for key, group, fewest in (
        (source.member_key, "members", NEW_MEMBER_ROWS),
        (source.class_key, "classes", NEW_CLASS_ROWS),
    ):
        rows = pd.Series(train.columns[key]).value_counts()
        yield Slice("new", group, np.asarray(rows.reindex(table.columns[key]).fillna(0) < fewest))


def _deciles(table: Table, train: Table, class_key: str) -> Iterator[Slice]:
    """Classes of the same sum share a rank and so a decile."""
    rows = pd.DataFrame({"class": train.columns[class_key], "label": train.labels.astype(np.float64)})
    deciles = (rows.groupby("class")["label"].sum().rank(pct=True) * 10).apply(np.ceil)
    of_rows = np.asarray(deciles.reindex(table.columns[class_key]))
    return (Slice(str(decile), "popularity", of_rows == decile) for decile in range(1, 11))


def _hours(table: Table, utc_offset: timedelta) -> Iterator[Slice]:
    if table.times is None:
        return iter(())
    hours = (table.times + int(utc_offset.total_seconds())) // 3600 % 24
    return (Slice(f"{hour:02d}", "hour", hours == hour) for hour in range(24))


def _values(table: Table, by: Slicing) -> Iterator[Slice]:
    for spec in _chosen(by):
        codes, values = pd.factorize(table.columns[spec.name], sort=True)
        for code, value in enumerate(values):
            yield Slice(_label(spec, value), spec.name, codes == code)


def _chosen(by: Slicing) -> list[pb.Input]:
    if by.names is None:
        return [spec for spec in by.inputs if _is_low_text(spec, by.train)]
    return named_inputs(by.inputs, by.names)


def named_inputs(inputs: Sequence[pb.Input], names: Sequence[str]) -> list[pb.Input]:
    """Returns the inputs of these names.

    Raises:
        SpecError: There is none of a name, or its values can't be told apart.
    """
    known = {spec.name: spec for spec in inputs if _is_category(spec)}
    for name in names:
        if name not in known:
            raise SpecError(f"gate.slices has {name!r}, expected some of {', '.join(known)}")
    return [known[name] for name in names]


def _is_category(spec: pb.Input) -> bool:
    return spec.encoding == pb.ENCODING_VOCABULARY and not spec.list_length


def _is_low_text(spec: pb.Input, train: Table) -> bool:
    is_text = _is_category(spec) and spec.data_type == pb.DATA_TYPE_STRING and spec.source in _SLICED_SOURCES
    return is_text and len(pd.unique(train.columns[spec.name])) <= MOST_VALUES


def _label(spec: pb.Input, value: Any) -> str:
    return MISSING if value == missing_marker(spec) else str(value)
