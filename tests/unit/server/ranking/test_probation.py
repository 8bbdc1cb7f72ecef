"""Probation, as tables of what came of requests, and stepped through time."""

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from server.ranking.outcomes import Outcome
from server.ranking.probation import Failed, Passed, Probation, ProbationLimits, Verdict, Watching, find_breach

SPREAD = np.linspace(0.1, 0.5, 2000, dtype=np.float32)
GOOD = Outcome(count=200, failure_count=10, p99_seconds=0.01, scores=SPREAD)
BAD = replace(GOOD, failure_count=50)
FEW = replace(GOOD, count=99, failure_count=0)
LIMITS = ProbationLimits()


def outcome(**changes: Any) -> Outcome:
    return replace(GOOD, **changes)


@pytest.mark.parametrize(
    ("candidate", "reference", "breach"),
    [
        (GOOD, GOOD, None),
        # Errors: more than one in twenty, whatever is known of the version before.
        (outcome(failure_count=11), GOOD, "error rate 0.055 over 200 requests, limit 0.05"),
        (outcome(failure_count=11), FEW, "error rate 0.055 over 200 requests, limit 0.05"),
        (outcome(failure_count=11), BAD, "error rate 0.055 over 200 requests, limit 0.05"),
        (outcome(count=100, failure_count=100, p99_seconds=math.nan), GOOD, "error rate 1 over 100 requests"),
        # The p99: more than twice that of the version before.
        (outcome(p99_seconds=0.02), GOOD, None),
        (outcome(p99_seconds=0.021), GOOD, "p99 21 ms over 200 requests, limit 2 times 10 ms"),
        (outcome(p99_seconds=0.021), outcome(count=100), "p99 21 ms over 200 requests, limit 2 times 10 ms"),
        (outcome(p99_seconds=0.021), FEW, None),
        (outcome(p99_seconds=0.021), outcome(p99_seconds=math.nan), None),
        # Nothing else than rankings is compared: what a caller asks of another model may be anything.
        (outcome(p99_seconds=1.0, scores=SPREAD[:0]), outcome(scores=SPREAD[:0]), None),
        (outcome(p99_seconds=1.0), outcome(scores=SPREAD[:0]), None),
        # The scores: an index above 1, and a little of it is allowed.
        (outcome(scores=SPREAD + np.float32(0.05)), GOOD, None),
        (outcome(scores=SPREAD + np.float32(0.3)), GOOD, "score drift "),
        (outcome(scores=SPREAD + np.float32(0.3)), FEW, None),
        (outcome(scores=SPREAD[:50] + np.float32(0.3)), GOOD, None),
        # The first of several is named.
        (outcome(failure_count=20, p99_seconds=1.0), GOOD, "error rate 0.1 "),
        (outcome(p99_seconds=1.0, scores=SPREAD + np.float32(0.3)), GOOD, "p99 1e+03 ms"),
        # With few requests it takes ten failures, and nothing else is said.
        (outcome(count=99, failure_count=9), GOOD, None),
        (outcome(count=99, failure_count=10), FEW, "error rate 0.101 over 99 requests, limit 0.05"),
        (outcome(count=10, failure_count=10, p99_seconds=math.nan), GOOD, "error rate 1 over 10 requests"),
        (outcome(count=100, failure_count=6), GOOD, "error rate 0.06 over 100 requests"),
        (outcome(count=99, failure_count=0, p99_seconds=1.0, scores=SPREAD + np.float32(0.3)), GOOD, None),
        (outcome(count=0, failure_count=0, p99_seconds=math.nan, scores=SPREAD[:0]), GOOD, None),
    ],
)
def test_which_limit_a_version_is_beyond(candidate: Outcome, reference: Outcome, breach: str | None) -> None:
    found = find_breach(candidate, reference, LIMITS)
    assert (found or "").startswith(breach or "")
    assert (found is None) == (breach is None)


