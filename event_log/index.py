"""Which ids were recorded, and with which content."""

from array import array
from bisect import bisect_left
from collections.abc import Iterable

from event_log.frames import Record


class SegmentIds:
    """The ids of one segment: a dict while it grows, two sorted arrays of 16 bytes an id afterwards."""

    def __init__(self) -> None:
        self._growing: dict[int, int] = {}
        self._keys = array("Q")
        self._digests = array("Q")
        self.newest_micros = 0
        """When the last of its records was recorded."""

    def add(self, record: Record) -> None:
        """Takes note of a record."""
        self._growing[record.key] = record.digest
        self.newest_micros = max(self.newest_micros, record.time_micros)

    def seal(self) -> None:
        """Makes it small; nothing is added from now on."""
        if not self._growing:
            return
        ordered = sorted(self._growing.items())
        self._keys = array("Q", [key for key, _ in ordered])
        self._digests = array("Q", [digest for _, digest in ordered])
        self._growing = {}

    def find(self, key: int) -> int | None:
        """Returns the digest that was recorded with a key, None if there is none."""
        if (digest := self._growing.get(key)) is not None:
            return digest
        place = bisect_left(self._keys, key)
        return self._digests[place] if place < len(self._keys) and self._keys[place] == key else None


class Ids:
    """The ids of all segments that are not older than `remember_micros`.

    Args:
        remember_micros: For how long an id is known, in microseconds.
    """

    def __init__(self, remember_micros: int) -> None:
        self._remember_micros = remember_micros
        self._segments: dict[int, SegmentIds] = {}

    def add(self, segment: int, records: Iterable[Record]) -> None:
        """Takes note of records of a segment, which is that of the last call or a later one."""
        if segment not in self._segments:
            for before in self._segments.values():
                before.seal()
            self._segments[segment] = SegmentIds()
        for record in records:
            self._segments[segment].add(record)

    def find(self, key: int) -> int | None:
        """Returns the digest that was recorded with a key, None if there is none."""
        found = (segment.find(key) for segment in reversed(self._segments.values()))
        return next((digest for digest in found if digest is not None), None)

    def forget(self, now_micros: int) -> None:
        """Forgets segments that are too old."""
        for number, segment in list(self._segments.items())[:-1]:
            if segment.newest_micros < now_micros - self._remember_micros:
                del self._segments[number]
