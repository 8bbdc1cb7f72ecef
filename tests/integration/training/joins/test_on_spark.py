"""The join on Spark gives the rows of the one on DuckDB."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from contract.stubs import manifest_pb2 as pb
from features.repository import feature_service
from features.view_sources import view_sources
from tests.support.joins import BY_VIEW, EVENT_TIME, WINDOW, events, write_features
from tests.support.spark import SparkProcess, spark_process
from training.errors import DataError
from training.joins.day import DayJoin, FeatureFiles
from training.joins.on_duckdb import DuckDBEngine
from training.on_demand import ComputedColumns

pytestmark = pytest.mark.slow


SHOWN_FEATURE = pb.Input(
    name="shown",
    source=pb.SOURCE_MEMBER,
    feature_view="shown",
    data_type=pb.DATA_TYPE_STRING,
    encoding=pb.ENCODING_VOCABULARY,
)
SHOWN = pb.OnDemandView(
    name="shown",
    source=pb.SOURCE_MEMBER,
    inputs=[
        pb.Input(name="starts", source=pb.SOURCE_MEMBER, data_type=pb.DATA_TYPE_INT64),
        pb.Input(name="favourites", source=pb.SOURCE_MEMBER, data_type=pb.DATA_TYPE_STRING_LIST),
        pb.Input(name="is_new", source=pb.SOURCE_MEMBER, data_type=pb.DATA_TYPE_BOOL),
        pb.Input(name="at", source=pb.SOURCE_REQUEST_TIME, data_type=pb.DATA_TYPE_INT64),
    ],
    function="def shown(inputs):\n    return {'shown': list(map(repr, zip(*inputs.values())))}",
)


@pytest.fixture(scope="module")
def spark() -> Iterator[SparkProcess]:
    with spark_process() as engine:
        yield engine


def _join(folder: Path, seed: int) -> DayJoin:
    store = write_features(folder, seed)
    files = FeatureFiles(view_sources(store, feature_service(store, "both"), BY_VIEW))
    return files.day(events(1500, seed), EVENT_TIME, WINDOW)


@pytest.mark.parametrize("seed", [1, 2])
def test_both_engines_write_the_same_rows(spark: SparkProcess, seed: int, tmp_path: Path) -> None:
    join = _join(tmp_path, seed)

    spark.write(join, tmp_path / "spark")
    DuckDBEngine().write(join, tmp_path / "duckdb")

    on_spark, on_duckdb = pq.read_table(tmp_path / "spark"), pq.read_table(tmp_path / "duckdb")
    assert on_spark.column_names == on_duckdb.column_names
    for name in on_duckdb.column_names:
        assert on_spark[name].to_pylist() == on_duckdb[name].to_pylist()
    computed, times = ComputedColumns([SHOWN], [SHOWN_FEATURE]), np.arange(len(on_spark))
    shown = [computed.columns(joined, times)["shown"].tolist() for joined in (on_spark, on_duckdb)]
    assert shown[0] == shown[1]
    assert len(set(shown[0])) == len(times)


def test_features_that_can_not_be_read_are_named(spark: SparkProcess, tmp_path: Path) -> None:
    join = _join(tmp_path, 1)
    for path in (tmp_path / "members").iterdir():
        path.write_bytes(b"PAR1 cut")

    with pytest.raises(DataError, match=r"can't be joined on Spark: .*members"):
        spark.write(join, tmp_path / "spark")
