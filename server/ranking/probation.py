"""Probation: a version that a label was moved to is watched for a while, and fails if it does badly."""

from dataclasses import dataclass

from server.ranking.drift import population_stability_index
from server.ranking.outcomes import Outcome


@dataclass(frozen=True, slots=True)
class ProbationLimits:
    """What a version on probation is held to. What is None is not looked at."""

    seconds: float = 600
    """How long a version is on probation."""
    breach_seconds: float = 15
    """How long it has to be beyond a limit without a break."""
    min_request_count: int = 100
    """With fewer requests of either version, p99 and scores are not looked at."""
    min_failure_count: int = 10
    """With fewer failures among fewer requests than that, errors are not looked at either."""
    error_rate: float | None = 0.05
    """The share of the requests that may fail."""
    p99_factor: float | None = 2.0
    """How many times the p99 of the version before its own may be, if both rank."""
    score_drift: float | None = 1.0
    """The population stability index that its scores may have against those of the version before."""


@dataclass(frozen=True, slots=True)
class Watching:
    """The version is still on probation."""


@dataclass(frozen=True, slots=True)
class Passed:
    """The version is no longer on probation."""


@dataclass(frozen=True, slots=True)
class Failed:
    """The version must not have the label."""

    reason: str


Verdict = Watching | Passed | Failed


def find_breach(candidate: Outcome, reference: Outcome, limits: ProbationLimits) -> str | None:
    """Returns in words which limit a version is beyond, None if it is within all of them.

    Args:
        candidate: What came of its requests.
        reference: What came of those of the version before; without enough of them only errors count.
        limits: What it is held to.
    """
    breach = _errors(candidate, limits)
    if breach or min(candidate.count, reference.count) < limits.min_request_count:
        return breach
    return _slowness(candidate, reference, limits.p99_factor) or _drift(candidate, reference, limits.score_drift)


class Probation:
    """The probation of the version that one label was moved to.

    Args:
        limits: What the version is held to.
        start: When the label was moved, in seconds on the clock of `step`.
    """

    def __init__(self, limits: ProbationLimits, start: float) -> None:
        self._limits = limits
        self._start = start
        self._breach_start: float | None = None

    def step(self, now: float, candidate: Outcome, reference: Outcome) -> Verdict:
        """Looks at the version once. Whatever is within the limits ends a breach; while one lasts none is passed.

        Args:
            now: The time in seconds.
            candidate: What came of the version's requests lately.
            reference: What came of those of the version before, while the label was on it.
        """
        breach = find_breach(candidate, reference, self._limits)
        if breach is None:
            self._breach_start = None
            return Passed() if now - self._start >= self._limits.seconds else Watching()
        if self._breach_start is None:
            self._breach_start = now
        return Failed(breach) if now - self._breach_start >= self._limits.breach_seconds else Watching()


# "not >" below, as what can't be measured is NaN: a p99 where every request failed, a drift of too few scores.


def _errors(candidate: Outcome, limits: ProbationLimits) -> str | None:
    limit = limits.error_rate
    if candidate.count < limits.min_request_count and candidate.failure_count < limits.min_failure_count:
        return None
    if limit is None or not candidate.error_rate > limit:
        return None
    return f"error rate {candidate.error_rate:.3g} over {candidate.count} requests, limit {limit:g}"


def _slowness(candidate: Outcome, reference: Outcome, factor: float | None) -> str | None:
    """Compares rankings only: what callers ask of another model may be a row before and a large batch now."""
    if not len(candidate.scores) or not len(reference.scores):
        return None
    if factor is None or not candidate.p99_seconds > factor * reference.p99_seconds:
        return None
    found, before = candidate.p99_seconds * 1e3, reference.p99_seconds * 1e3
    return f"p99 {found:.3g} ms over {candidate.count} requests, limit {factor:g} times {before:.3g} ms"


def _drift(candidate: Outcome, reference: Outcome, limit: float | None) -> str | None:
    if limit is None:
        return None
    drift = population_stability_index(reference.scores, candidate.scores)
    if not drift > limit:
        return None
    return f"score drift {drift:.3g} over {len(candidate.scores)} scores, limit {limit:g}"
