"""What members did before, from the raw tables."""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import duckdb

from event_log.event import EventType
from features.errors import SourceError
from features.streaming.member import MAX_STARTS, Action, Member

_TABLES = {
    "impressions": ("impression", "impression_id", "0::DOUBLE"),
    "starts": ("start", "event_id", "0::DOUBLE"),
    "completions": ("completion", "event_id", "watched_minutes"),
    "ratings": ("rating", "event_id", "0::DOUBLE"),
}
_EVENT = ("event_time", "member_id", "class_id")
_QUERY = f"""
    WITH events AS ({{events}}),
    newest AS (SELECT member_id, max(event_time) AS newest FROM events GROUP BY member_id),
    last_starts AS (
        SELECT unnest(max_by(events, (event_time, event_id), {MAX_STARTS}), max_depth := 2)
        FROM events WHERE type = 'start' GROUP BY member_id
    )
    SELECT member_id, epoch_us(event_time), event_id, type, class_id, minutes FROM (
        SELECT events.* FROM events JOIN newest USING (member_id) WHERE event_time > newest - INTERVAL 24 HOUR
        UNION ALL
        SELECT * FROM last_starts
    )
    ORDER BY event_time
"""


def members_since(world: Path, since: datetime) -> dict[str, Member]:
    """Returns what each member did from a moment on, as far as it is in the raw tables.

    Raises:
        SourceError: A table can't be read, or lacks a column.
    """
    tables = [table for table in _TABLES if next((world / table).rglob("*.parquet"), None)]
    members: dict[str, Member] = {}
    if not tables:
        return members
    for table in tables:
        _check_columns(world, table)
    query = _QUERY.format(events=" UNION ALL ".join(_select(world, table) for table in tables))
    for member_id, action in _actions(query, since):
        members.setdefault(member_id, Member()).add(action)
    return members


def _check_columns(world: Path, table: str) -> None:
    _, event_id, _ = _TABLES[table]
    needed = [event_id, *_EVENT, *(["watched_minutes"] if table == "completions" else [])]
    try:
        found = duckdb.read_parquet(_files(world, table), hive_partitioning=False).columns
    except duckdb.Error as error:
        raise SourceError(f"table {table!r} can't be read: {error}") from None
    if lacking := sorted({*needed} - {*found}):
        raise SourceError(f"table {table!r} lacks {', '.join(lacking)}; live features need {', '.join(needed)}")


def _files(world: Path, table: str) -> str:
    return str(world / table / "**" / "*.parquet")


def _select(world: Path, table: str) -> str:
    type_, event_id, minutes = _TABLES[table]
    files = _files(world, table).replace("'", "''")
    return (
        f"SELECT member_id, event_time, {event_id} AS event_id, '{type_}' AS type, class_id, {minutes} AS minutes "
        f"FROM read_parquet('{files}', hive_partitioning = false) WHERE event_time >= $since"
    )


def _actions(query: str, since: datetime) -> Iterator[tuple[str, Action]]:
    try:
        with duckdb.connect() as connection:
            connection.execute("SET TimeZone = 'UTC'")
            found = connection.execute(query, {"since": since})
            while rows := found.fetchmany(10_000):
                for member_id, micros, event_id, type_, class_id, minutes in rows:
                    yield member_id, Action(micros, event_id, EventType(type_), class_id, minutes)
    except duckdb.Error as error:
        raise SourceError(f"what members did before can't be read: {error}") from None
