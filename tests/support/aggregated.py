"""The features of `tests.support.linear_model`, aggregated from a world, in any registry and online store."""

from pathlib import Path

from tests.support.feature_repos import DEFINITIONS, write_repository

_HEAD = DEFINITIONS[: DEFINITIONS.index("activity = view(")]
_OBJECTS = """
members = view("members", member, 3, liking=Float32)
classes = view("classes", fitness_class, 3, minutes=Float32, genres=Array(String), title=String)
live = view("live", shard, 3, class_ids=Array(String), generation=Int64, shard_count=Int64)
ranking = FeatureService(
    name="ranking",
    features=[members, classes],
    tags={"member_key": "member_id", "class_key": "class_id", "catalogue_view": "live"},
)
OBJECTS = [member, fitness_class, shard, members, classes, live, ranking]
"""
MORE = _HEAD + _OBJECTS.replace("title=String", "title=String, language=String")
"""The definitions with one feature more."""
_MEMBERS = "SELECT member_id, 1.0::FLOAT AS liking FROM members"
_CLASSES = "SELECT class_id, minutes::FLOAT AS minutes, music_genres AS genres, title FROM classes"
_PROFILE = """
project: test
provider: local
registry:
{registry}
  cache_ttl_seconds: 0
offline_store:
  type: duckdb
online_store:
  {online}
materialization:
  pull_latest_features: true
entity_key_serialization_version: 3
"""


def write_aggregated(folder: Path, registry: str, online: str) -> Path:
    """Writes the repository to ``<folder>/repo``; its data folder is ``<folder>/data``.

    Args:
        folder: Where.
        registry: The URL of its database; "" for a file.
        online: The lines of the online store, see `tests.support.feast_store`.
    """
    path = f"  registry_type: sql\n  path: {registry}" if registry else f"  path: {folder}/data/registry.db"
    files = {
        "definitions.py": _HEAD + _OBJECTS,
        "feature_store.yaml": _PROFILE.format(registry=path, online=online),
        "aggregates/members.sql": _MEMBERS,
        "aggregates/classes.sql": _CLASSES,
    }
    repo = write_repository(folder, files)
    (repo / "aggregates" / "activity.sql").unlink()
    return repo
