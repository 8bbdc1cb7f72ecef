"""A registry in a file, in SQLite and in PostgreSQL: every command works on it, and no write to it is lost."""

import shutil
import threading
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from feast import FeatureStore, FileSource
from sqlalchemy import create_engine, text

from features import registry_lock
from features.apply import apply
from features.description import describe, describe_registry
from features.errors import BusyError, RepositoryError, StoreError
from features.materialize import materialize
from features.online import note_written, watermark
from features.plan import lines, plan
from features.registry_lock import writing_registry
from features.repository import load_definitions, open_store
from features.status import view_statuses
from server.domain.errors import StoreUnavailable
from server.features.opening import open_stores
from server.features.registry import Registry
from tests.support.feature_repos import DEFINITIONS, PROFILE, write_repository
from tests.support.on_demand import with_on_demand
from tests.support.worlds import Size, write_world

pytestmark = pytest.mark.slow

LAST_DAY = date(2026, 3, 2)
END = datetime(2026, 3, 3, tzinfo=UTC)
NOW = END + timedelta(hours=9)
SQL = PROFILE.replace("  path: ${PACELINE_DATA}/registry.db", "  registry_type: sql\n  path: ${PACELINE_REGISTRY}")
READ_BY_FEAST = SQL.replace("registry_type: sql", "registry_type: sql\n  purge_feast_metadata: false")
MORE = DEFINITIONS.replace("class_minutes=Int32", "class_minutes=Int32, class_title=String")

Open = Callable[[], FeatureStore]


