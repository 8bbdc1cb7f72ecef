"""Which views are written column by column, and that this changes nothing of what is online."""

import math
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from feast import Entity, FeatureStore, FeatureView, Field, FileSource, ValueType
from feast.types import Array, Bytes, Float32, Int64, String, UnixTimestamp
from redis import Redis

from features.by_column import write_by_column
from features.errors import SourceError
from features.newest_rows import newest_rows
from features.online import write_by_feast, write_online
from features.repository import open_store
from tests.support.feast_store import REDIS, SQLITE, write_profile

pytestmark = pytest.mark.slow

START, END = datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 1, 3, tzinfo=UTC)
MEMBER = Entity(name="member", join_keys=["member_id"], value_type=ValueType.STRING)
CLASS = Entity(name="class", join_keys=["class_id"], value_type=ValueType.STRING)
NUMBERED = Entity(name="numbered", join_keys=["number"], value_type=ValueType.INT64)
TIME = pa.timestamp("us", tz="UTC")
ROWS = pa.table(
    {
        "member_id": ["m1", "m1", "m1", "m2", "m3", "m4"],
        "class_id": ["c1", "c1", "c1", "é", "", "c1"],
        "starts_column": pa.array([1, 2, 3, None, 5, -6], pa.int64()),
        "rate": pa.array([0.1, 0.2, 0.3, math.nan, None, 0.0], pa.float32()),
        "texts": pa.array([["a"], ["b", None], ["c"], None, [], ["é"]], pa.list_(pa.string())),
        "at": pa.array([datetime(2026, 1, day, 0, 0, 1, 5, UTC) for day in (1, 2, 4, 1, 2, 1)], TIME),
        "made": pa.array([END] * 6, TIME),
    }
)
MANY = ROWS.take([0] * 20_000).set_column(0, "member_id", pa.array([f"m{number}" for number in range(20_000)]))
FEATURES = {"starts": Int64, "rate": Float32, "texts": Array(String)}


def view(root: Path, entities: list[Entity], features: dict[str, Any] = FEATURES, **options: Any) -> FeatureView:
    source = FileSource(
        name="rows",
        path=str(root / "rows" / "*.parquet"),
        timestamp_field="event_timestamp",
        created_timestamp_column="made",
        field_mapping={"starts_column": "starts", "at": "event_timestamp"},
    )
    schema = [Field(name=name, dtype=dtype) for name, dtype in features.items()]
    return FeatureView(name="v", entities=entities, ttl=timedelta(days=2), schema=schema, source=source, **options)


@pytest.fixture
def open_view(tmp_path: Path, redis_port: int) -> Callable[..., tuple[FeatureStore, FeatureView]]:
    Redis(port=redis_port).flushall()
    (tmp_path / "rows").mkdir()

    def opened(
        *entities: Entity, rows: pa.Table = ROWS, sqlite: bool = False, **options: Any
    ) -> tuple[FeatureStore, FeatureView]:
        pq.write_table(rows, tmp_path / "rows" / "day.parquet")
        online = (SQLITE if sqlite else REDIS).format(root=tmp_path, port=redis_port)
        store = open_store(write_profile(tmp_path, online))
        store.apply([*entities, view(tmp_path, [*entities], **options)])
        return store, store.get_feature_view("v")

    return opened


def hashes(port: int) -> dict[bytes, dict[bytes, bytes]]:
    with Redis(port=port) as client:
        return {key: client.hgetall(key) for key in client.scan_iter()}


@pytest.mark.parametrize("entities", [[MEMBER], [MEMBER, CLASS], [CLASS, MEMBER]])
def test_it_writes_what_feast_does(open_view: Any, redis_port: int, entities: list[Entity]) -> None:
    store, view = open_view(*entities)
    assert write_by_column(store, view, START, END)
    found = hashes(redis_port)
    Redis(port=redis_port).flushall()
    write_by_feast(store, view, START, END)
    assert found == hashes(redis_port)
    assert len(found) == 4


