"""The status of a feature's value at the moment it is read.

Feast ignores TTL online and marks expired values PRESENT (feast-dev/feast#6821), so the status is decided here,
by the rule of its historical join: a row counts if ``event_time <= now <= event_time + ttl``.
"""

import math
from enum import IntEnum


class CellStatus(IntEnum):
    """What is known of one feature of one entity."""

    OK = 0
    """There is a value and it is fresh."""
    NULL = 1
    """There is a fresh row whose value is null or not finite."""
    MISSING = 2
    """There is no row for the entity."""
    STALE = 3
    """The row is older than its view's TTL."""


def cell_status(value: object, *, age_seconds: float | None, ttl_seconds: float) -> CellStatus:
    """Returns the status of a value that was written `age_seconds` ago, None if it never was.

    A `ttl_seconds` of 0 is no limit.
    """
    if age_seconds is None:
        return CellStatus.MISSING
    if ttl_seconds and age_seconds > ttl_seconds:
        return CellStatus.STALE
    if value is None or (isinstance(value, float) and not math.isfinite(value)):
        return CellStatus.NULL
    return CellStatus.OK
