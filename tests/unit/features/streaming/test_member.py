"""What is known of a member, against the same computed from all events at once."""

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from event_log.event import EventType
from features.streaming import member as member_module
from features.streaming.member import COMPUTED, Action, Member

MINUTE = 60_000_000
HOUR, DAY = 60 * MINUTE, 1440 * MINUTE
NOW = 1_700_000_000_000_000
TYPES = [EventType.IMPRESSION, EventType.START, EventType.COMPLETION, EventType.RATING]

# Close together, at the limits of a session, a day and a month, and at the same moment.
STEPS = st.sampled_from([0, 1, MINUTE, 30 * MINUTE, 30 * MINUTE + 1, 23 * HOUR, DAY, 29 * DAY, 30 * DAY])


@st.composite
def histories(draw: st.DrawFn) -> list[Action]:
    """Events of a member in the order in which they are heard of, some of them twice."""
    micros, actions = NOW, []
    for number, step in enumerate(draw(st.lists(STEPS, min_size=1, max_size=40))):
        micros += step
        type_ = draw(st.sampled_from(TYPES))
        minutes = draw(st.sampled_from([5.0, 12.5])) if type_ is EventType.COMPLETION else 0.0
        actions.append(Action(micros, f"e{number}", type_, f"c{number % 7}", minutes))
    order = draw(st.permutations(actions))
    return [*order, *draw(st.lists(st.sampled_from(order), max_size=5))]


def brute_force(actions: Sequence[Action], offset: int) -> dict[str, object]:
    """What `COMPUTED` promises, from all events."""
    known = sorted(set(actions), key=lambda action: action[:2])
    newest = known[-1].time_micros
    starts = [a for a in known if a.type is EventType.START and newest - a.time_micros < 30 * DAY]
    session = [known[-1]]
    for earlier in reversed(known[:-1]):
        is_recent = newest - earlier.time_micros < DAY
        if session[-1].time_micros - earlier.time_micros > 30 * MINUTE or not is_recent:
            break
        session.append(earlier)
    today = [a for a in known if (a.time_micros + offset) // DAY == (newest + offset) // DAY]
    return {
        "last_classes": [action.class_id for action in starts[::-1][:20]],
        "session_impressions": sum(a.type is EventType.IMPRESSION for a in session),
        "session_starts": sum(a.type is EventType.START for a in session),
        "session_completions": sum(a.type is EventType.COMPLETION for a in session),
        "minutes_today": sum(action.watched_minutes for action in today),
    }


def heard(actions: Sequence[Action]) -> Member:
    member = Member()
    for action in actions:
        member.add(action)
    return member


@given(histories(), st.sampled_from([0, 5 * HOUR, -12 * HOUR]))
def test_values_are_those_of_all_events_whatever_their_order(actions: list[Action], offset: int) -> None:
    member = heard(actions)
    assert {name: one.compute(member, offset) for name, one in COMPUTED.items()} == brute_force(actions, offset)
    assert member.newest_micros == max(action.time_micros for action in actions)


@given(histories())
def test_an_event_that_is_known_changes_nothing(actions: list[Action]) -> None:
    member = heard(actions)
    before = (list(member.recent), list(member.starts))
    assert not any(member.add(action) for action in actions)
    assert (member.recent, member.starts) == before


def test_memory_is_bounded() -> None:
    actions = [Action(NOW + n, f"e{n:05}", EventType.START, f"c{n}", 0.0) for n in range(3_000)]
    member = heard(actions)
    assert (len(member.recent), len(member.starts)) == (member_module.MAX_RECENT, member_module.MAX_STARTS)
    assert not member.add(Action(NOW, "late", EventType.IMPRESSION, "c", 0.0))
    assert COMPUTED["session_starts"].compute(member, 0) == member_module.MAX_RECENT
