"""How a snapshot is laid out in a file: lines of text, which need nothing to be read but what Python has.

The first line is a keyed BLAKE2 checksum of all others, in hex. The second is the generation and the time of
reading. All others are values of some of the classes: ``["class_minutes", [30.0, null, 45.0]]``, or
``["", ["c01", "c02", "c03"]]`` for their ids. What a model is given is worked out from them, as when they come
from the store.
"""

import hashlib
import json
import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from io import BufferedReader
from pathlib import Path
from typing import Any, NamedTuple

from numpy.typing import NDArray

from contract.durable import whole_file
from contract.stubs import manifest_pb2 as pb
from server.catalogue.reader import make_snapshot
from server.ranking.ports import Snapshot

PART = 10_000
"""Values in a line. While one is read or written no other thread has its turn in Python: a millisecond."""
_NAP_SECONDS = 0.002
"""Behind each line that is written, for what others do meanwhile: a version that loads, or requests."""
_FORMAT = b"1"
"""Another one with each change of the layout, or of what the values mean."""
_IDS = ""


class Damaged(Exception):
    """A file does not hold what was written under its key."""


class Head(NamedTuple):
    """What a file begins with."""

    generation: int
    read_time: float
    """In seconds since the epoch."""


def write_snapshot(path: Path, key: bytes, snapshot: Snapshot) -> None:
    """Writes a snapshot aside and renames it into place. Blocks.

    Args:
        path: The file.
        key: Tells what it is a snapshot of, at most 64 bytes.
        snapshot: The snapshot.

    Raises:
        OSError: It can't be written.
        TypeError: There is a value in it of no type that a feature has.
    """
    make = _checksum_of(key)
    checksum = make()
    with whole_file(path) as out:
        out.write(_line_of(checksum))  # its place
        for content in _contents(snapshot):
            line = json.dumps(content, separators=(",", ":")).encode() + b"\n"
            checksum.update(line)
            out.write(line)
            time.sleep(_NAP_SECONDS)
        out.seek(0)
        out.write(_line_of(checksum))


def read_snapshot(
    path: Path, key: bytes, manifest: pb.Manifest, is_wanted: Callable[[Head], bool]
) -> Snapshot | None:
    """Returns the snapshot in a file, None if it is not wanted. Blocks.

    Args:
        path: The file.
        key: What it was written under.
        manifest: Of a version that reads what the file holds.
        is_wanted: Tells whether it is worth reading.

    Raises:
        Damaged: The file does not hold what was written under the key.
        OSError: It can't be read.
    """
    with path.open("rb") as file:
        _verify(file, key)
        head = Head(*json.loads(file.readline()))
        if not is_wanted(head):
            return None
        values: dict[str, list[Any]] = {}
        for line in file:
            name, part = json.loads(line)
            values.setdefault(name, []).extend(part)
    ids = values.pop(_IDS)
    return make_snapshot(manifest, head.generation, ids, values, head.read_time)


def _verify(file: BufferedReader, key: bytes) -> None:
    """Leaves the file at its second line."""
    make = _checksum_of(key)
    expected = file.read(len(_line_of(make())))
    start = file.tell()
    if _line_of(hashlib.file_digest(file, make)) != expected:
        raise Damaged("its checksum is another")
    file.seek(start)


def _checksum_of(key: bytes) -> Callable[[], Any]:
    return partial(hashlib.blake2b, key=key, person=_FORMAT)


def _line_of(checksum: Any) -> bytes:
    return f"{checksum.hexdigest()}\n".encode()


def _contents(snapshot: Snapshot) -> Iterator[Any]:
    yield Head(snapshot.generation, snapshot.read_time)
    columns: dict[str, Sequence[Any] | NDArray[Any]] = {_IDS: snapshot.class_ids, **snapshot.features}
    for name, column in columns.items():
        for start in range(0, len(column), PART):
            yield name, list(column[start : start + PART])
