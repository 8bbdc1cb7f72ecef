"""The loaded versions of one model: how they come and go."""

import asyncio
import logging
from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager
from functools import partial

from server.domain.versions import Refused, VersionState
from server.models.book import VersionBook
from server.models.leases import LoadedVersion
from server.models.loader import Loader
from server.models.storage.ports import VersionChanged, VersionStore
from server.models.storage.threads import in_own_thread

_log = logging.getLogger(__name__)


class Residents:
    """The loaded versions of one model.

    Args:
        book: Is told what becomes of each version.
        store: Where the versions lie.
        loader: Loads a version.
        on_change: Is called whenever another set of versions is available.
        clock: The time in seconds since the epoch.
    """

    def __init__(
        self,
        book: VersionBook,
        store: VersionStore,
        loader: Loader,
        on_change: Callable[[], None],
        clock: Callable[[], float],
    ) -> None:
        self._book = book
        self._store = store
        self._loader = loader
        self._on_change = on_change
        self._clock = clock
        self._available: dict[int, LoadedVersion] = {}
        self._leaving: dict[int, LoadedVersion] = {}

    @property
    def available(self) -> Mapping[int, LoadedVersion]:
        """The versions that can be leased, in the order in which they came."""
        return self._available

    @property
    def is_empty(self) -> bool:
        """Whether nothing is loaded, leased or not, and nothing is being loaded."""
        return not (self._available or self._leaving or self._book.is_loading())

    async def load(
        self,
        version: int,
        serving: Callable[[], LoadedVersion | None],
        turn: AbstractAsyncContextManager[object],
    ) -> None:
        """Loads a version. Whatever comes of it is written into the book.

        Args:
            version: The version.
            serving: Returns the version that it is compared with.
            turn: Held while a runner loads it, but not while its files are fetched, which may take long.
        """
        with self._book.changing(version) as tracked:
            tracked.begin(self._clock())
        try:
            folder = await in_own_thread(self._store.fetch, version)
            async with turn:
                loaded = await self._loader.load(folder, partial(self._lose, version), serving())
            if self._book.is_outdated(version):
                await loaded.close()
                raise VersionChanged(f"{folder} changed while it was loaded")
        except Exception as error:
            self._store.release(version)
            self._give_up(version, error)
        else:
            self._available[version] = loaded
            with self._book.changing(version) as tracked:
                tracked.become_available(self._clock(), loaded.runner.runtime)
            self._on_change()

    def unload(self, version: int) -> None:
        """Leases a version no more; it ends once it is drained."""
        with self._book.changing(version) as tracked:
            tracked.unload(self._clock())
        self._leaving[version] = self._available.pop(version)
        self._on_change()

    async def end_drained(self) -> None:
        """Ends the versions that nobody needs any more."""
        for version, loaded in list(self._leaving.items()):
            if loaded.is_leased and not loaded.runner.is_lost:
                continue
            await loaded.close()
            del self._leaving[version]
            self._store.release(version)
            if self._book.states[version] is VersionState.UNLOADING:
                with self._book.changing(version) as tracked:
                    tracked.end(self._clock())

    async def close(self) -> None:
        """Ends every version, leased or not."""
        self._leaving |= self._available
        self._available.clear()
        self._on_change()
        await asyncio.gather(*(loaded.close() for loaded in self._leaving.values()))

    def _give_up(self, version: int, error: Exception) -> None:
        with self._book.changing(version) as tracked:
            if version not in self._book.published:
                tracked.end(self._clock())
            elif tracked.has_changed:
                tracked.start_anew(self._clock())
            elif isinstance(error, Refused):
                tracked.refuse(error, self._clock())
            else:
                _log.debug("version=%d", version, exc_info=error)
                tracked.fail(f"{type(error).__name__}: {error}", self._clock())

    def _lose(self, version: int) -> None:
        """Has a version loaded anew whose runner died while it was available."""
        if version not in self._available:
            return
        self._leaving[version] = self._available.pop(version)
        with self._book.changing(version) as tracked:
            tracked.fail("its runner ended", self._clock())
        self._on_change()
