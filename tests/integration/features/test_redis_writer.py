"""Rows written column by column are in Redis what Feast's own writer would have made of them."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from feast import FeatureStore, FeatureView, ValueType
from feast.utils import _convert_arrow_to_proto
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from redis import Redis
from redis.exceptions import ResponseError

from contract.stubs import manifest_pb2 as pb
from features.errors import SourceError
from features.redis_writer import write_rows
from features.schema import row_schema
from server.features.cells import VALUE_FIELDS, ViewFeatures, feature_of
from server.features.store import cell_reader
from tests.support.feast_store import EVERY_TYPE, REDIS, open_applied, write_profile
from tests.support.feast_values import VALUES
from tests.support.redis import running_redis

pytestmark = pytest.mark.slow

MICROS = 10**6
IDS = ["m1", "é", "", "m 4", "m" * 300]
TIMES = st.integers(0, 4 * 10**15) | st.sampled_from([0, 1, MICROS, MICROS + 1, 2 * MICROS])
EXACT_AS_FLOATS = st.integers(-(2**53), 2**53)
"""Feast takes integers with nulls through floats."""


def values(field: str) -> st.SearchStrategy[Any]:
    if field == "int64_val":
        return st.none() | EXACT_AS_FLOATS
    if field == "string_list_val":
        return st.none() | st.lists(st.none() | VALUES["string_val"], max_size=3)
    return st.none() | VALUES[field]


ROW = {name: values(VALUE_FIELDS[type_]) for name, (_, type_, _) in EVERY_TYPE.items()}
ROWS = st.dictionaries(st.sampled_from(IDS), st.tuples(st.fixed_dictionaries(ROW), TIMES))
Rows = dict[str, tuple[dict[str, Any], int]]


@pytest.fixture
def store(tmp_path: Path, redis_port: int) -> FeatureStore:
    Redis(port=redis_port).flushall()
    return open_applied(write_profile(tmp_path, REDIS.format(port=redis_port)))


def view_of(store: FeatureStore) -> FeatureView:
    view: FeatureView = store.get_feature_view("typed")
    return view


def batch(view: FeatureView, rows: Rows) -> pa.RecordBatch:
    schema = row_schema(view)
    found = [
        {"member_id": id_, "event_timestamp": datetime.fromtimestamp(0, UTC), **cells}
        for id_, (cells, _) in rows.items()
    ]
    times = pa.array([micros for _, micros in rows.values()], pa.int64()).cast(pa.timestamp("us", tz="UTC"))
    made = pa.RecordBatch.from_pylist(found, schema)
    return made.set_column(schema.get_field_index("event_timestamp"), "event_timestamp", times)


def by_feast(store: FeatureStore, view: FeatureView, rows: pa.RecordBatch) -> None:
    data = _convert_arrow_to_proto(rows, view, {"member_id": ValueType.STRING})
    store.provider.online_write_batch(store.config, view, data, None)


def in_redis(port: int) -> dict[bytes, tuple[dict[bytes, bytes], int]]:
    with Redis(port=port) as client:
        return {key: (client.hgetall(key), client.ttl(key)) for key in client.scan_iter()}


def write_all(
    port: int, write: Callable[[pa.RecordBatch], None], batches: Sequence[pa.RecordBatch]
) -> dict[bytes, tuple[dict[bytes, bytes], int]]:
    Redis(port=port).flushall()
    for rows in batches:
        write(rows)
    return in_redis(port)


@settings(deadline=None, max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    writes=st.lists(ROWS, max_size=3),
    size=st.integers(1, 5),
    profile=st.fixed_dictionaries({"skip_dedup": st.booleans(), "key_ttl_seconds": st.sampled_from([None, 1000])}),
)
def test_what_is_in_redis_is_what_feast_writes(
    store: FeatureStore, redis_port: int, writes: list[Rows], size: int, profile: dict[str, Any]
) -> None:
    vars(store.config.online_store).update(profile)
    view = view_of(store)
    batches = [batch(view, rows) for rows in writes]

    def by_column(rows: pa.RecordBatch) -> None:
        write_rows(store, view, [rows[start : start + size] for start in range(0, len(rows), size)])

    found = write_all(redis_port, by_column, batches)

    assert found == write_all(redis_port, lambda rows: by_feast(store, view, rows), batches)


def test_older_rows_and_those_of_the_same_time_do_not_overwrite_newer_ones(store: FeatureStore) -> None:
    view, blank = view_of(store), dict.fromkeys(EVERY_TYPE)
    online = []
    for time, number in ((5, 1), (4, 2), (5, 3), (6, 4), (3, 5)):
        write_rows(store, view, [batch(view, {"m": ({**blank, "int32": number}, time * MICROS)})])
        online += store.get_online_features(["typed:int32"], [{"member_id": "m"}]).to_dict()["int32"]
    assert online == [1, 1, 1, 4, 4]


def test_feast_and_the_server_read_what_was_written(store: FeatureStore) -> None:
    view = view_of(store)
    row = {name: value for name, (_, _, value) in EVERY_TYPE.items()}
    full, empty = (row, 7 * MICROS + 1), (dict.fromkeys(row), 8 * MICROS)

    write_rows(store, view, [batch(view, {"m1": full, "m2": empty})])

    asked = [f"typed:{name}" for name in row]
    found = store.get_online_features(asked, [{"member_id": id_} for id_ in ("m1", "m2", "m3")]).to_dict()
    assert {name: found[name] for name in row} == {name: [value, None, None] for name, value in row.items()}
    features = [feature_of(pb.Input(name=n, data_type=t)) for n, (_, t, _) in EVERY_TYPE.items()]
    cells = cell_reader(store).read(["m1", "m2", "m3"], [ViewFeatures(view, features)])
    assert cells.values == {name: [value, None, None] for name, value in row.items()}
    assert cells.times["typed"] == [7.000001, 8.0, None]


def test_features_of_other_views_stay(store: FeatureStore, redis_port: int) -> None:
    view, other = view_of(store), store.get_feature_view("members")
    schema = row_schema(other)
    rows = pa.RecordBatch.from_pylist(
        [{"member_id": "m", "liking": 0.5, "event_timestamp": datetime(2026, 1, 1, tzinfo=UTC)}], schema
    )
    write_rows(store, other, [rows])
    write_rows(store, view, [batch(view, {"m": (dict.fromkeys(EVERY_TYPE), MICROS)})])
    [(fields, _)] = in_redis(redis_port).values()
    assert len(fields) == len(EVERY_TYPE) + 1 + 2
    assert store.get_online_features(["members:liking"], [{"member_id": "m"}]).to_dict()["liking"] == [0.5]


def test_a_key_that_is_null_and_a_number_that_is_missing_in_a_list_are_refused(store: FeatureStore) -> None:
    view, blank = view_of(store), dict.fromkeys(EVERY_TYPE)
    with pytest.raises(SourceError, match="view 'typed': the key 'member_id' is null in some rows"):
        write_rows(store, view, [batch(view, {None: (blank, 1)})])  # type: ignore[dict-item]
    with pytest.raises(SourceError, match="view 'typed', feature 'ids': a list of integers has a null"):
        write_rows(store, view, [batch(view, {"m": ({**blank, "ids": [None]}, 1)})])


def test_what_redis_refuses_is_raised(tmp_path: Path) -> None:
    with running_redis() as port:
        store = open_applied(write_profile(tmp_path, REDIS.format(port=port)))
        view = view_of(store)
        Redis(port=port).config_set("maxmemory", "1")
        with pytest.raises(ResponseError, match="not allowed when used memory"):
            write_rows(store, view, [batch(view, {"m": (dict.fromkeys(EVERY_TYPE), 1)})])
