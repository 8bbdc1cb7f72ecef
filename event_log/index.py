"""Which ids were recorded, and with which content."""

from array import array
from bisect import bisect_left
from collections.abc import Iterable

from event_log.frames import Record

GROUP_SIZE = 250_000
"""Few groups are quickly searched, and the one that grows is to be small: it takes ten times the memory."""
_PARTS_BITS = 7
"""What a group is sorted by at a time: sorting all at once would hold up every other thread for .2 s."""


class _Group:
    """Some ids: a dict while it grows, two sorted arrays of 16 bytes an id afterwards."""

    def __init__(self) -> None:
        self.growing: dict[int, int] = {}
        self._keys = array("Q")
        self._digests = array("Q")
        self.newest_micros = 0
        """When the last of its records was recorded."""

    def add(self, record: Record) -> None:
        """Takes note of a record."""
        self.growing[record.key] = record.digest
        self.newest_micros = max(self.newest_micros, record.time_micros)

    def seal(self) -> None:
        """Makes it small; nothing is added from now on."""
        parts: list[list[int]] = [[] for _ in range(1 << _PARTS_BITS)]
        for key in self.growing:
            parts[key >> 64 - _PARTS_BITS].append(key)
        for part in parts:
            part.sort()
            self._keys.extend(part)
            self._digests.extend([self.growing[key] for key in part])
        self.growing = {}

    def find(self, key: int) -> int | None:
        """Returns the digest that was recorded with a key, None if there is none."""
        if (digest := self.growing.get(key)) is not None:
            return digest
        place = bisect_left(self._keys, key)
        return self._digests[place] if place < len(self._keys) and self._keys[place] == key else None


class Ids:
    """The ids of the last `remember_micros`, and some older ones.

    Args:
        remember_micros: For how long an id is known at least, in microseconds.
        group_size: How many are forgotten together.
    """

    def __init__(self, remember_micros: int, group_size: int = GROUP_SIZE) -> None:
        self._remember_micros = remember_micros
        self._group_size = group_size
        self._groups = [_Group()]

    def add(self, records: Iterable[Record]) -> None:
        """Takes note of records."""
        for record in records:
            if len(self._groups[-1].growing) >= self._group_size:
                self._groups[-1].seal()
                self._groups.append(_Group())
            self._groups[-1].add(record)

    def find(self, key: int) -> int | None:
        """Returns the digest that was recorded with a key, None if there is none."""
        found = (group.find(key) for group in reversed(self._groups))
        return next((digest for digest in found if digest is not None), None)

    def forget(self, now_micros: int) -> None:
        """Forgets groups that are too old."""
        oldest = now_micros - self._remember_micros
        self._groups = [group for group in self._groups[:-1] if group.newest_micros >= oldest] + self._groups[-1:]
