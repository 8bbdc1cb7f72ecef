"""Files of the log are whole, dated, and bounded in all."""

import os
from datetime import date, timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from contract.served import ServedFile, served_files
from server.served_log.files import LogFiles

DAY = date(2026, 11, 26)
ROWS = pa.table({"a": list(range(100))})
UNBOUNDED = 2**40


class World:
    """A folder and the day that it is."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.day = DAY

    def writer(self, name: str, most_bytes: int = UNBOUNDED) -> LogFiles:
        return LogFiles(self.folder, name, most_bytes, lambda: self.day)

    @property
    def names(self) -> list[str]:
        return [str(file.path.relative_to(self.folder)) for file in served_files(self.folder)]


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


def test_files_lie_in_the_folder_of_their_day_and_tell_their_contract(world: World) -> None:
    writer = world.writer("0-ab")
    path = writer.write("c0ffee", ROWS)
    world.day += timedelta(days=1)
    writer.write("c0ffee", ROWS)
    assert world.names == [
        "date=2026-11-26/c0ffee-0-ab-000000.parquet",
        "date=2026-11-27/c0ffee-0-ab-000001.parquet",
    ]
    assert next(served_files(world.folder)) == ServedFile(path, DAY, "c0ffee")
    assert pq.ParquetFile(path).read() == ROWS


def test_writers_do_not_collide(world: World) -> None:
    for name in ("0-ab", "0-cd", "1-ab"):
        world.writer(name).write("c", ROWS)
    assert len(world.names) == 3


def test_a_file_that_was_left_half_written_is_not_read(world: World) -> None:
    path = world.writer("w").write("c", ROWS)
    (path.parent / ".c-x-000000.parquet.partial").write_bytes(path.read_bytes()[:50])
    assert world.names == ["date=2026-11-26/c-w-000000.parquet"]


def test_what_can_not_be_written_leaves_nothing(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_: int) -> None:
        raise OSError("no space left on device")

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(OSError, match="no space"):
        world.writer("w").write("c", ROWS)
    assert [path for path in world.folder.rglob("*") if path.is_file()] == []


def test_the_oldest_days_go_first_of_whichever_writer(world: World) -> None:
    size = world.writer("measure").write("c", ROWS).stat().st_size
    for day in range(1, 4):
        world.day = DAY + timedelta(days=day)
        world.writer(f"w{day}", most_bytes=2 * size + size // 2).write("c", ROWS)
    assert world.names == ["date=2026-11-28/c-w2-000000.parquet", "date=2026-11-29/c-w3-000000.parquet"]
    assert not (world.folder / "date=2026-11-26").exists()


def test_a_file_is_written_though_no_room_can_be_made(
    world: World, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    old = world.writer("w").write("c", ROWS)

    def fail(self: Path, *, missing_ok: bool = False) -> None:
        raise PermissionError(f"{self} is not ours, {missing_ok}")

    world.day += timedelta(days=1)
    monkeypatch.setattr(Path, "unlink", fail)
    assert world.writer("v", most_bytes=0).write("c", ROWS).exists()
    assert f"{old} is not ours" in caplog.text


def test_what_a_crash_left_counts_and_goes_with_its_day(world: World) -> None:
    leftover = world.folder / "date=2026-11-01" / ".c-x-000000.parquet.partial"
    leftover.parent.mkdir()
    leftover.write_bytes(b"x" * 10_000)
    world.writer("w", most_bytes=10_000).write("c", ROWS)
    assert not leftover.parent.exists()
    assert len(world.names) == 1


def test_a_log_that_is_not_there_has_no_files(tmp_path: Path) -> None:
    assert list(served_files(tmp_path / "nowhere")) == []
