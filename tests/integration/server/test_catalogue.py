"""The catalogue from a real online store."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from feast import FeatureStore

from contract.stubs import manifest_pb2 as pb
from server.catalogue.reader import CHUNK, CatalogueReader
from server.domain.errors import StoreUnavailable
from server.features.feast_registry import FeastRegistry
from server.features.online import OnlineFeatures
from server.features.registry import Registry
from server.features.store import cell_reader
from tests.support.feast_store import (
    DAY,
    NOW,
    REDIS,
    SQLITE,
    manifest,
    open_applied,
    write,
    write_catalogue,
    write_profile,
)
from tests.support.redis import redis_port

__all__ = ["redis_port"]

pytestmark = pytest.mark.slow


@pytest.fixture(params=["sqlite", "redis"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> FeatureStore:
    if request.param == "sqlite":
        return open_applied(write_profile(tmp_path, SQLITE.format(root=tmp_path)))
    port = request.getfixturevalue("redis_port")
    project = tmp_path.name.replace("-", "_")
    return open_applied(write_profile(tmp_path, REDIS.format(port=port), project))


@pytest.fixture
def reader(store: FeatureStore) -> Iterator[CatalogueReader]:
    registry = Registry(FeastRegistry(store))
    registry.refresh()
    with ThreadPoolExecutor(1) as thread:
        yield CatalogueReader(OnlineFeatures(cell_reader(store), registry, lambda: NOW), thread, lambda: NOW)


async def test_classes_that_lack_what_may_not_be_missing_are_left_out(
    store: FeatureStore, reader: CatalogueReader
) -> None:
    strict = manifest()
    (spec,) = (spec for spec in strict.inputs if spec.name == "minutes")
    spec.missing_policy = pb.MISSING_POLICY_FAIL
    write_catalogue(store, 5, {"c1": 10.0, "c2": float("nan"), "c3": 30.0})

    snapshot = await reader.load(strict)

    assert (snapshot.class_ids, snapshot.positions) == (["c1", "c3"], {"c1": 0, "c3": 1})
    assert snapshot.columns["minutes"].tolist() == [10, 30]
    assert snapshot.features["title"].tolist() == ["C1", "C3"]
    write_catalogue(store, 6, {"c1": float("nan")}, at=NOW + 1)
    with pytest.raises(StoreUnavailable, match="every class lacks a feature"):
        await reader.load(strict)


async def test_a_snapshot_holds_the_live_classes_in_order_with_inputs_and_features(
    store: FeatureStore, reader: CatalogueReader
) -> None:
    write_catalogue(store, 5, {"c2": 20.0, "c1": 10.0})
    write(store, "classes", [{"class_id": "c0", "minutes": 99.0, "genres": [], "title": "not live"}])
    snapshot = await reader.load(manifest())
    assert (snapshot.generation, list(snapshot.class_ids), snapshot.read_time) == (5, ["c1", "c2"], NOW)
    assert snapshot.positions == {"c1": 0, "c2": 1}
    assert {name: column.tolist() for name, column in snapshot.columns.items()} == {
        "class_id": ["c1", "c2"],
        "minutes": [10.0, 20.0],
        "genres": [["pop", ""], ["pop", ""]],
    }
    assert {name: column.tolist() for name, column in snapshot.features.items()} == {
        "minutes": [10.0, 20.0],
        "genres": [["pop"], ["pop"]],
        "title": ["C1", "C2"],
    }
    assert snapshot.feature_types["title"] == pb.DATA_TYPE_STRING
    assert await reader.generation(manifest()) == 5


async def test_a_class_without_features_or_with_old_ones_is_ranked_from_defaults(
    store: FeatureStore, reader: CatalogueReader
) -> None:
    write_catalogue(store, 1, {"c1": 10.0, "c2": 20.0}, at=NOW - DAY - 60)
    write(store, "classes", [{"class_id": "c2", "minutes": 25.0, "genres": ["rock"], "title": "C2"}])
    snapshot = await reader.load(manifest())
    assert snapshot.features["minutes"].tolist() == [None, 25.0]
    assert np.isnan(snapshot.columns["minutes"][0])
    assert snapshot.columns["genres"].tolist() == [["", ""], ["rock", ""]]


async def test_more_classes_than_one_read_takes_and_several_shards_make_one_snapshot(
    store: FeatureStore, reader: CatalogueReader
) -> None:
    minutes = {f"c{place:05}": float(place) for place in range(2 * CHUNK + 3)}
    write_catalogue(store, 1, minutes, shards=3)
    snapshot = await reader.load(manifest())
    assert list(snapshot.class_ids) == sorted(minutes)
    assert snapshot.columns["minutes"].tolist() == list(minutes.values())


async def test_a_list_that_was_never_written_is_no_catalogue(reader: CatalogueReader) -> None:
    for read in (reader.load, reader.generation):
        with pytest.raises(
            StoreUnavailable, match="'live' has no generation for shard '0'; it was not materialised"
        ):
            await read(manifest())


async def test_a_list_without_classes_is_no_catalogue(store: FeatureStore, reader: CatalogueReader) -> None:
    write(store, "live", [{"shard": "0", "class_ids": [], "generation": 1, "shard_count": 1}])
    with pytest.raises(StoreUnavailable, match="'live' lists no class"):
        await reader.load(manifest())


async def test_a_list_that_is_just_being_written_is_no_catalogue(
    store: FeatureStore, reader: CatalogueReader
) -> None:
    write_catalogue(store, 1, {"c1": 10.0, "c2": 20.0}, shards=2)
    write(store, "live", [{"shard": "1", "class_ids": ["c3"], "generation": 2, "shard_count": 2}], at=NOW + 60)
    with pytest.raises(StoreUnavailable, match="holds shards of other generations than 1"):
        await reader.load(manifest())
