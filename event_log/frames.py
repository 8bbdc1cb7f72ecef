"""Frames: the records that were written together, with a checksum over all of them.

A frame is ``PEL1``, the length of its body and its CRC-32. A body is records, each its key, the digest of its
content, its time, the length of its payload and the payload. Numbers are little-endian.

A frame is on disk before the next is begun. So one that is not whole is the last, nobody was told that it was
recorded, and it may be cut off; any other is damage.
"""

import struct
import zlib
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

MAGIC = b"PEL1"
_HEADER = struct.Struct("<4sII")
_RECORD = struct.Struct("<QQqI")


class Record(NamedTuple):
    """One record."""

    key: int
    """64 bits of its id."""
    digest: int
    """64 bits of its content."""
    time_micros: int
    """When it was recorded, in microseconds since the epoch."""
    payload: bytes


class Frame(NamedTuple):
    """The place of a frame: where it begins and where the next one does, and its records."""

    begin: int
    end: int
    records: Sequence[Record]


def encode_frame(records: Iterable[Record]) -> bytes:
    """Returns the bytes of a frame."""
    body = b"".join(
        part for r in records for part in (_RECORD.pack(r.key, r.digest, r.time_micros, len(r.payload)), r.payload)
    )
    return _HEADER.pack(MAGIC, len(body), zlib.crc32(body)) + body


def frames(data: bytes, base: int) -> Iterator[Frame]:
    """Yields the frames at the beginning of some bytes, until one is not whole or the bytes end.

    Args:
        data: The bytes.
        base: Where in the file they begin.
    """
    begin = 0
    while (end := _end(data, begin)) is not None:
        yield Frame(base + begin, base + end, list(_records(data, begin + _HEADER.size, end)))
        begin = end


def holds_frame(data: bytes) -> bool:
    """Tells whether a whole frame lies anywhere in some bytes."""
    begin = data.find(MAGIC)
    while begin >= 0:
        if _end(data, begin) is not None:
            return True
        begin = data.find(MAGIC, begin + 1)
    return False


def _end(data: bytes, begin: int) -> int | None:
    """Returns the end of the frame that begins there, None if there is no whole one."""
    if begin + _HEADER.size > len(data):
        return None
    magic, length, checksum = _HEADER.unpack_from(data, begin)
    start = begin + _HEADER.size
    end: int = start + length
    if magic != MAGIC or end > len(data) or zlib.crc32(memoryview(data)[start:end]) != checksum:
        return None
    return end


def _records(data: bytes, begin: int, end: int) -> Iterator[Record]:
    while begin < end:
        key, digest, time_micros, length = _RECORD.unpack_from(data, begin)
        begin += _RECORD.size + length
        yield Record(key, digest, time_micros, data[begin - length : begin])
