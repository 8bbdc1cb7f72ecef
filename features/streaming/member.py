"""What a member did lately, whatever the order in which it is heard of.

Everything here is a function of the member's events, seen from the newest one: an event that comes late changes
the values, but never moves the moment that they are of.
"""

from bisect import bisect_left, insort
from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple

from feast.types import Array, FeastType, Float32, Int64, String

from event_log.event import Event, EventType

DAY_MICROS = 86_400_000_000
SESSION_GAP_MICROS = 30 * 60_000_000
"""A session ends where nothing happens for so long."""
STARTS_MICROS = 30 * DAY_MICROS
"""For how long a start is remembered."""
MAX_STARTS = 20
MAX_RECENT = 1_000
"""How many events of the last 24 hours are remembered."""


class Action(NamedTuple):
    """An event of a member, as much of it as is remembered; ordered by time, then id."""

    time_micros: int
    event_id: str
    type: EventType
    class_id: str
    watched_minutes: float


def action_of(event: Event) -> Action:
    """Returns what is remembered of an event."""
    return Action(event.time_micros, event.event_id, event.type, event.class_id, event.watched_minutes)


class Member:
    """The last 20 starts of 30 days, and the events of the 24 hours before the newest one."""

    __slots__ = ("recent", "starts")

    def __init__(self) -> None:
        self.recent: list[Action] = []
        self.starts: list[Action] = []

    @property
    def newest_micros(self) -> int:
        """When the newest event happened; 0 if there is none."""
        return self.recent[-1].time_micros if self.recent else 0

    def add(self, action: Action) -> bool:
        """Takes note of an event, and returns whether that changed anything: not if it was known or is too old."""
        is_newest = not self.recent or self.recent[-1][:2] < action[:2]
        if not is_newest and self._knows(action):
            return False
        insort(self.recent, action)
        if action.type is EventType.START:
            insort(self.starts, action)
        _trim(self.recent, self.newest_micros - DAY_MICROS, MAX_RECENT)
        _trim(self.starts, self.newest_micros - STARTS_MICROS, MAX_STARTS)
        return is_newest or self._knows(action)

    def _knows(self, action: Action) -> bool:
        return _holds(self.recent, action) or _holds(self.starts, action)


def _holds(actions: list[Action], action: Action) -> bool:
    place = bisect_left(actions, action[:2])
    return place < len(actions) and actions[place][:2] == action[:2]


def _trim(actions: list[Action], oldest_micros: int, count: int) -> None:
    """Keeps what is newer than a moment, and of that the newest."""
    begin = bisect_left(actions, (oldest_micros + 1,))
    del actions[: max(begin, len(actions) - count)]


def _session(member: Member) -> Iterator[Action]:
    """Yields the events of the session that the newest one is in, newest first."""
    last = member.newest_micros
    for action in reversed(member.recent):
        if last - action.time_micros > SESSION_GAP_MICROS:
            return
        last = action.time_micros
        yield action


def _session_count(type_: EventType) -> "Compute":
    return lambda member, _: sum(action.type is type_ for action in _session(member))


def _minutes_today(member: Member, offset_micros: int) -> float:
    today = (member.newest_micros + offset_micros) // DAY_MICROS
    of_today = (a for a in member.recent if (a.time_micros + offset_micros) // DAY_MICROS == today)
    return sum(action.watched_minutes for action in of_today)


Compute = Callable[[Member, int], object]
"""Returns a value; takes how far midnight is ahead of UTC, in microseconds."""


class Computed(NamedTuple):
    """What a feature may be computed as, and the type that it has to have."""

    compute: Compute
    dtype: FeastType


COMPUTED: Mapping[str, Computed] = {
    "last_classes": Computed(
        lambda member, _: [action.class_id for action in reversed(member.starts)], Array(String)
    ),
    "session_impressions": Computed(_session_count(EventType.IMPRESSION), Int64),
    "session_starts": Computed(_session_count(EventType.START), Int64),
    "session_completions": Computed(_session_count(EventType.COMPLETION), Int64),
    "minutes_today": Computed(_minutes_today, Float32),
}
"""What the tag ``live`` of a feature may ask for."""
