"""What holds of versions wherever they lie."""

from pathlib import Path

import pytest

from server.models.storage.ports import Fingerprint
from tests.support.model_places import FILES, Place, contents


def seen(place: Place, version: int = 1) -> Fingerprint:
    return place.open().poll()[version]


class TestPoll:
    def test_versions_are_folders_named_by_positive_integers(self, place: Place) -> None:
        for name in ("10", "2", "0", "007", "-1", "1.5", "٣", str(2**63), ".3.partial", "latest", "history"):
            place.write(f"{name}/manifest.json", b"{}")
        place.write("3", b"a file")
        assert list(place.open().poll()) == [2, 10]

    def test_a_folder_that_is_not_there_is_told_from_one_without_versions(self, place: Place) -> None:
        store = place.open()
        with pytest.raises(FileNotFoundError, match="classes"):
            store.poll()
        place.write("notes.txt", b"")
        assert store.poll() == {}

    def test_a_folder_that_disappears_is_noticed_and_so_is_its_return(self, place: Place) -> None:
        store = place.open()
        place.publish(1)
        before = store.poll()
        place.delete()
        with pytest.raises(FileNotFoundError, match="classes"):
            store.poll()
        place.publish(1)
        assert before.keys() == store.poll().keys() == {1}

    def test_a_file_in_place_of_the_folder_is_an_error(self, place: Place) -> None:
        place.write("../classes", b"")
        with pytest.raises(OSError, match="classes"):
            place.open().poll()

    def test_new_versions_and_lost_ones_are_seen_at_the_next_poll(self, place: Place) -> None:
        store = place.open()
        place.publish(1)
        assert store.poll().keys() == {1}
        place.publish(2)
        assert store.poll().keys() == {1, 2}
        place.delete("1")
        assert store.poll().keys() == {2}


class TestFingerprint:
    def test_it_stays_as_long_as_the_files_do_whoever_looks(self, place: Place) -> None:
        place.publish(1)
        first = seen(place)
        place.publish(2)
        assert first == seen(place)
        assert hash(first) == hash(seen(place))

    def test_it_changes_with_contents_sizes_and_names(self, place: Place) -> None:
        place.publish(1)
        prints = [seen(place)]
        place.write("1/variables/variables.index", b"abd")
        prints.append(seen(place))
        place.write("1/variables/variables.index", b"abcd")
        prints.append(seen(place))
        place.write("1/variables/variables.data", b"")
        prints.append(seen(place))
        place.delete("1/variables/variables.index")
        prints.append(seen(place))
        assert len(set(prints)) == 5

    def test_it_tells_the_files_and_their_sizes(self, place: Place) -> None:
        place.publish(1)
        fingerprint = seen(place)
        assert {file.path: file.size for file in fingerprint.files} == {
            "manifest.json": 2,
            "saved_model.pb": 5,
            "variables/variables.index": 3,
        }
        assert fingerprint.size_bytes == 10

    def test_an_upload_that_is_not_finished_has_no_manifest(self, place: Place) -> None:
        place.write("1/variables/variables.index", b"abc")
        place.write("1/assets/manifest.json", b"another one")
        half = seen(place)
        assert not half.has_manifest
        place.write("1/manifest.json", b"{}")
        assert seen(place).has_manifest
        assert seen(place) != half


class TestFetch:
    def test_it_returns_a_folder_with_every_file_under_the_models_name(self, place: Place) -> None:
        place.publish(3)
        folder = place.open().fetch(3)
        assert contents(folder) == FILES
        assert folder.parts[-2:] == ("classes", "3")

    def test_a_version_that_is_not_there_can_not_be_fetched(self, place: Place) -> None:
        place.publish(3)
        with pytest.raises(FileNotFoundError, match="classes/4 does not exist"):
            place.open().fetch(4)
        assert list(place.cache_folder.glob("*-*")) == []

    def test_files_that_changed_are_fetched_anew(self, place: Place) -> None:
        store = place.open()
        place.publish(3)
        store.fetch(3)
        place.write("3/saved_model.pb", b"GRAPH")
        place.delete("3/variables/variables.index")
        assert contents(store.fetch(3)) == {"manifest.json": b"{}", "saved_model.pb": b"GRAPH"}

    def test_giving_back_more_than_was_fetched_does_nothing(self, place: Place) -> None:
        store = place.open()
        place.publish(3)
        folder = store.fetch(3)
        for version in (3, 3, 4):
            store.release(version)
        assert contents(folder) == FILES

    def test_a_large_version_is_the_same_afterwards(self, place: Place) -> None:
        files = {f"variables/{number}": bytes([number]) * 300_000 for number in range(12)}
        place.publish(1, files)
        assert contents(place.open(max_bytes=10**7).fetch(1)) == files


def test_a_local_version_is_not_copied(tmp_path: Path) -> None:
    place = Place(str(tmp_path / "classes"), tmp_path / "cache", "")
    place.publish(1)
    assert place.open().fetch(1) == tmp_path / "classes" / "1"
    assert not place.cache_folder.exists()
