"""What is kept of the latest requests, against a plain list of all of them."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.ranking.outcomes import KEPT_REQUESTS, KEPT_SCORES, Outcome, VersionStats

SCORES = st.lists(st.integers(0, 8).map(lambda eighths: eighths / 8), max_size=KEPT_SCORES + 3)
REQUESTS = st.lists(st.tuples(st.integers(0, 3), st.none() | SCORES), max_size=30)
"""Seconds since the one before, and its scores; None for a failure."""


def outcome_of(stats: VersionStats, start: float = 0) -> tuple[int, int, list[float]]:
    outcome = stats.since(start)
    return outcome.count, outcome.failure_count, sorted(outcome.scores.tolist())


@pytest.fixture
def stats() -> VersionStats:
    return VersionStats()


def test_nothing_came_of_no_requests(stats: VersionStats) -> None:
    outcome = stats.since(-math.inf)
    assert outcome_of(stats, -math.inf) == (0, 0, [])
    assert math.isnan(outcome.p99_seconds)
    assert math.isnan(outcome.error_rate)


def test_requests_are_counted_timed_and_their_scores_kept(stats: VersionStats) -> None:
    for number in range(101):
        stats.record(100.0, number / 1000, [0.75, 0.5] if number else [])
    stats.record_failure(100.0)
    outcome = stats.since(100.0)
    assert (outcome.count, outcome.failure_count, outcome.error_rate) == (102, 1, 1 / 102)
    assert outcome.p99_seconds == pytest.approx(0.099)
    assert np.sum(outcome.scores == 0.75) == np.sum(outcome.scores == 0.5) == 100


def test_where_every_request_failed_there_is_no_p99(stats: VersionStats) -> None:
    stats.record_failure(1)
    outcome = stats.since(0)
    assert (outcome.count, outcome.failure_count, outcome.error_rate) == (1, 1, 1.0)
    assert math.isnan(outcome.p99_seconds)


def test_the_best_scores_of_a_large_page_are_kept(stats: VersionStats) -> None:
    scores = [1 / (1 + place) for place in range(1000)]
    stats.record(1, 0.001, scores)
    assert stats.since(0).scores == pytest.approx(scores[:20])


def test_a_request_that_takes_the_place_of_an_old_one_leaves_nothing_of_it() -> None:
    small = VersionStats(2)
    small.record(1, 0.1, [0.5] * 20)
    small.record(2, 0.1, [0.25] * 20)
    small.record(3, 0.1, [0.75])
    assert outcome_of(small) == (2, 0, [*[0.25] * 20, 0.75])
    small.record_failure(4)
    assert outcome_of(small) == (2, 1, [0.75])


@given(REQUESTS, st.integers(-1, 60), st.integers(1, 12))
def test_what_came_since_a_moment_is_what_a_list_says(
    requests: list[tuple[int, list[float] | None]], start: int, kept: int
) -> None:
    stats, now, every = VersionStats(kept), 0, []
    for seconds, scores in requests:
        now += seconds
        every.append((now, scores))
        if scores is None:
            stats.record_failure(now)
        else:
            stats.record(now, now / 1000, scores)
    expected = [(time, scores) for time, scores in every[-kept:] if time >= start]
    answered = [(time / 1000, scores) for time, scores in expected if scores is not None]
    best = sorted(score for _, scores in answered for score in scores[:KEPT_SCORES])
    outcome = stats.since(start)
    assert (outcome.count, outcome.failure_count) == (len(expected), len(expected) - len(answered))
    assert sorted(outcome.scores.tolist()) == best
    assert outcome.p99_seconds == pytest.approx(
        np.percentile([time for time, _ in answered], 99) if answered else math.nan, nan_ok=True
    )


def test_what_was_told_before_does_not_change(stats: VersionStats) -> None:
    stats.record(1, 0.1, [0.5])
    before: Outcome = stats.since(0)
    for _ in range(KEPT_REQUESTS):
        stats.record(2, 0.2, [0.25])
    assert (before.count, before.p99_seconds, before.scores.tolist()) == (1, 0.1, [0.5])
