"""Reading stores without Feast gives what Feast's own way of reading them gives."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from feast import Entity, FeatureStore, FeatureView, Field, FileSource
from feast import ValueType as FeastValueType
from feast.protos.feast.types.EntityKey_pb2 import EntityKey
from feast.protos.feast.types.Value_pb2 import Value
from feast.types import UnixTimestamp
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from contract.errors import ProfileError
from contract.stubs import manifest_pb2 as pb
from server.domain.errors import StoreUnavailable
from server.features.cells import VALUE_FIELDS, CellReader, Feature, feature_of
from server.features.feast_registry import FeastRegistry
from server.features.online import OnlineFeatures
from server.features.opening import open_stores
from server.features.provider_cells import ProviderCells
from server.features.redis_cells import RedisCells
from server.features.registry import Registered, Registry, RegistrySource
from server.features.registry_file import RegistryFile
from server.features.sqlite_cells import SqliteCells
from server.features.store import cell_reader
from tests.support.feast_store import DAY, EVERY_TYPE, NOW, REDIS, SQLITE, definitions, open_applied, write_profile
from tests.support.feast_values import VALUES, value_of
from tests.support.redis import redis_port

__all__ = ["redis_port"]

pytestmark = pytest.mark.slow

NOW_AND_A_HALF = NOW + 0.5
IDS = ["m1", "é", "", "m 4"]
TYPES = {
    "typed": {name: type_ for name, (_, type_, _) in EVERY_TYPE.items()},
    "members": {"liking": pb.DATA_TYPE_FLOAT32},
}


@pytest.fixture(params=["redis", "sqlite"])
def repo(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    if request.param == "sqlite":
        return write_profile(tmp_path, SQLITE.format(root=tmp_path))
    port = request.getfixturevalue("redis_port")
    return write_profile(tmp_path, REDIS.format(port=port), tmp_path.name.replace("-", "_"))


@pytest.fixture
def store(repo: Path) -> FeatureStore:
    return open_applied(repo)


def features(data: st.DataObject) -> dict[str, list[Feature]]:
    ttl = st.sampled_from([0, DAY])
    return {
        view: [
            feature_of(pb.Input(name=name, data_type=type_, ttl_seconds=data.draw(ttl)))
            for name, type_ in types.items()
        ]
        for view, types in TYPES.items()
    }


def cells(data_type: "pb.DataType.ValueType") -> st.SearchStrategy[Value]:
    field = VALUE_FIELDS[data_type]
    declared = st.builds(value_of, st.just(field), st.none() | VALUES[field])
    other = st.sampled_from(sorted(VALUES)).flatmap(lambda name: st.builds(value_of, st.just(name), VALUES[name]))
    return declared | declared | declared | other


TABLES = {
    view: st.dictionaries(
        st.sampled_from(IDS),
        st.tuples(
            st.fixed_dictionaries({}, optional={name: cells(type_) for name, type_ in types.items()}),
            st.sampled_from([0.0, 0.25, DAY, DAY + 0.25, DAY + 1]),
        ),
    )
    for view, types in TYPES.items()
}


@settings(deadline=None, max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(tables=st.fixed_dictionaries(TABLES), ids=st.lists(st.sampled_from([*IDS, "nobody"])), data=st.data())
def test_both_ways_of_reading_a_store_agree(
    repo: Path, store: FeatureStore, tables: dict[str, Any], ids: list[str], data: st.DataObject
) -> None:
    empty(store)
    for view, rows in tables.items():
        put(store, view, rows)
    asked = features(data)
    plain = open_stores(repo)

    fast = online(plain.registry, plain.cells).read_views(ids, asked)

    by_feast = FeastRegistry(store)
    assert repr(fast) == repr(online(by_feast, ProviderCells(store)).read_views(ids, asked))
    assert repr(fast) == repr(online(by_feast, cell_reader(store)).read_views(ids, asked))
    assert {len(column) for column in fast.values.values()} == {len(ids)}


def empty(store: FeatureStore) -> None:
    online_store: Any = store.provider.online_store
    if store.config.online_store.type == "redis":
        online_store.delete_entity_values(store.config, ["member_id"])
    else:
        for view in TYPES:
            online_store._get_conn(store.config).execute(f"DELETE FROM test_{view}")  # noqa: S608


def put(store: FeatureStore, view: str, rows: dict[str, Any]) -> None:
    data: list[tuple[EntityKey, dict[str, Value], datetime, datetime | None]] = [
        (
            EntityKey(join_keys=["member_id"], entity_values=[Value(string_val=id_)]),
            row,
            datetime.fromtimestamp(NOW_AND_A_HALF - age, tz=UTC),
            None,
        )
        for id_, (row, age) in rows.items()
    ]
    store.provider.online_write_batch(store.config, store.get_feature_view(view), data, None)


def online(source: RegistrySource, reader: CellReader) -> OnlineFeatures:
    registry = Registry(source)
    registry.refresh()
    return OnlineFeatures(reader, registry, lambda: NOW_AND_A_HALF)


@pytest.fixture
def far_east(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with monkeypatch.context() as patch:
        patch.setenv("TZ", "Asia/Kolkata")
        time.tzset()
        yield
    time.tzset()


@pytest.mark.usefixtures("far_east")
def test_a_row_is_as_old_in_any_time_zone(repo: Path, store: FeatureStore) -> None:
    put(store, "members", {"m1": ({"liking": Value(float_val=0.5)}, 60.5)})
    plain = open_stores(repo)
    asked = {"members": [feature_of(pb.Input(name="liking", data_type=pb.DATA_TYPE_FLOAT32, ttl_seconds=DAY))]}
    ((row,),) = online(plain.registry, plain.cells).read_views(["m1"], asked).rows
    assert row.age_seconds == 60.5


def test_what_the_profiles_describe_is_read_without_feast(repo: Path, store: FeatureStore) -> None:
    stores = open_stores(repo)
    reader = RedisCells if store.config.online_store.type == "redis" else SqliteCells
    assert (type(stores.registry), type(stores.cells)) == (RegistryFile, reader)


def test_both_ways_of_reading_a_registry_agree(repo: Path, store: FeatureStore) -> None:
    store.apply(disabled())
    ours, feasts = open_stores(repo).registry.read(), FeastRegistry(store).read()
    assert "idle" not in {view.name for view in ours.views}
    assert ours.services == feasts.services
    assert described(ours) == described(feasts)


def disabled() -> FeatureView:
    source = FileSource(name="idle_rows", path="idle.parquet", timestamp_field="event_timestamp")
    member = Entity(name="member", join_keys=["member_id"], value_type=FeastValueType.STRING)
    field = Field(name="idle_since", dtype=UnixTimestamp)
    return FeatureView(name="idle", entities=[member], schema=[field], source=source, enabled=False)


def described(registered: Registered) -> dict[str, Any]:
    return {
        view.name: (list(view.join_keys), {field.name: str(field.dtype) for field in view.features})
        for view in registered.views
    }


@pytest.mark.parametrize(
    ("change", "reader"),
    [
        ("provider: local\nflags: {}", ProviderCells),
        ("provider: local\nauth:\n  type: no_auth", ProviderCells),
    ],
)
def test_a_profile_with_more_than_is_understood_is_read_by_feast(
    tmp_path: Path, change: str, reader: type[object]
) -> None:
    repo = write_profile(tmp_path, SQLITE.format(root=tmp_path))
    profile = repo / "feature_store.yaml"
    profile.write_text(profile.read_text().replace("provider: local", change))
    stores = open_stores(repo)
    assert (type(stores.registry), type(stores.cells)) == (FeastRegistry, reader)


@pytest.mark.parametrize(
    "online_store",
    [
        "type: redis\n  redis_type: redis_cluster\n  connection_string: a:1,b:2",
        "type: redis\n  connection_string: a:1,b:2",
        "type: redis\n  client: redis\n  connection_string: a:1",
    ],
)
def test_redis_is_opened_by_feast_where_it_is_more_than_one(tmp_path: Path, online_store: str) -> None:
    stores = open_stores(write_profile(tmp_path, online_store))
    assert (type(stores.registry), type(stores.cells)) == (FeastRegistry, RedisCells)


def test_an_option_that_redis_has_not_is_named(tmp_path: Path) -> None:
    repo = write_profile(tmp_path, "type: redis\n  connection_string: a:1,sockettimeout=1")
    with pytest.raises(ProfileError, match=r"connection_string of the online store: .*'sockettimeout'"):
        open_stores(repo)


def test_a_database_that_does_not_exist_is_not_made(tmp_path: Path) -> None:
    stores = open_stores(write_profile(tmp_path, SQLITE.format(root=tmp_path)))
    open_applied(tmp_path / "feature_repo", definitions()[:-1])
    (tmp_path / "online.db").unlink()
    with pytest.raises(StoreUnavailable):
        online(stores.registry, stores.cells).read_views(["m1"], {"members": []})
    assert not (tmp_path / "online.db").exists()
