"""The supervisor: holds the ports, keeps the workers running, and serves HTTP for all of them.

It answers no calls and loads no models, so there is little that could end it.
"""

import asyncio
import logging
import tempfile
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Protocol

from server.app.address import admin_address
from server.app.flags import LogLevel
from server.app.http import HttpServer
from server.app.place import Place
from server.app.ports import Ports, log_ports
from server.app.settings import Settings
from server.domain.errors import StartError
from server.workers.metrics import Source, WorkerMetrics
from server.workers.ports import reserved
from server.workers.process import Job, WorkerProcess
from server.workers.restarts import Restarts

END_SECONDS = 15.0
"""For a worker to end its runners once the calls under way have had their time."""

_log = logging.getLogger(__name__)


class Worker(Source, Protocol):
    """A worker that was started."""

    @property
    def pid(self) -> int:
        """The id of its process."""
        ...

    async def listens(self) -> bool:
        """Returns True once it listens, False if it ended before.

        Raises:
            StartError: It can't start.
        """
        ...

    async def wait(self) -> int:
        """Waits until it has ended, and returns its exit code, or minus the signal that killed it."""
        ...

    async def end(self, seconds: float) -> None:
        """Lets it end, or kills it after so many seconds, and waits until it is gone."""
        ...


class Supervisor:
    """Keeps `settings.workers` workers running.

    Args:
        settings: How each is run.
        log_level: How much each logs.
        start: Starts a worker.
        clock: A time in seconds.
        sleep: Waits for so many seconds.
    """

    def __init__(
        self,
        settings: Settings,
        log_level: LogLevel = LogLevel.INFO,
        *,
        start: Callable[[Job], Awaitable[Worker]] = WorkerProcess.start,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._settings = settings
        self._log_level = log_level
        self._start = start
        self._clock = clock
        self._sleep = sleep
        self._metrics = WorkerMetrics()
        self._missing = set(range(settings.workers))
        """The workers that have never listened."""

    async def run(self, stop: asyncio.Event, on_start: Callable[[Ports], None] = log_ports) -> None:
        """Keeps workers running until `stop` is set, then lets them end.

        Args:
            stop: Set when all are to end.
            on_start: Is told the ports once every worker listens.

        Raises:
            StartError: A port is in use, or a worker can't start. Once all have listened, one that can't start
                again is only logged, and tried again.
        """
        settings, admin = self._settings, admin_address(self._settings)
        with ExitStack() as held:
            port = held.enter_context(reserved(settings.host, settings.port))
            admin_port = held.enter_context(reserved(admin.host, admin.port))
            turn = held.enter_context(tempfile.TemporaryFile())
            folder = Path(held.enter_context(tempfile.TemporaryDirectory(prefix="paceline-")))
            http = HttpServer(settings.host, settings.http_port, self._metrics.registry)
            held.callback(http.close)
            host = settings.admin_address.rpartition(":")[0]
            bound = replace(settings, port=port, admin_address=f"{host}:{admin_port}")
            places = [Place(number, turn.fileno(), folder) for number in range(settings.workers)]
            jobs = [Job(bound, self._log_level, place) for place in places]
            await self._keep_all(jobs, stop, lambda: on_start(Ports(port, admin_port, http.port)))
        _log.info("ended")

    async def _keep_all(self, jobs: Sequence[Job], stop: asyncio.Event, on_start: Callable[[], None]) -> None:
        keepers = [asyncio.create_task(self._keep(job, on_start)) for job in jobs]
        stopped = asyncio.create_task(stop.wait())
        await asyncio.wait([stopped, *keepers], return_when=asyncio.FIRST_COMPLETED)
        for task in (stopped, *keepers):
            task.cancel()
        for outcome in await asyncio.gather(*keepers, return_exceptions=True):
            if isinstance(outcome, Exception):
                raise outcome

    async def _keep(self, job: Job, on_start: Callable[[], None]) -> None:
        """Has a worker run, and another one whenever it ends, until cancelled."""
        number, restarts = job.place.number, Restarts(self._clock)
        while True:
            restarts.begin()
            try:
                end = f"status={await self._run(job, on_start)}"
            except OSError as error:  # no process could be made
                end = str(error)
            wait = restarts.fail()
            _log.error("worker=%d ended %s; started again in %d s", number, end, wait)
            await self._sleep(wait)
            self._metrics.observe_restart(number)

    async def _run(self, job: Job, on_start: Callable[[], None]) -> int:
        """Runs a worker until it ends, and returns its status."""
        worker = await self._start(job)
        _log.info("worker=%d pid=%d started", worker.number, worker.pid)
        self._metrics.add(worker)
        try:
            if await self._listens(worker) and self._missing:
                self._missing.discard(worker.number)
                if not self._missing:
                    on_start()
            return await worker.wait()
        finally:
            await worker.end(self._settings.grace_seconds + END_SECONDS)
            self._metrics.retire(worker)

    async def _listens(self, worker: Worker) -> bool:
        try:
            return await worker.listens()
        except StartError as error:
            if self._missing:
                raise
            _log.error("worker=%d can't start: %s", worker.number, error)
            return False
