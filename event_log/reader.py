"""Following a log from a cursor."""

import fcntl
import os
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from event_log.cursor import Cursor
from event_log.errors import LogCorrupt, LogInUse, LogUnavailable
from event_log.files import locked, make_folder, segment_numbers, segment_path
from event_log.frames import Record, frames, holds_frame

_CONSUMER_LOCK = ".consumer"


@dataclass(frozen=True, slots=True)
class Batch:
    """Records of one segment, and where to go on after them."""

    records: Sequence[Record]
    segment: int
    """Where they lie."""
    next: Cursor


class LogReader:
    """Reads a log.

    Args:
        folder: The folder of the log, which need not be there yet.
        max_bytes: About how much is read at a time.
    """

    def __init__(self, folder: Path, max_bytes: int = 1 << 20) -> None:
        self._folder = folder
        self._max_bytes = max_bytes

    def read(self, cursor: Cursor) -> Batch:
        """Returns the next records, none at the end of the log. What it returns is on disk and stays.

        Raises:
            LogUnavailable: The log can't be read.
            LogCorrupt: What is at the cursor is damaged.
        """
        try:
            return self._read(cursor)
        except OSError as error:
            raise LogUnavailable(f"{self._folder} can't be read: {error}") from error

    def prune(self, cursor: Cursor, before_micros: int) -> Sequence[int]:
        """Removes the segments before a cursor that were last written before a moment.

        Returns:
            The numbers of the segments that it removed.

        Raises:
            LogUnavailable: One can't be removed.
        """
        try:
            with locked(self._folder):
                old = [n for n in segment_numbers(self._folder)[:-1] if n < cursor.segment]
                paths = {number: segment_path(self._folder, number) for number in old}
                gone = [n for n, path in paths.items() if path.stat().st_mtime_ns // 1000 < before_micros]
                for number in gone:
                    paths[number].unlink()
                return gone
        except OSError as error:
            raise LogUnavailable(f"{self._folder} can't be pruned: {error}") from error

    def _read(self, cursor: Cursor) -> Batch:
        numbers = segment_numbers(self._folder) if self._folder.exists() else []
        for number in (n for n in numbers if n >= cursor.segment):
            begin = cursor.offset if number == cursor.segment else 0
            path = segment_path(self._folder, number)
            found, end = self._frames(path, begin, is_last=number == numbers[-1])
            cursor = Cursor(number, end)
            if found:
                return Batch(found, number, cursor)
        return Batch([], cursor.segment, cursor)

    def _frames(self, path: Path, begin: int, *, is_last: bool) -> tuple[Sequence[Record], int]:
        """Returns the records of some frames, at least one if there is one, and where they end."""
        with path.open("rb", buffering=0) as file:
            size = self._written(file.fileno(), path, begin)
            data = os.pread(file.fileno(), min(self._max_bytes, size - begin), begin)
            found = list(frames(data, begin))
            if not found and data:
                data = os.pread(file.fileno(), size - begin, begin)
                found = list(frames(data, begin))
        if found:
            return [record for frame in found for record in frame.records], found[-1].end
        if data and (not is_last or holds_frame(data)):
            raise LogCorrupt(f"{path} is damaged at byte {begin}: expected a frame")
        return [], begin

    def _written(self, file: int, path: Path, begin: int) -> int:
        """Returns how much of a segment was written until nobody writes, which is on disk from then on."""
        with locked(self._folder, fcntl.LOCK_SH):
            size = os.fstat(file).st_size
            if size > begin:
                os.fsync(file)
        if size < begin:
            raise LogCorrupt(f"{path} has {size} bytes, but the cursor is at byte {begin}")
        return size


@contextmanager
def only_consumer(folder: Path) -> Iterator[None]:
    """Is the only consumer of a log while the block runs.

    Raises:
        LogInUse: There is another one.
        LogUnavailable: The folder can't be written.
    """
    with ExitStack() as held:
        try:
            make_folder(folder)
            held.enter_context(locked(folder, fcntl.LOCK_EX | fcntl.LOCK_NB, _CONSUMER_LOCK))
        except BlockingIOError:
            raise LogInUse(f"another consumer follows {folder}; wait until it has ended") from None
        except OSError as error:
            raise LogUnavailable(f"{folder} can't be written: {error}") from error
        yield
