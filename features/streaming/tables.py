"""The raw tables that events are rows of: those of a simulated world, so that the same queries read both."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pyarrow as pa

from event_log.event import Event, EventType
from features.schema import TIMESTAMP

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_ID, _IMPRESSION = ("event_id", pa.string()), ("impression_id", pa.string())
_TIME, _WHO = ("event_time", TIMESTAMP), [("member_id", pa.string()), ("class_id", pa.string())]

SCHEMAS: Mapping[str, pa.Schema] = {
    "impressions": pa.schema([_IMPRESSION, _TIME, *_WHO, ("surface", pa.string()), ("position", pa.int32())]),
    "impression_requests": pa.schema([_IMPRESSION, _TIME, ("request_id", pa.string())]),
    "starts": pa.schema([_ID, _IMPRESSION, _TIME, *_WHO]),
    "completions": pa.schema([_ID, _IMPRESSION, _TIME, *_WHO, ("watched_minutes", pa.float64())]),
    "ratings": pa.schema([_ID, _IMPRESSION, _TIME, *_WHO, ("rating", pa.int32())]),
}
"""The columns of each table. The first is its key."""

_TABLES = {
    EventType.IMPRESSION: "impressions",
    EventType.START: "starts",
    EventType.COMPLETION: "completions",
    EventType.RATING: "ratings",
}


def moment(micros: int) -> datetime:
    """Returns a time that is given in microseconds since the epoch."""
    return _EPOCH + timedelta(microseconds=micros)


def rows_of(event: Event) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yields the tables and the rows that an event becomes."""
    table = _TABLES[event.type]
    known = {name: getattr(event, name) for name in SCHEMAS[table].names if name != "event_time"}
    row = {**known, "event_time": moment(event.time_micros)}
    if event.type is not EventType.IMPRESSION:
        yield table, row
        return
    yield table, {**row, "impression_id": event.event_id}
    if event.request_id:
        yield (
            "impression_requests",
            {"impression_id": event.event_id, "event_time": row["event_time"], "request_id": event.request_id},
        )
