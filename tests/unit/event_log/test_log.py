"""A log as its writers and its reader see it, on a real disk."""

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tempfile import mkdtemp

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from event_log.cursor import Cursor, keep_cursor, read_cursor
from event_log.errors import LogCorrupt, LogInUse, LogUnavailable
from event_log.files import locked, segment_numbers, segment_path
from event_log.reader import LogReader, only_consumer
from event_log.writer import Appended
from tests.support.logs import DAY_MICROS, NOW_MICROS, entry, payloads, read_all, writer

RECORDED, DUPLICATE, REUSED = Appended.RECORDED, Appended.DUPLICATE, Appended.REUSED
ON_DISK = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "data" / "event_log"


def test_each_entry_is_recorded_once_and_in_order(folder: Path) -> None:
    log = writer(folder)
    assert log.append([entry("a"), entry("b"), entry("a")]) == [RECORDED, RECORDED, DUPLICATE]
    assert log.append([entry("b"), entry("c")]) == [DUPLICATE, RECORDED]
    assert payloads(folder) == ["a=", "b=", "c="]


def test_a_key_with_another_content_is_told_apart_in_one_call_and_later(folder: Path) -> None:
    log = writer(folder)
    assert log.append([entry("a", "1"), entry("a", "2")]) == [RECORDED, REUSED]
    assert log.append([entry("a", "2"), entry("a", "1")]) == [REUSED, DUPLICATE]
    assert payloads(folder) == ["a=1"]


def test_writers_of_one_log_know_of_each_other_and_of_those_before_them(folder: Path) -> None:
    first, second = writer(folder, segment_bytes=200), writer(folder, segment_bytes=200)
    for number in range(12):
        one, other = (first, second) if number % 2 else (second, first)
        assert one.append([entry(f"e{number}")]) == [RECORDED]
        assert other.append([entry(f"e{number}"), entry(f"e{number}", "x")]) == [DUPLICATE, REUSED]
    assert len(segment_numbers(folder)) > 2
    assert payloads(folder) == [f"e{number}=" for number in range(12)]
    assert writer(folder).append([entry(f"e{number}") for number in range(12)]) == [DUPLICATE] * 12


def test_nothing_is_made_before_there_is_an_entry(folder: Path) -> None:
    assert writer(folder).append([]) == []
    assert not folder.exists()
    assert read_all(folder) == ([], Cursor())


def test_who_opens_a_log_reads_no_segments_that_are_too_old(folder: Path) -> None:
    log = writer(folder, segment_bytes=1)
    for name in ("old", "new"):
        log.append([entry(name)])
    for number, age in ((1, DAY_MICROS + 1), (2, DAY_MICROS)):
        os.utime(segment_path(folder, number), ns=(0, (NOW_MICROS - age) * 1000))
    assert writer(folder).append([entry("old"), entry("new")]) == [RECORDED, DUPLICATE]


@ON_DISK
@given(st.data())
def test_a_cut_at_any_byte_loses_only_what_was_not_acknowledged(tmp_path: Path, data: st.DataObject) -> None:
    folder = Path(mkdtemp(dir=tmp_path))
    log, ends = writer(folder), [0]
    for number in range(4):
        log.append([entry(f"{number}-{place}", "x" * number) for place in range(number + 1)])
        ends.append(segment_path(folder, 1).stat().st_size)
    cut = data.draw(st.integers(0, ends[-1]))
    os.truncate(segment_path(folder, 1), cut)
    whole = sum(end <= cut for end in ends) - 1
    kept = [f"{number}-{place}={'x' * number}" for number in range(whole) for place in range(number + 1)]
    assert payloads(folder) == kept
    again = writer(folder)
    assert again.append([entry("0-0"), entry("new")])[-1] is RECORDED
    assert payloads(folder) == [*(kept or ["0-0="]), "new="]


@ON_DISK
@given(st.data())
def test_damage_before_the_last_frame_is_named(tmp_path: Path, data: st.DataObject) -> None:
    folder = Path(mkdtemp(dir=tmp_path))
    log, ends = writer(folder), [0]
    for number in range(3):
        log.append([entry(f"e{number}")])
        ends.append(segment_path(folder, 1).stat().st_size)
    place = data.draw(st.integers(0, ends[2] - 1))
    frame = max(end for end in ends if end <= place)
    content = bytearray(segment_path(folder, 1).read_bytes())
    content[place] ^= data.draw(st.integers(1, 255))
    segment_path(folder, 1).write_bytes(content)
    with pytest.raises(LogCorrupt, match=rf"00000001\.log is damaged at byte {frame}"):
        writer(folder).append([entry("new")])
    with pytest.raises(LogCorrupt, match=rf"00000001\.log is damaged at byte {frame}"):
        read_all(folder)
    assert segment_path(folder, 1).read_bytes() == content


