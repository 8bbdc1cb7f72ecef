"""Filters as masks over the classes of a snapshot.

A feature is indexed when a request first filters on it: 2,000 classes take a fraction of a millisecond, once for
each snapshot; a filter then takes some microseconds.
"""

from collections.abc import Sequence
from functools import reduce
from operator import and_
from typing import Any

import numpy as np
from numpy.typing import NDArray

from contract.stubs.manifest_pb2 import DATA_TYPE_STRING_LIST
from server.domain.errors import FieldViolation, InvalidRequest
from server.domain.requests import AnyOf, ClassFilter, Range
from server.ranking.ports import Snapshot
from server.ranking.types import FLOAT32, NUMBER_LISTS, NUMBERS, element_fits, element_name

Mask = NDArray[np.bool_]
Postings = dict[object, NDArray[np.intp]]
"""The positions of the classes that have a value, by value."""

_LISTS = (DATA_TYPE_STRING_LIST, *NUMBER_LISTS)


class ClassFilters:
    """Applies filters to the classes of one snapshot."""

    def __init__(self, snapshot: Snapshot) -> None:
        self._snapshot = snapshot
        self._postings: dict[str, Postings] = {}
        self._numbers: dict[str, NDArray[np.float64]] = {}
        self._all = np.ones(len(snapshot.class_ids), dtype=np.bool_)
        self._all.flags.writeable = False

    def mask(self, filters: Sequence[ClassFilter]) -> Mask:
        """Returns which classes pass all of `filters`, ``[classes]``, not to be written to.

        Raises:
            InvalidRequest: A filter names no class feature, or does not fit the feature's type.
        """
        violations = [v for place, wanted in enumerate(filters) for v in self._violations(place, wanted)]
        if violations:
            raise InvalidRequest(violations)
        return reduce(and_, map(self._passing, filters), self._all)

    def _violations(self, place: int, wanted: ClassFilter) -> list[FieldViolation]:
        name, field = wanted.feature_name, f"filters[{place}]"
        data_type = self._snapshot.feature_types.get(name)
        if data_type is None:
            return [unknown_feature(f"{field}.feature_name", name, self._snapshot)]
        if isinstance(wanted.condition, AnyOf):
            return _value_violations(f"{field}.any_of.values", name, data_type, wanted.condition)
        if data_type not in NUMBERS:
            return [FieldViolation(f"{field}.range", f"does not fit {name!r}, which is not a number")]
        return []

    def _passing(self, wanted: ClassFilter) -> Mask:
        if isinstance(wanted.condition, Range):
            return self._in_range(wanted.feature_name, wanted.condition)
        values = wanted.condition.values if wanted.condition else ()
        return self._any_of(wanted.feature_name, values)

    def _any_of(self, name: str, values: Sequence[object]) -> Mask:
        postings = self._postings.get(name)
        if postings is None:
            postings = self._postings[name] = self._index(name)
        if self._snapshot.feature_types[name] in FLOAT32:
            values = [_as_float32(value) for value in values]
        mask = np.zeros(len(self._snapshot.class_ids), dtype=np.bool_)
        for value in values:
            positions = postings.get(value)
            if positions is not None:
                mask[positions] = True
        return mask

    def _in_range(self, name: str, bounds: Range) -> Mask:
        numbers = self._numbers.get(name)
        if numbers is None:
            numbers = self._numbers[name] = self._snapshot.features[name].astype(np.float64)
        least = -np.inf if bounds.min is None else bounds.min
        greatest = np.inf if bounds.max is None else bounds.max
        if self._snapshot.feature_types[name] in FLOAT32:
            least, greatest = _as_float32(least), _as_float32(greatest)
        return (numbers >= least) & (numbers <= greatest)

    def _index(self, name: str) -> Postings:
        is_list = self._snapshot.feature_types[name] in _LISTS
        positions: dict[object, list[int]] = {}
        for position, value in enumerate(self._snapshot.features[name]):
            if value is None:
                continue
            for element in value if is_list else (value,):
                positions.setdefault(element, []).append(position)
        return {value: np.array(found, dtype=np.intp) for value, found in positions.items()}


def unknown_feature(field: str, name: str, snapshot: Snapshot) -> FieldViolation:
    """Returns the violation of a field that should name a class feature."""
    known = ", ".join(sorted(snapshot.feature_types))
    return FieldViolation(field, f"is {name!r}, expected a class feature: {known}")


def _value_violations(field: str, name: str, data_type: int, condition: AnyOf) -> list[FieldViolation]:
    expected = f"expected {element_name(data_type)} as {name!r} is"
    return [
        FieldViolation(f"{field}[{place}]", f"is {value!r}, {expected}")
        for place, value in enumerate(condition.values)
        if not element_fits(data_type, value)
    ]


def _as_float32(value: Any) -> float:
    """Rounds a number as a Float32 feature was rounded when it was stored, so that 0.1 finds 0.1."""
    with np.errstate(over="ignore"):
        return float(np.float32(value))
