"""A small feature store for the server: the inputs of `tests.support.linear_model`, and a title to show."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pandas as pd
from feast import Entity, FeatureService, FeatureStore, FeatureView, Field, FileSource, ValueType
from feast.types import Array, Bool, FeastType, Float32, Float64, Int32, Int64, String

from contract.stubs import manifest_pb2 as pb
from server.features.store import open_store
from tests.support import linear_model

NOW = 1_700_000_000.0
DAY = 86_400

SQLITE = "type: sqlite\n  path: {root}/online.db"
REDIS = "type: redis\n  connection_string: 127.0.0.1:{port},socket_timeout=5,socket_connect_timeout=5,retry=null"

PROFILE = """\
project: {project}
provider: local
registry:
  path: {root}/registry.db
  cache_ttl_seconds: 0
online_store:
  {online}
offline_store:
  type: duckdb
entity_key_serialization_version: 3
"""

TITLE = pb.Input(
    name="title",
    source=pb.SOURCE_CLASS,
    feature_view="classes",
    data_type=pb.DATA_TYPE_STRING,
    ttl_seconds=DAY,
)
EVERY_TYPE: dict[str, "tuple[FeastType, pb.DataType.ValueType, Any]"] = {
    "text": (String, pb.DATA_TYPE_STRING, "é"),
    "int32": (Int32, pb.DATA_TYPE_INT32, -3),
    "int64": (Int64, pb.DATA_TYPE_INT64, 2**40),
    "float32": (Float32, pb.DATA_TYPE_FLOAT32, 0.5),
    "float64": (Float64, pb.DATA_TYPE_FLOAT64, 0.1),
    "flag": (Bool, pb.DATA_TYPE_BOOL, True),
    "texts": (Array(String), pb.DATA_TYPE_STRING_LIST, ["a", "b"]),
    "ids": (Array(Int64), pb.DATA_TYPE_INT64_LIST, [1, 2]),
    "vector": (Array(Float32), pb.DATA_TYPE_FLOAT32_LIST, [0.5, 1.5]),
}
"""A feature of each type: Feast's type, ours, and a value."""


def write_profile(root: Path, online: str, project: str = "test") -> Path:
    """Writes the profile of a feature repository and returns its folder."""
    repo = root / "feature_repo"
    repo.mkdir(exist_ok=True)
    text = PROFILE.format(root=root, online=online, project=project)
    (repo / "feature_store.yaml").write_text(text, encoding="utf-8")
    return repo


def definitions() -> list[Any]:
    """Returns everything that the server reads."""
    member = Entity(name="member", join_keys=["member_id"], value_type=ValueType.STRING)
    class_ = Entity(name="class", join_keys=["class_id"], value_type=ValueType.STRING)
    shard = Entity(name="shard", join_keys=["shard"], value_type=ValueType.STRING)
    members = _view("members", member, {"liking": Float32})
    classes = _view("classes", class_, {"minutes": Float32, "genres": Array(String), "title": String})
    typed = _view("typed", member, {name: feast for name, (feast, _, _) in EVERY_TYPE.items()})
    live = _view("live", shard, {"class_ids": Array(String), "generation": Int64, "shard_count": Int64})
    ranking = FeatureService(name="ranking", features=[members, classes])
    return [member, class_, shard, members, classes, typed, live, ranking]


def _view(name: str, entity: Entity, fields: Mapping[str, Any]) -> FeatureView:
    return FeatureView(
        name=name,
        entities=[entity],
        ttl=timedelta(days=1),
        schema=[Field(name=field, dtype=dtype) for field, dtype in fields.items()],
        source=FileSource(name=f"{name}_rows", path=f"{name}.parquet", timestamp_field="event_timestamp"),
    )


def open_applied(repo: Path, objects: Sequence[Any] | None = None) -> FeatureStore:
    """Returns the store of a repository with its definitions registered."""
    store = open_store(repo)
    store.apply(definitions() if objects is None else list(objects))
    return store


def write(store: FeatureStore, view: str, rows: Sequence[Mapping[str, Any]], *, at: float = NOW) -> None:
    """Writes rows of a view, true `at` a time in seconds since the epoch."""
    frame = pd.DataFrame(rows)
    frame["event_timestamp"] = datetime.fromtimestamp(at, tz=UTC)
    store.write_to_online_store(view, frame)


def write_catalogue(
    store: FeatureStore, generation: int, minutes: Mapping[str, float], *, shards: int = 1, at: float = NOW
) -> None:
    """Writes classes that last so long, and the list of them, as materialising does."""
    ids = sorted(minutes)
    rows = [{"class_id": name, "minutes": minutes[name], "genres": ["pop"], "title": name.upper()} for name in ids]
    write(store, "classes", rows, at=at)
    lists = [
        {"shard": str(shard), "class_ids": ids[shard::shards], "generation": generation, "shard_count": shards}
        for shard in range(shards)
    ]
    write(store, "live", lists, at=at + generation)


def manifest(version: int = 1, weight: float = 1.0) -> pb.Manifest:
    """Returns the manifest of the tiny model, with the title to show."""
    message = linear_model.manifest(version, weight, model_name="ranking")
    for spec in message.inputs:
        spec.ttl_seconds = DAY if spec.feature_view else 0
    message.display_features.append(TITLE)
    return message
