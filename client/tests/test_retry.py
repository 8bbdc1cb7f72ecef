"""The retry schedule, stepped by hand."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paceline import RetryPolicy
from paceline.retry import Schedule, full_jitter

SECONDS = st.floats(0.001, 10.0)


@st.composite
def policies(draw: st.DrawFn) -> RetryPolicy:
    initial, largest = sorted((draw(SECONDS), draw(SECONDS)))
    return RetryPolicy(attempts=draw(st.integers(1, 8)), initial_backoff=initial, max_backoff=largest)


@given(policies())
def test_there_is_a_pause_before_each_attempt_but_the_first_never_longer_than_the_longest(
    policy: RetryPolicy,
) -> None:
    pauses = list(policy.pauses())
    assert len(pauses) == policy.attempts - 1
    assert all(0 <= pause <= policy.max_backoff for pause in pauses)


@given(policies())
def test_pauses_double_up_to_the_longest(policy: RetryPolicy) -> None:
    without_chance = RetryPolicy(
        policy.attempts, policy.initial_backoff, policy.max_backoff, lambda ceiling: ceiling
    )
    pauses = list(without_chance.pauses())
    assert all(later == min(2 * earlier, policy.max_backoff) for earlier, later in itertools.pairwise(pauses))


@given(SECONDS)
def test_jitter_stays_below_its_ceiling(ceiling: float) -> None:
    assert 0 <= full_jitter(ceiling) <= ceiling


@given(policies(), st.floats(0.0, 20.0))
def test_no_schedule_outlasts_its_timeout(policy: RetryPolicy, timeout: float) -> None:
    now = 0.0
    schedule = Schedule(policy, timeout, clock=lambda: now)
    while (pause := schedule.next_pause()) is not None:
        now += pause
    assert now <= timeout


def test_nothing_remains_after_the_deadline() -> None:
    now = 100.0
    schedule = Schedule(RetryPolicy(), timeout=2.0, clock=lambda: now)
    now = 101.5
    assert schedule.remaining() == 0.5
    now = 103.0
    assert schedule.remaining() == 0.0


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"attempts": 0}, "attempts is 0"),
        ({"initial_backoff": 0.0}, "initial_backoff is 0.0"),
        ({"initial_backoff": 2.0, "max_backoff": 1.0}, "at most max_backoff, 1.0"),
    ],
)
def test_a_policy_that_makes_no_sense_is_refused(settings: dict[str, float], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        RetryPolicy(**settings)  # type: ignore[arg-type]
