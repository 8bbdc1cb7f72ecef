"""Reading Redis fast gives what Feast's own way of reading it gives."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from feast import FeatureStore
from feast.protos.feast.types.EntityKey_pb2 import EntityKey
from feast.protos.feast.types.Value_pb2 import Value
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from contract.stubs import manifest_pb2 as pb
from server.features.cells import VALUE_FIELDS, CellReader, Feature, feature_of
from server.features.online import OnlineFeatures, cell_reader
from server.features.provider_cells import ProviderCells
from server.features.redis_cells import RedisCells
from server.features.registry import Registry
from tests.support.feast_store import DAY, EVERY_TYPE, NOW, REDIS, SQLITE, open_applied, write_profile
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


@pytest.fixture
def store(tmp_path: Path, redis_port: int) -> FeatureStore:
    return open_applied(write_profile(tmp_path, REDIS.format(port=redis_port), tmp_path.name.replace("-", "_")))


def features(data: st.DataObject) -> dict[str, list[Feature]]:
    ttl = st.sampled_from([0, DAY])
    return {
        view: [
            feature_of(pb.Input(name=name, data_type=type_, ttl_seconds=data.draw(ttl)))
            for name, type_ in types.items()
        ]
        for view, types in TYPES.items()
    }


def cells(data_type: int) -> st.SearchStrategy[Value]:
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
def test_both_ways_of_reading_redis_agree(
    store: FeatureStore, tables: dict[str, Any], ids: list[str], data: st.DataObject
) -> None:
    store.provider.online_store.delete_entity_values(store.config, ["member_id"])
    for view, rows in tables.items():
        put(store, view, rows)
    asked = features(data)

    fast = online(store, RedisCells(store)).read_views(ids, asked)

    assert repr(fast) == repr(online(store, ProviderCells(store)).read_views(ids, asked))
    assert {len(column) for column in fast.values.values()} == {len(ids)}


def put(store: FeatureStore, view: str, rows: dict[str, Any]) -> None:
    data = [
        (
            EntityKey(join_keys=["member_id"], entity_values=[Value(string_val=id_)]),
            row,
            datetime.fromtimestamp(NOW_AND_A_HALF - age, tz=UTC),
            None,
        )
        for id_, (row, age) in rows.items()
    ]
    store.provider.online_write_batch(store.config, store.get_feature_view(view), data, None)


def online(store: FeatureStore, reader: CellReader) -> OnlineFeatures:
    registry = Registry(store)
    registry.refresh()
    return OnlineFeatures(reader, registry, lambda: NOW_AND_A_HALF)


def test_redis_is_read_fast_and_other_stores_as_feast_reads_them(store: FeatureStore, tmp_path: Path) -> None:
    assert isinstance(cell_reader(store), RedisCells)
    (tmp_path / "other").mkdir()
    other = open_applied(write_profile(tmp_path / "other", SQLITE.format(root=tmp_path / "other")))
    assert isinstance(cell_reader(other), ProviderCells)
