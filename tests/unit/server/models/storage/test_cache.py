"""A cache of copies, used by one process."""

import errno
from pathlib import Path

import pytest

from server.models.storage.cache import Cache
from server.models.storage.holds import Hold, is_held
from server.models.storage.ports import CacheFull, StorageError
from tests.support.cache_sources import FakeSource

ONE, TWO, THREE = (FakeSource(name, 40) for name in ("1", "2", "3"))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "cache" / "models"


def use(cache: Cache, source: FakeSource) -> Path:
    """Holds a copy for a moment."""
    hold = cache.hold(source)
    hold.release()
    return hold.path


def names(folder: Path) -> set[str]:
    """The sources of the copies in a cache."""
    return {path.parent.name for path in folder.glob("*/classes/*/file")}


class TestCopies:
    def test_a_copy_is_made_once(self, folder: Path) -> None:
        path = use(Cache(folder, 100), ONE)
        (path / "file").write_bytes(b"x" * 40)
        again = use(Cache(folder, 100), ONE)
        assert again == path
        assert (again / "file").read_bytes() == b"x" * 40

    def test_other_content_has_another_copy_even_while_the_first_is_held(self, folder: Path) -> None:
        cache = Cache(folder, 100)
        first = cache.hold(ONE)
        second = cache.hold(TWO)
        assert (first.path / "file").read_bytes() == ONE.content
        assert (second.path / "file").read_bytes() == TWO.content

    def test_a_copy_that_files_were_taken_from_is_made_anew(self, folder: Path) -> None:
        cache = Cache(folder, 100)
        (use(cache, ONE) / "file").unlink()
        assert (use(cache, ONE) / "file").read_bytes() == ONE.content
        assert len(list(folder.glob("*-40"))) == 1

    def test_nothing_is_left_of_a_copy_that_fails(self, folder: Path) -> None:
        class FullDisk(FakeSource):
            def copy_to(self, folder: Path) -> None:
                (folder / "file").write_bytes(b"half")
                raise OSError(errno.ENOSPC, "no space left")

        with pytest.raises(OSError, match="no space left"):
            Cache(folder, 100).hold(FullDisk("1", 40))
        assert [path.name for path in folder.iterdir()] == ["lock"]

    def test_a_copy_that_is_not_whole_is_refused(self, folder: Path) -> None:
        class Short(FakeSource):
            def copy_to(self, folder: Path) -> None:
                (folder / "file").write_bytes(b"half")

        with pytest.raises(StorageError, match="classes/1 was not copied whole"):
            Cache(folder, 100).hold(Short("1", 40))
        assert [path.name for path in folder.iterdir()] == ["lock"]

    def test_who_copies_the_same_later_but_faster_is_not_disturbed(self, folder: Path) -> None:
        cache = Cache(folder, 100)
        faster: list[Hold] = []

        class Slow(FakeSource):
            def copy_to(self, folder: Path) -> None:
                if not faster:
                    faster.append(cache.hold(FakeSource("1", 40)))
                super().copy_to(folder)

        slow = cache.hold(Slow("1", 40))
        assert slow.path == faster[0].path
        assert (slow.path / "file").read_bytes() == ONE.content
        assert len(list(folder.glob("*-40*"))) == 1
        slow.release()
        assert is_held(slow.path.parents[1])


class TestRoom:
    def test_what_was_not_used_for_longest_makes_room(self, folder: Path) -> None:
        cache = Cache(folder, 100)
        use(cache, ONE)
        use(cache, TWO)
        use(cache, ONE)
        use(cache, THREE)
        assert names(folder) == {"1", "3"}

    def test_the_time_of_use_is_when_it_was_given_back(self, folder: Path) -> None:
        cache = Cache(folder, 100)
        first, second = cache.hold(ONE), cache.hold(TWO)
        second.release()
        first.release()
        use(cache, THREE)
        assert names(folder) == {"1", "3"}

    def test_what_is_held_stays(self, folder: Path) -> None:
        cache = Cache(folder, 100)
        hold = cache.hold(ONE)
        use(cache, TWO)
        use(cache, THREE)
        assert names(folder) == {"1", "3"}
        hold.release()
        use(cache, THREE)
        use(cache, TWO)
        assert names(folder) == {"2", "3"}

    def test_what_does_not_fit_is_refused_and_nothing_evicted_for_it(self, folder: Path) -> None:
        cache = Cache(folder, 100)
        cache.hold(ONE)
        use(cache, TWO)
        with pytest.raises(CacheFull) as error:
            cache.hold(FakeSource("large", 61))
        assert str(error.value) == (
            f"{folder}: classes/large needs 61 bytes, and of the 100 that are allowed 40 are in use"
        )
        assert names(folder) == {"1", "2"}
        use(cache, FakeSource("4", 60))
        assert names(folder) == {"1", "4"}

    def test_room_for_what_is_being_copied_is_taken(self, folder: Path) -> None:
        cache = Cache(folder, 100)

        class Crowded(FakeSource):
            def copy_to(self, folder: Path) -> None:
                with pytest.raises(CacheFull, match="40 are in use"):
                    cache.hold(FakeSource("2", 61))
                super().copy_to(folder)

        cache.hold(Crowded("1", 40))
        assert names(folder) == {"1"}

    def test_what_else_is_in_the_folder_is_left_alone(self, folder: Path) -> None:
        (folder / "3").mkdir(parents=True)
        (folder / f"{'0' * 64}.partial").write_bytes(b"x" * 1000)
        cache = Cache(folder, 40)
        use(cache, ONE)
        use(cache, TWO)
        assert names(folder) == {"2"}
        assert (folder / "3").is_dir()
        assert (folder / f"{'0' * 64}.partial").exists()


def test_a_cache_that_is_not_used_makes_no_folder(folder: Path) -> None:
    Cache(folder, 100)
    assert not folder.exists()
