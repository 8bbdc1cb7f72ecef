"""Event logs for tests."""

import time
from collections.abc import Sequence
from pathlib import Path

from event_log.cursor import Cursor
from event_log.event import digest
from event_log.frames import Record
from event_log.reader import LogReader
from event_log.writer import Entry, LogWriter

NOW_MICROS = 1_700_000_000_000_000
DAY_MICROS = 86_400_000_000


def now_micros() -> int:
    return time.time_ns() // 1000


def entry(name: str, content: str = "") -> Entry:
    """Returns an entry whose payload is its name and content."""
    payload = f"{name}={content}".encode()
    return Entry(digest(name.encode()), digest(payload), payload)


def writer(folder: Path, segment_bytes: int = 1 << 20) -> LogWriter:
    """Returns a writer that remembers a day, and whose time stands still."""
    return LogWriter(
        folder, now_micros=lambda: NOW_MICROS, remember_micros=DAY_MICROS, segment_bytes=segment_bytes
    )


def read_all(folder: Path) -> tuple[Sequence[Record], Cursor]:
    """Returns all records, and the end of the log."""
    reader, found, cursor = LogReader(folder), list[Record](), Cursor()
    while (batch := reader.read(cursor)).records:
        found += batch.records
        cursor = batch.next
    return found, batch.next


def payloads(folder: Path) -> list[str]:
    """Returns what was recorded, in order."""
    return [record.payload.decode() for record in read_all(folder)[0]]
