"""Days end at the repository's own midnight."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.days import Days, each_day

OFFSETS = st.integers(-12, 14).map(lambda hours: timedelta(hours=hours))


@pytest.mark.parametrize(
    ("hours", "end"),
    [
        (0, datetime(2026, 3, 2, tzinfo=UTC)),
        (8, datetime(2026, 3, 1, 16, tzinfo=UTC)),
        (-5, datetime(2026, 3, 2, 5, tzinfo=UTC)),
    ],
)
def test_a_day_ends_at_its_own_midnight(hours: int, end: datetime) -> None:
    assert Days(timedelta(hours=hours)).end(date(2026, 3, 1)) == end


@given(offset=OFFSETS, moment=st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1)))
def test_a_day_contains_the_moments_before_its_end(offset: timedelta, moment: datetime) -> None:
    days = Days(offset)
    moment = moment.replace(tzinfo=UTC)
    day = days.containing(moment)
    assert days.end(day - timedelta(days=1)) <= moment < days.end(day)


@given(offset=OFFSETS, now=st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1)))
def test_the_last_day_that_ended_is_over_and_the_next_is_not(offset: timedelta, now: datetime) -> None:
    days = Days(offset)
    now = now.replace(tzinfo=UTC)
    last = days.last_ended(now)
    assert days.end(last) <= now < days.end(last + timedelta(days=1))


def test_each_day_includes_both_ends() -> None:
    assert list(each_day(date(2026, 2, 27), date(2026, 3, 1))) == [
        date(2026, 2, 27),
        date(2026, 2, 28),
        date(2026, 3, 1),
    ]
