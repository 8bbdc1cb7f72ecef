"""Snapshots of the catalogue on disk, for a server that starts again and for other processes."""

import asyncio
import hashlib
import logging
import os
from collections.abc import AsyncIterator, Callable
from concurrent.futures import Executor
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

from contract.stubs import manifest_pb2 as pb
from server.catalogue.folder_lock import folder_lock
from server.catalogue.snapshot_files import Damaged, Head, read_snapshot, write_snapshot
from server.ranking.ports import Snapshot

WAIT_SECONDS = 60.0
"""For another process to read the store: more than that takes, unless the process hangs."""

logger = logging.getLogger(__name__)


class SnapshotFolder:
    """Keeps the last snapshot of each way to read the catalogue of a store.

    Trouble with the folder is logged, and costs nothing but what the folder is for.

    Args:
        path: The folder, which may hold snapshots of other stores as well. It is made for its owner only.
        store: Tells the store from others.
        executor: Where it blocks, so that the event loop does not.
        now: The time in seconds since the epoch.
        useful_seconds: The age at which a snapshot is of no use any more.
    """

    def __init__(
        self, path: Path, store: bytes, executor: Executor, *, now: Callable[[], float], useful_seconds: float
    ) -> None:
        self._path = path
        self._store = store
        self._executor = executor
        self._now = now
        self._useful_seconds = useful_seconds
        self._is_writable = True

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[int | None]:
        """Waits while another process reads the store, and has others wait; yields what `keep` is given."""
        await asyncio.get_running_loop().run_in_executor(self._executor, self._make)
        async with folder_lock(self._path, WAIT_SECONDS) as lock:
            yield lock

    async def find(self, way: bytes, manifest: pb.Manifest, is_wanted: Callable[[Head], bool]) -> Snapshot | None:
        """Returns what is kept of a way to read the catalogue; None if nothing is, or nothing that can be used.

        Args:
            way: See `server.catalogue.ways`.
            manifest: Of a version that reads it in this way.
            is_wanted: Tells whether it is of use.
        """
        find = partial(self._find, self._key(way), manifest, is_wanted)
        return await asyncio.get_running_loop().run_in_executor(self._executor, find)

    def keep(self, way: bytes, snapshot: Snapshot, turn: int | None) -> None:
        """Begins to write a snapshot in place of the last one. The turn goes on until it is written."""
        if turn is None:
            self._note("it can't be locked")
        else:
            self._executor.submit(self._keep, self._key(way), snapshot, os.dup(turn))

    def _key(self, way: bytes) -> bytes:
        return hashlib.blake2b(way + self._store, digest_size=32).digest()

    def _file(self, key: bytes) -> Path:
        return self._path / f"{key.hex()}.snapshot"

    def _make(self) -> None:
        try:
            self._path.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            self._note(error)

    def _find(self, key: bytes, manifest: pb.Manifest, is_wanted: Callable[[Head], bool]) -> Snapshot | None:
        file = self._file(key)
        try:
            found = read_snapshot(file, key, manifest, is_wanted)
        except FileNotFoundError:
            return None
        except OSError as error:
            self._note(error)
            return None
        except Damaged as error:
            logger.warning("the snapshot %s is not used: %s", file, error)
            return None
        if found is not None:
            logger.info("read the catalogue from %s: generation %d", file, found.generation)
        return found

    def _keep(self, key: bytes, snapshot: Snapshot, turn: int) -> None:
        file = self._file(key)
        try:
            write_snapshot(file, key, snapshot)
            os.utime(file, (snapshot.read_time, snapshot.read_time))
            self._remove_useless()
        except Exception as error:  # a value that no feature may have, too: nobody waits for this
            self._note(error)
        else:
            self._note(None)
        finally:
            os.close(turn)

    def _remove_useless(self) -> None:
        oldest = self._now() - self._useful_seconds
        for file in self._path.glob("*.snapshot*"):  # and what was begun by processes that ended
            if file.stat().st_mtime < oldest:
                file.unlink()

    def _note(self, problem: object) -> None:
        """Logs a change only: each snapshot would fail."""
        is_writable = problem is None
        if is_writable is not self._is_writable:
            self._is_writable = is_writable
            what = f"can't be kept in {self._path}: {problem}" if problem else f"are kept in {self._path} again"
            logger.warning("snapshots of the catalogue %s", what)
