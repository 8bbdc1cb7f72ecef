"""The files of the log: written aside and renamed, so that readers see whole ones only, and bounded in all."""

import logging
from collections.abc import Callable
from contextlib import suppress
from datetime import date
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from contract.durable import sync, whole_file

_log = logging.getLogger(__name__)


class LogFiles:
    """Writes the files of one writer, and removes the oldest of all writers.

    Args:
        folder: The folder of the log, which other writers may write into as well.
        writer: The name of this one, which no other has had.
        most_bytes: How large all files may be together.
        today: Returns the day in UTC.
    """

    def __init__(self, folder: Path, writer: str, most_bytes: int, today: Callable[[], date]) -> None:
        self._folder = folder
        self._writer = writer
        self._most_bytes = most_bytes
        self._today = today
        self._count = 0

    def write(self, contract: str, rows: pa.Table) -> Path:
        """Writes a file of rows of one contract, and returns it; then makes room, if that can be.

        Raises:
            OSError: It can't be written, and no part of it is left.
        """
        day = self._folder / f"date={self._today()}"
        day.mkdir(parents=True, exist_ok=True)
        path = day / f"{contract}-{self._writer}-{self._count:06}.parquet"
        self._count += 1
        with whole_file(path) as out:
            pq.write_table(rows, out, compression="zstd")
        try:
            sync(day)
            self._make_room()
        except OSError as error:  # the rows are in place all the same
            _log.warning("after writing %s: %s", path, error)
        return path

    def _make_room(self) -> None:
        """Removes the oldest files until the others are within the limit. Another writer may be doing the same."""
        files = sorted(_files(self._folder))
        excess = sum(size for *_, size in files) - self._most_bytes
        for _, _, path, size in files:
            if excess <= 0:
                break
            path.unlink(missing_ok=True)
            excess -= size
            with suppress(OSError):  # there are others in it
                path.parent.rmdir()


def _files(folder: Path) -> list[tuple[str, float, Path, int]]:
    """Returns the day, time, path and size of every file, those that a crash left half-written as well."""
    found = []
    for path in folder.glob("date=*/*"):
        with suppress(FileNotFoundError):
            status = path.stat()
            found.append((path.parent.name, status.st_mtime, path, status.st_size))
    return found
