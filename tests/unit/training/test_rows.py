from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from features.days import Days
from training.errors import DataError
from training.rows import TrainingRows
from training.spec import SplitSpec, TruthSpec

SQL = """
-- All that was shown.
SELECT shown.id, member, class, time AS event_timestamp, id IN (SELECT id FROM starts) AS started
FROM shown;
"""
TRUTH = TruthSpec(table="truth", row_id="id", probability="p")


def _write(world: Path, table: str, columns: dict[str, Any], part: str = "a") -> None:
    path = world / table / f"day={part}" / "part.parquet"
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.table(columns), path)


@pytest.fixture
def world(tmp_path: Path) -> Path:
    """Three impressions on two days, the latest first, of which one was started."""
    world = tmp_path / "world"
    times = [datetime(2026, 11, day, hour, tzinfo=UTC) for day, hour in ((20, 1), (19, 23), (19, 1))]
    shown = {"id": ["x", "y", "z"], "member": ["m1", "m2", "m1"], "class": ["c1", "c1", "c2"]}
    _write(world, "shown", shown | {"time": pa.array(times, pa.timestamp("us", tz="UTC"))})
    _write(world, "starts", {"id": ["y"]})
    _write(world, "truth", {"id": ["z", "x"], "p": [0.1, 0.3]})
    _write(world, "truth", {"id": ["y"], "p": [0.2]}, part="b")
    return world


def _rows(world: Path, sql: str = SQL, utc_offset: timedelta = timedelta(0)) -> TrainingRows:
    (world.parent / "training_rows.sql").write_text(sql)
    return TrainingRows(world.parent, world, Days(utc_offset))


def test_rows_come_in_the_order_of_their_times(world: Path) -> None:
    rows = _rows(world)

    taken = rows.between(date(2026, 11, 19), date(2026, 11, 20), ["id", "started"])

    assert taken.to_pydict() == {"id": ["z", "y", "x"], "started": [False, True, False]}
    assert rows.day_range() == (date(2026, 11, 19), date(2026, 11, 20))


def test_days_begin_at_midnight_where_the_members_are(world: Path) -> None:
    rows = _rows(world, utc_offset=timedelta(hours=2))

    assert rows.between(date(2026, 11, 19), date(2026, 11, 19), ["id"]).to_pydict() == {"id": ["z"]}
    assert rows.between(date(2026, 11, 20), date(2026, 11, 20), ["id"]).to_pydict() == {"id": ["y", "x"]}


def test_times_without_a_zone_are_utc(world: Path) -> None:
    rows = _rows(world, SQL.replace("time AS", "time::TIMESTAMP AS"))

    assert rows.between(date(2026, 11, 19), date(2026, 11, 19), ["id"]).to_pydict() == {"id": ["z", "y"]}
    assert rows.day_range() == (date(2026, 11, 19), date(2026, 11, 20))


def test_true_probabilities_come_in_the_order_of_the_rows(world: Path) -> None:
    probabilities = _rows(world).true_probabilities(TRUTH, date(2026, 11, 19), date(2026, 11, 20))

    assert probabilities is not None
    assert probabilities.tolist() == [0.1, 0.2, 0.3]


def test_a_world_without_the_table_has_no_true_probabilities(world: Path) -> None:
    truth = TruthSpec(table="oracle", row_id="id", probability="p")

    assert _rows(world).true_probabilities(truth, date(2026, 11, 19), date(2026, 11, 20)) is None


def test_where_a_row_lacks_its_true_probability_nobody_knows_them_all(world: Path) -> None:
    _write(world, "truth", {"id": ["w"], "p": [0.2]}, part="b")

    assert _rows(world).true_probabilities(TRUTH, date(2026, 11, 19), date(2026, 11, 20)) is None
    assert _rows(world).true_probabilities(TRUTH, date(2026, 11, 20), date(2026, 11, 20)) is not None


@pytest.mark.parametrize(
    ("until", "validate_until", "now", "last"),
    [
        (None, None, (21, 0), 20),
        (None, None, (20, 12), 19),
        (None, None, (19, 12), 19),
        (None, date(2026, 11, 18), (20, 12), 19),
        (None, date(2026, 11, 19), (20, 12), 20),
        (date(2026, 11, 20), None, (20, 12), 20),
        (date(2026, 11, 19), None, (25, 0), 19),
    ],
)
def test_a_day_that_is_not_over_counts_only_where_it_is_asked_for_or_the_only_one(
    world: Path, until: date | None, validate_until: date | None, now: tuple[int, int], last: int
) -> None:
    moment = datetime(2026, 11, *now, tzinfo=UTC)

    known = _rows(world).known_range(until, SplitSpec(validate_until=validate_until), moment)

    assert known == (date(2026, 11, 19), date(2026, 11, last))


def test_columns_that_do_not_do_are_named(world: Path) -> None:
    rows = _rows(world, SQL.replace("class,", "1 AS class, NULL::VARCHAR AS nobody,"))

    rows.require(["member"], "started", ["class"])
    for keys, label, message in (
        (["member"], "surface", r"training_rows.sql: column 'surface' is missing, found id, member"),
        (["class"], "started", r"column 'class' is INTEGER, expected VARCHAR"),
        (["nobody"], "started", r"column 'nobody' is null in 3 rows"),
        (["member"], "member", r"column 'member' is neither 0 nor 1 in 3 rows"),
        (["member"], "nobody", r"column 'nobody' is neither 0 nor 1 in 3 rows"),
    ):
        with pytest.raises(DataError, match=message):
            rows.require(keys, label)


@pytest.mark.parametrize(
    ("sql", "message"),
    [
        ("SELEKT 1", r"training_rows.sql: .*syntax error"),
        ("SELECT * FROM nowhere", r"nowhere does not exist(.|\n)*tables: shown, starts, truth"),
        ("SELECT 1 AS a", "yields no column 'event_timestamp'"),
        ("SET threads = 1", "yields no column 'event_timestamp'"),
        ("SELECT 1 AS event_timestamp", "column 'event_timestamp' is INTEGER, expected a timestamp"),
        (SQL.replace("shown;", "shown WHERE false"), "training_rows.sql yields no rows"),
    ],
)
def test_a_query_that_does_not_do_is_named(world: Path, sql: str, message: str) -> None:
    with pytest.raises(DataError, match=message):
        _rows(world, sql)


def test_what_can_not_be_read_is_named(world: Path, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"training_rows.sql can't be read"):
        TrainingRows(tmp_path, world, Days())
    with pytest.raises(DataError, match="nowhere holds no tables"):
        TrainingRows(tmp_path, tmp_path / "nowhere", Days())

    (world / "shown" / "day=a" / "part.parquet").write_bytes(b"PAR1 cut")
    with pytest.raises(DataError, match="table 'shown' can't be read"):
        _rows(world)
