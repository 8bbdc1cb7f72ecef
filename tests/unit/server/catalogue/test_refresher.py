"""The refresher, stepped by hand over a store in a dict."""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from contract.stubs import manifest_pb2 as pb
from server.catalogue.reader import CatalogueReader
from server.catalogue.refresher import Refresher
from server.catalogue.snapshot_folder import SnapshotFolder
from server.catalogue.snapshots import Snapshots
from server.domain.errors import RunnerLost, StoreUnavailable
from server.ranking.ports import Snapshot
from tests.support.fakes import manifest

MAX_AGE = 300.0


@dataclass
class DictStore:
    """An online store with the classes of one generation."""

    generation: int = 1
    class_ids: Sequence[str] = ("a", "b")
    failure: Exception | None = None

    def read(self, view: str, ids: Sequence[str], inputs: Sequence[pb.Input]) -> Mapping[str, list[Any]]:
        assert view == "live"
        if self.failure is not None:
            raise self.failure
        row = {"generation": self.generation, "shard_count": 1, "class_ids": self.class_ids}
        return {spec.name: [row[spec.name]] * len(ids) for spec in inputs}


@dataclass
class Version:
    manifest: pb.Manifest
    snapshot: Snapshot | None = None
    failure: Exception | None = None

    async def use_snapshot(self, snapshot: Snapshot) -> None:
        if self.failure is not None:
            raise self.failure
        self.snapshot = snapshot


@dataclass
class World:
    store: DictStore = field(default_factory=DictStore)
    versions: list[Version] = field(default_factory=lambda: [Version(manifest(1)), Version(manifest(2))])
    now: float = 1000.0

    def held(self) -> list[int | None]:
        return [version.snapshot.generation if version.snapshot else None for version in self.versions]


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
def refresher(world: World, tmp_path: Path) -> Iterator[Refresher]:
    def now() -> float:
        return world.now

    with ThreadPoolExecutor(1) as thread:
        reader = CatalogueReader(world.store, thread, now)
        folder = SnapshotFolder(tmp_path, b"", thread, now=now, useful_seconds=MAX_AGE)
        snapshots = Snapshots(reader, folder, now=now, max_age_seconds=MAX_AGE, last_known_seconds=MAX_AGE)
        yield Refresher(snapshots, lambda: world.versions)


async def test_a_new_generation_reaches_every_version(world: World, refresher: Refresher) -> None:
    await refresher.step()
    assert world.held() == [1, 1]
    world.store.generation, world.store.class_ids = 2, ("c",)
    await refresher.step()
    assert world.held() == [2, 2]
    assert [version.snapshot and list(version.snapshot.class_ids) for version in world.versions] == [["c"], ["c"]]


async def test_nothing_is_rebuilt_while_the_generation_stays(world: World, refresher: Refresher) -> None:
    await refresher.step()
    before = [version.snapshot for version in world.versions]
    world.now += MAX_AGE
    await refresher.step()
    assert [version.snapshot for version in world.versions] == before


async def test_a_snapshot_that_has_grown_old_is_rebuilt(world: World, refresher: Refresher) -> None:
    await refresher.step()
    before = world.versions[0].snapshot
    world.now += MAX_AGE + 1
    await refresher.step()
    after = world.versions[0].snapshot
    assert after is not before
    assert after is not None
    assert after.read_time == world.now


@pytest.mark.parametrize("failure", [StoreUnavailable("down"), KeyError("bug")])
async def test_a_store_that_fails_leaves_the_old_snapshot_and_is_read_again(
    world: World, refresher: Refresher, failure: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    await refresher.step()
    world.store.generation, world.store.failure = 2, failure
    await refresher.step()
    assert world.held() == [1, 1]
    assert "version 1 keeps its catalogue" in caplog.text
    world.store.failure = None
    await refresher.step()
    assert world.held() == [2, 2]


async def test_a_version_that_fails_does_not_keep_another_from_being_refreshed(
    world: World, refresher: Refresher
) -> None:
    await refresher.step()
    world.store.generation, world.versions[0].failure = 2, RunnerLost("gone")
    await refresher.step()
    assert world.held() == [1, 2]


async def test_it_steps_until_it_is_cancelled(world: World, refresher: Refresher) -> None:
    refreshed = asyncio.Event()

    class Told(Version):
        async def use_snapshot(self, snapshot: Snapshot) -> None:
            await super().use_snapshot(snapshot)
            refreshed.set()

    world.versions = [Told(manifest())]
    running = asyncio.create_task(refresher.run(0.001))
    await refreshed.wait()
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