def test_a_segment_that_others_follow_has_to_be_whole(folder: Path) -> None:
    log = writer(folder, segment_bytes=1)
    log.append([entry("a")])
    log.append([entry("b")])
    os.truncate(segment_path(folder, 1), 20)
    with pytest.raises(LogCorrupt, match=r"00000001.log is damaged at byte 0"):
        writer(folder).append([entry("c")])
    with pytest.raises(LogCorrupt, match=r"00000001.log is damaged at byte 0"):
        read_all(folder)


def test_who_opens_a_log_reads_all_segments_but_the_last_while_others_write(folder: Path) -> None:
    log = writer(folder, segment_bytes=1)
    log.append([entry("a")])
    log.append([entry("b")])
    os.truncate(segment_path(folder, 1), 20)
    with ThreadPoolExecutor() as pool, locked(folder):
        corrupt = pool.submit(writer(folder).append, [])
        with pytest.raises(LogCorrupt, match=r"00000001.log is damaged at byte 0"):
            corrupt.result(30)


def test_a_log_that_was_removed_begins_anew(folder: Path) -> None:
    log = writer(folder)
    log.append([entry("a")])
    segment_path(folder, 1).unlink()
    assert log.append([entry("b")]) == [RECORDED]
    assert payloads(folder) == ["b="]


def test_what_is_recorded_after_a_segment_was_moved_away_is_still_read(folder: Path) -> None:
    log = writer(folder, segment_bytes=1)
    for name in "abc":
        log.append([entry(name)])
    cursor = read_all(folder)[1]
    keep_cursor(folder, cursor)
    segment_path(folder, 3).unlink()
    writer(folder).append([entry("d")])
    assert [record.payload for record in LogReader(folder).read(cursor).records] == [b"d="]


def test_a_folder_that_can_not_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("a file")
    with pytest.raises(LogUnavailable, match="data/event_log can't be written"):
        writer(tmp_path / "data" / "event_log").append([entry("a")])


def test_a_reader_goes_on_where_it_was_however_little_it_reads(folder: Path) -> None:
    log, reader, cursor, found = writer(folder, segment_bytes=150), LogReader(folder, max_bytes=7), Cursor(), []
    for number in range(9):
        log.append([entry(f"e{number}")])
        batch = reader.read(cursor)
        found += [record.payload for record in batch.records]
        keep_cursor(folder, batch.next)
        cursor = read_cursor(folder)
    assert found == [f"e{number}=".encode() for number in range(9)]
    assert reader.read(cursor).records == []


def test_only_what_was_read_and_is_old_is_removed(folder: Path) -> None:
    log = writer(folder, segment_bytes=1)
    for number in range(4):
        log.append([entry(f"e{number}")])
        os.utime(segment_path(folder, number + 1), ns=(0, (NOW_MICROS + number) * 1000))
    reader = LogReader(folder)
    assert reader.prune(Cursor(1, 9), NOW_MICROS + 9) == []
    assert reader.prune(Cursor(4, 9), NOW_MICROS + 2) == [1, 2]
    assert reader.prune(Cursor(4, 9), NOW_MICROS + 9) == [3]
    assert payloads(folder) == ["e3="]
    assert log.append([entry("e3"), entry("e4")]) == [DUPLICATE, RECORDED]


def test_a_cursor_that_is_none_is_named(folder: Path) -> None:
    writer(folder).append([entry("a")])
    (folder / "cursor.json").write_text("{}")
    with pytest.raises(LogCorrupt, match=r"cursor.json is no cursor"):
        read_cursor(folder)
    with pytest.raises(LogCorrupt, match=r"00000001\.log has \d+ bytes, but the cursor is at byte 999"):
        LogReader(folder).read(Cursor(1, 999))


def test_there_is_one_consumer(folder: Path) -> None:
    with only_consumer(folder), pytest.raises(LogInUse, match="another consumer follows"), only_consumer(folder):
        pass
    with only_consumer(folder):
        pass
