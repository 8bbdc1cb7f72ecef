"""Watching the versions that labels were moved to, and moving the labels back if they do badly."""

import asyncio
import logging
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass

from contract.labels import LabelAction, LabelEvent, Note
from server.domain.errors import NotWritable
from server.models.label_book import Move
from server.models.manager import ModelManager
from server.models.observation import Observation
from server.ranking.outcomes import Outcome, VersionStats
from server.ranking.probation import Failed, Passed, Probation, ProbationLimits, Verdict

ACTOR = "paceline"
"""Who moves a label back by itself, in its history."""
WINDOW_SECONDS = 60.0
"""How far back the requests lie by which a version is judged; all since it has the label, if these are too few."""
LOSSES = 3
"""How often the runner of a version has to end for it to fail: once may be chance. Few requests see it end."""

_log = logging.getLogger(__name__)


@dataclass(slots=True)
class _Watched:
    """A version that a label was moved to."""

    version: int
    previous_version: int
    reference: Outcome
    """What came of the requests of the version before, while the label was on it."""
    start: float
    probation: Probation
    losses: int = 0
    """How often its runner ended."""


class ProbationWatch:
    """Watches the labels of one model.

    Args:
        limits: What a version is held to.
        clock: The time in seconds since the epoch.
    """

    def __init__(self, limits: ProbationLimits, clock: Callable[[], float] = time.time) -> None:
        self._limits = limits
        self._clock = clock
        self._stats: dict[int, VersionStats] = {}
        self._watched: dict[str, _Watched] = {}

    def observe(self, call: Observation) -> None:
        """Takes note of what came of a call."""
        stats = self._stats.get(call.version) or self._stats.setdefault(call.version, VersionStats())
        for request in range(call.request_count):
            if call.has_failed:
                stats.record_failure(self._clock())
            else:
                stats.record(self._clock(), call.seconds, () if call.scores is None else call.scores[request])

    def follow(self, manager: ModelManager, move: Move) -> None:
        """Puts the version that a label was moved to on probation.

        Not one that stands in for another that died, or that the label was moved back to: nothing is known to be
        better. One that died is still on it when it is back.
        """
        watched = self._watched.get(move.label)
        if watched and watched.version == manager.version_of(move.label):
            watched.losses += move.previous_version == watched.version
            return
        self._watched.pop(move.label, None)
        loaded = {found.manifest.version for found in manager.available}
        self._forget_all_but(loaded)
        is_moved_back = move.previous_version in manager.label_book.labels.rejected
        if self._limits.seconds and move.previous_version in loaded and not is_moved_back:
            self._begin(manager, move, move.previous_version)

    async def step(self, manager: ModelManager) -> None:
        """Looks once at every version that is on probation."""
        for label, watched in list(self._watched.items()):
            verdict = await self._judge(watched)
            if self._watched.get(label) is not watched:  # the label moved meanwhile
                continue
            match verdict:
                case _ if watched.version != manager.version_of(label):
                    del self._watched[label]  # it moved while the version was not there
                case Failed(reason):
                    del self._watched[label]
                    await self._revert(manager, label, watched, reason)
                case Passed():
                    del self._watched[label]
                    _log.info("label=%s version=%d has passed its probation", label, watched.version)

    def _begin(self, manager: ModelManager, move: Move, previous: int) -> None:
        version, now = move.version, self._clock()
        if version is None or version != manager.version_of(move.label):
            return
        reference = self._stats.get(previous, VersionStats()).since(now - self._limits.seconds)
        self._stats[version] = VersionStats()
        self._watched[move.label] = _Watched(version, previous, reference, now, Probation(self._limits, now))

    async def _judge(self, watched: _Watched) -> Verdict:
        if watched.losses >= LOSSES:
            return Failed(f"its runner ended {watched.losses} times")
        now, stats = self._clock(), self._stats.get(watched.version, VersionStats())
        recent = stats.since(max(watched.start, now - WINDOW_SECONDS))
        if recent.count < self._limits.min_request_count:
            recent = stats.since(watched.start)
        # In a thread: to compare full windows takes some milliseconds.
        return await asyncio.to_thread(watched.probation.step, now, recent, watched.reference)

    def _forget_all_but(self, loaded: Collection[int]) -> None:
        """Forgets what came of the calls of versions that are neither loaded nor on probation."""
        kept = {*loaded, *(watched.version for watched in self._watched.values())}
        self._stats = {version: stats for version, stats in self._stats.items() if version in kept}

    async def _revert(self, manager: ModelManager, label: str, watched: _Watched, reason: str) -> None:
        """Moves the label back. If it follows the newest version, it goes on to follow newer ones."""
        is_pinned = manager.label_book.labels.states[label].version is not None
        version = watched.previous_version if is_pinned else None
        note = Note(ACTOR, reason)
        event = LabelEvent(LabelAction.REVERT, self._clock(), note, label, version, watched.version)
        _log.warning("label=%s version=%d has failed its probation: %s", label, watched.version, reason)
        try:
            await manager.record(event)
        except NotWritable as error:
            _log.warning("label=%s is moved back in this server only: %s", label, error)
            await manager.remember(event)
