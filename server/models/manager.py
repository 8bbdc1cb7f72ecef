"""Keeps the newest good version of one model serving."""

import asyncio
import contextlib
import logging
import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path

from server.domain.errors import NoModel
from server.domain.versions import Refused, VersionRecord, VersionState
from server.models.directory import Fingerprint, poll
from server.models.leases import LoadedVersion, VersionLease
from server.models.loader import Loader
from server.models.policy import Action, Load, Unload, desired_versions, next_action
from server.models.ports import OnChange
from server.models.tracked import TrackedVersion

_log = logging.getLogger(__name__)


class ModelManager:
    """The versions of one model, and which of them serves. Implements `server.ranking.ports.Models`.

    Args:
        model_dir: The folder of its versions, named after the model.
        loader: Loads a version.
        on_change: Is told of every change of a version's state.
        clock: The time in seconds since the epoch.
    """

    def __init__(
        self,
        model_dir: Path,
        loader: Loader,
        *,
        on_change: OnChange = lambda _: None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._model_dir = model_dir
        self._loader = loader
        self._on_change = on_change
        self._clock = clock
        self._versions: dict[int, TrackedVersion] = {}
        self._available: dict[int, LoadedVersion] = {}  # in the order in which they became so
        self._leaving: dict[int, LoadedVersion] = {}
        self._woken = asyncio.Event()

    @property
    def records(self) -> Sequence[VersionRecord]:
        """The record of every version seen, newest first."""
        return tuple(self._versions[version].record for version in sorted(self._versions, reverse=True))

    @property
    def available(self) -> Sequence[LoadedVersion]:
        """The versions that serve, whose snapshots have to be kept fresh."""
        return tuple(self._available.values())

    def lease(self) -> VersionLease:
        """Returns a lease on the version that became available last.

        Raises:
            NoModel: None is available.
        """
        for loaded in reversed(self._available.values()):
            return loaded.lease()
        raise NoModel(f"no version of {self._model_dir.name!r} is serving")

    async def run(self, interval_seconds: float) -> None:
        """Steps until cancelled: at once if there was something to do, else when it is time or a runner is lost.

        Args:
            interval_seconds: How often to look for new versions.
        """
        while True:
            self._woken.clear()
            if not await self._step_safely():
                await self._pause(interval_seconds)

    async def step(self) -> bool:
        """Looks at the versions once, takes at most one action, and returns whether it took one.

        Raises:
            OSError: The folder of the model can't be read.
        """
        await self._end_drained()
        present = await asyncio.to_thread(poll, self._model_dir)
        self._take_note(present)
        match self._next_action(present):
            case Load(version):
                await self._load(version)
            case Unload(version):
                self._unload(version)
            case None:
                return False
        return True

    async def close(self) -> None:
        """Ends every runner, leased or not. Nothing serves from then on."""
        self._leaving |= self._available
        self._available.clear()
        await asyncio.gather(*(loaded.close() for loaded in self._leaving.values()))

    async def _step_safely(self) -> bool:
        try:
            return await self.step()
        except Exception:
            # Whatever it is, the versions that serve go on serving and have to be looked after.
            _log.exception("model=%s step failed", self._model_dir.name)
            return False

    async def _pause(self, seconds: float) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._woken.wait()

    async def _end_drained(self) -> None:
        """Ends the runners that nobody needs any more."""
        for version, loaded in list(self._leaving.items()):
            if loaded.is_leased and not loaded.runner.is_lost:
                continue
            await loaded.close()
            del self._leaving[version]
            tracked = self._versions[version]
            if tracked.state is VersionState.UNLOADING:
                tracked.end(self._clock())
                self._announce(tracked)

    def _take_note(self, present: Mapping[int, Fingerprint]) -> None:
        """Tracks what is new, gives refused versions whose files changed another chance, and ends what is gone."""
        now = self._clock()
        for version, fingerprint in present.items():
            if version not in self._versions:
                record = VersionRecord(self._model_dir.name, version, VersionState.START, since=now)
                self._versions[version] = TrackedVersion(record, fingerprint)
                self._announce(self._versions[version])
            elif self._versions[version].see(fingerprint, now):
                self._announce(self._versions[version])
        for version in self._versions.keys() - present.keys():
            if self._versions[version].state < VersionState.AVAILABLE:
                self._versions[version].end(now)
                self._announce(self._versions[version])

    def _next_action(self, present: Mapping[int, Fingerprint]) -> Action | None:
        now = self._clock()
        states = {version: tracked.state for version, tracked in self._versions.items()}
        excluded = [version for version, tracked in self._versions.items() if tracked.is_excluded(now)]
        return next_action(states, desired_versions(present.keys(), excluded))

    async def _load(self, version: int) -> None:
        tracked = self._versions[version]
        tracked.begin(self._clock())
        self._announce(tracked)
        try:
            loaded = await self._loader.load(self._model_dir / str(version), partial(self._lose, version))
        except Refused as refused:
            tracked.refuse(refused, self._clock())
        except Exception as error:
            _log.debug("model=%s version=%d", self._model_dir.name, version, exc_info=True)
            tracked.fail(f"{type(error).__name__}: {error}", self._clock())
        else:
            self._available[version] = loaded
            tracked.become_available(self._clock())
        self._announce(tracked)

    def _unload(self, version: int) -> None:
        """Leases the version no more; its runner is ended once it is drained."""
        self._versions[version].unload(self._clock())
        self._announce(self._versions[version])
        self._leaving[version] = self._available.pop(version)

    def _lose(self, version: int) -> None:
        """Has a version loaded anew whose runner died while it was available."""
        if version not in self._available:
            return
        self._leaving[version] = self._available.pop(version)
        self._versions[version].fail("its runner ended", self._clock())
        self._announce(self._versions[version])
        self._woken.set()

    def _announce(self, tracked: TrackedVersion) -> None:
        record = tracked.record
        level = logging.WARNING if record.message else logging.INFO
        _log.log(
            level,
            "model=%s version=%d state=%s refusal=%s message=%r",
            record.model_name,
            record.version,
            record.state.name,
            record.refusal.name if record.refusal else "",
            record.message,
        )
        self._on_change(self.records)
