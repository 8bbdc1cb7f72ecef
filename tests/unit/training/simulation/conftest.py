"""One simulated world for all tests of this folder."""

from collections.abc import Callable
from datetime import date
from pathlib import Path

import duckdb
import pandas as pd
import pytest

from training.simulation.simulator import simulate
from training.simulation.spec import WorldSpec

SPEC = WorldSpec(
    member_count=900, class_count=150, day_count=24, events_per_day=4000, seed=5, last_day=date(2025, 3, 31)
)
PARTITIONED = ("impressions", "starts", "completions", "ratings", "truth")

Query = Callable[[str], pd.DataFrame]


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("simulated") / "world"
    simulate(SPEC, folder, lambda *_: None)
    return folder


@pytest.fixture(scope="session")
def query(world: Path) -> Query:
    """Runs SQL on the world's tables, which are views; partitioned ones have a column ``day``."""
    connection = duckdb.connect()
    connection.execute("SET TimeZone = 'UTC'; SET threads = 1")
    for table in ("members", "classes"):
        connection.read_parquet(f"{world}/{table}/*.parquet").create_view(table)
    for table in PARTITIONED:
        rows = connection.read_parquet(f"{world}/{table}/*/*.parquet", hive_partitioning=True)
        rows.create_view(table)
    return lambda sql: connection.sql(sql).df()