def test_the_newest_row_up_to_the_end_is_online(open_view: Any) -> None:
    store, view = open_view(MEMBER)
    write_online(store, view, END, afresh=False)
    rows = [{"member_id": id_} for id_ in ("m1", "m2", "nobody")]
    found = store.get_online_features([f"v:{name}" for name in FEATURES], rows).to_dict()
    assert found["starts"] == [2, None, None]
    assert found["rate"] == [pytest.approx(0.2), None, None]
    assert found["texts"] == [["b", ""], None, None]
    assert store.get_feature_view("v").most_recent_end_time == END


def test_a_row_is_online_though_it_is_stale_if_a_feature_of_it_counts_all_the_same(
    open_view: Any, redis_port: int
) -> None:
    store, view = open_view(MEMBER)
    later = END + timedelta(days=30)
    write_online(store, view, later, afresh=True)
    assert not hashes(redis_port)

    (field,) = (feature for feature in view.features if feature.name == "starts")
    field.tags["on_missing"] = "last_value"
    write_online(store, view, later, afresh=True)

    assert store.get_online_features(["v:starts"], [{"member_id": "m1"}]).to_dict()["starts"] == [3]


@pytest.mark.parametrize(
    ("entities", "options"),
    [
        ([NUMBERED], {}),
        ([MEMBER], {"features": {"at_time": UnixTimestamp}}),
        ([MEMBER], {"features": {"rate": Bytes}}),
        ([MEMBER], {"features": {"starts": Float32}}),
        ([MEMBER], {"offline": True}),
        ([MEMBER], {"enable_validation": True}),
        ([MEMBER], {"sqlite": True}),
        ([], {}),
    ],
    ids=["key", "time", "bytes", "other type than declared", "offline", "validation", "sqlite", "no entity"],
)
def test_other_views_are_left_to_feast(
    open_view: Any, redis_port: int, entities: list[Entity], options: dict[str, Any]
) -> None:
    rows = ROWS.append_column("number", pa.array(range(6), pa.int64())).append_column("at_time", ROWS["at"])
    store, view = open_view(*entities, rows=rows, **options)
    assert not write_by_column(store, view, START, END)
    assert not hashes(redis_port)


def test_what_is_left_to_feast_is_online_all_the_same(open_view: Any) -> None:
    store, view = open_view(MEMBER, features={"starts": Float32})
    write_online(store, view, END, afresh=False)
    assert store.get_online_features(["v:starts"], [{"member_id": "m1"}]).to_dict()["starts"] == [2.0]


def test_rows_are_read_some_at_a_time(open_view: Any) -> None:
    store, view = open_view(MEMBER, rows=MANY)
    with newest_rows(store, view, ["rate"], START, END, chunk=2048) as found:
        chunks = list(found)
    assert max(map(len, chunks)) <= 2048
    assert sorted(id_ for chunk in chunks for id_ in chunk["member_id"].to_pylist()) == sorted(
        MANY["member_id"].to_pylist()
    )
    assert {"member_id", "rate", "event_timestamp"} <= {*chunks[0].schema.names}


def test_a_store_is_still_read_after_a_write_that_failed(open_view: Any) -> None:
    nobody = MANY.slice(0, 1).set_column(0, "member_id", pa.array([None], pa.string()))
    store, view = open_view(MEMBER, rows=pa.concat_tables([nobody, MANY]))
    with pytest.raises(SourceError) as failed:
        write_online(store, view, END, afresh=True)
    with newest_rows(store, view, [], START, END, chunk=2048) as found:
        assert sum(map(len, found)) == len(MANY) + 1
    assert str(failed.value) == "view 'v': the key 'member_id' is null in some rows"  # it held on to what was read


def test_what_was_not_read_to_its_end_is_given_up(open_view: Any) -> None:
    store, view = open_view(MEMBER, rows=MANY)
    with newest_rows(store, view, [], START, END, chunk=2048) as kept:
        kept.read_next_batch()
    with newest_rows(store, view, [], START, END, chunk=2048) as found:
        assert sum(map(len, found)) == len(MANY)
