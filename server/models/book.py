"""Every version of a model that was seen, and what became of it."""

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager

from server.domain.versions import RefusalReason, VersionRecord, VersionState
from server.models.storage.ports import Fingerprint
from server.models.tracked import TrackedVersion

_log = logging.getLogger(__name__)

OnChange = Callable[[VersionRecord], None]
"""Is told of every change of a version's record."""


class VersionBook:
    """The versions of one model.

    Args:
        model_name: The name of the model.
        on_change: Is told of every change.
        clock: The time in seconds since the epoch.
        settle_seconds: How long the files of a version without a manifest have to be the same before it is loaded.
    """

    def __init__(
        self, model_name: str, on_change: OnChange, clock: Callable[[], float], settle_seconds: float
    ) -> None:
        self._model_name = model_name
        self._on_change = on_change
        self._clock = clock
        self._settle_seconds = settle_seconds
        self._versions: dict[int, TrackedVersion] = {}
        self.published: frozenset[int] = frozenset()
        """The versions that were published when it was last looked."""

    @property
    def records(self) -> Sequence[VersionRecord]:
        """The record of every version, newest first."""
        return tuple(self._versions[version].record for version in sorted(self._versions, reverse=True))

    @property
    def states(self) -> Mapping[int, VersionState]:
        """The state of every version."""
        return {version: tracked.state for version, tracked in self._versions.items()}

    @property
    def excluded(self) -> frozenset[int]:
        """The versions that must not be loaded now: they were refused, or wait before they are tried again."""
        now = self._clock()
        return frozenset(version for version, tracked in self._versions.items() if tracked.is_excluded(now))

    @property
    def refused(self) -> frozenset[int]:
        """The versions that were refused."""
        return frozenset(version for version, tracked in self._versions.items() if tracked.record.refusal)

    @property
    def is_arriving(self) -> bool:
        """Whether files of a version may still be arriving."""
        refusals = (self._versions[version].record.refusal for version in self.published)
        return RefusalReason.UPLOAD_UNFINISHED in refusals

    @property
    def dead(self) -> Sequence[int]:
        """The versions that were available, can be loaded anew now and are not yet being so, the newest first."""
        loadable = sorted(self.published - self.excluded, reverse=True)
        return [version for version in loadable if self.is_recovering(version) and not self.is_loading(version)]

    def find(self, version: int) -> VersionRecord | None:
        """Returns the record of a version, None if it was never seen."""
        tracked = self._versions.get(version)
        return tracked.record if tracked else None

    def is_recovering(self, version: int | None = None) -> bool:
        """Whether a version, or any if none is given, was available and is being loaded anew."""
        asked = (t for number, t in self._versions.items() if version in (None, number))
        return any(t.was_available and t.state is VersionState.LOADING for t in asked)

    def is_loading(self, version: int | None = None) -> bool:
        """Whether a load of a version, or of any if none is given, is under way."""
        return any(t.is_loading for number, t in self._versions.items() if version in (None, number))

    def is_outdated(self, version: int) -> bool:
        """Whether a version that is being loaded is no longer published, or has other files since it was begun."""
        return version not in self.published or self._versions[version].has_changed

    def note(self, published: Mapping[int, Fingerprint]) -> None:
        """Takes note of what is published now. What no longer is ends, unless it serves or is being loaded."""
        now = self._clock()
        self.published = frozenset(published)
        for version, fingerprint in published.items():
            if version not in self._versions:
                record = VersionRecord(self._model_name, version, VersionState.START, since=now)
                self._versions[version] = TrackedVersion(record, fingerprint, now)
                self._announce(record)
            with self.changing(version) as tracked:
                tracked.see(fingerprint, now)
                tracked.judge_upload(now, self._settle_seconds)
        for version in self._versions.keys() - self.published:
            tracked = self._versions[version]
            if tracked.state < VersionState.AVAILABLE and not tracked.is_loading:
                with self.changing(version) as tracked:
                    tracked.end(now)

    @contextmanager
    def changing(self, version: int) -> Iterator[TrackedVersion]:
        """Gives a version to be changed, and announces what became of it."""
        tracked = self._versions[version]
        before = tracked.record
        yield tracked
        after = tracked.record
        if (before.state, before.refusal, before.message) != (after.state, after.refusal, after.message):
            self._announce(after)

    def _announce(self, record: VersionRecord) -> None:
        _log.log(
            logging.WARNING if record.message else logging.INFO,
            "model=%s version=%d state=%s refusal=%s message=%r",
            record.model_name,
            record.version,
            record.state.name,
            record.refusal.name if record.refusal else "",
            record.message,
        )
        self._on_change(record)
