"""Training rows with their features, kept as Parquet: a folder for each day, written aside and renamed."""

import shutil
from datetime import date
from pathlib import Path
from uuid import uuid4

import pyarrow as pa
import pyarrow.parquet as pq

from contract.durable import sync_tree
from training.errors import DataError
from training.joins.day import DayJoin, Engine

_FINGERPRINT = "_fingerprint"


class DatasetFolder:
    """The days that were joined. Write only as its `training.exclusive.only_writer`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def is_current(self, day: date, fingerprint: str) -> bool:
        """Tells whether a day was joined of the same rows, by the same definitions, from the same features."""
        try:
            return (self._day(day) / _FINGERPRINT).read_text(encoding="ascii") == fingerprint
        except OSError:
            return False

    def write(self, day: date, join: DayJoin, fingerprint: str, engine: Engine) -> None:
        """Joins a day and keeps it.

        Raises:
            DataError: The join fails, or can't be written.
        """
        aside = self._folder / f".{uuid4().hex}.partial"
        try:
            engine.write(join, aside)
            (aside / _FINGERPRINT).write_text(fingerprint, encoding="ascii")
            sync_tree(aside)
            shutil.rmtree(self._day(day), ignore_errors=True)
            aside.rename(self._day(day))
        except OSError as error:
            raise DataError(f"{self._day(day)} can't be written: {error}") from error
        finally:
            shutil.rmtree(aside, ignore_errors=True)

    def clear_leftovers(self) -> None:
        """Removes what a run that was ended left half-written."""
        for leftover in self._folder.glob(".*.partial"):
            shutil.rmtree(leftover, ignore_errors=True)

    def read(self, day: date) -> pa.Table:
        """Returns the rows of a day in their order.

        Raises:
            DataError: A file can't be read.
        """
        try:
            return pq.read_table(self._day(day), partitioning=None)
        except (pa.ArrowException, OSError) as error:
            raise DataError(f"{self._day(day)} can't be read, remove it to join it again: {error}") from error

    def _day(self, day: date) -> Path:
        return self._folder / f"day={day}"
