"""The composition root, and the life of a server."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial

from server.app.address import admin_address
from server.app.feature_side import FeatureSide
from server.app.http import HttpServer
from server.app.keys import read_keys
from server.app.metrics import Metrics
from server.app.model_config import read_model_configs
from server.app.model_side import ModelSide
from server.app.ranking_side import RankingSide
from server.app.settings import Settings
from server.domain.versions import VersionRecord
from server.models.client import RunnerProcess
from server.models.ports import StartRunner
from server.rpc.server import GrpcServer
from server.rpc.services import admin_services, model_services

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Ports:
    """Where a server listens."""

    grpc: int
    admin: int
    http: int


def _log_ports(ports: Ports) -> None:
    logger.info(
        "listening on port %d, for admins on port %d, for HTTP on port %d", ports.grpc, ports.admin, ports.http
    )


class Server:
    """One server: of a model that ranks, of any others, or of both.

    Args:
        settings: How it is run.
        start_runner: Starts the process of a version.
        now: The time in seconds since the epoch.

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
    ) -> None:
        self._settings = settings
        self._changed = asyncio.Event()
        self._metrics = Metrics()
        configs = read_model_configs(settings)
        is_ranking = any(config.name == settings.model for config in configs)
        features = FeatureSide(settings.repo, settings.profile, now) if is_ranking else None
        self._models = ModelSide(
            settings,
            configs,
            start_runner,
            features=features,
            on_version=self._note,
            on_models=self._changed.set,
            on_call=self._metrics.observe_call,
            now=now,
        )
        served = self._models.served
        services = list(model_services(served, served))
        self._loops: list[Callable[[], Awaitable[None]]] = [self._models.watch, self._tell_health]
        self._closers: list[Callable[[], Awaitable[None]]] = [served.close]
        if features is not None:
            ranking = RankingSide(served, settings.model, features.members, self._metrics, now)
            services.append(ranking.service)
            self._loops.append(partial(features.refresh, lambda: self._models.ranking, settings.poll_seconds))
            self._closers = [ranking.close, *self._closers, features.close]
        self._grpc = GrpcServer(services, self._metrics.observe_request)
        self._admin = GrpcServer(admin_services(served, self._models.admin), self._metrics.observe_request)

    async def run(self, stop: asyncio.Event, on_start: Callable[[Ports], None] = _log_ports) -> None:
        """Serves until `stop` is set, then lets the calls under way end.

        Args:
            stop: Set when the server is to end.
            on_start: Is told the ports once they are open.

        Raises:
            StartError: A port is in use, an address is not one, or a key can't be read.
        """
        settings, admin = self._settings, admin_address(self._settings)
        keys = read_keys(settings)
        port = self._grpc.bind(settings.host, settings.port, keys)
        admin_port = self._admin.bind(admin.host, admin.port, keys)
        http = HttpServer(settings.host, settings.http_port, self._metrics.registry)
        self._metrics.watch(self._models.served, lambda: self._models.ranking)
        try:
            await self._grpc.start()
            await self._admin.start()
            on_start(Ports(port, admin_port, http.port))
            await self._run_loops(stop)
        finally:
            for close in self._closers:
                await close()
            http.close()
        logger.info("ended")

    async def _run_loops(self, stop: asyncio.Event) -> None:
        self._models.start()
        async with asyncio.TaskGroup() as tasks:
            loops = [tasks.create_task(_run(loop)) for loop in self._loops]
            await stop.wait()
            grace = self._settings.grace_seconds
            logger.info("ending: calls under way have %g s", grace)
            await asyncio.gather(self._grpc.stop(grace), self._admin.stop(grace))
            for loop in loops:
                loop.cancel()

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
