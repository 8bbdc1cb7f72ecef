"""A materialisation may be killed, meet another one, and have more rows than memory."""

import os
import signal
import sqlite3
from collections.abc import Mapping
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from itertools import count
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from feast import Entity, FeatureView, Field, FileSource, ValueType
from feast.types import String

from contract.profile import data_dir
from features import newest_in_files
from features.apply import apply
from features.errors import BusyError
from features.exclusive import only_materialisation
from features.materialize import materialize
from features.online import write_online
from features.repository import load_definitions, open_store
from tests.support.apart import exit_code_apart, grown_apart
from tests.support.feature_repos import PROFILE, STARTS, write_repository
from tests.support.worlds import Size, write_world

pytestmark = pytest.mark.slow

NOW = datetime(2026, 3, 4, 9, tzinfo=UTC)
SMALL_CHUNKS = PROFILE + "  online_write_batch_size: 8\n"
OTHER_QUERY = {"aggregates/activity.sql": STARTS.replace("2 DAY", "1 DAY")}


def site(folder: Path) -> Path:
    folder.mkdir()
    write_world(folder / "data" / "world", last_day=date(2026, 3, 3), size=Size(days=3))
    repo = write_repository(folder, {"feature_store.yaml": SMALL_CHUNKS})
    apply(open_store(repo), load_definitions(repo))
    return repo


def run(repo: Path, killed_at: int = -1) -> None:
    """Materialises; its process is killed at the step of that number."""
    steps = count()

    def step(*_: object) -> None:
        if next(steps) == killed_at:
            os.kill(os.getpid(), signal.SIGKILL)

    materialize(
        repo, open_store(repo), repo.parent / "data" / "world", until=None, rebuild=False, now=NOW, progress=step
    )


def run_with_kills(repo: Path) -> int:
    """Materialises, killed at the first step, then at the second, and so on; returns how often it was killed."""
    for kills in count():
        code = exit_code_apart(run, repo, kills)
        if code == 0:
            return kills
        assert code == -signal.SIGKILL
    raise AssertionError


def online(repo: Path) -> Mapping[str, list[tuple[object, ...]]]:
    """Returns what the online store holds, without the number of the list of classes."""
    with closing(sqlite3.connect(repo.parent / "data" / "online.db")) as connection:
        tables = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        columns = "entity_key, feature_name, value, event_ts"
        wanted = "feature_name != 'generation' ORDER BY 1, 2"
        return {t: connection.execute(f"SELECT {columns} FROM {t} WHERE {wanted}").fetchall() for t in tables}  # noqa: S608


def test_killed_at_every_step_it_ends_as_if_it_had_not_been(tmp_path: Path) -> None:
    killed, whole = site(tmp_path / "killed"), site(tmp_path / "whole")
    assert run_with_kills(killed) == 3 * 2 + 2
    run(whole)
    assert online(killed) == online(whole)
    assert all(rows for rows in online(whole).values())

    for repo in (killed, whole):
        write_repository(repo.parent, {"feature_store.yaml": SMALL_CHUNKS, **OTHER_QUERY})
    before = online(whole)
    run_with_kills(killed)
    run(whole)
    assert online(killed) == online(whole) != before


def test_there_is_one_at_a_time(tmp_path: Path) -> None:
    repo = site(tmp_path / "site")
    with only_materialisation(data_dir(repo)), pytest.raises(BusyError, match="another run materialises in"):
        run(repo)
    run(repo)


END = datetime(2026, 3, 1, tzinfo=UTC)
ROWS, ROW_BYTES = 50_000, 2_000


def write_wide(folder: Path) -> None:
    repo = write_repository(folder, {"feature_store.yaml": PROFILE + "  online_write_batch_size: 500\n"})
    store = open_store(repo)
    member = Entity(name="member", join_keys=["member_id"], value_type=ValueType.STRING)
    source = FileSource(name="rows", path=str(folder / "*.parquet"), timestamp_field="at")
    wide = FeatureView(
        name="wide",
        entities=[member],
        ttl=timedelta(days=1),
        source=source,
        schema=[Field(name="text", dtype=String)],
    )
    store.apply([member, wide])
    newest_in_files.MEMORY_LIMIT = "80MB"
    write_online(store, store.get_feature_view("wide"), END, afresh=False)


def test_memory_is_bounded_though_a_view_is_not(tmp_path: Path) -> None:
    """The view has 100 MB of text, DuckDB may take 80 MB of memory; Feast's own way takes eight times the text."""
    texts = np.random.default_rng(1).bytes(ROWS * ROW_BYTES // 2).hex()
    columns = {
        "member_id": pa.array([f"m{number}" for number in range(ROWS)]),
        "text": pa.array([texts[number * ROW_BYTES : (number + 1) * ROW_BYTES] for number in range(ROWS)]),
        "at": pa.array([END] * ROWS, pa.timestamp("us", tz="UTC")),
    }
    pq.write_table(pa.table(columns), tmp_path / "rows.parquet", row_group_size=4096)
    grown = grown_apart(write_wide, tmp_path)
    assert grown < 2 * ROWS * ROW_BYTES
    with closing(sqlite3.connect(tmp_path / "data" / "online.db")) as connection:
        assert connection.execute("SELECT count(*) FROM small_wide").fetchone() == (ROWS,)
