"""How large a simulated world is, and when it ends."""

from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime, timedelta

import numpy as np

from training.errors import SpecError

DAY_US = 86_400_000_000
"""Microseconds in a day."""

_EARLIEST = date(2000, 1, 1)
_LATEST = date(2200, 1, 1)


@dataclass(frozen=True, slots=True)
class WorldSpec:
    """The sizes of a world. Two equal specs make the same bytes.

    Attributes:
        member_count: Members who ever join.
        class_count: Classes that ever air.
        day_count: Days of history.
        events_per_day: Impressions on each day.
        seed: Of every random draw.
        last_day: The last day of history (UTC).

    Raises:
        SpecError: A size is below 1, the seed below 0, or a day out of range.
    """

    member_count: int
    class_count: int
    day_count: int
    events_per_day: int
    seed: int
    last_day: date

    def __post_init__(self) -> None:
        least = {"member_count": 1, "class_count": 1, "day_count": 1, "events_per_day": 1, "seed": 0}
        for name, minimum in least.items():
            found = getattr(self, name)
            if found < minimum:
                raise SpecError(f"{name} is {found}, expected at least {minimum}")
        longest = (self.last_day - _EARLIEST).days + 1
        if not _EARLIEST <= self.last_day < _LATEST:
            raise SpecError(f"last_day is {self.last_day}, expected {_EARLIEST} or later and before {_LATEST}")
        if self.day_count > longest:
            raise SpecError(f"day_count is {self.day_count}, expected at most {longest} before {self.last_day}")

    @property
    def first_day(self) -> date:
        """The first day of history."""
        return self.last_day - timedelta(days=self.day_count - 1)

    @property
    def start_us(self) -> int:
        """The first moment of history, in microseconds since the epoch."""
        midnight = datetime.combine(self.first_day, datetime.min.time(), tzinfo=UTC)
        return int(midnight.timestamp()) * 1_000_000

    @property
    def end_us(self) -> int:
        """The first moment after history, in microseconds since the epoch."""
        return self.start_us + self.day_count * DAY_US

    def generator(self, *stream: int) -> np.random.Generator:
        """Returns the random numbers of one stream; streams are independent of each other."""
        return np.random.default_rng(np.random.SeedSequence(self.seed, spawn_key=stream))

    def document(self) -> dict[str, object]:
        """Returns the spec as JSON values."""
        return {**asdict(self), "first_day": self.first_day.isoformat(), "last_day": self.last_day.isoformat()}


def yesterday() -> date:
    """Returns the last day (UTC) that is over."""
    return datetime.now(UTC).date() - timedelta(days=1)
