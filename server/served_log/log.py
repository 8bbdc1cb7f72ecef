"""Logging a share of the answers beside the requests: these only leave a reference, a thread does the rest."""

import asyncio
import logging
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from hashlib import blake2b
from itertools import groupby
from queue import Empty, SimpleQueue
from typing import Protocol

import pyarrow as pa

from server.ranking.memo import PerObject
from server.ranking.ports import Served
from server.served_log.rows import RowMaker, Rows

INTERVAL_SECONDS = 0.25
QUEUE_SIZE = 4096
"""Answers that may wait: those of a second of a fast worker."""
AT_ONCE = 16
"""Answers made into rows in one go, which with twenty classes each takes a millisecond or two."""
FILE_BYTES = 32 * 2**20
"""Of rows in memory; on disk they take about a tenth."""
FILE_SECONDS = 300.0
"""How long rows wait for others to fill a file."""

_log = logging.getLogger(__name__)


Write = Callable[[str, pa.Table], object]
"""Writes a file of rows of one contract; see `server.served_log.files.LogFiles.write`."""


class Observer(Protocol):
    """Is told what comes of the sampled answers."""

    def made(self, served: Served, rows: Rows) -> None:
        """Answers by one version, of which `served` is the first, were made into rows."""
        ...

    def ended(self, outcome: str, answer_count: int) -> None:
        """Answers were "logged", "dropped" because too many waited, or "failed", which the log explains."""
        ...


class _Buffer:
    """Rows of one contract that wait to be written."""

    def __init__(self, began: float) -> None:
        self.began = began
        self.tables: list[pa.Table] = []
        self.answer_count = 0
        self._byte_count = 0

    def add(self, rows: Rows) -> None:
        self.tables.append(rows.table)
        self.answer_count += rows.answer_count
        self._byte_count += rows.table.nbytes

    def is_due(self, now: float) -> bool:
        return now - self.began >= FILE_SECONDS or self._byte_count >= FILE_BYTES


class ServedLog:
    """Samples answers, makes rows of them, and has these written.

    Args:
        share: Which share of the answers, 0 to 1. It is chosen by their ids, in each process alike.
        write: Writes a file.
        observer: Is told what comes of them.
        clock: What ages are measured with, in seconds.
        queue_size: How many answers may wait.
    """

    def __init__(
        self,
        share: float,
        write: Write,
        observer: Observer,
        *,
        clock: Callable[[], float] = time.monotonic,
        queue_size: int = QUEUE_SIZE,
    ) -> None:
        self._limit = share * 2**64
        self._write = write
        self._observer = observer
        self._clock = clock
        self._queue_size = queue_size
        self._queue: SimpleQueue[Served] = SimpleQueue()
        self._makers = PerObject(RowMaker)
        self._buffers: dict[str, _Buffer] = {}
        self._thread = ThreadPoolExecutor(1, "served-log")

    def offer(self, served: Served) -> None:
        """Has an answer logged if it is sampled; see `server.ranking.ports.Serve`."""
        digest = blake2b(served.request_id.encode(), digest_size=8).digest()
        if int.from_bytes(digest, "big") >= self._limit or not len(served.positions):
            return
        if self._queue.qsize() >= self._queue_size:
            self._observer.ended("dropped", 1)
        else:
            self._queue.put(served)

    async def run(self) -> None:
        """Works off what was offered, for ever."""
        while True:
            await asyncio.sleep(INTERVAL_SECONDS)
            await asyncio.get_running_loop().run_in_executor(self._thread, self.step)

    async def close(self) -> None:
        """Writes all that was offered, and ends the thread."""
        await asyncio.get_running_loop().run_in_executor(self._thread, self.flush)
        self._thread.shutdown()

    def step(self) -> None:
        """Makes rows of what was offered, and writes those that are due."""
        while waiting := list(self._waiting()):
            for _, group in groupby(waiting, key=lambda served: id(served.manifest)):
                self._take(list(group))
            self._write_due()
        self._write_due()

    def flush(self) -> None:
        """Makes rows of what was offered, and writes all."""
        self.step()
        for contract in list(self._buffers):
            self._write_out(contract)

    def _waiting(self) -> Iterable[Served]:
        for _ in range(AT_ONCE):
            try:
                yield self._queue.get_nowait()
            except Empty:
                return

    def _take(self, served: list[Served]) -> None:
        try:
            rows = self._makers(served[0].manifest).rows(served)
        except Exception:
            self._failed(len(served))
            return
        self._buffers.setdefault(rows.contract, _Buffer(self._clock())).add(rows)
        try:
            self._observer.made(served[0], rows)
        except Exception:
            _log.exception("%d answers were not measured", len(served))

    def _write_due(self) -> None:
        now = self._clock()
        for contract in [contract for contract, buffer in self._buffers.items() if buffer.is_due(now)]:
            self._write_out(contract)

    def _write_out(self, contract: str) -> None:
        buffer = self._buffers.pop(contract)
        try:
            self._write(contract, pa.concat_tables(buffer.tables))
        except Exception:
            self._failed(buffer.answer_count)
        else:
            self._observer.ended("logged", buffer.answer_count)

    def _failed(self, answer_count: int) -> None:
        """Goes on: whatever it is, the requests were answered."""
        _log.exception("%d answers were not logged", answer_count)
        self._observer.ended("failed", answer_count)
