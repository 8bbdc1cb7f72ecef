"""The lists in the files of `paceline batch-score`, found without holding them in memory. Imports PyArrow."""

import logging
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq

from contract.ranked_lists import CLASS_IDS, FILES, SCORES, VERSION
from server.ranking.ports import RankedList

_UNREADABLE = (OSError, pa.ArrowException, LookupError)

logger = logging.getLogger(__name__)


class _Group(NamedTuple):
    """A row group of a file, whose members lie between two, both included."""

    first: str
    last: str
    path: Path
    number: int


@dataclass(frozen=True, slots=True)
class _Index:
    """The row groups by their first member, as of when the folder was last changed."""

    member_key: str
    changed: int
    groups: Sequence[_Group]


class ListFiles:
    """The files of a folder.

    It remembers between which members each row group lies, and looks again when the folder was changed.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._index = _Index("", 0, ())

    def find(self, member_key: str, member_id: str) -> RankedList | None:
        """Returns the list of a member, None if there is none or it can't be read. Blocks."""
        try:
            groups = self._current(member_key).groups
            before = reversed(groups[: bisect_right(groups, member_id, key=lambda group: group.first)])
            group = next((group for group in before if group.last >= member_id), None)
            return _read(group, member_key, member_id) if group else None
        except FileNotFoundError:
            return None
        except _UNREADABLE as error:
            logger.warning("the lists in %s can't be read: %s", self._folder, error)
            return None

    def _current(self, member_key: str) -> _Index:
        changed = self._folder.stat().st_mtime_ns
        if (self._index.member_key, self._index.changed) != (member_key, changed):
            groups = [group for path in self._folder.glob(FILES) for group in _groups(path, member_key)]
            self._index = _Index(member_key, changed, sorted(groups))
        return self._index


def _groups(path: Path, member_key: str) -> Iterator[_Group]:
    """Yields the row groups of a file, none if it can't be read."""
    try:
        metadata = pq.read_metadata(path)
        place = metadata.schema.names.index(member_key)
        for number in range(metadata.num_row_groups):
            statistics = metadata.row_group(number).column(place).statistics
            yield _Group(statistics.min, statistics.max, path, number)
    except (*_UNREADABLE, ValueError, AttributeError) as error:
        logger.warning("%s holds no lists by %r: %s", path, member_key, error)


def _read(group: _Group, member_key: str, member_id: str) -> RankedList | None:
    with pq.ParquetFile(group.path) as file:
        rows = file.read_row_group(group.number, [member_key, CLASS_IDS, SCORES, VERSION], use_threads=False)
    member_ids = rows[member_key].to_pylist()  # with a text, pyarrow.compute.index imports pandas: half a second
    if member_id not in member_ids:
        return None
    row = rows.slice(member_ids.index(member_id), 1).to_pylist()[0]
    return RankedList(row[CLASS_IDS], row[SCORES], row[VERSION])
