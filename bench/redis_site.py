"""A simulated site, rows of one of its views for any number of members, and the Redis that they are written to."""

import os
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow.parquet as pq
from feast import FeatureStore, FeatureView
from feast.infra.online_stores.helpers import _redis_key
from feast.protos.feast.types.EntityKey_pb2 import EntityKey
from feast.protos.feast.types.Value_pb2 import Value
from redis import Redis

from bench.errors import BenchError
from bench.member_rows import write_members
from bench.processes import paceline
from bench.raw_redis import capture, replay
from features.day_files import rows_folder
from features.online import oldest_fresh, write_by_feast, write_online
from features.repository import open_store

REPO = Path("feature_repo")
PIPELINE_ROWS = 1000
"""Of the bare client; 100 or 4,000 made it no faster."""
_SIZES = ("--members", 2000, "--classes", 500, "--days", 30, "--events-per-day", 10_000, "--seed", 1)
_FIRST_END = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Rows:
    """Rows of one day, which is further from other days than rows are fresh."""

    path: Path
    count: int
    end: datetime


class RedisSite:
    """One view of a simulated site, and its Redis.

    Args:
        folder: Where it is made.
        port: The port of Redis, whose database is emptied again and again.
        view: The name of a view of members.

    Raises:
        BenchError: A command fails, or there is no such view.
    """

    def __init__(self, folder: Path, port: int, view: str) -> None:
        env = {
            "PACELINE_DATA": str(folder / "data"),
            "PACELINE_PROFILE": "redis",
            "PACELINE_REDIS": f"127.0.0.1:{port}",
        }
        self._folder = folder
        self.client = Redis(port=port)
        self.bytes_per_row = 0.0
        _simulate(folder, env)
        self.store: FeatureStore = open_store(REPO, "redis", {**os.environ, **env})
        self.view = _member_view(self.store, view)

    def write_rows(self, counts: Sequence[int]) -> list[Rows]:
        """Writes Parquet files of so many members each, in place of those of the site.

        Raises:
            BenchError: The site has no rows to repeat.
        """
        folder = rows_folder(self.view)
        days = sorted(folder.glob("*.parquet"))
        if not days:
            raise BenchError(f"view {self.view.name!r} has no simulated rows")
        simulated = pq.read_table(days[-1], partitioning=None)
        for path in days:
            path.unlink()
        step = (self.view.ttl or timedelta(0)) + timedelta(days=1)
        ends = [_FIRST_END + number * step for number in range(len(counts))]
        found = [Rows(folder / f"{count}.parquet", count, end) for count, end in zip(counts, ends, strict=True)]
        for rows in found:
            write_members(rows.path, simulated, rows.count, rows.end)
        return found

    def ours(self, rows: Rows) -> float:
        """Returns the rows a second of our own writer."""
        return self._rate(rows, lambda: write_online(self.store, self.view, rows.end, afresh=True))

    def feast(self, rows: Rows) -> float:
        """Returns the rows a second of Feast's own way."""
        start = oldest_fresh(self.view, rows.end)
        return self._rate(rows, lambda: write_by_feast(self.store, self.view, start, rows.end))

    def bare(self, rows: Rows) -> float:
        """Returns the rows a second of a client that has the bytes; the first time, they are what is in Redis."""
        hashes = self._folder / f"{rows.count}.pickle"
        if not hashes.exists():
            self.bytes_per_row = capture(self.client, _keys(self.store, rows.path), hashes) / rows.count
        self.client.flushdb()
        seconds = replay(self.client, hashes)
        self._check(rows)
        return rows.count / seconds

    def _rate(self, rows: Rows, write: Callable[[], None]) -> float:
        self.client.flushdb()
        start = time.perf_counter()
        write()
        seconds = time.perf_counter() - start
        self._check(rows)
        return rows.count / seconds

    def _check(self, rows: Rows) -> None:
        found = self.client.dbsize()
        if found != rows.count:
            raise BenchError(f"Redis has {found} keys, expected {rows.count}")


def _simulate(folder: Path, env: dict[str, str]) -> None:
    paceline("simulate", "--out", folder / "data" / "world", *_SIZES, env=env)
    paceline("features", "apply", env=env)
    paceline("features", "materialize", env=env)


def _member_view(store: FeatureStore, name: str) -> FeatureView:
    views = {view.name: view for view in store.list_batch_feature_views() if view.join_keys == ["member_id"]}
    if name not in views:
        raise BenchError(f"{name!r} is no view of members, expected one of {', '.join(sorted(views))}")
    return views[name]


def _keys(store: FeatureStore, path: Path) -> Iterator[list[bytes]]:
    """Yields the keys of the members of a file, a pipeline at a time."""
    for batch in pq.ParquetFile(path).iter_batches(PIPELINE_ROWS, columns=["member_id"]):
        yield [_key(store, member) for member in batch["member_id"].to_pylist()]


def _key(store: FeatureStore, member: str) -> bytes:
    message = EntityKey(join_keys=["member_id"], entity_values=[Value(string_val=member)])
    key: bytes = _redis_key(store.project, message, store.config.entity_key_serialization_version)
    return key
