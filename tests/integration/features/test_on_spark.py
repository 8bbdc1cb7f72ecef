"""The profile `prod`, on Spark through Feast, does what the profile `staging` does on DuckDB, with equal rows."""

from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from redis import Redis

from tests.support.feast_on_spark import use_profile, use_profile_on_spark
from tests.support.site import ROOT
from tests.support.worlds import Size, write_world

pytestmark = pytest.mark.slow

LAST_DAY = date(2026, 3, 5)
NOW = datetime(2026, 3, 6, 9, tzinfo=UTC)
PAIRS = [{"member_id": f"m{number:06}", "class_id": f"c{number % 12:05}"} for number in range(20)]


def test_spark_joins_and_materialises_the_rows_that_duckdb_does(
    tmp_path: Path, redis_port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_world(tmp_path / "world", last_day=LAST_DAY, size=Size(days=2))
    monkeypatch.setenv("PACELINE_DATA", str(tmp_path))
    monkeypatch.setenv("PACELINE_REDIS", f"127.0.0.1:{redis_port}")
    monkeypatch.setenv("PACELINE_SPARK", "local[2]")
    monkeypatch.setenv("SPARK_LOCAL_IP", "127.0.0.1")
    monkeypatch.setenv("SPARK_CONF_DIR", str(tmp_path))
    (tmp_path / "spark-defaults.conf").write_text("spark.sql.shuffle.partitions 2\nspark.ui.enabled false\n")
    online, joined = [], []
    for profile, use in (("staging", use_profile), ("prod", use_profile_on_spark)):
        Redis(port=redis_port).flushall()
        monkeypatch.setenv("PACELINE_REGISTRY", f"sqlite:///{tmp_path}/{profile}.db")
        still_planned, rows = use(ROOT / "feature_repo", profile, PAIRS, NOW)
        assert still_planned == []
        joined.append(rows)
        with Redis(port=redis_port) as client:
            online.append({key: client.hgetall(key) for key in client.scan_iter()})

    assert joined[0] == joined[1]
    assert any(joined[0]["member_last_classes_90d"])
    assert online[0] == online[1]
    assert len(online[0]) > len(PAIRS)
