"""The point-in-time join as one query, which DuckDB and Spark both understand.

A row of features is known at an event if neither its time nor the time that it was made is after the event, and if
it has not outlived its view's TTL. Of those that are known the newest counts, of the same time the one made last;
of two that are equal in both, either. It is what Feast's `get_historical_features` gives with
``filter_by_created_timestamp``.

A row is therefore known from the later of its two times, and until a newer row is known. A row that is made late,
when a newer one is known already, is never the newest. So each key has spans of time that do not overlap, and an
event lies in at most one of them: a join on the key that keeps every event and repeats none.

Both engines take "…" for names, if Spark is told so. Only the type of a moment has two names.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from features.view_sources import ViewSource

DAY_ROWS = "paceline_rows"
"""The table of the rows to join."""
ROW = "paceline_row"
"""The column that says where among them a row is."""


def source_table(number: int) -> str:
    """Returns the name of the table of a source."""
    return f"paceline_source_{number}"


@dataclass(frozen=True, slots=True)
class Window:
    """The moments that all events of a join lie between: from `begin` until before `end`."""

    begin: datetime
    end: datetime


def join_sql(
    sources: Sequence[ViewSource], columns: Sequence[str], event_time: str, window: Window, *, moment: str
) -> str:
    """Returns the query that joins the rows of a day.

    Args:
        sources: Where the features are; the rows of each are the table `source_table` of its place.
        columns: The columns of the table `DAY_ROWS` to keep; it also has the column `ROW`.
        event_time: The one of them that is the time of the event.
        window: When the events are.
        moment: The engine's type of a moment.

    Returns:
        A query that yields the columns and the features, in the order of the rows.
    """
    steps = [step for number, source in enumerate(sources) for step in _spans(number, source, window, moment)]
    kept = [f"{DAY_ROWS}.{_name(column)}" for column in columns]
    features = [
        f"span_{number}.{_name(name)}" for number, source in enumerate(sources) for name in source.features
    ]
    joins = [_join(number, source, event_time) for number, source in enumerate(sources)]
    chosen = f"SELECT {_list([*kept, *features])} FROM {DAY_ROWS}"
    return "\n".join([f"WITH {_list(steps)}", chosen, *joins, f"ORDER BY {DAY_ROWS}.{ROW}"])


def _spans(number: int, source: ViewSource, window: Window, moment: str) -> Iterable[str]:
    """Yields the steps from the rows of a source to the spans of time in which each is the newest."""
    keys = [f"{_name(column)} AS key_{place}" for place, column in enumerate(source.keys.values())]
    features = [f"{_name(column)} AS {_name(name)}" for name, column in source.features.items()]
    time = f"CAST({_name(source.time)} AS {moment})"
    created = f"CAST({_name(source.created)} AS {moment})" if source.created else time
    end = _moment(window.end, moment)
    fresh = f" AND {time} >= {_moment(window.begin - source.ttl, moment)}" if source.ttl else ""
    by_key = f"PARTITION BY {_list(f'key_{place}' for place in range(len(keys)))}"
    yield (
        f"read_{number} AS (SELECT {_list([*keys, *features])}, {time} AS row_time, {created} AS created_time "
        f"FROM {source_table(number)} WHERE {time} < {end} AND {created} < {end}{fresh})"
    )
    yield (
        f"known_{number} AS (SELECT *, greatest(row_time, created_time) AS known_from, "
        f"row_number() OVER ({by_key} ORDER BY row_time, created_time) AS age_order FROM read_{number})"
    )
    yield (
        f"step_{number} AS (SELECT *, max(age_order) OVER ({by_key} ORDER BY known_from, age_order) AS newest "
        f"FROM known_{number})"
    )
    yield (
        f"span_{number} AS (SELECT *, lead(known_from) OVER ({by_key} ORDER BY known_from, age_order) "
        f"AS known_until FROM step_{number} WHERE age_order = newest)"
    )


def _join(number: int, source: ViewSource, event_time: str) -> str:
    span, event = f"span_{number}", f"{DAY_ROWS}.{_name(event_time)}"
    conditions = [f"{DAY_ROWS}.{_name(name)} = {span}.key_{place}" for place, name in enumerate(source.keys)]
    conditions.append(f"{event} >= {span}.known_from")
    conditions.append(f"({span}.known_until IS NULL OR {event} < {span}.known_until)")
    if source.ttl:
        conditions.append(f"{event} <= {span}.row_time + {_interval(source.ttl)}")
    return f"LEFT JOIN {span} ON {' AND '.join(conditions)}"


def _moment(moment: datetime, sql_type: str) -> str:
    return f"CAST('{moment.isoformat(sep=' ')}' AS {sql_type})"


def _interval(length: timedelta) -> str:
    return f"INTERVAL '{length // timedelta(seconds=1)}.{length.microseconds:06}' SECOND"


def _name(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _list(items: Iterable[str]) -> str:
    return ", ".join(items)
