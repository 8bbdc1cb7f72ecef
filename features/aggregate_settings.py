"""What a feature repository says of all its aggregates, in ``aggregates/settings.toml``."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

from features.days import Days
from features.errors import RepositoryError

EVENT_TIME = "event_time"
_KEYS = ("utc_offset_hours", "time_columns")


@dataclass(frozen=True, slots=True)
class AggregateSettings:
    """The settings of the aggregates.

    Attributes:
        days: The days that they end with.
        time_columns: The column that says since when a row is known, by table; ``event_time`` for all others.
    """

    days: Days = field(default_factory=Days)
    time_columns: Mapping[str, str] = field(default_factory=dict)

    def time_column(self, table: str) -> str:
        """Returns the column that says since when a row of the table is known."""
        return self.time_columns.get(table, EVENT_TIME)


def read_settings(path: Path) -> AggregateSettings:
    """Returns the settings; without the file, the default ones.

    Raises:
        RepositoryError: The file does not parse, or a key is unknown or of another type.
    """
    if not path.exists():
        return AggregateSettings()
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise RepositoryError(f"{path} does not parse: {error}") from None
    for key in raw:
        if key not in _KEYS:
            raise RepositoryError(f"{path}: unknown key {key!r}, expected one of {', '.join(_KEYS)}")
    return AggregateSettings(Days(_offset(path, raw)), _time_columns(path, raw))


def _offset(path: Path, raw: Mapping[str, Any]) -> timedelta:
    hours = raw.get("utc_offset_hours", 0)
    if isinstance(hours, bool) or not isinstance(hours, int | float) or not -12 <= hours <= 14:
        raise RepositoryError(f"{path}: utc_offset_hours is {hours!r}, expected a number from -12 to 14")
    return timedelta(hours=hours)


def _time_columns(path: Path, raw: Mapping[str, Any]) -> Mapping[str, str]:
    columns = raw.get("time_columns", {})
    if not isinstance(columns, dict) or not all(isinstance(column, str) for column in columns.values()):
        raise RepositoryError(f"{path}: time_columns is {columns!r}, expected a table of column names")
    return columns
