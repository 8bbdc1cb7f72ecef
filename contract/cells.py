"""Which values count at the moment they are read.

Feast ignores TTL online and marks expired values PRESENT (feast-dev/feast#6821), so it is decided here, by the
rule of its historical join: a row counts if ``event_time <= now <= event_time + ttl``. A null and a number that is
not finite are no values.
"""

import math
from collections.abc import Mapping, Sequence
from enum import Enum
from itertools import chain
from typing import Any


class CellStatus(Enum):
    """What there is of a feature of an entity at the moment that it is read."""

    OK = "has a value"
    NULL = "has a row without a value, or with a number that is not finite"
    MISSING = "has no row"
    STALE = "has a row that is older than its TTL"


def row_status(age: float | None, ttl_seconds: float) -> CellStatus:
    """Returns OK, MISSING or STALE for a row; see `cell_status`."""
    if age is None:
        return CellStatus.MISSING
    return CellStatus.OK if fresh_rows([age], ttl_seconds) == [True] else CellStatus.STALE


def cell_status(value: Any, age: float | None, ttl_seconds: float) -> CellStatus:
    """Returns what there is of a feature. Only where it is OK does the value count.

    Args:
        value: The value, None where there is none.
        age: The seconds since its row was true; None where there is no row.
        ttl_seconds: The greatest age that counts, 0 for no limit.
    """
    status = row_status(age, ttl_seconds)
    is_null = status is CellStatus.OK and values_that_count([value], [True]) == [None]
    return CellStatus.NULL if is_null else status


def fresh_rows(ages: Sequence[float | None], ttl_seconds: float) -> list[bool]:
    """Returns which rows count, ``[rows]``.

    Args:
        ages: The seconds since each row was true; None where there is no row.
        ttl_seconds: The greatest age that counts, 0 for no limit.
    """
    limit = ttl_seconds or math.inf
    return [age is not None and age <= limit for age in ages]


def values_that_count(values: Sequence[Any], is_fresh: Sequence[bool]) -> list[Any]:
    """Returns the values of one feature, ``[rows]``, None for those that do not count."""
    kept = values if all(is_fresh) else [v if fresh else None for v, fresh in zip(values, is_fresh, strict=True)]
    return [None if isinstance(value, float) and not math.isfinite(value) else value for value in kept]


def columns_that_count(columns: Mapping[str, Sequence[Any]], is_fresh: Sequence[bool]) -> dict[str, Sequence[Any]]:
    """Returns `values_that_count` of several features, by name: nearly always all do, which one look tells."""
    numbers = [value for value in chain.from_iterable(columns.values()) if isinstance(value, float)]
    if all(is_fresh) and math.isfinite(sum(numbers)):
        return dict(columns)
    return {name: values_that_count(values, is_fresh) for name, values in columns.items()}
