"""`paceline dataset`: days that were joined are kept, and joined again when what they are made of changes."""

import json
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from cli.main import app
from tests.support.histories import LAST_DAY, SIZE, TRAINING, write_history
from training.dataset import History, RankingDataset
from training.errors import DataError
from training.exclusive import only_writer
from training.spec import parse_ranking_spec

pytestmark = pytest.mark.slow

FIRST_DAY = date(2026, 3, 1)
DAYS = [f"day=2026-03-0{number}" for number in range(1, 7)]


def _dataset(history: History, out: Path, *words: str) -> dict[str, Any]:
    flags = ["dataset", "--repo", str(history.repo), "--out", str(out), "--json", *words]
    result = CliRunner().invoke(app, flags, catch_exceptions=False)
    assert result.exit_code == 0, result.output
    document: dict[str, Any] = json.loads(result.stdout)
    return document


def _open(history: History) -> RankingDataset:
    return RankingDataset(history, parse_ranking_spec(TRAINING, "training.toml", {}))


def test_every_day_is_written_once(history: History, tmp_path: Path) -> None:
    first = _dataset(history, tmp_path, "--to", "2026-03-04")
    second = _dataset(history, tmp_path)

    assert (first["joined_day_count"], second["joined_day_count"]) == (4, 2)
    assert (second["from"], second["to"]) == ("2026-03-01", "2026-03-06")
    assert second["row_count"] == SIZE.days * SIZE.impressions_per_day
    assert sorted(path.name for path in tmp_path.iterdir()) == [".lock", *DAYS]
    times = pq.read_table(tmp_path / DAYS[0])["event_timestamp"].to_pylist()
    assert times == sorted(times)
    assert len(times) == SIZE.impressions_per_day


def test_what_was_kept_is_what_would_be_joined(history: History, tmp_path: Path) -> None:
    joined = _open(history).load(FIRST_DAY, LAST_DAY, lambda *_: None)

    for _ in ("written", "read"):
        kept = _open(replace(history, dataset=tmp_path)).load(FIRST_DAY, LAST_DAY, lambda *_: None)

        assert set(kept.columns) == set(joined.columns)
        for name, column in joined.columns.items():
            np.testing.assert_array_equal(kept.columns[name], column)
        np.testing.assert_array_equal(kept.labels, joined.labels)
    assert sorted(path.name for path in tmp_path.glob("day=*")) == DAYS


def test_days_whose_features_or_rows_changed_are_joined_again(tmp_path: Path) -> None:
    history, out = write_history(tmp_path), tmp_path / "out"
    _dataset(history, out)

    features = tmp_path / "data" / "features" / "classes" / "day=2026-03-03.parquet"
    pq.write_table(pq.read_table(features).slice(1), features)
    assert _dataset(history, out)["joined_day_count"] == 3, "the TTL of two days ends on the third, at midnight"

    rows = tmp_path / "data" / "world" / "impressions" / "day=2026-03-02" / "part.parquet"
    pq.write_table(pq.read_table(rows).slice(1), rows)
    assert _dataset(history, out)["joined_day_count"] == 1
    assert pq.read_table(out / DAYS[1]).num_rows == SIZE.impressions_per_day - 1

    assert _dataset(history, out)["joined_day_count"] == 0


def test_what_a_killed_run_left_is_removed(history: History, tmp_path: Path) -> None:
    (tmp_path / ".a1b2.partial").mkdir()

    _dataset(history, tmp_path, "--to", "2026-03-01")

    assert sorted(path.name for path in tmp_path.iterdir()) == [".lock", DAYS[0]]


def test_a_folder_has_one_writer(history: History, tmp_path: Path) -> None:
    with only_writer(tmp_path), pytest.raises(DataError, match="another run writes into"):
        _dataset(history, tmp_path)


def test_a_day_that_can_not_be_read_is_named(history: History, tmp_path: Path) -> None:
    _dataset(history, tmp_path, "--to", "2026-03-01")
    (tmp_path / DAYS[0] / "part-0.parquet").write_bytes(b"PAR1 cut")

    with pytest.raises(DataError, match=r"day=2026-03-01 can't be read, remove it to join it again"):
        _open(replace(history, dataset=tmp_path)).load(FIRST_DAY, FIRST_DAY, lambda *_: None)
