"""The days that features are aggregated by, and the moments that they end."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Days:
    """Days whose midnight is `offset` ahead of UTC."""

    offset: timedelta = timedelta(0)

    def end(self, day: date) -> datetime:
        """Returns the first moment after a day, in UTC."""
        return datetime.combine(day + _DAY, time(), UTC) - self.offset

    def containing(self, moment: datetime) -> date:
        """Returns the day that a moment lies in."""
        return (moment.astimezone(UTC) + self.offset).date()

    def last_ended(self, now: datetime) -> date:
        """Returns the newest day that is over."""
        return self.containing(now) - _DAY


def each_day(first: date, last: date) -> Iterator[date]:
    """Yields the days from `first` to `last`, both included."""
    for number in range((last - first).days + 1):
        yield first + number * _DAY
