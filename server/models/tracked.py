"""What the manager knows of one version."""

from server.domain.versions import Refused, VersionRecord, VersionState
from server.models.directory import Fingerprint

_STABLE_SECONDS = 60
"""A version that has served so long is no longer held to account for failures before."""
_MAX_WAIT_SECONDS = 60


class TrackedVersion:
    """One version: its record, its files, and when it may be tried again.

    Args:
        record: Its record, in START.
        fingerprint: Its files as they were seen first.
    """

    def __init__(self, record: VersionRecord, fingerprint: Fingerprint) -> None:
        self.record = record
        self._fingerprint = fingerprint
        self._failures = 0
        self._retry_time = 0.0

    @property
    def state(self) -> VersionState:
        """Its state."""
        return self.record.state

    def begin(self, now: float) -> None:
        """Begins to load, or to load again."""
        if self.state is VersionState.END:
            self.record = self.record.to(VersionState.START, now)
        self.record = self.record.to(VersionState.LOADING, now)

    def become_available(self, now: float) -> None:
        """Serves from now on."""
        self.record = self.record.to(VersionState.AVAILABLE, now)

    def unload(self, now: float) -> None:
        """Is no longer leased."""
        self.record = self.record.to(VersionState.UNLOADING, now)

    def end(self, now: float) -> None:
        """Is gone."""
        self.record = self.record.to(VersionState.END, now)

    def refuse(self, refused: Refused, now: float) -> None:
        """Does not serve until its files change."""
        self.record = self.record.to(VersionState.END, now, refused.reason, str(refused))

    def fail(self, message: str, now: float) -> None:
        """Goes back to LOADING, or stays there, to be tried again: at once, then after 1, 2, 4 … 60 seconds."""
        was_stable = self.state is VersionState.AVAILABLE and now - self.record.since >= _STABLE_SECONDS
        self._failures = 1 if was_stable else self._failures + 1
        wait = 0 if self._failures == 1 else min(2 ** (self._failures - 2), _MAX_WAIT_SECONDS)
        self._retry_time = now + wait
        self.record = self.record.to(VersionState.LOADING, now, message=f"{message}; tried again in {wait} s")

    def see(self, fingerprint: Fingerprint, now: float) -> bool:
        """Takes note of its files and returns whether it thereby starts anew: it was refused and they changed."""
        changed = fingerprint != self._fingerprint
        self._fingerprint = fingerprint
        if changed and self.record.refusal:
            self.record = self.record.to(VersionState.START, now)
            return True
        return False

    def is_excluded(self, now: float) -> bool:
        """Whether it must not be loaded now: it was refused, or waits to be tried again."""
        waits = self.state is VersionState.LOADING and now < self._retry_time
        return self.record.refusal is not None or waits
