"""What is wrong with the inputs of `materialize` is named, and nothing is left half-written."""

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from contract.errors import ProfileError, TagError
from features.apply import apply
from features.errors import RepositoryError, SourceError, StoreError
from features.listing import list_registered
from features.materialize import Materialisation, materialize
from features.repository import load_definitions, open_store
from tests.support.feature_repos import CLASSES, DEFINITIONS, PROFILE, STARTS, write_repository
from tests.support.worlds import Size, write_world

pytestmark = pytest.mark.slow

NOW = datetime(2026, 3, 3, 9, tzinfo=UTC)


def run(folder: Path, changes: Mapping[str, str] | None = None) -> Materialisation:
    """Applies and materialises the small repository with some of its files changed."""
    repo = write_repository(folder, changes)
    store = open_store(repo, environment={})
    apply(store, load_definitions(repo))
    return materialize(
        repo, store, folder / "data" / "world", until=None, rebuild=False, now=NOW, progress=lambda *_: None
    )


@pytest.fixture
def small_world(world: Path) -> Path:
    write_world(world, last_day=date(2026, 3, 2), size=Size(days=2))
    return world


def written_files(world: Path) -> list[str]:
    return sorted(path.name for path in (world.parent / "features").rglob("*") if path.is_file())


@pytest.mark.usefixtures("small_world")
def test_the_small_repository_can_be_materialised(tmp_path: Path) -> None:
    assert run(tmp_path).built_count == 4


ACTIVITY = "aggregates/activity.sql"
WRONG_QUERIES = {
    "missing column": (
        STARTS.replace("AS member_starts_2d", "AS starts"),
        r"activity.sql: view 'activity': column 'starts' is not a feature of the view",
    ),
    "too few columns": (
        "SELECT DISTINCT member_id FROM starts",
        r"view 'activity': column 'member_starts_2d' is missing, expected int64",
    ),
    "wrong type": (
        STARTS.replace("count(*)", "count(*)::INTEGER"),
        r"view 'activity': column 'member_starts_2d' is int32, expected int64",
    ),
    "wrong elements": (
        STARTS.replace("list(class_id", "list(event_time"),
        r"column 'member_last_classes_2d' is list<.*timestamp.*>, expected list<.*string>",
    ),
    "repeated key": (
        STARTS + " UNION ALL " + STARTS,
        r"view 'activity': \d+ rows repeat a key, expected one row for each",
    ),
    "null key": (
        STARTS + " UNION ALL SELECT NULL, 1::BIGINT, ['c']",
        r"view 'activity': the key 'member_id' is null in 1 rows",
    ),
    "wrong syntax": ("SELECT member_id,, FROM starts", r"activity.sql, day 2026-03-01: Parser Error"),
    "unknown table": ("SELECT * FROM truth", r"truth(.|\n)*tables: classes, completions, impressions, members"),
}


@pytest.mark.parametrize(("query", "message"), WRONG_QUERIES.values(), ids=WRONG_QUERIES)
def test_a_wrong_query_is_named_and_writes_nothing(
    tmp_path: Path, small_world: Path, query: str, message: str
) -> None:
    with pytest.raises(RepositoryError, match=message):
        run(tmp_path, {ACTIVITY: query})
    assert written_files(small_world) == []


@pytest.mark.usefixtures("small_world")
def test_another_query_is_computed_afresh_and_an_unchanged_one_is_not(tmp_path: Path) -> None:
    run(tmp_path)
    assert run(tmp_path).built_count == 0
    assert run(tmp_path, {ACTIVITY: STARTS.replace("2 DAY", "1 DAY")}).built_count == 2


@pytest.mark.usefixtures("small_world")
def test_a_new_feature_is_there_at_once_on_every_day(tmp_path: Path) -> None:
    run(tmp_path)
    changes = {
        "definitions.py": DEFINITIONS.replace("class_minutes=Int32", "class_minutes=Int32, class_title=String"),
        "aggregates/classes.sql": CLASSES.replace("FROM", ", title AS class_title FROM"),
    }
    assert run(tmp_path, changes).built_count == 2
    store = open_store(tmp_path / "repo", environment={})
    found = store.get_online_features(["classes:class_title"], [{"class_id": "c00001"}]).to_dict()
    assert found["class_title"] == ["Class 1"]


def test_an_aggregate_of_no_view_is_named(tmp_path: Path, small_world: Path) -> None:
    with pytest.raises(RepositoryError, match=r"extra.sql: there is no view 'extra', registered: activity, catal"):
        run(tmp_path, {"aggregates/extra.sql": CLASSES})
    assert written_files(small_world) == []


def test_a_file_that_is_not_parquet_is_named(tmp_path: Path, small_world: Path) -> None:
    bad = small_world / "starts" / "day=2026-03-03" / "part.parquet"
    bad.parent.mkdir()
    bad.write_bytes(b"not parquet, whatever its name says")
    with pytest.raises(
        SourceError, match=re.escape("table 'starts' can't be read: ") + f".*{re.escape(str(bad))}"
    ):
        run(tmp_path)
    assert written_files(small_world) == []


