"""What the manager knows of one version."""

from dataclasses import replace

from server.domain.retries import STABLE_SECONDS, wait_seconds
from server.domain.versions import RefusalReason, Refused, VersionRecord, VersionState
from server.models.storage.ports import Fingerprint


class TrackedVersion:
    """One version: its record, its files, and when it may be tried again.

    Args:
        record: Its record, in START.
        fingerprint: Its files as they were seen first.
        now: When that was, in seconds since the epoch.
    """

    def __init__(self, record: VersionRecord, fingerprint: Fingerprint, now: float) -> None:
        self.record = record
        self.was_available = False
        self._fingerprint = fingerprint
        self._loading: Fingerprint | None = None
        """Its files as they were when its load was begun; None unless one is under way."""
        self._changed_time = _changed_time(fingerprint, now)
        self._failures = 0
        self._retry_time = 0.0

    @property
    def state(self) -> VersionState:
        """Its state."""
        return self.record.state

    @property
    def is_loading(self) -> bool:
        """Whether a load is under way."""
        return self._loading is not None

    @property
    def has_changed(self) -> bool:
        """Whether its files changed since the load that is under way was begun."""
        return self._loading != self._fingerprint

    def begin(self, now: float) -> None:
        """Begins to load, or to load again."""
        self._loading = self._fingerprint
        if self.state is VersionState.END:
            self.record = self.record.to(VersionState.START, now)
        self.record = self.record.to(VersionState.LOADING, now)

    def become_available(self, now: float, runtime: str) -> None:
        """Serves from now on, run by `runtime`."""
        self.was_available = True
        self._loading = None
        self.record = replace(self.record.to(VersionState.AVAILABLE, now), runtime=runtime)

    def unload(self, now: float) -> None:
        """Is no longer leased."""
        self.record = self.record.to(VersionState.UNLOADING, now)

    def end(self, now: float) -> None:
        """Is gone."""
        self.was_available = False
        self._loading = None
        self.record = self.record.to(VersionState.END, now)

    def refuse(self, refused: Refused, now: float) -> None:
        """Does not serve until its files change."""
        self._loading = None
        self.record = self.record.to(VersionState.END, now, refused.reason, str(refused))

    def fail(self, message: str, now: float) -> None:
        """Goes back to LOADING, or stays there, to be tried again: at once, then after 1, 2, 4 … 60 seconds."""
        self._loading = None
        was_stable = self.state is VersionState.AVAILABLE and now - self.record.since >= STABLE_SECONDS
        self._failures = 1 if was_stable else self._failures + 1
        wait = wait_seconds(self._failures)
        self._retry_time = now + wait
        self.record = self.record.to(VersionState.LOADING, now, message=f"{message}; tried again in {wait} s")

    def start_anew(self, now: float) -> None:
        """Goes back to START: whatever came of its load, that was of other files than it has now."""
        self._loading = None
        self.record = self.record.to(VersionState.START, now)

    def see(self, fingerprint: Fingerprint, now: float) -> None:
        """Takes note of its files. If it was refused, it starts anew when they change.

        They change now, whatever their times say: copies may keep those of the originals.
        """
        if fingerprint != self._fingerprint:
            self._fingerprint, self._changed_time = fingerprint, now
            if self.record.refusal:
                self.record = self.record.to(VersionState.START, now)

    def judge_upload(self, now: float, settle_seconds: float) -> None:
        """Refuses it while its files may still be arriving, and lets it start once they are there.

        A version with a manifest tells itself whether it is whole. Of another, nothing does but that its files
        have been the same for `settle_seconds`.
        """
        is_whole = self._fingerprint.has_manifest or now - self._changed_time >= settle_seconds
        if self.state is VersionState.START and not is_whole:
            message = f"its files changed less than {settle_seconds:g} s ago, and it has no manifest"
            self.refuse(Refused(RefusalReason.UPLOAD_UNFINISHED, message), now)
        elif self.record.refusal is RefusalReason.UPLOAD_UNFINISHED and is_whole:
            self.record = self.record.to(VersionState.START, now)

    def is_excluded(self, now: float) -> bool:
        """Whether it must not be loaded now: it was refused, or waits to be tried again."""
        waits = self.state is VersionState.LOADING and now < self._retry_time
        return self.record.refusal is not None or waits


def _changed_time(fingerprint: Fingerprint, seen_time: float) -> float:
    """Returns when files changed that are seen for the first time, which may be long before."""
    changed = fingerprint.changed_time
    return seen_time if changed is None else min(changed, seen_time)
