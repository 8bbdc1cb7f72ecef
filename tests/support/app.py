"""A whole server in this process, over fake runners."""

import asyncio
import time
import urllib.request
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import grpc
from feast import FeatureStore
from grpc_health.v1.health_pb2 import HealthCheckRequest

from contract.manifest import write_manifest
from contract.stubs.manifest_pb2 import Manifest
from paceline import AsyncPacelineClient
from paceline.v1 import model_service_pb2 as models_pb
from server.app.server import Server
from server.app.settings import Settings
from tests.support.fake_runner import FakeRunners, write_fake_model
from tests.support.feast_store import NOW, manifest, open_applied, write, write_catalogue
from tests.support.health import HealthClient, next_status


@dataclass
class Running:
    """A server that runs."""

    address: str
    client: AsyncPacelineClient
    health: HealthClient
    admin_address: str
    http_port: int
    runners: FakeRunners

    async def health_is(self, expected: int) -> None:
        """Returns once health is as expected."""
        watch = self.health.Watch(HealthCheckRequest())
        while await next_status(watch) != expected:
            pass
        watch.cancel()

    async def status(self) -> models_pb.ModelVersionStatus:
        """Returns the state of the newest version."""
        return (await self.client.get_model_status(timeout=10)).versions[0]

    async def metrics(self) -> str:
        url = f"http://127.0.0.1:{self.http_port}/metrics"
        return await asyncio.to_thread(lambda: urllib.request.urlopen(url).read().decode())


@asynccontextmanager
async def running(
    root: Path,
    repo: Path,
    model_config_file: Path | None = None,
    *,
    feature_cache_seconds: float = 0.0,
    log_served: float = 0.0,
) -> AsyncIterator[Running]:
    """Runs a server of the models in a folder, or of those of a config, until the block ends."""
    settings = Settings(
        models=str(root / "models"),
        model="ranking",
        repo=repo,
        model_config_file=model_config_file,
        port=0,
        http_port=0,
        admin_address="127.0.0.1:0",
        poll_seconds=0.01,
        keep_seconds=0,
        feature_cache_seconds=feature_cache_seconds,
        log_served=log_served,
    )
    stop, ports = asyncio.Event(), asyncio.get_running_loop().create_future()
    runners, begun = FakeRunners(), time.monotonic()
    server = Server(settings, start_runner=runners.start, now=lambda: NOW + time.monotonic() - begun)
    task = asyncio.create_task(server.run(stop, ports.set_result))
    await asyncio.wait([task, ports], return_when=asyncio.FIRST_COMPLETED)
    found = ports.result()
    async with (
        AsyncPacelineClient(f"127.0.0.1:{found.grpc}", timeout=30) as client,
        grpc.aio.insecure_channel(f"127.0.0.1:{found.grpc}") as channel,
    ):
        try:
            host, health = "127.0.0.1", HealthClient(channel)
            yield Running(f"{host}:{found.grpc}", client, health, f"{host}:{found.admin}", found.http, runners)
        finally:
            stop.set()
            await task


def write_features(repo: Path) -> FeatureStore:
    """Applies a feature repository, and writes what the tiny model needs of a member and three classes."""
    store = open_applied(repo)
    write_catalogue(store, 1, {"c1": 10.0, "c2": 30.0, "c3": 20.0})
    write(store, "members", [{"member_id": "m1", "liking": 1.0}])
    return store


def publish(
    root: Path, version: int, weight: float = 1.0, change: Callable[[Manifest], None] | None = None
) -> None:
    """Publishes a version of the tiny model."""
    version_dir = root / "models" / "ranking" / str(version)
    version_dir.mkdir(parents=True)
    write_fake_model(version_dir, weight)
    message = manifest(version, weight)
    if change is not None:
        change(message)
    write_manifest(version_dir, message)