def test_a_table_whose_files_are_all_unreadable_is_named(tmp_path: Path, small_world: Path) -> None:
    (small_world / "members" / "members.parquet").write_bytes(b"x")
    with pytest.raises(SourceError, match="table 'members' can't be read"):
        run(tmp_path)


def test_a_lost_time_column_is_named(tmp_path: Path, small_world: Path) -> None:
    settings = '[time_columns]\nmembers = "since"\n'
    with pytest.raises(
        SourceError, match="table 'members' lacks its time column 'since', found member_id, joined"
    ):
        run(tmp_path, {"aggregates/settings.toml": settings})
    assert written_files(small_world) == []


def test_a_time_column_of_another_type_is_named(tmp_path: Path, small_world: Path) -> None:
    pq.write_table(pa.table({"event_time": ["yesterday"]}), small_world / "members" / "members.parquet")
    settings = '[time_columns]\nmembers = "event_time"\n'
    with pytest.raises(SourceError, match="table 'members': column 'event_time' is VARCHAR, expected a timestamp"):
        run(tmp_path, {"aggregates/settings.toml": settings})


def test_a_missing_world_is_named(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"data/world is not a folder"):
        run(tmp_path)


def test_a_world_without_events_is_named(tmp_path: Path, small_world: Path) -> None:
    for table in ("impressions", "starts", "completions", "ratings"):
        for file in (small_world / table).rglob("*.parquet"):
            file.unlink()
    with pytest.raises(SourceError, match="the tables classes, members hold no events"):
        run(tmp_path)


@pytest.mark.parametrize(
    ("profile", "message"),
    [
        (PROFILE.replace("cache_ttl_seconds", "cache_ttl"), "unknown key registry.cache_ttl, expected one of"),
        (PROFILE.replace("offline_store", "ofline_store"), "unknown key ofline_store, expected one of"),
        (
            PROFILE.replace("pull_latest", "pull_newest"),
            "unknown key materialization.pull_newest_features",
        ),
        (
            PROFILE.replace("  type: duckdb", "  type: duckdb\n  typ: x"),
            r"(.|\n)*typ\n  Extra inputs",
        ),
        (PROFILE + "batch_engine:\n  type: local\n  sparkconf: {}\n", r"(.|\n)*sparkconf\n  Extra inputs"),
        (PROFILE.replace("sqlite", "sqlit"), "feature_store.yaml: .*sqlit"),
        (PROFILE.replace("project: small\n", ""), "feature_store.yaml: (.|\n)*project"),
    ],
)
def test_a_wrong_profile_is_named(tmp_path: Path, profile: str, message: str) -> None:
    with pytest.raises(RepositoryError, match=message):
        run(tmp_path, {"feature_store.yaml": profile})


def test_an_unknown_profile_is_named(tmp_path: Path) -> None:
    with pytest.raises(ProfileError, match=r"feature_store.spark.yaml does not exist"):
        open_store(write_repository(tmp_path), "spark", {})


def test_an_empty_registry_is_named(tmp_path: Path, small_world: Path) -> None:
    repo = write_repository(tmp_path)
    store = open_store(repo, environment={})
    with pytest.raises(StoreError, match="is empty; run `paceline features apply` first"):
        materialize(repo, store, small_world, until=None, rebuild=False, now=NOW, progress=lambda *_: None)


def test_a_registry_that_is_not_one_is_named(tmp_path: Path) -> None:
    repo = write_repository(tmp_path)
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "registry.db").write_bytes(b"\xff\xff\xff")
    with pytest.raises(StoreError, match=r"the registry .*registry.db can't be opened"):
        open_store(repo, environment={})


def test_a_service_that_is_not_registered_is_named(tmp_path: Path) -> None:
    repo = write_repository(tmp_path)
    store = open_store(repo, environment={})
    apply(store, load_definitions(repo))
    with pytest.raises(StoreError, match="feature service 'other' is not registered, registered: small_v1"):
        list_registered(store, "other")


@pytest.mark.usefixtures("small_world")
def test_a_service_without_its_roles_is_named(tmp_path: Path) -> None:
    definitions = DEFINITIONS.replace(', "catalogue_view": "catalogue"', "")
    with pytest.raises(TagError, match="feature service 'small_v1' lacks the tag 'catalogue_view'"):
        run(tmp_path, {"definitions.py": definitions})


@pytest.mark.usefixtures("small_world")
def test_a_service_without_a_view_of_classes_is_named(tmp_path: Path) -> None:
    definitions = DEFINITIONS.replace("features=[activity, classes]", "features=[activity]")
    with pytest.raises(RepositoryError, match="feature service 'small_v1' has no view keyed by 'class_id'"):
        run(tmp_path, {"definitions.py": definitions})


@pytest.mark.usefixtures("small_world")
def test_a_redis_that_does_not_answer_is_named(tmp_path: Path) -> None:
    redis = "type: redis\n  connection_string: 127.0.0.1:1,socket_connect_timeout=0.05,retry=null"
    profile = PROFILE.replace("type: sqlite\n  path: ${PACELINE_DATA}/online.db", redis)
    with pytest.raises(
        StoreError, match="view 'activity' can't be materialised to the redis store: ConnectionError"
    ):
        run(tmp_path, {"feature_store.yaml": profile})
