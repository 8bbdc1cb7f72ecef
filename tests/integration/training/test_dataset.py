"""What is read for a training: Feast's features as they were known, and nothing of the future."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pyarrow.parquet as pq
import pytest

from contract.stubs import manifest_pb2 as pb
from features.errors import SourceError, StoreError
from tests.support.histories import LAST_DAY, ROWS, SIZE, TRAINING, write_history
from training.dataset import History, RankingDataset
from training.errors import DataError
from training.spec import TruthSpec, parse_ranking_spec
from training.table import Table

pytestmark = pytest.mark.slow

FIRST_DAY = LAST_DAY - timedelta(days=SIZE.days - 1)
TTL = timedelta(days=2)


def _open(history: History, text: str = TRAINING) -> RankingDataset:
    return RankingDataset(history, parse_ranking_spec(text, "training.toml", {}))


def _load(dataset: RankingDataset, first: date = FIRST_DAY, last: date = LAST_DAY) -> Table:
    return dataset.load(first, last, lambda *_: None)


def _known(history: History, view: str, key: str) -> Callable[[str, datetime], dict[str, Any]]:
    """Looks up the newest feature row of an entity at a moment that is neither stale nor made later."""
    files = history.world.parent / "features" / view / "*.parquet"
    listed = duckdb.read_parquet(str(files)).to_arrow_table().to_pylist()

    def look_up(entity: str, moment: datetime) -> dict[str, Any]:
        fresh = [r for r in listed if r[key] == entity and moment - TTL <= r["event_timestamp"] <= moment]
        return max(fresh, key=lambda row: row["event_timestamp"], default={})

    return look_up


def _expected(history: History, table: Table) -> dict[str, list[Any]]:
    member, shown = _known(history, "activity", "member_id"), _known(history, "classes", "class_id")
    assert table.times is not None
    moments = [datetime.fromtimestamp(seconds, UTC) for seconds in table.times.tolist()]
    members = [member(entity, at) for entity, at in zip(table.columns["member_id"], moments, strict=True)]
    classes = [shown(entity, at) for entity, at in zip(table.columns["class_id"], moments, strict=True)]
    return {
        "member_starts_2d": [row.get("member_starts_2d", np.nan) for row in members],
        "member_last_classes_2d": [(row.get("member_last_classes_2d") or []) for row in members],
        "class_minutes": [row.get("class_minutes", np.nan) for row in classes],
    }


def test_every_row_has_the_features_that_were_known_at_its_time(history: History) -> None:
    table = _load(_open(history))

    expected = _expected(history, table)
    assert len(table) == SIZE.days * SIZE.impressions_per_day
    np.testing.assert_array_equal(
        table.columns["member_starts_2d"], np.array(expected["member_starts_2d"], np.float32)
    )
    np.testing.assert_array_equal(table.columns["class_minutes"], np.array(expected["class_minutes"], np.float32))
    found = [[value for value in row if value] for row in table.columns["member_last_classes_2d"].tolist()]
    assert found == expected["member_last_classes_2d"]
    assert table.times is not None
    assert np.isnan(
        table.columns["class_minutes"][table.times < datetime(2026, 3, 2, tzinfo=UTC).timestamp()]
    ).all()


def test_keys_time_label_and_context_are_those_of_the_row(history: History) -> None:
    dataset = _open(history)

    table = _load(dataset, LAST_DAY, LAST_DAY)

    columns = ["member_id", "class_id", "event_timestamp", "surface", "position", "started"]
    rows = dataset.rows.between(LAST_DAY, LAST_DAY, columns).to_pydict()
    for name in ("member_id", "class_id", "surface"):
        assert table.columns[name].tolist() == rows[name]
    assert table.members is not None
    assert table.members.tolist() == rows["member_id"]
    assert table.columns["request_time"].tolist() == [int(time.timestamp()) for time in rows["event_timestamp"]]
    assert table.labels.tolist() == rows["started"]
    assert table.positions is not None
    assert table.positions.tolist() == rows["position"]
    assert {spec.name for spec in dataset.inputs.inputs} == set(table.columns)


def test_expired_values_are_missing(tmp_path: Path) -> None:
    """Without the features of the last days, their rows outlive the TTL of two days."""
    history = write_history(tmp_path)
    for day in ("2026-03-03", "2026-03-04", "2026-03-05", "2026-03-06"):
        for path in (history.world.parent / "features").glob(f"*/day={day}.parquet"):
            path.unlink()

    dataset = _open(history)

    assert not np.isnan(_load(dataset, date(2026, 3, 4), date(2026, 3, 4)).columns["class_minutes"]).any()
    stale = _load(dataset, LAST_DAY, LAST_DAY)
    assert np.isnan(stale.columns["class_minutes"]).all()
    assert (stale.columns["member_last_classes_2d"] == "").all()


def test_a_row_that_was_made_later_does_not_leak(tmp_path: Path) -> None:
    history = write_history(tmp_path)
    before = _load(_open(history), LAST_DAY, LAST_DAY)
    folder = history.world.parent / "features" / "classes"
    backfill = f"""
        SELECT * REPLACE (999::INTEGER AS class_minutes, created_timestamp + INTERVAL 90 DAY AS created_timestamp)
        FROM '{folder}/*.parquet'
    """  # noqa: S608 - a path of our own
    duckdb.connect().sql(backfill).to_df().to_parquet(folder / "backfill.parquet")

    after = _load(_open(history), LAST_DAY, LAST_DAY)

    np.testing.assert_array_equal(after.columns["class_minutes"], before.columns["class_minutes"])


def test_rows_without_a_feature_that_may_not_be_missing_are_left_out(history: History) -> None:
    dataset, whole = _open(history), _load(_open(history))
    (spec,) = (spec for spec in dataset.inputs.inputs if spec.name == "class_minutes")
    spec.missing_policy = pb.MISSING_POLICY_FAIL
    is_kept = ~np.isnan(whole.columns["class_minutes"])

    table = _load(dataset)

    assert 0 < len(table) == np.count_nonzero(is_kept) < len(whole)
    assert table.times is not None
    assert whole.times is not None
    np.testing.assert_array_equal(table.times, whole.times[is_kept])
    left = len(whole) - len(table)
    assert (
        f"Input 'class_minutes' is missing in {left} of {len(whole)} rows, which are left out." in table.warnings
    )
    truth = TruthSpec("truth", "impression_id", "probability")
    probabilities = dataset.true_probabilities(truth, FIRST_DAY, LAST_DAY)
    assert probabilities is not None
    np.testing.assert_allclose(probabilities, np.where(table.labels > 0, 0.9, 0.1), atol=1e-6)
    with pytest.raises(DataError, match="none of 120 rows has every feature"):
        _load(dataset, FIRST_DAY, FIRST_DAY)


def test_progress_is_told_day_by_day(history: History) -> None:
    heard: list[tuple[str, int, int]] = []

    _open(history).load(FIRST_DAY, LAST_DAY, lambda *step: heard.append(step))

    assert heard == [("joining features", day, SIZE.days) for day in range(SIZE.days + 1)]


def test_features_that_can_not_be_read_are_named(tmp_path: Path) -> None:
    history = write_history(tmp_path)
    folder = history.world.parent / "features" / "classes"
    (folder / "day=2026-03-04.parquet").write_bytes(b"PAR1 cut")

    with pytest.raises(SourceError, match=r"view 'classes': .*day=2026-03-04.parquet can't be read"):
        _open(history)


def test_a_file_without_a_feature_is_named(tmp_path: Path) -> None:
    history = write_history(tmp_path)
    path = history.world.parent / "features" / "classes" / "day=2026-03-04.parquet"
    pq.write_table(pq.read_table(path).drop_columns(["class_minutes"]), path)

    with pytest.raises(
        SourceError, match=r"day=2026-03-04.parquet lacks the column 'class_minutes', found class_id"
    ):
        _open(history)


def test_days_without_rows_are_refused(history: History) -> None:
    with pytest.raises(DataError, match="no training rows from 2026-04-01 to 2026-04-02"):
        _load(_open(history), date(2026, 4, 1), date(2026, 4, 2))


def test_a_feature_service_that_is_not_registered_is_named_with_those_that_are(history: History) -> None:
    with pytest.raises(StoreError, match="feature service 'ranking_v9' is not registered, registered: small_v1"):
        _open(history, TRAINING.replace("small_v1", "ranking_v9"))


def test_features_that_were_never_computed_are_named(tmp_path: Path) -> None:
    history = write_history(tmp_path)
    for path in (history.world.parent / "features" / "classes").glob("*.parquet"):
        path.unlink()

    with pytest.raises(SourceError, match=r"view 'classes': there is no file .*classes/\*.parquet; run `paceline"):
        _open(history)


def test_a_column_that_the_query_does_not_yield_is_named(tmp_path: Path) -> None:
    history = write_history(tmp_path, {"training_rows.sql": ROWS.replace("surface,", "")})

    with pytest.raises(DataError, match=r"training_rows.sql: column 'surface' is missing"):
        _open(history)


def test_a_label_that_is_neither_0_nor_1_is_named(tmp_path: Path) -> None:
    started = "impression_id IN (SELECT impression_id FROM starts)"
    history = write_history(tmp_path, {"training_rows.sql": ROWS.replace(started, "position")})

    with pytest.raises(DataError, match=r"training_rows.sql: column 'started' is neither 0 nor 1 in \d+ rows"):
        _open(history)


def test_the_encoding_of_features_is_their_inputs(history: History) -> None:
    by_name = {spec.name: spec for spec in _open(history).inputs.inputs}

    assert by_name["class_minutes"].feature_view == "classes"
    assert by_name["class_minutes"].ttl_seconds == TTL.total_seconds()
    assert by_name["member_last_classes_2d"].data_type == pb.DATA_TYPE_STRING_LIST
