"""KuaiRand's files become the tables of a world, or an error that names the file and leaves nothing behind."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from examples.kuairand.convert import convert
from tests.support.kuairand import MIDNIGHT_MS, KuaiRandFiles
from training.errors import DataError

ROOT = Path(__file__).parents[4]


@pytest.fixture
def files(tmp_path: Path) -> KuaiRandFiles:
    return KuaiRandFiles(tmp_path / "kuairand")


@pytest.fixture
def world(tmp_path: Path) -> Path:
    return tmp_path / "world"


def rows(world: Path, table: str) -> list[dict[str, Any]]:
    return [row for path in sorted(world.glob(f"{table}/**/*.parquet")) for row in pq.read_table(path).to_pylist()]


def test_an_impression_keeps_its_moment_labels_and_surface_and_gets_text_ids(
    files: KuaiRandFiles, world: Path
) -> None:
    convert(files.folder, world)
    (shown,) = rows(world, "impressions")
    assert shown["event_time"].timestamp() * 1000 == MIDNIGHT_MS
    assert (shown["user_id"], shown["video_id"], shown["tab"]) == ("1", "10", "1")
    assert (shown["is_click"], shown["long_view"], shown["play_seconds"]) == (1, 0, 1.5)


def test_days_are_those_of_the_app_and_follow_time_ms(files: KuaiRandFiles, world: Path) -> None:
    """`date` says the 27th of both."""
    files.write_log({"time_ms": MIDNIGHT_MS - 1}, {"time_ms": MIDNIGHT_MS})
    convert(files.folder, world)
    assert sorted(path.name for path in (world / "impressions").iterdir()) == ["day=2022-04-26", "day=2022-04-27"]


def test_a_row_that_repeats_another_exactly_is_dropped(files: KuaiRandFiles, world: Path) -> None:
    files.write_log({}, {}, {"play_time_ms": 1})
    assert convert(files.folder, world)["impressions"] == 2
    assert len({row["impression_id"] for row in rows(world, "impressions")}) == 2


def test_a_later_week_is_one_more_file_whose_repeats_of_the_first_are_dropped(
    files: KuaiRandFiles, world: Path
) -> None:
    first = {"video_id": 11}
    files.write_log(first)
    files.write_log(first, {"time_ms": MIDNIGHT_MS + 7 * 86_400_000}, name="log_standard_2.parquet")
    assert convert(files.folder, world)["impressions"] == 2
    assert (world / "impressions" / "day=2022-05-04").is_dir()


def test_blanks_and_unknown_flags_become_nulls(files: KuaiRandFiles, world: Path) -> None:
    files.write_users({"user_id": 1, "onehot_feat4": None, "is_live_streamer": 1}, {"user_id": 2})
    files.write_videos({"video_id": 10, "video_duration": None, "tag": None, "music_type": None}, {"video_id": 11})
    convert(files.folder, world)
    blank, full = rows(world, "users")
    assert (blank["category_4"], blank["is_live_streamer"]) == (None, "1")
    assert (full["category_4"], full["is_live_streamer"]) == ("4", None)
    blank, full = rows(world, "videos")
    assert (blank["duration_seconds"], blank["tags"], blank["music_type"]) == (None, None, None)
    assert (full["duration_seconds"], full["tags"], full["music_type"]) == (9.0, ["39", "68"], "9")


def test_profiles_are_known_before_the_log_begins(files: KuaiRandFiles, world: Path) -> None:
    convert(files.folder, world)
    begin = rows(world, "impressions")[0]["event_time"]
    assert all(row["known_time"] < begin for table in ("users", "videos") for row in rows(world, table))


def test_the_same_files_give_the_same_bytes(files: KuaiRandFiles, world: Path, tmp_path: Path) -> None:
    files.write_log(*({"user_id": user, "video_id": video} for user in range(30) for video in range(30)))
    convert(files.folder, world)
    convert(files.folder, tmp_path / "again")
    paths = [path.relative_to(world) for path in world.rglob("*.parquet")]
    assert len(paths) == 3
    assert all((world / path).read_bytes() == (tmp_path / "again" / path).read_bytes() for path in paths)


@pytest.mark.parametrize(
    ("file", "column"),
    [
        ("log_standard_1.parquet", "tab"),
        ("user_features_pure.csv", "onehot_feat17"),
        ("video_features_basic_pure.csv", "tag"),
    ],
)
def test_a_missing_column_is_named_with_its_file(
    files: KuaiRandFiles, world: Path, file: str, column: str
) -> None:
    files.drop(file, column)
    with pytest.raises(DataError, match=f"{file} lacks the column '{column}'"):
        convert(files.folder, world)


@pytest.mark.parametrize(
    "file", ["log_standard_1.parquet", "user_features_pure.csv", "video_features_basic_pure.csv"]
)
def test_a_missing_file_is_named(files: KuaiRandFiles, world: Path, file: str) -> None:
    (files.folder / file).unlink()
    with pytest.raises(DataError, match=rf"holds no {file.replace('1.', '[*].')}"):
        convert(files.folder, world)


@pytest.mark.parametrize(
    ("file", "content"),
    [
        ("log_standard_1.parquet", b"PAR1 but no more"),
        ("user_features_pure.csv", b"user_id,fans\n1,2,3\n"),
        ("video_features_basic_pure.csv", b""),
    ],
)
def test_a_file_that_does_not_parse_is_named(files: KuaiRandFiles, world: Path, file: str, content: bytes) -> None:
    (files.folder / file).write_bytes(content)
    with pytest.raises(DataError, match=f"{file} does not parse"):
        convert(files.folder, world)


def test_a_value_of_another_type_is_named_with_its_column(files: KuaiRandFiles, world: Path) -> None:
    files.write_users({"user_id": 1, "fans_user_num": "many"})
    with pytest.raises(DataError, match=r"user_features_pure.csv does not convert: .*'many'.*fans_user_num"):
        convert(files.folder, world)


def test_logs_of_different_types_are_named(files: KuaiRandFiles, world: Path) -> None:
    files.write_log({"tab": "home"}, name="log_standard_2.parquet")
    with pytest.raises(DataError, match=r"log_standard_\*.parquet differ: .*tab"):
        convert(files.folder, world)


def test_a_key_that_is_blank_or_not_unique_is_named(files: KuaiRandFiles, world: Path) -> None:
    files.write_log({"user_id": None}, {})
    with pytest.raises(DataError, match=r"log_standard_1.parquet has 1 rows without 'user_id'"):
        convert(files.folder, world)
    files.write_log({})
    files.write_videos({"video_id": 10}, {"video_id": 10})
    with pytest.raises(
        DataError, match=r"video_features_basic_pure.csv has 1 rows whose 'video_id' is another row's"
    ):
        convert(files.folder, world)


def test_a_log_without_rows_is_named(files: KuaiRandFiles, world: Path) -> None:
    log = files.folder / "log_standard_1.parquet"
    pq.write_table(pq.read_table(log).slice(0, 0), log)
    with pytest.raises(DataError, match=r"log_standard_\*.parquet has no rows"):
        convert(files.folder, world)


def test_a_failure_leaves_the_world_before_it_as_it_was(files: KuaiRandFiles, world: Path) -> None:
    convert(files.folder, world)
    before = rows(world, "impressions")
    files.write_log({"video_id": 11})
    files.drop("video_features_basic_pure.csv", "tag")
    with pytest.raises(DataError):
        convert(files.folder, world)
    assert rows(world, "impressions") == before
    assert sorted(path.name for path in world.parent.iterdir()) == ["kuairand", "world"]


def test_the_command_ends_with_one_message_and_exit_code_1(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "examples.kuairand.convert", "nowhere", "--out", str(tmp_path / "world")]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert run.returncode == 1
    assert run.stderr.splitlines() == ["error: nowhere is not a folder, expected the one with KuaiRand's files"]
