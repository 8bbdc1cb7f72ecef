"""The rows of feature views, computed day by day from the raw tables of a world.

``aggregates/<view>.sql`` of a feature repository is one DuckDB query, whose columns are the view's join keys and
features. For each day it sees the raw tables as they were when the day ended (``$as_of``), so that no row can
know its own future.
"""

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import duckdb
from feast import FeatureView

from features.aggregate_settings import AggregateSettings, read_settings
from features.day_files import day_file, is_current, write_rows
from features.days import each_day
from features.errors import RepositoryError
from features.raw_tables import RawTables
from features.schema import conform, row_schema, time_columns

FOLDER = "aggregates"


@dataclass(frozen=True, slots=True)
class Aggregate:
    """The query of one view.

    Attributes:
        view: The view.
        path: The file of the query.
        sql: The query, with the time columns added and its rows in the order of their keys.
        fingerprint: Changes with the query, the view's columns and the settings.
    """

    view: FeatureView
    path: Path
    sql: str
    fingerprint: str


def find_aggregates(repo: Path, views: Iterable[FeatureView], settings: AggregateSettings) -> list[Aggregate]:
    """Returns the aggregates of a feature repository.

    Raises:
        RepositoryError: A query has the name of no view.
    """
    by_name = {view.name: view for view in views}
    return [_aggregate(path, by_name, settings) for path in sorted((repo / FOLDER).glob("*.sql"))]


def _aggregate(path: Path, views: Mapping[str, FeatureView], settings: AggregateSettings) -> Aggregate:
    view = views.get(path.stem)
    if view is None:
        known = ", ".join(sorted(views)) or "none; run `paceline features apply`"
        raise RepositoryError(f"{path}: there is no view {path.stem!r}, registered: {known}")
    query = path.read_text(encoding="utf-8").strip().rstrip(";")
    times = ", ".join(f'$as_of AS "{name}"' for name in time_columns(view))
    keys = ", ".join(f'"{key}"' for key in view.join_keys)
    sql = f"SELECT *, {times} FROM (\n{query}\n) ORDER BY {keys}"  # noqa: S608 - the engineer's own query
    identity = f"{sql}\n{row_schema(view)}\n{settings}"
    return Aggregate(view, path, sql, hashlib.sha256(identity.encode()).hexdigest())


def every(aggregates: Sequence[Aggregate], first: date, last: date) -> Iterator[tuple[Aggregate, date]]:
    """Yields every aggregate of every day, day by day."""
    for day in each_day(first, last):
        for aggregate in aggregates:
            yield aggregate, day


def outdated(aggregates: Sequence[Aggregate], first: date, last: date) -> Iterator[tuple[Aggregate, date]]:
    """Yields those whose file is missing or was written by another query."""
    for aggregate, day in every(aggregates, first, last):
        if not is_current(day_file(aggregate.view, day), aggregate.fingerprint):
            yield aggregate, day


def build(tables: RawTables, aggregate: Aggregate, day: date, settings: AggregateSettings) -> None:
    """Writes the rows of one view and day.

    Raises:
        RepositoryError: The query fails, or its columns are not the view's.
    """
    try:
        rows = tables.query(aggregate.sql, settings.days.end(day))
    except duckdb.Error as error:
        seen = ", ".join(tables.names())
        raise RepositoryError(f"{aggregate.path}, day {day}: {error}\n(tables: {seen})") from None
    try:
        rows = conform(aggregate.view, rows)
    except RepositoryError as error:
        raise RepositoryError(f"{aggregate.path}: {error}") from None
    write_rows(day_file(aggregate.view, day), rows, aggregate.fingerprint)


def repository_settings(repo: Path) -> AggregateSettings:
    """Returns the settings of a repository's aggregates.

    Raises:
        RepositoryError: They are wrong.
    """
    return read_settings(repo / FOLDER / "settings.toml")
