"""Workers of a supervisor that are none: they live and end as a test says."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.core import Metric

from server.app.settings import Settings
from server.domain.errors import StartError
from server.workers.process import Job
from server.workers.supervisor import Supervisor


class Measuring:
    """What a worker measures, told when it is asked."""

    def __init__(self, number: int) -> None:
        self.number = number
        self.families: Sequence[Metric] = ()
        self.registry = CollectorRegistry()
        self.calls = Counter("calls", "Calls.", ["code"], registry=self.registry)
        self.seconds = Histogram("seconds", "Seconds.", buckets=[1.0, 2.0], registry=self.registry)
        self.versions = Gauge("versions", "Versions.", registry=self.registry)
        self.is_deaf = False

    def ask(self) -> None:
        pass

    def listen(self) -> None:
        if not self.is_deaf:
            self.families = list(self.registry.collect())


class FakeWorker(Measuring):
    """A worker that listens at once, unless something keeps it from that."""

    def __init__(self, job: Job, error: StartError | None = None) -> None:
        super().__init__(job.place.number)
        self.job = job
        self.pid = 1
        self.was_ended = False
        self._error = error
        self._status: asyncio.Future[int] = asyncio.get_running_loop().create_future()

    def die(self, status: int = -9) -> None:
        self._status.set_result(status)

    async def listens(self) -> bool:
        if self._error is not None:
            self.die(1)
            raise self._error
        return not self._status.done()

    async def wait(self) -> int:
        return await asyncio.shield(self._status)

    async def end(self, seconds: float) -> None:  # noqa: ARG002 (the port's)
        self.was_ended = True


@dataclass
class Site:
    """A supervisor of fake workers, and its time, which passes when it sleeps or a test says so."""

    root: Path
    now: float = 0.0
    waits: list[float] = field(default_factory=list)
    started: asyncio.Queue[FakeWorker] = field(default_factory=asyncio.Queue)
    prepare: Callable[[Job], StartError | None] = lambda _: None
    """Returns what keeps the next worker from listening."""

    def supervisor(self, workers: int) -> Supervisor:
        settings = Settings(
            models=str(self.root),
            model="ranking",
            repo=self.root,
            workers=workers,
            port=0,
            http_port=0,
            admin_address="127.0.0.1:0",
        )
        return Supervisor(settings, start=self._start, clock=lambda: self.now, sleep=self._sleep)

    async def _start(self, job: Job) -> FakeWorker:
        worker = FakeWorker(job, self.prepare(job))
        self.started.put_nowait(worker)
        return worker

    async def _sleep(self, seconds: float) -> None:
        self.waits.append(seconds)
        self.now += seconds
        await asyncio.sleep(0)
