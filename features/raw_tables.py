"""The raw tables of a world, seen as they were at one moment.

Every subfolder that holds Parquet files is a table. A row is known since the moment in its table's time column; a
table without one is never shown, because nothing says which of its rows lie in the future.
"""

from datetime import UTC, datetime
from pathlib import Path

import duckdb
import pyarrow as pa

from features.aggregate_settings import EVENT_TIME, AggregateSettings
from features.errors import SourceError

_TIMES = ("TIMESTAMP", "TIMESTAMP WITH TIME ZONE")


class RawTables:
    """A connection to the tables of one world folder."""

    def __init__(self, world: Path, settings: AggregateSettings) -> None:
        """Finds the tables.

        Raises:
            SourceError: There are none, one can't be read, or its time column is not a timestamp.
        """
        self._connection = duckdb.connect()
        self._connection.execute("SET TimeZone = 'UTC'")
        self._shown: datetime | None = None
        self._tables: dict[str, tuple[duckdb.DuckDBPyRelation, str]] = {}
        for folder in _table_folders(world):
            rows = self._open(folder)
            column = settings.time_column(folder.name)
            if _has_times(folder, rows, column, required=folder.name in settings.time_columns):
                self._tables[folder.name] = (rows, column)
        if not self._tables:
            raise SourceError(f"{world} has no table with a column {EVENT_TIME}")

    def names(self) -> list[str]:
        """Returns the tables that can be seen, by name."""
        return sorted(self._tables)

    def query(self, sql: str, as_of: datetime) -> pa.Table:
        """Returns what a query finds in the rows known before `as_of`, which it may call ``$as_of``.

        Raises:
            duckdb.Error: The query is wrong, or a file can't be read.
        """
        if as_of != self._shown:
            self._show(as_of)
        return self._connection.sql(sql, params={"as_of": as_of}).to_arrow_table()

    def event_range(self) -> tuple[datetime, datetime]:
        """Returns the times of the first and the last event.

        Raises:
            SourceError: There are no events, or a file can't be read.
        """
        ranges = [_range(name, rows) for name, (rows, column) in self._tables.items() if column == EVENT_TIME]
        known = [(first, last) for first, last in ranges if first is not None and last is not None]
        if not known:
            raise SourceError(f"the tables {', '.join(self.names())} hold no events")
        return min(first for first, _ in known), max(last for _, last in known)

    def _show(self, as_of: datetime) -> None:
        moment = as_of.astimezone(UTC).isoformat()
        for name, (rows, column) in self._tables.items():
            rows.filter(f"\"{column}\" < TIMESTAMPTZ '{moment}'").create_view(name, replace=True)
        self._shown = as_of

    def _open(self, folder: Path) -> duckdb.DuckDBPyRelation:
        try:
            return self._connection.read_parquet(str(folder / "**" / "*.parquet"), hive_partitioning=False)
        except duckdb.Error as error:
            raise SourceError(f"table {folder.name!r} can't be read: {error}") from None


def _range(table: str, rows: duckdb.DuckDBPyRelation) -> tuple[datetime | None, datetime | None]:
    try:
        return rows.aggregate(f"min({EVENT_TIME})::TIMESTAMPTZ, max({EVENT_TIME})::TIMESTAMPTZ").fetchall()[0]
    except duckdb.Error as error:
        raise SourceError(f"table {table!r} can't be read: {error}") from None


def _table_folders(world: Path) -> list[Path]:
    if not world.is_dir():
        raise SourceError(f"{world} is not a folder, expected one subfolder of Parquet files for each raw table")
    return sorted(folder for folder in world.iterdir() if next(folder.rglob("*.parquet"), None))


def _has_times(folder: Path, rows: duckdb.DuckDBPyRelation, column: str, *, required: bool) -> bool:
    if column not in rows.columns:
        if required:
            found = ", ".join(rows.columns)
            raise SourceError(f"table {folder.name!r} lacks its time column {column!r}, found {found}")
        return False
    found = str(rows.types[rows.columns.index(column)])
    if found not in _TIMES:
        raise SourceError(f"table {folder.name!r}: column {column!r} is {found}, expected a timestamp")
    return True
