"""What holds of a cache whatever is asked of it, in whatever order."""

import shutil
import tempfile
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, invariant, multiple, rule

from server.models.storage.cache import Cache
from server.models.storage.holds import Hold
from server.models.storage.ports import CacheFull
from tests.support.cache_sources import FakeSource

MAX_BYTES = 100
SIZES = {"1": 10, "2": 40, "3": 50, "4": 90, "5": 100, "6": 101}


class CacheLife(RuleBasedStateMachine):
    """Holds, releases, and opens the cache anew, in any order."""

    holds = Bundle("holds")

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp())
        self.cache = Cache(self.folder, MAX_BYTES)
        self.held: list[tuple[FakeSource, Hold]] = []

    def teardown(self) -> None:
        for _, hold in self.held:
            hold.release()
        shutil.rmtree(self.folder)

    @rule(target=holds, name=st.sampled_from(sorted(SIZES)))
    def hold(self, name: str) -> object:
        source = FakeSource(name, SIZES[name])
        in_use = {held.name: held.size_bytes for held, _ in self.held}
        if name not in in_use and sum(in_use.values()) + source.size_bytes > MAX_BYTES:
            with pytest.raises(CacheFull):
                self.cache.hold(source)
            return multiple()
        entry = (source, self.cache.hold(source))
        self.held.append(entry)
        return entry

    @rule(entry=consumes(holds))
    def release(self, entry: tuple[FakeSource, Hold]) -> None:
        self.held.remove(entry)
        entry[1].release()

    @rule()
    def open_anew(self) -> None:
        self.cache = Cache(self.folder, MAX_BYTES)

    @invariant()
    def the_bound_is_kept(self) -> None:
        assert sum(path.stat().st_size for path in self.folder.rglob("*") if path.is_file()) <= MAX_BYTES

    @invariant()
    def what_is_held_is_whole(self) -> None:
        for source, hold in self.held:
            assert (hold.path / "file").read_bytes() == source.content

    @invariant()
    def nothing_is_left_half_done(self) -> None:
        assert list(self.folder.glob("*.partial")) == []


TestCacheLife = CacheLife.TestCase
TestCacheLife.settings = settings(max_examples=40, stateful_step_count=30, deadline=None)