def test_a_drift_is_told_with_its_size_and_its_limit() -> None:
    """Of ten bins of equal shares all goes to one: 0.9 ln 10 there, and 0.1 ln(0.1 · 2005 / 0.5) in each other."""
    found = find_breach(outcome(scores=np.repeat(SPREAD[-1:], 2000)), GOOD, LIMITS)
    assert found == "score drift 7.45 over 2000 scores, limit 1"


@pytest.mark.parametrize(
    ("name", "candidate"),
    [
        ("error_rate", BAD),
        ("p99_factor", outcome(p99_seconds=1.0)),
        ("score_drift", outcome(scores=SPREAD + np.float32(0.3))),
    ],
)
def test_each_limit_can_be_switched_off(name: str, candidate: Outcome) -> None:
    assert find_breach(candidate, GOOD, LIMITS) is not None
    off: dict[str, Any] = {name: None}
    assert find_breach(candidate, GOOD, replace(LIMITS, **off)) is None
    alone = {"error_rate": None, "p99_factor": None, "score_drift": None, name: getattr(LIMITS, name)}
    assert find_breach(candidate, GOOD, replace(LIMITS, **alone)) is not None


def test_no_requests_are_no_errors_even_where_none_are_needed() -> None:
    nothing = Outcome(0, 0, math.nan, SPREAD[:0])
    assert find_breach(nothing, nothing, ProbationLimits(min_request_count=0)) is None


def verdicts(*steps: tuple[float, Outcome], limits: ProbationLimits = LIMITS) -> list[Verdict]:
    """Begins at 1000 s; a step is the seconds since then, and what came of the version's requests."""
    probation = Probation(limits, 1000.0)
    return [probation.step(1000.0 + seconds, candidate, GOOD) for seconds, candidate in steps]


WATCHING, PASSED, FAILED = Watching(), Passed(), Failed("error rate 0.25 over 200 requests, limit 0.05")


@pytest.mark.parametrize(
    ("steps", "expected"),
    [
        # Good all along, or with nothing to judge by.
        ([(0, GOOD), (1, GOOD), (599.9, GOOD), (600, GOOD)], [WATCHING, WATCHING, WATCHING, PASSED]),
        ([(0, FEW), (600, FEW)], [WATCHING, PASSED]),
        # A breach that lasts.
        ([(0, GOOD), (5, BAD), (12, BAD), (19.9, BAD), (20, BAD)], [*[WATCHING] * 4, FAILED]),
        ([(0, BAD), (15, BAD)], [WATCHING, FAILED]),
        # One good step, or one with too little to judge by, and it has to last anew.
        ([(0, BAD), (14, BAD), (14.5, GOOD), (15, BAD), (29, BAD), (30, BAD)], [*[WATCHING] * 5, FAILED]),
        ([(0, BAD), (14, FEW), (15, BAD), (29, BAD)], [WATCHING] * 4),
        # None passes while it is beyond a limit.
        ([(590, BAD), (600, BAD), (605, BAD)], [WATCHING, WATCHING, FAILED]),
        ([(590, BAD), (600, BAD), (604, GOOD)], [WATCHING, WATCHING, PASSED]),
    ],
)
def test_the_verdicts_of_a_probation(steps: list[tuple[float, Outcome]], expected: list[Verdict]) -> None:
    assert verdicts(*steps) == expected


def test_another_breach_goes_on_where_one_left_off_and_the_last_is_named() -> None:
    slow = outcome(p99_seconds=0.05)
    assert verdicts((0, BAD), (10, slow), (15, slow)) == [
        WATCHING,
        WATCHING,
        Failed("p99 50 ms over 200 requests, limit 2 times 10 ms"),
    ]


def test_the_times_are_those_of_the_limits() -> None:
    limits = ProbationLimits(seconds=5, breach_seconds=0)
    assert verdicts((4, GOOD), (5, GOOD), limits=limits) == [WATCHING, PASSED]
    assert verdicts((1, BAD), limits=limits) == [FAILED]
