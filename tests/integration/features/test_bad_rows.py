"""Rows from elsewhere, for a view without a query: what is wrong with them is named, and nothing written."""

import math
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from contract.cells import CellStatus
from features.apply import apply
from features.errors import SourceError, StoreError
from features.materialize import materialize
from features.repository import load_definitions, open_store
from server.features.shown import show
from server.features.store import cell_reader
from tests.support.feature_repos import DEFINITIONS, write_repository
from tests.support.worlds import Size, write_world

pytestmark = pytest.mark.slow

DAY = date(2026, 3, 2)
NOW = datetime(2026, 3, 3, 9, tzinfo=UTC)
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
WITH_LEVELS = DEFINITIONS.replace(
    "OBJECTS = [", 'levels = view("levels", member, 2, level=Float32)\nOBJECTS = [levels, '
)
ZONED, PLAIN = pa.timestamp("us", tz="UTC"), pa.timestamp("us")


@pytest.fixture
def repo(tmp_path: Path, world: Path) -> Path:
    write_world(world, last_day=DAY, size=Size(days=1))
    path = write_repository(tmp_path, {"definitions.py": WITH_LEVELS})
    apply(open_store(path), load_definitions(path))
    return path


def write(repo: Path, name: str, times: Sequence[Any], time_type: pa.DataType, **columns: Any) -> None:
    """Writes a file of levels of the members m0, m1 and so on."""
    rows = {
        "member_id": pa.array([f"m{number}" for number in range(len(times))]),
        "level": pa.array([float(number) for number in range(len(times))], pa.float32()),
        "event_timestamp": pa.array(times, time_type),
        "created_timestamp": pa.array(times, time_type),
    }
    path = repo.parent / "data" / "features" / "levels" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    table = pa.table({column: rows for column, rows in (rows | columns).items() if rows is not None})
    pq.write_table(table, path)


def run(repo: Path) -> None:
    world = repo.parent / "data" / "world"
    materialize(repo, open_store(repo), world, until=None, rebuild=False, now=NOW, progress=lambda *_: None)


def levels(repo: Path, *members: str) -> list[float | None]:
    rows = [{"member_id": member} for member in members]
    found: list[float | None] = open_store(repo).get_online_features(["levels:level"], rows).to_dict()["level"]
    return found


def written(repo: Path) -> int:
    with closing(sqlite3.connect(repo.parent / "data" / "online.db")) as connection:
        tables = ("activity", "classes", "levels")
        counts = [connection.execute(f"SELECT count(*) FROM small_{table}").fetchone()[0] for table in tables]  # noqa: S608
        return sum(counts)


@pytest.mark.parametrize(
    ("times", "time_type", "columns", "message"),
    [
        (
            [NOON],
            ZONED,
            {"event_timestamp": None},
            "there is no column 'event_timestamp', found member_id, level,",
        ),
        ([NOON], ZONED, {"level": None}, "there is no column 'level', found member_id"),
        (
            [1],
            pa.timestamp("ns", tz="UTC"),
            {},
            r"'event_timestamp' is timestamp\[ns, tz=UTC\], expected a",
        ),
        (["2026-03-02"], pa.string(), {}, "'event_timestamp' is string, expected a timestamp in microseconds"),
        (
            [NOON.replace(tzinfo=None)],
            PLAIN,
            {},
            "'event_timestamp' has no time zone, which it has in .*zoned",
        ),
    ],
    ids=["no time", "no feature", "nanoseconds", "text", "mixed"],
)
def test_files_that_are_wrong_are_named_and_nothing_is_written(
    repo: Path, times: Sequence[Any], time_type: pa.DataType, columns: dict[str, Any], message: str
) -> None:
    write(repo, "zoned.parquet", [NOON], ZONED)
    write(repo, "other.parquet", times, time_type, **columns)
    with pytest.raises(SourceError, match=rf"view 'levels': .*other.parquet: {message}"):
        run(repo)
    assert written(repo) == 0


def test_a_view_without_files_and_a_file_that_is_none_are_named(repo: Path) -> None:
    with pytest.raises(StoreError, match=r"view 'levels' can't be materialised to the sqlite store: .*o files"):
        run(repo)
    write(repo, "rows.parquet", [NOON], ZONED)
    (repo.parent / "data" / "features" / "levels" / "cut.parquet").write_bytes(b"PAR1 cut")
    with pytest.raises(SourceError, match=r"cut.parquet: it can't be read"):
        run(repo)


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"member_id": pa.array([None], pa.string())}, "the key 'member_id' is null in some rows"),
        ({"level": pa.array(["high"])}, "'level' is string, expected float; "),
    ],
    ids=["key", "value"],
)
def test_rows_that_can_not_be_stored_are_named(repo: Path, columns: dict[str, pa.Array], message: str) -> None:
    write(repo, "rows.parquet", [NOON], ZONED, **columns)
    with pytest.raises(SourceError, match=f"view 'levels': {message}"):
        run(repo)


def test_the_time_of_creation_may_have_no_zone_where_that_of_the_event_has_one(repo: Path) -> None:
    created = pa.array([NOON.replace(tzinfo=None)], PLAIN)
    write(repo, "rows.parquet", [NOON], ZONED, created_timestamp=created)
    run(repo)
    assert levels(repo, "m0") == [0.0]


@pytest.mark.parametrize("zone", [None, "UTC", "Asia/Tokyo"])
def test_times_without_a_zone_are_utc_and_others_of_theirs(repo: Path, zone: str | None) -> None:
    last = datetime(2026, 3, 2, 23, 59, tzinfo=UTC)
    times = [last, last + timedelta(minutes=2)]
    kept = [time.astimezone(ZoneInfo(zone)) if zone else time.replace(tzinfo=None) for time in times]
    write(repo, "rows.parquet", kept, pa.timestamp("us", tz=zone))
    run(repo)
    assert levels(repo, "m0", "m1") == [0.0, None]


def test_a_view_that_a_team_pushes_to_by_itself_is_written_from_its_own_rows(repo: Path) -> None:
    pushed = "levels.stream_source = PushSource(name='pushed', batch_source=levels.batch_source)\nOBJECTS = ["
    definitions = "from feast import PushSource\n" + WITH_LEVELS.replace("OBJECTS = [", pushed)
    write_repository(repo.parent, {"definitions.py": definitions})
    apply(open_store(repo), load_definitions(repo))
    assert open_store(repo).get_feature_view("levels").stream_source is not None
    write(repo, "rows.parquet", [NOON], ZONED)
    run(repo)
    assert levels(repo, "m0") == [0.0]


def test_what_is_not_finite_is_online_and_counts_as_no_value(repo: Path) -> None:
    values = pa.array([math.nan, math.inf, -math.inf, 1.0], pa.float32())
    write(repo, "rows.parquet", [NOON] * 4, ZONED, level=values)
    run(repo)
    store = open_store(repo)
    reader, views = cell_reader(store), [store.get_feature_view("levels")]
    shown = [show(reader, views, f"m{number}", NOW.timestamp())[0] for number in range(4)]
    assert [cell.status for cell in shown] == [CellStatus.NULL, CellStatus.NULL, CellStatus.NULL, CellStatus.OK]
