"""The rows of a training before any feature: who was shown which class, when, and what came of it.

``training_rows.sql`` of a feature repository is one DuckDB query over the raw tables of a world, each subfolder of
Parquet files being one. It yields the member key, the class key, ``event_timestamp``, the label, the context and,
if the training is to know it, the position.
"""

import tempfile
from collections.abc import Callable, Iterable, Sequence
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from features.days import Days
from training.errors import DataError
from training.joins.on_duckdb import connect
from training.model.spec import BINARY, REGRESSION
from training.spec import SplitSpec, TruthSpec

ROWS_FILE = "training_rows.sql"
EVENT_TIME = "event_timestamp"

_ROWS = "training_rows"
_IN_ORDER = "ORDER BY rowid"
_ONE_DAY = timedelta(days=1)


ReadRows = Callable[[duckdb.DuckDBPyConnection, str], duckdb.DuckDBPyRelation | None]


def _what_it_yields(connection: duckdb.DuckDBPyConnection, query: str) -> duckdb.DuckDBPyRelation | None:
    return connection.sql(query)


class TrainingRows:
    """The rows in the order of their times; those of the same time in the order of their other columns."""

    def __init__(
        self, repo: Path, world: Path, days: Days, *, file: str = ROWS_FILE, read: ReadRows = _what_it_yields
    ) -> None:
        """Runs the query.

        Args:
            repo: The feature repository.
            world: The folder of the raw tables.
            days: Where days begin.
            file: The file of the query.
            read: Returns the rows, on a connection that has the raw tables, from the text of the query.

        Raises:
            DataError: There is no query or no table, or the query fails or yields no rows.
        """
        self._path = repo / file
        self._read = read
        self._days = days
        self._scratch = tempfile.TemporaryDirectory(prefix="paceline-")
        self._connection = connect(Path(self._scratch.name))
        self._tables = _open_tables(self._connection, world)
        self._columns = self._run()

    def require(
        self, keys: Sequence[str], label: str, context: Iterable[str] = (), objective: str = BINARY
    ) -> None:
        """Checks the columns of the rows.

        Args:
            keys: Columns that have to be texts without nulls.
            label: A column that has to be 0 or 1; or numbers, for a regression.
            context: Columns that have to be there.
            objective: What is predicted, one of `training.model.spec`.

        Raises:
            DataError: One is missing, of another type, or has another value.
        """
        for column in (*keys, label, *context):
            if column not in self._columns:
                raise DataError(f"{self._path}: column {column!r} is missing, found {', '.join(self._columns)}")
        for column in keys:
            if self._columns[column] != "VARCHAR":
                raise DataError(f"{self._path}: column {column!r} is {self._columns[column]}, expected VARCHAR")
        for column in (*keys, EVENT_TIME):
            self._forbid(f'"{column}" IS NULL', f"column {column!r} is null")
        number = f'TRY_CAST("{label}" AS FLOAT)'
        if objective == REGRESSION:
            self._forbid(f"isfinite({number}) IS NOT TRUE", f"column {label!r} is no number")
        else:
            self._forbid(f"({number} IN (0, 1)) IS NOT TRUE", f"column {label!r} is neither 0 nor 1")

    def _forbid(self, condition: str, what: str) -> None:
        count = self._value(f"count(*) FILTER ({condition})")
        if count:
            raise DataError(f"{self._path}: {what} in {count} rows")

    def day_range(self) -> tuple[date, date]:
        """Returns the days of the first and the last row."""
        first, last = (self._value(f"{end}({EVENT_TIME})::TIMESTAMPTZ") for end in ("min", "max"))
        return self._days.containing(first), self._days.containing(last)

    def known_range(self, until: date | None, split: SplitSpec, now: datetime) -> tuple[date, date]:
        """Returns the first day with rows, and the last that is known of.

        Args:
            until: The last; None is the last with rows that is over, or the one that the test split begins with.
            split: The days of the splits, as far as they were asked for.
            now: The present.
        """
        first, last = self.day_range()
        if until is None:
            tested = split.validate_until + _ONE_DAY if split.validate_until else first
            until = max(first, tested, self._days.last_ended(now))
        return first, min(last, until)

    def between(self, first: date, last: date, columns: Iterable[str]) -> pa.Table:
        """Returns columns of the rows from one day to another, both included."""
        return self._select(", ".join(f'"{column}"' for column in columns), first, last, _IN_ORDER)

    def count(self, first: date, last: date) -> int:
        """Returns how many rows there are from one day to another, both included."""
        return int(self._select("count(*) AS count", first, last)["count"][0].as_py())

    def digest(self, day: date, columns: Iterable[str]) -> str:
        """Returns a text that changes with the columns of the rows of a day, whatever their order."""
        listed = ", ".join(f'"{column}"' for column in columns)
        found = self._select(f"count(*) AS count, sum(hash({listed})::HUGEINT)::VARCHAR AS hashes", day, day)
        return f"{found['count'][0]} {found['hashes'][0]}"

    def true_probabilities(self, truth: TruthSpec, first: date, last: date) -> NDArray[np.float64] | None:
        """Returns the true probability of each row of `between`, ``[rows]``.

        None where nobody knows them all: without a table of them, or if it lacks a row, such as one that is live.

        Raises:
            DataError: The table lacks a column.
        """
        if truth.table not in self._tables:
            return None
        look_up = (
            f'(SELECT any_value(truth."{truth.probability}") FROM "{truth.table}" AS truth '  # noqa: S608
            f'WHERE truth."{truth.row_id}" = {_ROWS}."{truth.row_id}")::DOUBLE AS probability'
        )
        try:
            found = self._select(look_up, first, last, _IN_ORDER)["probability"]
        except duckdb.Error as error:
            raise DataError(f"table {truth.table!r}: {error}") from None
        if found.null_count:
            return None
        return np.asarray(found.to_numpy(), dtype=np.float64)

    def _run(self) -> dict[str, str]:
        """Keeps what the query yields as a table; returns the types of its columns."""
        try:
            rows = self._read(self._connection, self._path.read_text(encoding="utf-8"))
            if rows is None or EVENT_TIME not in rows.columns:
                raise DataError(f"{self._path} yields no column {EVENT_TIME!r}")
            rows.order(f"{EVENT_TIME}, COLUMNS(*)").create(_ROWS)
        except (OSError, UnicodeDecodeError) as error:
            raise DataError(f"{self._path} can't be read: {error}") from None
        except duckdb.Error as error:
            raise DataError(f"{self._path}: {error}\n(tables: {', '.join(self._tables)})") from None
        columns = dict(zip(rows.columns, map(str, rows.types), strict=True))
        if not columns[EVENT_TIME].startswith("TIMESTAMP"):
            raise DataError(f"{self._path}: column {EVENT_TIME!r} is {columns[EVENT_TIME]}, expected a timestamp")
        if not self._value("count(*)"):
            raise DataError(f"{self._path} yields no rows")
        return columns

    def _value(self, aggregate: str) -> Any:
        return self._connection.sql(f"SELECT {aggregate} FROM {_ROWS}").fetchall()[0][0]  # noqa: S608

    def _select(self, columns: str, first: date, last: date, order: str = "") -> pa.Table:
        begin, end = self._days.end(first - _ONE_DAY), self._days.end(last)
        return self._connection.sql(
            f"SELECT {columns} FROM {_ROWS} WHERE {EVENT_TIME} >= TIMESTAMPTZ '{begin}' "  # noqa: S608
            f"AND {EVENT_TIME} < TIMESTAMPTZ '{end}' {order}"
        ).to_arrow_table()


def _open_tables(connection: duckdb.DuckDBPyConnection, world: Path) -> list[str]:
    """Makes a view of each raw table; returns their names."""
    folders = sorted(path for path in world.glob("*") if next(path.rglob("*.parquet"), None))
    if not folders:
        raise DataError(f"{world} holds no tables, expected one subfolder of Parquet files for each")
    for folder in folders:
        try:
            pattern = str(folder / "**" / "*.parquet")
            files = connection.read_parquet(pattern, hive_partitioning=False, union_by_name=True)
        except duckdb.Error as error:
            raise DataError(f"table {folder.name!r} can't be read: {error}") from None
        files.create_view(folder.name)
    return [folder.name for folder in folders]
