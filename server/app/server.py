"""The composition root, and the life of a server."""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from functools import partial

from prometheus_client import CollectorRegistry

from server.app.address import admin_address
from server.app.event_metrics import EventMetrics
from server.app.event_side import EventSide
from server.app.feature_side import FeatureSide
from server.app.http import HttpServer
from server.app.keys import read_keys
from server.app.metrics import Metrics
from server.app.model_config import read_model_configs
from server.app.model_side import ModelSide
from server.app.place import Place
from server.app.ports import Ports, log_ports
from server.app.ranking_side import RankingSide
from server.app.runtimes import preferred
from server.app.settings import Settings
from server.domain.versions import VersionRecord
from server.models.client import RunnerProcess
from server.models.ports import StartRunner
from server.ranking.on_demand import FirstFailures
from server.ranking.ports import Serve
from server.rpc.server import GrpcServer
from server.rpc.services import Service, admin_services, model_services

logger = logging.getLogger(__name__)


class Server:
    """One server: of a model that ranks, of any others, or of both.

    Args:
        settings: How it is run.
        start_runner: Starts the process that runs a version in TensorFlow.
        now: The time in seconds since the epoch.
        place: Which of several workers this is, whose supervisor then serves HTTP; None if there are no others.

    Raises:
        StartError: The model config can't be read.
        ProfileError: The feature repository has no such profile.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        start_runner: StartRunner = RunnerProcess.start,
        now: Callable[[], float] = time.time,
        place: Place | None = None,
    ) -> None:
        self._settings = settings
        self._place = place
        self._now = now
        self._changed = asyncio.Event()
        self._metrics = Metrics()
        configs = read_model_configs(settings)
        features = self._features() if any(config.name == settings.model for config in configs) else None
        self._models = ModelSide(
            settings,
            configs,
            (*preferred(settings.runtime, place), start_runner),
            features=features,
            on_version=self._note,
            on_models=self._changed.set,
            on_call=self._metrics.observe_call,
            now=now,
            place=place,
        )
        served = self._models.served
        self._loops: list[Callable[[], Awaitable[None]]] = [self._models.watch, self._tell_health]
        self._closers: list[Callable[[], Awaitable[None]]] = [served.close]
        services = [*model_services(served, served), *(self._ranking_services(features) if features else ())]
        make = partial(GrpcServer, observe=self._metrics.observe_request, shares_port=place is not None)
        self._grpc = make(services)
        self._admin = make(admin_services(served, self._models.admin))

    def _features(self) -> FeatureSide:
        metrics = self._metrics
        failed = FirstFailures(metrics.observe_on_demand)
        return FeatureSide(self._settings, self._now, metrics.observe_reads, metrics.features.observe, failed)

    def _ranking_services(self, features: FeatureSide) -> Sequence[Service]:
        """Returns the services of a model that ranks; what they need runs and ends with the server."""
        settings, served = self._settings, self._models.served
        ranking = RankingSide(
            served,
            settings.model,
            features.members,
            features.lists,
            metrics=self._metrics,
            now=self._now,
            serve=self._log_served(),
        )
        events = EventSide(settings, EventMetrics(self.registry), self._now)
        self._loops.append(partial(features.refresh, lambda: self._models.ranking, settings.poll_seconds))
        self._closers = [ranking.close, *self._closers, events.close, features.close]
        return ranking.service, events.service

    def _log_served(self) -> Serve | None:
        """Begins the served-feature log if it is on, and returns what is told of every answer."""
        if not self._settings.log_served:
            return None
        from server.app.served_side import open_served_log  # noqa: PLC0415 (PyArrow, which takes 40 MiB)

        log = open_served_log(self._settings, self.registry, self._place)
        self._loops.append(log.run)
        self._closers.append(log.close)
        return log.offer

    @property
    def registry(self) -> CollectorRegistry:
        """What it measures."""
        return self._metrics.registry

    async def run(self, stop: asyncio.Event, on_start: Callable[[Ports], None] = log_ports) -> None:
        """Serves until `stop` is set, then lets the calls under way end.

        Args:
            stop: Set when the server is to end.
            on_start: Is told the ports once they are open.

        Raises:
            StartError: A port is in use, an address is not one, a key can't be read, or a model lies where none
                can be.
        """
        settings, place = self._settings, self._place
        keys, admin = read_keys(settings), admin_address(settings)
        bind = partial(self._grpc.bind, settings.host, settings.port, keys)
        port = bind() if place is None else settings.port
        admin_port = self._admin.bind(admin.host, admin.port, keys) if place is None or place.is_first else None
        http = HttpServer(settings.host, settings.http_port, self.registry) if place is None else None
        self._metrics.watch(self._models.served, lambda: self._models.ranking)
        try:
            await self._admin.start()
            self._models.start()
            async with self._running_loops():
                if place is not None and await self._settles_before(stop):
                    bind()
                await self._grpc.start()
                self._changed.set()
                on_start(Ports(port, admin_port, http.port if http else None))
                await stop.wait()
                await self._drain()
        finally:
            for close in self._closers:
                await close()
            if http is not None:
                http.close()
        logger.info("ended")

    @asynccontextmanager
    async def _running_loops(self) -> AsyncIterator[None]:
        async with asyncio.TaskGroup() as tasks:
            loops = [tasks.create_task(_run(loop)) for loop in self._loops]
            yield
            for loop in loops:
                loop.cancel()

    async def _settles_before(self, stop: asyncio.Event) -> bool:
        """Returns True once the models are loaded, False if it is to stop first.

        A worker listens no earlier: it would refuse calls that the others can answer.
        """
        waits = [asyncio.create_task(self._models.settle()), asyncio.create_task(stop.wait())]
        await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        for task in waits:
            task.cancel()
        return not stop.is_set()

    async def _drain(self) -> None:
        grace = self._settings.grace_seconds
        logger.info("ending: calls under way have %g s", grace)
        await asyncio.gather(self._grpc.stop(grace), self._admin.stop(grace))

    async def _tell_health(self) -> None:
        while True:
            await self._changed.wait()
            self._changed.clear()
            for server in (self._grpc, self._admin):
                await server.health.tell(is_serving=self._models.is_serving)

    def _note(self, record: VersionRecord) -> None:
        self._metrics.observe_version(record)
        self._changed.set()


async def _run(loop: Callable[[], Awaitable[None]]) -> None:
    await loop()
