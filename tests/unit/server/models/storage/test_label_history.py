"""What holds of the history of labels wherever it lies."""

import re
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from threading import Barrier

import pytest

from contract.label_events import to_json
from contract.labels import LabelAction, LabelEvent, Note
from server.domain.errors import NotWritable
from server.models.storage.ports import HistoryError
from tests.support.model_places import Place

EVENT = LabelEvent(LabelAction.PROMOTE, 1_800_000_000.25, Note("ana", "looks good"), version=3, previous_version=2)
OTHER = LabelEvent(LabelAction.SPLIT, 1_800_000_001.5, Note("ben"), weights={"stable": 9, "canary": 1})


class TestReading:
    def test_a_model_without_history_has_no_events(self, place: Place) -> None:
        assert list(place.open().read_history()) == []
        place.write("1/manifest.json", b"{}")
        assert list(place.open().read_history()) == []

    def test_every_server_reads_the_events_oldest_first(self, place: Place) -> None:
        place.write("1/manifest.json", b"{}")
        first, second = place.open(), place.open()
        first.append(EVENT)
        second.append(OTHER)
        first.append(EVENT)
        assert list(first.read_history()) == list(second.read_history()) == [EVENT, OTHER, EVENT]

    def test_new_events_are_seen_at_the_next_look(self, place: Place) -> None:
        place.write("1/manifest.json", b"{}")
        reader, writer = place.open(), place.open()
        for count in range(1, 13):
            writer.append(replace(EVENT, version=count))
            assert [event.version for event in reader.read_history()] == list(range(1, count + 1))

    def test_a_file_that_was_read_is_not_read_again(self, place: Place) -> None:
        place.write("1/manifest.json", b"{}")
        store = place.open()
        store.append(EVENT)
        store.read_history()
        place.write("history/00000001.json", b"overwritten")
        assert list(store.read_history()) == [EVENT]

    def test_entries_that_are_gone_are_missed_until_they_are_back(self, place: Place) -> None:
        place.write("1/manifest.json", b"{}")
        store = place.open()
        store.append(EVENT)
        store.read_history()
        place.delete("history")
        with pytest.raises(HistoryError, match=r"classes/history/00000001\.json was read before and is gone"):
            store.read_history()
        with pytest.raises(NotWritable, match="is gone"):
            store.append(OTHER)
        assert list(place.open().read_history()) == []
        place.open().append(EVENT)
        assert list(store.read_history()) == [EVENT]

    @pytest.mark.parametrize("data", [b"", b"[]", b'{"action": "ABOLISH"}', b"\xff", b"1e"])
    def test_a_file_that_is_no_event_is_named_until_it_is_gone(self, place: Place, data: bytes) -> None:
        place.write("1/manifest.json", b"{}")
        store = place.open()
        store.append(EVENT)
        place.write("history/00000002.json", data)
        for _ in range(2):
            with pytest.raises(HistoryError, match=r"classes/history/00000002\.json is no label event: "):
                store.read_history()
        place.delete("history/00000002.json")
        assert list(store.read_history()) == [EVENT]

    def test_other_files_are_left_alone(self, place: Place) -> None:
        for name in (".1234.partial", "00000000.json", "1.json", "000000001.json", "00000001.json.bak", "README"):
            place.write(f"history/{name}", b"")
        store = place.open()
        store.append(EVENT)
        assert list(store.read_history()) == [EVENT]

    def test_the_history_is_no_part_of_any_version(self, place: Place) -> None:
        place.write("1/manifest.json", b"{}")
        store = place.open()
        before = store.poll()
        store.append(EVENT)
        assert store.poll() == before


class TestAppending:
    def test_files_are_numbered_from_one(self, place: Place) -> None:
        place.write("1/manifest.json", b"{}")
        store = place.open()
        store.append(EVENT)
        store.append(OTHER)
        assert sorted(place.event_files().names()) == ["00000001.json", "00000002.json"]

    def test_a_number_that_is_missing_is_not_used_again(self, place: Place) -> None:
        place.write("history/00000009.json", to_json(OTHER))
        place.open().append(EVENT)
        assert sorted(place.event_files().names()) == ["00000009.json", "00000010.json"]

    def test_nothing_is_written_after_an_entry_that_is_no_event(self, place: Place) -> None:
        place.write("history/00000001.json", b"{}")
        with pytest.raises(NotWritable, match=r"classes/history/00000001\.json is no label event: "):
            place.open().append(EVENT)
        assert list(place.event_files().names()) == ["00000001.json"]

    def test_a_file_that_is_there_is_never_overwritten(self, place: Place) -> None:
        place.write("1/manifest.json", b"{}")
        files = place.event_files()
        assert files.create("00000001.json", b"first")
        assert not files.create("00000001.json", b"second")
        assert files.read(["00000001.json"]) == {"00000001.json": b"first"}

    def test_a_history_that_can_not_be_written_is_named(self, place: Place) -> None:
        with pytest.raises(NotWritable, match=re.escape(f"{place.event_files(place.unwritable_path)}: ")):
            place.open(place.unwritable_path).append(EVENT)


@pytest.mark.parametrize("place", ["path", "file", "local"], indirect=True)
def test_a_folder_that_disappeared_is_not_made_again(place: Place) -> None:
    with pytest.raises(NotWritable, match="classes"):
        place.open().append(EVENT)
    with pytest.raises(FileNotFoundError):
        place.open().poll()


@pytest.mark.parametrize("place", ["path", "file"], indirect=True)
def test_of_servers_that_append_at_once_each_gets_a_number(place: Place) -> None:
    place.write("1/manifest.json", b"{}")
    append_at_once(place)


def append_at_once(place: Place) -> None:
    """Has servers append at the same time, and finds every event in the history, each server's in its order."""
    servers, times = 4, 5
    start = Barrier(servers)

    def append(number: int) -> None:
        store = place.open()
        start.wait()
        for time in range(times):
            store.append(LabelEvent(LabelAction.UNPIN, float(time), Note(f"server {number}")))

    with ThreadPoolExecutor(servers) as pool:
        list(pool.map(append, range(servers)))
    events = place.open().read_history()
    assert len(events) == servers * times
    for number in range(servers):
        assert [event.time for event in events if event.note.actor == f"server {number}"] == [*range(times)]
