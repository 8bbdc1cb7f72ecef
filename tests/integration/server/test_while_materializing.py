"""No request fails while features are materialised and applied, whatever the stores are."""

import asyncio
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from grpc_health.v1.health_pb2 import HealthCheckResponse

from features.apply import apply
from features.materialize import materialize
from features.repository import load_definitions, open_store
from paceline import AsyncPacelineClient, RetryPolicy
from paceline.v1 import recommendation_service_pb2 as pb
from tests.support.aggregated import MORE, write_aggregated
from tests.support.app import publish, running
from tests.support.feast_store import REDIS, SQLITE
from tests.support.postgres import running_postgres
from tests.support.redis import running_redis
from tests.support.site import ROOT
from tests.support.worlds import Size, write_world

pytestmark = pytest.mark.slow

LAST_DAY = date(2023, 11, 13)  # the server's clock is in the evening of the next
NOW = datetime(2023, 11, 14, 9, tzinfo=UTC)
NO_RETRY = RetryPolicy(attempts=1)


@pytest.fixture(params=["sqlite, file", "redis, file", "redis, postgres"])
def repo(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A repository that is applied and materialised, over twelve classes."""
    monkeypatch.delenv("PACELINE_DATA", raising=False)
    online, registry = request.param.split(", ")
    with ExitStack() as stores:
        port = stores.enter_context(running_redis()) if online == "redis" else 0
        url = stores.enter_context(running_postgres()) if registry == "postgres" else ""
        kind = (f"{REDIS}\n  skip_dedup: true" if port else SQLITE).format(root=tmp_path / "data", port=port)
        path = write_aggregated(tmp_path, url, kind)
        write_world(tmp_path / "data" / "world", last_day=LAST_DAY, size=Size(days=2))
        store = open_store(path)
        apply(store, load_definitions(path))
        world = tmp_path / "data" / "world"
        materialize(path, store, world, until=None, rebuild=False, now=NOW, progress=lambda *_: None)
        yield path


class Load:
    """Asks on and on, several at a time, and never again: any failure is one."""

    def __init__(self, address: str) -> None:
        self.answers: list[pb.RecommendClassesResponse] = []
        self._address = address
        self._answered = asyncio.Event()

    async def run(self, last: asyncio.Event) -> None:
        async with AsyncPacelineClient(self._address, retry=NO_RETRY, timeout=30) as client:
            while not last.is_set():
                members = (f"m{(len(self.answers) + number) % 20:06}" for number in range(4))
                self.answers += await asyncio.gather(*map(client.recommend_classes, members))
                self._answered.set()
                self._answered.clear()

    async def until(self, met: Callable[[pb.RecommendClassesResponse], bool]) -> None:
        """Returns once an answer is as expected."""
        async with asyncio.timeout(120):
            while not (self.answers and met(self.answers[-1])):
                await self._answered.wait()


async def command(*words: object) -> int | None:
    arguments = [str(word) for word in ("-m", "cli.main", "features", *words)]
    process = await asyncio.create_subprocess_exec(sys.executable, *arguments, cwd=ROOT, env={**os.environ})
    return await process.wait()


async def test_no_request_fails_while_features_are_materialised_and_applied(repo: Path, tmp_path: Path) -> None:
    """A version is published meanwhile, so that the registry is read while others write to it."""
    publish(tmp_path, 1)
    async with running(tmp_path, repo) as server, asyncio.TaskGroup() as tasks:
        await server.health_is(HealthCheckResponse.SERVING)
        load, last = Load(server.address), asyncio.Event()
        tasks.create_task(load.run(last))
        await load.until(lambda answer: answer.candidate_count == 12)
        write_world(tmp_path / "data" / "world", last_day=LAST_DAY, size=Size(days=2, classes=30))
        (repo / "definitions.py").write_text(MORE)
        writers = [command("materialize", "--repo", repo, "--rebuild"), command("apply", "--repo", repo)]
        written = asyncio.gather(*writers)
        publish(tmp_path, 2)
        await load.until(lambda answer: answer.model_version.version == 2)
        assert await written == [0, 0]
        await load.until(lambda answer: answer.candidate_count == 30)
        last.set()

    # Not all: a Redis that is slow, as on a busy machine, is left alone for some moments.
    assert pb.SERVING_MODE_LIVE in {answer.serving_mode for answer in load.answers}
    classes = open_store(repo).get_feature_view("classes")
    assert "language" in {feature.name for feature in classes.features}
