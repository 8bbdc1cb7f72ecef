"""The life of a published version, from being seen to its end."""

from dataclasses import dataclass, replace
from enum import Enum, IntEnum
from typing import Self


class VersionState(IntEnum):
    """The states of a version, in the order in which it goes through them.

    ``START → LOADING → AVAILABLE → UNLOADING → END``. Three steps lead back: a version whose runner died is loaded
    anew, one whose files changed while it was loaded starts anew, and so does one that ended and is wanted again.
    """

    START = 1
    """Seen, and not yet begun to load."""
    LOADING = 2
    """Being verified, loaded and warmed, or waiting to be tried again."""
    AVAILABLE = 3
    """Ready to serve. Announced after the fact."""
    UNLOADING = 4
    """No longer leased to new requests; ends with its last lease. Announced before the fact."""
    END = 5
    """Gone, or refused."""


LEGAL_TRANSITIONS = {
    VersionState.START: {VersionState.LOADING, VersionState.END},
    VersionState.LOADING: {VersionState.START, VersionState.LOADING, VersionState.AVAILABLE, VersionState.END},
    VersionState.AVAILABLE: {VersionState.UNLOADING, VersionState.LOADING},
    VersionState.UNLOADING: {VersionState.END},
    VersionState.END: {VersionState.START},
}
"""The states that may follow each state."""


class RefusalReason(Enum):
    """Why a version was refused."""

    UPLOAD_UNFINISHED = "its files are still changing"
    MANIFEST_MISSING = "there is no manifest, and one is required"
    MANIFEST_INVALID = "the manifest does not parse, or names another model or version"
    FILE_MISSING = "a file that the manifest lists is missing"
    FILE_CHANGED = "a file differs from what the manifest says, or is not listed in it"
    CONTRACT_MISMATCH = "the registry lacks a feature, or its type differs, or it is computed otherwise"
    LOAD_FAILED = "the SavedModel does not load"
    SIGNATURE_MISMATCH = "a signature is missing or has other inputs or outputs"
    WARMUP_FAILED = "a warm-up request fails, or the file of them does not parse"
    GOLDEN_MISMATCH = "a golden request is missing, or scored otherwise by more than the tolerance"
    RANKING_MISMATCH = "a golden request is ranked in another order"
    SCORES_NOT_FINITE = "a score is NaN or infinite"
    SCORES_CONSTANT = "every golden request has the same score"
    TOO_SLOW = "it takes longer than the version that serves, by more than the set factor"


class Refused(Exception):
    """A version does not serve until its files change. The message says what was found and what was expected."""

    def __init__(self, reason: RefusalReason, message: str) -> None:
        super().__init__(message)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class VersionRecord:
    """One version of a model and what became of it."""

    model_name: str
    version: int
    state: VersionState
    since: float
    """When it came into its state, in seconds since the epoch."""
    refusal: RefusalReason | None = None
    """Why it was refused; None when it was not."""
    message: str = ""
    """Why it was refused, or why it is being tried again."""
    runtime: str = ""
    """What runs it while it is available."""

    def to(self, state: VersionState, now: float, refusal: RefusalReason | None = None, message: str = "") -> Self:
        """Returns the record of the version in its next state.

        Raises:
            ValueError: `state` does not follow the present one.
        """
        if state not in LEGAL_TRANSITIONS[self.state]:
            raise ValueError(f"version {self.version} can't go from {self.state.name} to {state.name}")
        return replace(self, state=state, since=now, refusal=refusal, message=message, runtime="")
