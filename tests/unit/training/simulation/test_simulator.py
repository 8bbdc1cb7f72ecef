"""A world on disk: its layout, its bytes, and what an interrupted or mistaken run leaves."""

from dataclasses import replace
from datetime import date
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds
import pyarrow.parquet as pq
import pytest

from tests.support.worlds import SCHEMAS
from tests.unit.training.simulation.conftest import PARTITIONED, SPEC
from training.errors import DataError
from training.simulation.simulator import simulate
from training.simulation.spec import WorldSpec

SMALL = WorldSpec(
    member_count=50, class_count=20, day_count=3, events_per_day=400, seed=2, last_day=date(2025, 3, 31)
)
TRUTH = pa.schema({"impression_id": pa.string(), "probability": pa.float64()})


def quiet(_stage: str, _done: int, _total: int) -> None: ...


def bytes_of(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


def test_tables_have_their_columns(world: Path) -> None:
    for table, schema in {**SCHEMAS, "truth": TRUTH}.items():
        for file in (world / table).rglob("*.parquet"):
            assert pq.read_schema(file).equals(schema), table


def test_event_tables_have_one_partition_for_each_day(world: Path) -> None:
    days = [f"day={day:%Y-%m-%d}" for day in (date(2025, 3, 8), SPEC.last_day)]
    for table in PARTITIONED:
        names = sorted(path.name for path in (world / table).iterdir())
        assert (names[0], names[-1], len(names)) == (*days, SPEC.day_count)


@pytest.mark.parametrize("table", [table for table in PARTITIONED if table != "truth"])
def test_events_lie_in_the_partition_of_their_day(world: Path, table: str) -> None:
    for file in (world / table).rglob("*.parquet"):
        days = pc.unique(pc.strftime(pq.ParquetFile(file).read()["event_time"], "%Y-%m-%d")).to_pylist()
        assert [f"day={day}" for day in days] == [file.parent.name]


def test_ids_are_unique(world: Path) -> None:
    keys = {
        "members": "member_id",
        "classes": "class_id",
        "impressions": "impression_id",
        "truth": "impression_id",
    }
    for table in ("members", "classes", *PARTITIONED):
        ids = ds.dataset(world / table).to_table()[keys.get(table, "event_id")]
        assert len(ids.unique()) == len(ids)


def test_equal_specs_make_equal_bytes(tmp_path: Path) -> None:
    simulate(SMALL, tmp_path / "a", quiet)
    simulate(SMALL, tmp_path / "b", quiet)
    assert bytes_of(tmp_path / "a") == bytes_of(tmp_path / "b")


def test_another_seed_makes_another_world(tmp_path: Path) -> None:
    simulate(SMALL, tmp_path / "a", quiet)
    simulate(replace(SMALL, seed=3), tmp_path / "b", quiet)
    a, b = bytes_of(tmp_path / "a"), bytes_of(tmp_path / "b")
    assert a.keys() == b.keys()
    assert not [name for name in a if a[name] == b[name]]


def test_a_world_is_replaced_only_once_the_new_one_is_complete(tmp_path: Path) -> None:
    out = tmp_path / "world"
    simulate(SMALL, out, quiet)
    former = bytes_of(out)

    def interrupt(_stage: str, done: int, _total: int) -> None:
        assert bytes_of(out) == former
        if done == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        simulate(replace(SMALL, seed=3), out, interrupt)
    assert bytes_of(out) == former
    assert [path.name for path in tmp_path.iterdir()] == ["world"]
    simulate(replace(SMALL, seed=3), out, quiet)
    assert bytes_of(out) != former
    assert [path.name for path in tmp_path.iterdir()] == ["world"]


def test_an_interrupted_first_run_leaves_nothing(tmp_path: Path) -> None:
    def interrupt(_stage: str, _done: int, _total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        simulate(SMALL, tmp_path / "world", interrupt)
    assert list(tmp_path.iterdir()) == []


def test_a_world_set_aside_by_a_killed_run_is_brought_back(tmp_path: Path) -> None:
    """Between the two renames the former world has another name; the next run finds it, even if it is refused."""
    out = tmp_path / "world"
    simulate(SMALL, out, quiet)
    former = bytes_of(out)
    out.rename(tmp_path / ".world.previous")
    (tmp_path / ".world.partial" / "starts").mkdir(parents=True)

    def interrupt(_stage: str, _done: int, _total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        simulate(replace(SMALL, seed=3), out, interrupt)
    assert bytes_of(out) == former


def test_what_is_not_a_world_is_not_replaced(tmp_path: Path) -> None:
    out = tmp_path / "thesis"
    out.mkdir()
    (out / "chapter1.txt").write_text("years of work", encoding="utf-8")
    with pytest.raises(DataError, match=r"thesis holds files but no world.json"):
        simulate(SMALL, out, quiet)
    assert bytes_of(out) == {"chapter1.txt": b"years of work"}
    with pytest.raises(DataError, match="is not a folder"):
        simulate(SMALL, out / "chapter1.txt", quiet)


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(DataError, match="file/world can't be written"):
        simulate(SMALL, tmp_path / "file" / "world", quiet)


def test_an_empty_folder_may_be_filled(tmp_path: Path) -> None:
    (tmp_path / "world").mkdir()
    simulate(SMALL, tmp_path / "world", quiet)
    assert (tmp_path / "world" / "world.json").is_file()
