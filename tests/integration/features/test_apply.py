"""Applying makes the registry say what the definitions say, whatever changed."""

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

import pytest

from features.apply import apply
from features.description import describe, describe_registry
from features.errors import RepositoryError
from features.online import watermark
from features.plan import Change, lines, plan
from features.repository import load_definitions, open_store
from tests.support.feature_repos import DEFINITIONS, write_repository

pytestmark = pytest.mark.slow


def applied(folder: Path, definitions: str = DEFINITIONS) -> list[Change]:
    repo = write_repository(folder, {"definitions.py": definitions})
    return apply(open_store(repo, environment={}), load_definitions(repo))


def still_planned(repo: Path) -> list[Change]:
    return plan(describe_registry(open_store(repo, environment={})), describe(load_definitions(repo)))


CHANGES: Mapping[str, tuple[str, str, list[str]]] = {
    "a TTL": (
        'view("activity", member, 2,',
        'view("activity", member, 3,',
        ["view activity", "  ~ ttl 2 days → 3 days"],
    ),
    "a type": (
        "class_minutes=Int32",
        "class_minutes=Float32",
        ["view classes", "  ~ feature class_minutes Int32 → Float32 (breaking)"],
    ),
    "a new feature": (
        "class_minutes=Int32",
        "class_minutes=Int32, class_title=String",
        ["service small_v1", "  + feature classes:class_title", "view classes", "  + feature class_title String"],
    ),
    "a feature's tags": (
        "Field(name=feature, dtype=dtype)",
        'Field(name=feature, dtype=dtype, tags={"default": "0"} if feature == "class_minutes" else {})',
        ["view classes", "  ~ feature class_minutes Int32 → Int32 (default '0')"],
    ),
    "a service's tags": (
        '"class_key": "class_id"',
        '"class_key": "video_id"',
        ["service small_v1", "  ~ tag class_key class_id → video_id (breaking)"],
    ),
    "a smaller service": (
        "features=[activity, classes]",
        "features=[activity]",
        ["service small_v1", "  - feature classes:class_minutes (breaking)"],
    ),
    "an entity's key": (
        'name="shard", join_keys=["shard"]',
        'name="shard", join_keys=["part"]',
        [
            "entity shard",
            "  ~ key shard STRING → part STRING (breaking)",
            "view catalogue",
            "  ~ keys shard → part (breaking)",
        ],
    ),
}


@pytest.mark.parametrize(("old", "new", "shown"), CHANGES.values(), ids=CHANGES)
def test_a_change_is_shown_applied_and_then_gone(tmp_path: Path, old: str, new: str, shown: list[str]) -> None:
    applied(tmp_path)
    changes = applied(tmp_path, DEFINITIONS.replace(old, new))
    assert lines(changes) == shown
    assert still_planned(tmp_path / "repo") == []


def test_the_first_apply_registers_everything_and_the_second_nothing(tmp_path: Path) -> None:
    assert {change.subject for change in applied(tmp_path)} == {
        *("entity class", "entity member", "entity shard"),
        *("service small_v1", "view activity", "view catalogue", "view classes"),
    }
    assert applied(tmp_path) == []


def test_what_is_no_longer_defined_is_removed(tmp_path: Path) -> None:
    applied(tmp_path)
    changes = applied(
        tmp_path, DEFINITIONS.replace("shard, activity, classes, catalogue, service]", "shard, classes]")
    )
    assert {change.subject for change in changes} == {"service small_v1", "view activity", "view catalogue"}
    store = open_store(tmp_path / "repo", environment={})
    assert [view.name for view in store.list_feature_views()] == ["classes"]
    assert store.list_feature_services() == []


def test_a_moved_source_is_registered_and_the_watermark_kept(tmp_path: Path) -> None:
    applied(tmp_path)
    store = open_store(tmp_path / "repo", environment={})
    end = datetime(2026, 3, 1, tzinfo=UTC)
    store.registry.apply_materialization(store.get_feature_view("activity"), store.project, end, end)
    moved = DEFINITIONS.replace('FEATURES / name / "*.parquet"', 'FEATURES / "new" / name / "*.parquet"')
    assert {change.aspect for change in applied(tmp_path, moved)} == {"source"}
    assert still_planned(tmp_path / "repo") == []
    assert watermark(open_store(tmp_path / "repo", environment={}).get_feature_view("activity")) == end


@pytest.mark.parametrize(
    ("definitions", "message"),
    [
        ("OBJECTS = []", r"OBJECTS is \[\], expected a list of Feast objects"),
        ("import nowhere", "can't be imported: ModuleNotFoundError: No module named 'nowhere'"),
        (
            DEFINITIONS.replace("OBJECTS = [member,", "OBJECTS = [member, 3,"),
            "OBJECTS holds 3, expected Feast objects",
        ),
        (
            DEFINITIONS.replace("OBJECTS = [member,", "OBJECTS = [activity, member,"),
            "OBJECTS holds 2 objects feature view 'activity', expected one",
        ),
        (
            DEFINITIONS.replace("OBJECTS = [member,", "OBJECTS = [member, view('ACTIVITY', member, 2, a=Int64),"),
            "Feast does not accept the definitions",
        ),
    ],
)
def test_wrong_definitions_are_named(tmp_path: Path, definitions: str, message: str) -> None:
    with pytest.raises(RepositoryError, match=message):
        applied(tmp_path, definitions)


def test_modules_of_a_repository_are_loaded_once_by_each_other(tmp_path: Path) -> None:
    repo = write_repository(
        tmp_path,
        {
            "shared.py": "THING = object()",
            "user.py": "from .shared import THING",
            "definitions.py": "from . import shared, user\nOBJECTS = [shared.THING is user.THING]",
        },
    )
    with pytest.raises(RepositoryError, match="OBJECTS holds True"):
        load_definitions(repo)