@pytest.fixture(params=["file", "sqlite", "postgres"])
def opened(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Open:
    """Opens the store of a small repository anew, as another command would."""
    repo = write_repository(tmp_path, {} if request.param == "file" else {"feature_store.yaml": SQL})
    monkeypatch.setenv("PACELINE_REGISTRY", f"sqlite:///{tmp_path}/registry.db")
    if request.param == "postgres":
        monkeypatch.setenv("PACELINE_REGISTRY", emptied(request.getfixturevalue("postgres_url")))
    return lambda: open_store(repo)


def emptied(url: str) -> str:
    with create_engine(url).begin() as connection:
        connection.execute(text("DROP SCHEMA public CASCADE; CREATE SCHEMA public"))
    return url


def applied(store: FeatureStore, changes: Mapping[str, str] | None = None) -> list[str]:
    write_definitions = {"definitions.py": DEFINITIONS} | dict(changes or {})
    repo = Path(store.repo_path)
    (repo / "definitions.py").write_text(write_definitions["definitions.py"])
    return lines(apply(store, load_definitions(repo)))


def test_features_are_applied_planned_materialised_and_served(opened: Open, tmp_path: Path) -> None:
    world = tmp_path / "data" / "world"
    write_world(world, last_day=LAST_DAY, size=Size(days=2))
    assert applied(opened())
    store = opened()
    assert plan(describe_registry(store), describe(load_definitions(Path(store.repo_path)))) == []
    assert applied(store, {"definitions.py": MORE.replace("class_minutes=Int32, ", "")})[-2:] == [
        "  - feature class_minutes Int32 (breaking)",
        "  + feature class_title String",
    ]
    applied(store)

    materialize(Path(store.repo_path), store, world, until=None, rebuild=False, now=NOW, progress=lambda *_: None)

    assert {status.until for status in view_statuses(opened(), NOW)} == {END}
    registry = Registry(open_stores(Path(store.repo_path)).registry)
    registry.refresh()
    activity = frozenset({"member_starts_2d", "member_last_classes_2d"})
    minutes = frozenset({"class_minutes"})
    assert registry.service_features("small_v1") == {"activity": activity, "classes": minutes}
    applied(store, {"definitions.py": MORE})
    assert registry.service_features("small_v1") == {"activity": activity, "classes": minutes}
    registry.refresh()
    new = frozenset({"class_minutes", "class_title"})
    assert registry.service_features("small_v1") == {"activity": activity, "classes": new}


def test_a_moved_source_is_registered_and_a_refused_one_changes_nothing(opened: Open) -> None:
    applied(opened())
    store = opened()
    note_written(store, store.get_feature_view("activity"), END, END)
    moved = DEFINITIONS.replace('FEATURES / name / "*.parquet"', 'FEATURES / "new" / name / "*.parquet"')
    refused = moved.replace("OBJECTS = [member,", "OBJECTS = [member, view('ACTIVITY', member, 2, a=Int64),")
    before = describe_registry(opened())
    with pytest.raises(RepositoryError, match="Feast does not accept the definitions"):
        applied(opened(), {"definitions.py": refused})
    assert describe_registry(opened()) == before
    applied(opened(), {"definitions.py": moved})
    activity = opened().get_feature_view("activity")
    assert isinstance(activity.batch_source, FileSource)
    assert "/new/activity/" in activity.batch_source.path
    assert watermark(activity) == END


def test_on_demand_views_are_registered_again_though_only_their_features_changed(opened: Open) -> None:
    definitions = with_on_demand()
    applied(opened(), {"definitions.py": definitions})
    changed = {"definitions.py": definitions.replace("The {name}.", "That {name}.")}
    assert applied(opened(), changed)
    assert applied(opened(), changed) == []


def test_what_others_wrote_since_a_store_was_opened_is_kept(opened: Open) -> None:
    applied(opened())
    first, second = opened(), opened()
    assert first.list_feature_views()
    applied(second, {"definitions.py": MORE})
    note_written(first, first.get_feature_view("classes"), END, END)
    classes = opened().get_feature_view("classes")
    assert (watermark(classes), {f.name for f in classes.features}) == (END, {"class_minutes", "class_title"})


def test_no_write_is_lost_though_many_write_at_once(opened: Open) -> None:
    applied(opened())
    ends = [END + timedelta(hours=number) for number in range(4)]

    def note(view: str) -> None:
        store = opened()
        for end in ends:
            note_written(store, store.get_feature_view(view), end, end)

    threads = [threading.Thread(target=note, args=[name]) for name in ("classes", "activity", "classes")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    found = {view.name: view.materialization_intervals for view in opened().list_feature_views()}
    assert {name: len(found[name]) for name in ("classes", "activity")} == {"classes": 8, "activity": 4}


def test_a_writer_that_does_not_end_is_named(opened: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry_lock, "WAIT_SECONDS", 1)
    other = opened()
    with (
        writing_registry(opened()),
        pytest.raises(
            StoreError, match=r"another command has been writing to the registry .* for 1 seconds"
        ) as busy,
        writing_registry(other),
    ):
        pass
    assert not isinstance(busy.value, BusyError)  # which says that nothing was done
    with writing_registry(other):
        pass


def test_a_registry_whose_folder_is_gone_is_named(tmp_path: Path) -> None:
    store = open_store(write_repository(tmp_path))
    shutil.rmtree(tmp_path / "data")
    with (
        pytest.raises(StoreError, match=r"the registry .*registry.db can't be written: FileNotFoundError"),
        writing_registry(store),
    ):
        pass


def test_a_database_that_is_gone_is_named_without_its_password(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    repo = write_repository(tmp_path, {"feature_store.yaml": SQL})
    monkeypatch.setenv("PACELINE_REGISTRY", "postgresql+psycopg://me:secret@127.0.0.1:1/none")
    with pytest.raises(
        StoreError, match=r"the registry postgresql\+psycopg://me:\*\*\*@127.0.0.1:1/none can't"
    ) as gone:
        open_store(repo)
    assert "secret" not in str(gone.value)
    with pytest.raises(StoreUnavailable):
        Registry(open_stores(repo).registry).refresh()


@pytest.mark.parametrize("url", ["nonsense", "oracle9i://x"])
def test_an_address_that_is_none_is_named(url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    repo = write_repository(tmp_path, {"feature_store.yaml": SQL})
    monkeypatch.setenv("PACELINE_REGISTRY", url)
    with pytest.raises((RepositoryError, StoreError), match=f"the registry {url} can't be opened"):
        open_store(repo)


@pytest.mark.parametrize("profile", [SQL, READ_BY_FEAST], ids=["plain", "by Feast"])
def test_a_server_knows_that_a_database_is_gone_and_goes_on_with_what_it_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, profile: str
) -> None:
    repo = write_repository(tmp_path, {"feature_store.yaml": profile})
    monkeypatch.setenv("PACELINE_REGISTRY", f"sqlite:///{tmp_path}/registry.db")
    with pytest.raises(StoreUnavailable):
        Registry(open_stores(repo).registry).refresh()  # nor does it make the tables
    applied(open_store(repo))
    registry = Registry(open_stores(repo).registry)
    registry.refresh()
    (tmp_path / "registry.db").write_bytes(b"no database")
    with pytest.raises(StoreUnavailable):
        registry.refresh()
    assert registry.find("classes") is not None
    assert registry.service_features("small_v1") is not None
