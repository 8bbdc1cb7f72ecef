"""Snapshots that versions share, over a store in a dict."""

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from contract.stubs import manifest_pb2 as pb
from server.catalogue.reader import CatalogueReader
from server.catalogue.snapshots import Snapshots
from server.domain.errors import StoreUnavailable
from server.ranking.ports import Snapshot
from tests.support.fakes import manifest, text_input

MAX_AGE = 300.0


class CountingStore:
    """An online store with two classes, which counts how often their features are read."""

    def __init__(self) -> None:
        self.generation = 1
        self.reads = 0
        self.failure: Exception | None = None
        self.now = 1000.0

    def read(self, view: str, ids: Sequence[str], inputs: Sequence[pb.Input]) -> Mapping[str, list[Any]]:
        if self.failure is not None:
            raise self.failure
        self.reads += view == "classes"
        row = {"generation": self.generation, "shard_count": 1, "class_ids": ["a", "b"]}
        return {spec.name: [row.get(spec.name)] * len(ids) for spec in inputs}


@pytest.fixture
def store() -> CountingStore:
    return CountingStore()


@pytest.fixture
def snapshots(store: CountingStore) -> Iterator[Snapshots]:
    with ThreadPoolExecutor(1) as thread:
        reader = CatalogueReader(store, thread, lambda: store.now)
        yield Snapshots(reader, now=lambda: store.now, max_age_seconds=MAX_AGE)


def version(number: int, *features: str) -> pb.Manifest:
    """Returns the manifest of a version that reads these class features."""
    reads = manifest(number)
    reads.inputs.extend(text_input(name=name, source=pb.SOURCE_CLASS, feature_view="classes") for name in features)
    return reads


async def test_versions_that_read_the_same_share_a_snapshot(store: CountingStore, snapshots: Snapshots) -> None:
    first = await snapshots.current(version(1, "title"))
    assert await snapshots.current(version(2, "title")) is first
    assert store.reads == 1


async def test_versions_whose_on_demand_views_compute_the_same_share_a_snapshot(snapshots: Snapshots) -> None:
    """Their golden rows are those of their trainings."""

    async def current(number: int, divisor: int) -> Snapshot:
        reads = version(number, "title")
        function = f"def f(i):\n    return {{'half': len(i['title']) / {divisor}}}"
        view = pb.OnDemandView(name="v", source=pb.SOURCE_CLASS, function=function, inputs=[reads.inputs[-1]])
        view.golden_inputs["title"] = [f"of version {number}"]
        reads.on_demand_views.append(view)
        return await snapshots.current(reads)

    first = await current(1, 2)
    assert await current(2, 2) is first
    assert await current(3, 3) is not first


async def test_a_version_that_reads_more_gets_its_own(snapshots: Snapshots) -> None:
    first = await snapshots.current(version(1, "title"))
    second = await snapshots.current(version(2, "title", "mood"))
    assert set(second.columns) - set(first.columns) == {"mood"}
    assert await snapshots.current(version(1, "title")) is first


@pytest.mark.parametrize("change", [{"generation": 2}, {"now": 1000.0 + MAX_AGE + 1}])
async def test_another_generation_or_age_is_read_again(
    store: CountingStore, snapshots: Snapshots, change: dict[str, Any]
) -> None:
    first = await snapshots.current(version(1, "title"))
    vars(store).update(change)
    second = await snapshots.current(version(1, "title"))
    assert second is not first
    assert second.generation == store.generation


async def test_a_failure_forgets_nothing(store: CountingStore, snapshots: Snapshots) -> None:
    first = await snapshots.current(version(1, "title"))
    store.failure = StoreUnavailable("down")
    with pytest.raises(StoreUnavailable):
        await snapshots.current(version(1, "title"))
    store.failure = None
    assert await snapshots.current(version(1, "title")) is first


async def test_few_are_remembered_and_those_used_last(store: CountingStore, snapshots: Snapshots) -> None:
    kept = await snapshots.current(version(0, "title"))
    for number in range(10):
        await snapshots.current(version(number, f"feature_{number}"))
        assert await snapshots.current(version(0, "title")) is kept
    reads = store.reads
    await snapshots.current(version(0, "feature_0"))
    assert store.reads == reads + 1
