"""The join on DuckDB gives the rows of Feast's own."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from features.repository import feature_service
from features.view_sources import view_sources
from tests.support.joins import BY_VIEW, EVENT_TIME, FEATURES, WINDOW, events, write_features
from training.joins.day import FeatureFiles
from training.joins.on_duckdb import DuckDBEngine

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("seed", range(4))
def test_the_rows_are_those_of_feasts_historical_features(seed: int, tmp_path: Path) -> None:
    store = write_features(tmp_path, seed)
    service = feature_service(store, "both")
    rows = events(1500, seed)

    joined = DuckDBEngine().table(
        FeatureFiles(view_sources(store, service, BY_VIEW)).day(rows, EVENT_TIME, WINDOW)
    )

    entities = rows.append_column("row", pa.array(np.arange(len(rows)))).to_pandas()
    job = store.get_historical_features(entities, features=service, filter_by_created_timestamp=True)
    expected = job.to_arrow().sort_by("row")
    for name in (*rows.column_names, *FEATURES):
        assert joined[name].to_pylist() == expected[name].to_pylist()
    for name in FEATURES:
        assert 0 < joined[name].null_count < len(rows)
