"""The best classes of members as Parquet: a file for each shard of the members, written aside and renamed."""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from contract.ranked_lists import CLASS_IDS, FILES, GROUP_ROWS, SCORES, VERSION
from features.day_files import is_current, write_rows
from training.batch_score.ranker import Ranked
from training.errors import DataError

EVENT_TIME = "event_timestamp"
CREATED_TIME = "created_timestamp"

_TIME = pa.timestamp("us", tz="UTC")


class Shards:
    """The files of one folder. Write only as its `training.exclusive.only_writer`.

    Args:
        folder: The folder, which is there.
        members: All members, in their order.
        shard_size: The most members of a shard.
        state: Changes with everything that the scores depend on, but the members.
    """

    def __init__(self, folder: Path, members: Sequence[str], shard_size: int, state: str) -> None:
        self._folder = folder
        self._state = state
        self._members = [members[at : at + shard_size] for at in range(0, len(members), shard_size)]
        self.count = len(self._members)

    def missing(self) -> list[int]:
        """Returns the numbers of the shards that are not there, or are of another state."""
        return [number for number in range(self.count) if not is_current(self.path(number), self._mark(number))]

    def members(self, number: int) -> Sequence[str]:
        """Returns the members of a shard."""
        return self._members[number]

    def path(self, number: int) -> Path:
        """Returns the file of a shard."""
        return self._folder / f"shard-{number:05}.parquet"

    def write(self, number: int, rows: pa.Table) -> None:
        """Writes a shard.

        Raises:
            DataError: It can't be written.
        """
        try:
            write_rows(self.path(number), rows, self._mark(number), group_rows=GROUP_ROWS)
        except OSError as error:
            raise DataError(f"{self.path(number)} can't be written: {error}") from error

    def row_count(self) -> int:
        """Returns how many members the shards hold, all of which are there."""
        return sum(pq.read_metadata(self.path(number)).num_rows for number in range(self.count))

    def remove_others(self) -> None:
        """Removes what is not of these shards: of more members than there are now, or half-written."""
        kept = {self.path(number) for number in range(self.count)}
        for pattern in (FILES, ".shard-*.partial"):
            for path in self._folder.glob(pattern):
                if path not in kept:
                    path.unlink()

    def chunks(self, row_count: int) -> Iterator[pa.Table]:
        """Yields the rows of all shards, so many at a time."""
        for number in range(self.count):
            for batch in pq.ParquetFile(self.path(number)).iter_batches(row_count):
                yield pa.Table.from_batches([batch])

    def _mark(self, number: int) -> str:
        return hashlib.sha256(repr((self._state, self._members[number])).encode()).hexdigest()


def shard_rows(
    members: Mapping[str, Sequence[str]],
    class_ids: Sequence[str],
    ranked: Ranked,
    *,
    version: int,
    moment: datetime,
    now: datetime,
) -> pa.Table:
    """Returns the rows of a shard: a member, its best classes with their scores, and what they are from.

    Args:
        members: The members, under the name of their key.
        class_ids: The classes that were ranked.
        ranked: The best of them for each member.
        version: The version that ranked.
        moment: When its features were known.
        now: The present.
    """
    ((key, ids),) = members.items()
    per_member = np.arange(len(ids) + 1, dtype=np.int32) * ranked.positions.shape[1]
    best = pa.array(class_ids, pa.string()).take(pa.array(ranked.positions.reshape(-1)))
    scores = pa.array(ranked.scores.reshape(-1), pa.float32())
    return pa.table(
        {
            key: pa.array(ids, pa.string()),
            CLASS_IDS: pa.ListArray.from_arrays(per_member, best),
            SCORES: pa.ListArray.from_arrays(per_member, scores),
            VERSION: pa.array([version] * len(ids), pa.int64()),
            EVENT_TIME: pa.array([moment] * len(ids), _TIME),
            CREATED_TIME: pa.array([now] * len(ids), _TIME),
        }
    )
