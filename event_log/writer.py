"""Writing to a log: each group of entries is judged by its ids, written as one frame and synced, under a lock.

Any number of processes may write to one log. Whoever has the lock reads first what the others appended.
"""

import os
from collections.abc import Callable, Sequence
from contextlib import suppress
from enum import Enum
from pathlib import Path
from typing import NamedTuple

from contract.durable import sync
from event_log.cursor import read_cursor
from event_log.errors import LogCorrupt, LogUnavailable
from event_log.files import locked, make_folder, segment_numbers, segment_path
from event_log.frames import Record, encode_frame, frames, holds_frame
from event_log.index import Ids

SEGMENT_BYTES = 4 << 20
"""The size from which on a new segment is begun."""


class Entry(NamedTuple):
    """What is to be recorded, once for each key."""

    key: int
    digest: int
    payload: bytes


class Appended(Enum):
    """What became of an entry."""

    RECORDED = "recorded"
    DUPLICATE = "it was recorded before, with the same content"
    REUSED = "its key was recorded before, with another content"


class LogWriter:
    """One of the writers of a log. Not for several threads at a time.

    Args:
        folder: The folder of the log; made with the first entry.
        now_micros: The time in microseconds since the epoch.
        remember_micros: For how long a key is known at least, in microseconds.
        segment_bytes: The size from which on a new segment is begun.
    """

    def __init__(
        self,
        folder: Path,
        *,
        now_micros: Callable[[], int],
        remember_micros: int,
        segment_bytes: int = SEGMENT_BYTES,
    ) -> None:
        self._folder = folder
        self._now_micros = now_micros
        self._remember_micros = remember_micros
        self._segment_bytes = segment_bytes
        self._ids = Ids(remember_micros)
        self._number = 0
        self._end = 0
        """Until where the segment `_number` was read."""
        self._passed: int | None = None
        """The segment that the consumer had come to at first: if it was moved away, it is not begun again."""

    def append(self, entries: Sequence[Entry]) -> Sequence[Appended]:
        """Records entries, and returns once they are on disk. Without entries, only reads what is there.

        Raises:
            LogUnavailable: The log can't be written. None of the entries is recorded.
            LogCorrupt: Bytes of it are damaged. None of the entries is recorded.
        """
        try:
            if entries:
                make_folder(self._folder)
            elif not self._folder.exists():
                return []
            if self._passed is None:
                self._passed = self._begin()
            with locked(self._folder):
                return self._append(entries)
        except OSError as error:
            raise LogUnavailable(f"{self._folder} can't be written: {error}") from error

    def _append(self, entries: Sequence[Entry]) -> Sequence[Appended]:
        self._catch_up()
        now = self._now_micros()
        self._ids.forget(now)
        fresh: dict[int, Record] = {}
        appended = [self._judge(entry, fresh, now) for entry in entries]
        if fresh:
            self._write(list(fresh.values()))
        return appended

    def _judge(self, entry: Entry, fresh: dict[int, Record], now: int) -> Appended:
        known = fresh[entry.key].digest if entry.key in fresh else self._ids.find(entry.key)
        if known is None:
            fresh[entry.key] = Record(entry.key, entry.digest, now, entry.payload)
            return Appended.RECORDED
        return Appended.DUPLICATE if known == entry.digest else Appended.REUSED

    def _write(self, records: Sequence[Record]) -> None:
        """Appends a frame and waits for the disk; if that fails, the segment is as before."""
        passed = self._passed or 0
        is_full = self._end >= self._segment_bytes or self._number < passed
        number, end = (max(self._number, passed) + 1, 0) if is_full else (self._number, self._end)
        data = encode_frame(records)
        file = os.open(segment_path(self._folder, number), os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o644)
        self._number, self._end = number, end
        try:
            _write_at(file, self._end, data)
            os.fsync(file)
            if self._end == 0:
                sync(self._folder)
        except OSError:
            with suppress(OSError):  # what is left is cut off by the next one to write
                os.ftruncate(file, self._end)
            raise
        finally:
            os.close(file)
        self._ids.add(records)
        self._end += len(data)

    def _begin(self) -> int:
        """Reads all segments but the last, without the lock: they no longer change, and there may be many.

        Returns:
            The segment that the consumer has come to.
        """
        for number in self._segments()[:-1]:
            with suppress(FileNotFoundError):  # the consumer has removed it meanwhile
                self._read_segment(number, is_last=False)
        with suppress(LogCorrupt):
            return read_cursor(self._folder).segment
        return 0

    def _catch_up(self) -> None:
        """Reads what was appended since the last time, and cuts off what a crash left of a frame."""
        numbers = self._segments()
        if not numbers:
            self._end = self._segment_bytes  # none is left of those that were: a new one is begun
        for number in numbers:
            self._read_segment(number, is_last=number == numbers[-1])

    def _segments(self) -> Sequence[int]:
        """Returns the segment that was read last, if it is there, and those after it."""
        return [number for number in segment_numbers(self._folder) if number >= self._number]

    def _read_segment(self, number: int, *, is_last: bool) -> None:
        if number != self._number:
            self._number, self._end = number, 0
        path = segment_path(self._folder, number)
        if is_last or not self._is_forgotten(path):
            self._read(path, is_last=is_last)

    def _is_forgotten(self, path: Path) -> bool:
        return path.stat().st_mtime_ns // 1000 < self._now_micros() - self._remember_micros

    def _read(self, path: Path, *, is_last: bool) -> None:
        data, base = _bytes_from(path, self._end), self._end
        for frame in frames(data, base):
            self._ids.add(frame.records)
            self._end = frame.end
        if self._end > base:
            sync(path)  # its writer may have been killed before it did
        rest = data[self._end - base :]
        if rest and (not is_last or holds_frame(rest)):
            raise LogCorrupt(f"{path} is damaged at byte {self._end}: expected a frame")
        if rest:
            os.truncate(path, self._end)


def _bytes_from(path: Path, begin: int) -> bytes:
    with path.open("rb") as file:
        size = os.fstat(file.fileno()).st_size
        if size < begin:
            raise LogCorrupt(f"{path} has {size} bytes, expected at least {begin}")
        file.seek(begin)
        return file.read()


def _write_at(file: int, begin: int, data: bytes) -> None:
    left = memoryview(data)
    while left:
        written = os.pwrite(file, left, begin)
        begin, left = begin + written, left[written:]
