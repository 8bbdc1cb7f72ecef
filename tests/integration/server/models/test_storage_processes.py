"""Caches and histories that processes share."""

from contextlib import ExitStack
from pathlib import Path

import pytest

from server.models.storage.cache import Cache
from server.models.storage.opening import open_store
from server.models.storage.ports import CacheFull
from tests.support.cache_sources import FakeSource
from tests.support.cache_user import process
from tests.support.model_places import FILES, Place, contents

pytestmark = pytest.mark.slow

ONE, TWO = FakeSource("1", 60), FakeSource("2", 60)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "cache"


def test_what_another_process_holds_is_not_evicted_until_it_was_killed(folder: Path) -> None:
    with process("hold", folder, 100, ONE.name, ONE.size_bytes) as other:
        with pytest.raises(CacheFull, match="60 are in use"):
            Cache(folder, 100).hold(TWO)
        other.kill()
        other.wait()
        hold = Cache(folder, 100).hold(TWO)
    assert (hold.path / "file").read_bytes() == TWO.content
    assert len(list(folder.glob("*-60"))) == 1


def test_what_another_process_copies_is_not_swept_until_it_was_killed(folder: Path) -> None:
    with process("copy", folder, 100, ONE.name, ONE.size_bytes) as other:
        with pytest.raises(CacheFull, match="60 are in use"):
            Cache(folder, 100).hold(TWO)
        assert len(list(folder.glob("*.partial"))) == 1
        other.kill()
        other.wait()
        Cache(folder, 100)
        assert list(folder.glob("*.partial")) == []


def test_a_copy_that_another_process_finishes_is_used_by_all(folder: Path) -> None:
    with process("copy", folder, 200, ONE.name, ONE.size_bytes) as other:
        hold = Cache(folder, 200).hold(ONE)
        other.communicate()
        assert other.returncode == 0
    assert (hold.path / "file").read_bytes() == ONE.content
    assert len(list(folder.glob("*-60*"))) == 1


def test_processes_that_fetch_a_version_at_once_get_all_of_it(tmp_path: Path, folder: Path) -> None:
    place = Place(f"local://{tmp_path}/models/classes", folder, "")
    place.publish(1)
    with ExitStack() as stack:
        others = [stack.enter_context(process("fetch", place.base_path, folder, 1000)) for _ in range(3)]
        for other in others:
            assert other.stdin is not None
            other.stdin.close()
        paths = {other.stdout.readline().strip() for other in others if other.stdout}
    assert [contents(Path(path)) for path in paths] == [FILES]
    assert list(folder.glob("*.partial")) == []


def test_processes_that_append_at_once_lose_no_event(tmp_path: Path, folder: Path) -> None:
    base_path = tmp_path / "classes"
    base_path.mkdir()
    actors, count = ("ana", "ben", "cem"), 20
    with ExitStack() as stack:
        others = [stack.enter_context(process("append", base_path, folder, actor, count)) for actor in actors]
        for other in others:
            assert other.stdin is not None
            other.stdin.close()
        assert [other.wait() for other in others] == [0, 0, 0]
    events = open_store(str(base_path), Cache(folder, 1)).read_history()
    assert len(events) == len(actors) * count
    for actor in actors:
        assert [event.time for event in events if event.note.actor == actor] == [*range(count)]
    names = sorted(path.name for path in (base_path / "history").iterdir())
    assert names == [f"{number:08d}.json" for number in range(1, len(events) + 1)]
