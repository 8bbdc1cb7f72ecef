"""Watching the versions that labels were moved to, and moving the labels back if they do badly."""

import asyncio
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass

from server.domain.errors import NotWritable
from server.domain.labels import LabelAction, LabelEvent, Note
from server.models.label_book import Move
from server.models.manager import ModelManager
from server.models.observation import Observation
from server.models.positions import version_of
from server.ranking.outcomes import Outcome, VersionStats
from server.ranking.probation import Failed, Passed, Probation, ProbationLimits

ACTOR = "paceline"
"""Who moves a label back by itself, in its history."""
WINDOW_SECONDS = 60.0
"""How far back the requests lie by which a version is judged."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Watched:
    """A version that a label was moved to."""

    version: int
    previous_version: int
    reference: Outcome
    """What came of the requests of the version before, while the label was on it."""
    start: float
    probation: Probation


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
        stats = self._stats.setdefault(call.version, VersionStats())
        if call.has_failed:
            stats.record_failure(self._clock())
        else:
            stats.record(self._clock(), call.seconds, () if call.scores is None else call.scores[0])

    def follow(self, manager: ModelManager, move: Move) -> None:
        """Puts the version that a label was moved to on probation.

        Not one that stands in for another that died, or that the label was moved back to: nothing is known to be
        better.
        """
        self._watched.pop(move.label, None)
        version, previous, now = move.version, move.previous_version, self._clock()
        loaded = {found.manifest.version for found in manager.available}
        self._stats = {found: stats for found, stats in self._stats.items() if found in loaded}
        is_moved_back = previous in manager.label_book.labels.rejected
        if (
            not self._limits.seconds
            or version is None
            or previous not in loaded
            or is_moved_back
            or version != version_of(manager, move.label)
        ):
            return
        reference = self._stats.get(previous, VersionStats()).since(now - self._limits.seconds)
        self._stats[version] = VersionStats()
        self._watched[move.label] = _Watched(version, previous, reference, now, Probation(self._limits, now))

    async def step(self, manager: ModelManager) -> None:
        """Looks once at every version that is on probation."""
        now = self._clock()
        for label, watched in list(self._watched.items()):
            stats = self._stats.get(watched.version, VersionStats())
            recent = stats.since(max(watched.start, now - WINDOW_SECONDS))
            # In a thread: to compare full windows takes some milliseconds.
            verdict = await asyncio.to_thread(watched.probation.step, now, recent, watched.reference)
            if self._watched.get(label) is not watched:  # the label moved meanwhile
                continue
            match verdict:
                case Failed(reason):
                    del self._watched[label]
                    await self._revert(manager, label, watched, reason)
                case Passed():
                    del self._watched[label]
                    _log.info("label=%s version=%d has passed its probation", label, watched.version)

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
