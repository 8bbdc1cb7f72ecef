"""Feature rows at random: late ones, ties, gaps, nulls, and columns with names of their own."""

import random
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from feast import Entity, FeatureService, FeatureStore, FeatureView, Field, FileSource, ValueType
from feast.types import Array, Bool, Float32, Int64, String

from features.repository import open_store
from tests.support.feature_repos import PROFILE
from training.joins.sql import Window

BEGIN = datetime(2026, 3, 1, tzinfo=UTC)
MOMENT = pa.timestamp("us", tz="UTC")
TTL = timedelta(days=1)
EVENT_TIME = "event_timestamp"
WINDOW = Window(BEGIN + timedelta(days=3, hours=8), BEGIN + timedelta(days=4, hours=8))
"""When the events are."""
BY_VIEW = {"members": {"starts", "favourites", "is_new"}, "classes": {"rate", "title"}}
FEATURES = ("starts", "favourites", "is_new", "rate", "title")


def write_features(folder: Path, seed: int) -> FeatureStore:
    """Writes the files of two views and registers them; their times are on a grid, so that many tie."""
    chance = random.Random(seed)
    _write(folder / "members", "member_id", [_member(chance, at) for at in _times(chance, 300)], chance)
    _write(folder / "classes", "klass", [_class(chance, at) for at in _times(chance, 200)], chance)
    repo = folder / "repo"
    repo.mkdir()
    (repo / "feature_store.yaml").write_text(PROFILE.replace("${PACELINE_DATA}", str(folder)))
    store = open_store(repo, environment={})
    store.apply(_definitions(folder))
    return store


def events(count: int, seed: int) -> pa.Table:
    """Returns events of a day, some of members and classes without features, in the order of their times."""
    chance = random.Random(seed)
    columns = {
        "member_id": pa.array([f"m{chance.randrange(14)}" for _ in range(count)]),
        "class_id": pa.array([f"c{chance.randrange(9)}" for _ in range(count)]),
        EVENT_TIME: pa.array(
            sorted(WINDOW.begin + timedelta(minutes=chance.randrange(0, 24 * 60, 15)) for _ in range(count)),
            MOMENT,
        ),
        "label": pa.array([chance.random() < 0.5 for _ in range(count)]),
    }
    return pa.table(columns)


def _times(chance: random.Random, count: int) -> list[datetime]:
    return [BEGIN + timedelta(hours=3 * chance.randrange(40)) for _ in range(count)]


def _member(chance: random.Random, at: datetime) -> dict[str, Any]:
    return {
        "member_id": chance.choice([f"m{number}" for number in range(12)] + [None]),
        "at": at,
        "made": at + timedelta(hours=3 * chance.choice((-1, 0, 0, 1, 9))) if chance.random() < 0.95 else None,
        "starts_column": chance.choice((None, chance.randrange(1000))),
        "favourites": chance.choice((None, [], ["a"], ["b", None, "c"])),
        "is_new": chance.choice((None, True, False)),
    }


def _class(chance: random.Random, at: datetime) -> dict[str, Any]:
    return {
        "klass": f"c{chance.randrange(8)}",
        "at": at,
        "rate": chance.choice((None, float("inf"), chance.random())),
        "title": f"title {chance.randrange(100)}",
    }


def _write(folder: Path, key: str, rows: Sequence[dict[str, Any]], chance: random.Random) -> None:
    """Writes rows to two files, no two equal in key and times: which of those counts is not said."""
    unique = {(row[key], row["at"], row.get("made")): row for row in rows}
    parts: tuple[list[Any], list[Any]] = ([], [])
    for row in unique.values():
        chance.choice(parts).append(row)
    folder.mkdir()
    for number, part in enumerate(parts):
        schema = pa.schema([field for field in _SCHEMA if field.name in part[0]])
        pq.write_table(pa.Table.from_pylist(part, schema), folder / f"{number}.parquet")


_SCHEMA = pa.schema(
    {
        "member_id": pa.string(),
        "klass": pa.string(),
        "at": MOMENT,
        "made": MOMENT,
        "starts_column": pa.int64(),
        "favourites": pa.list_(pa.string()),
        "is_new": pa.bool_(),
        "rate": pa.float32(),
        "title": pa.string(),
    }
)


def _definitions(folder: Path) -> list[Any]:
    member = Entity(name="member", join_keys=["member_id"], value_type=ValueType.STRING)
    class_ = Entity(name="class", join_keys=["class_id"], value_type=ValueType.STRING)
    members = FeatureView(
        name="members",
        entities=[member],
        ttl=TTL,
        source=FileSource(
            name="member_rows",
            path=str(folder / "members" / "*.parquet"),
            timestamp_field="at",
            created_timestamp_column="made",
            field_mapping={"starts_column": "starts"},
        ),
        schema=[
            Field(name="starts", dtype=Int64),
            Field(name="favourites", dtype=Array(String)),
            Field(name="is_new", dtype=Bool),
        ],
    )
    classes = FeatureView(
        name="classes",
        entities=[class_],
        ttl=timedelta(0),
        source=FileSource(
            name="class_rows",
            path=str(folder / "classes" / "*.parquet"),
            timestamp_field="at",
            field_mapping={"klass": "class_id"},
        ),
        schema=[Field(name="rate", dtype=Float32), Field(name="title", dtype=String)],
    )
    return [member, class_, members, classes, FeatureService(name="both", features=[members, classes])]
