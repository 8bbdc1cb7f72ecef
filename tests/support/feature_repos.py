"""A small feature repository over the `members`, `classes` and `starts` of a world, to be changed by tests."""

from collections.abc import Mapping
from pathlib import Path

STARTS = """
SELECT
    member_id,
    count(*) AS member_starts_2d,
    list(class_id ORDER BY event_time DESC, event_id)[1:3] AS member_last_classes_2d
FROM starts
WHERE event_time >= $as_of - INTERVAL 2 DAY
GROUP BY member_id
"""
CLASSES = "SELECT class_id, minutes AS class_minutes FROM classes"
SETTINGS = '[time_columns]\nmembers = "joined_time"\nclasses = "air_time"\n'
PROFILE = """
project: small
provider: local
registry:
  path: ${PACELINE_DATA}/registry.db
  cache_ttl_seconds: 0
offline_store:
  type: duckdb
online_store:
  type: sqlite
  path: ${PACELINE_DATA}/online.db
materialization:
  pull_latest_features: true
"""
DEFINITIONS = '''
"""A small repository."""

from datetime import timedelta
from pathlib import Path

from feast import Entity, FeatureService, FeatureView, Field, FileSource, ValueType
from feast.types import Array, Float32, Int32, Int64, String

member = Entity(name="member", join_keys=["member_id"], value_type=ValueType.STRING)
fitness_class = Entity(name="class", join_keys=["class_id"], value_type=ValueType.STRING)
shard = Entity(name="shard", join_keys=["shard"], value_type=ValueType.STRING)
FEATURES = Path(__file__).parent.parent / "data" / "features"


def view(name, entity, ttl_days, **features):
    return FeatureView(
        name=name,
        entities=[entity],
        ttl=timedelta(days=ttl_days),
        source=FileSource(
            name=f"{name}_rows",
            path=str(FEATURES / name / "*.parquet"),
            timestamp_field="event_timestamp",
            created_timestamp_column="created_timestamp",
        ),
        schema=[Field(name=feature, dtype=dtype) for feature, dtype in features.items()],
    )


activity = view("activity", member, 2, member_starts_2d=Int64, member_last_classes_2d=Array(String))
classes = view("classes", fitness_class, 2, class_minutes=Int32)
catalogue = view("catalogue", shard, 2, class_ids=Array(String), generation=Int64, shard_count=Int64)
service = FeatureService(
    name="small_v1",
    features=[activity, classes],
    tags={"member_key": "member_id", "class_key": "class_id", "catalogue_view": "catalogue"},
)
OBJECTS = [member, fitness_class, shard, activity, classes, catalogue, service]
'''


def write_repository(folder: Path, changes: Mapping[str, str] | None = None) -> Path:
    """Writes the repository to ``<folder>/repo``; its data folder is ``<folder>/data``.

    Args:
        folder: Where.
        changes: What to write in place of a file, by its path in the repository.

    Returns:
        The folder of the repository.
    """
    files = {
        "definitions.py": DEFINITIONS,
        "feature_store.yaml": PROFILE,
        "aggregates/settings.toml": SETTINGS,
        "aggregates/activity.sql": STARTS,
        "aggregates/classes.sql": CLASSES,
    }
    for path, text in (files | dict(changes or {})).items():
        target = folder / "repo" / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text)
    return folder / "repo"
