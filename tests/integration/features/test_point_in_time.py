"""Aggregating by day and joining with Feast equals a point-in-time join written out in plain Python."""

import shutil
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd
import pytest
from feast import FeatureStore
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from features.aggregate_settings import AggregateSettings
from features.aggregates import build, every, find_aggregates
from features.apply import apply
from features.days import Days
from features.raw_tables import RawTables
from features.repository import load_definitions, open_store
from tests.support.feature_repos import write_repository
from tests.support.worlds import write_table

pytestmark = pytest.mark.slow

FIRST, LAST = date(2026, 3, 1), date(2026, 3, 6)
FIRST_MIDNIGHT = datetime(2026, 3, 1, tzinfo=UTC)
WINDOW = TTL = timedelta(days=2)
MICROSECOND = timedelta(microseconds=1)


class Start(NamedTuple):
    """An event of the history."""

    member_id: str
    class_id: str
    event_time: datetime
    event_id: str


class Question(NamedTuple):
    """Whose features are asked for, and as of when."""

    member_id: str
    time: datetime


Row = tuple[int | None, list[str] | None]
MEMBERS = st.sampled_from(["m1", "m2"])
OFFSETS = (0, 8, -5)
# Moments on, just before and just after the hours at which days, and so TTLs, end; and any others.
MOMENTS = st.builds(
    lambda day, hour, microseconds: FIRST_MIDNIGHT + timedelta(days=day, hours=hour, microseconds=microseconds),
    st.integers(0, 5),
    st.one_of(st.sampled_from([-hours % 24 for hours in OFFSETS]), st.integers(0, 23)),
    st.sampled_from([0, -1, 1, 1_234_567]),
)
# The class and the time decide the id, so an event that is drawn twice is there twice.
STARTS = st.builds(
    lambda member, taken, moment: Start(member, taken, moment, f"{moment.timestamp()}-{taken}"),
    MEMBERS,
    st.sampled_from(["c1", "c2"]),
    MOMENTS,
)
HISTORIES = st.lists(STARTS, min_size=1, max_size=12).flatmap(
    lambda starts: st.lists(st.sampled_from(starts), max_size=2).map(lambda again: starts + again)
)
QUESTIONS = st.lists(st.builds(Question, MEMBERS, MOMENTS), min_size=1, max_size=8)


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, FeatureStore]:
    repo = write_repository(tmp_path_factory.mktemp("point_in_time"))
    (repo / "aggregates" / "classes.sql").unlink()
    store = open_store(repo, environment={})
    apply(store, load_definitions(repo))
    return repo, store


def joined_by_hand(history: Sequence[Start], question: Question, days: Days) -> Row:
    """Returns the newest row that was known at the question's time and is not stale."""
    ends = [days.end(FIRST + timedelta(days=number)) for number in range((LAST - FIRST).days + 1)]
    for end in sorted(ends, reverse=True):
        known = [s for s in history if s.member_id == question.member_id and end - WINDOW <= s.event_time < end]
        if known and end <= question.time <= end + TTL:
            newest = sorted(known, key=lambda s: s.event_id)
            newest.sort(key=lambda s: s.event_time, reverse=True)
            return len(known), [s.class_id for s in newest[:3]]
    return None, None


def joined_by_feast(
    repo: Path, store: FeatureStore, history: Sequence[Start], questions: Sequence[Question], days: Days
) -> list[Row]:
    data = repo.parent / "data"
    for folder in ("world", "features"):
        shutil.rmtree(data / folder, ignore_errors=True)
    write_table(data / "world" / "starts" / "part.parquet", "starts", [start._asdict() for start in history])
    chosen = AggregateSettings(days)
    tables = RawTables(data / "world", chosen)
    for aggregate, day in every(find_aggregates(repo, store.list_feature_views(), chosen), FIRST, LAST):
        build(tables, aggregate, day, chosen)
    asked = pd.DataFrame(
        {
            "row": range(len(questions)),
            "member_id": [question.member_id for question in questions],
            "event_timestamp": [question.time for question in questions],
        }
    )
    features = ["activity:member_starts_2d", "activity:member_last_classes_2d"]
    found: list[dict[str, Any]] = store.get_historical_features(asked, features).to_arrow().to_pylist()
    found.sort(key=lambda row: row["row"])
    return [(row["member_starts_2d"], row["member_last_classes_2d"]) for row in found]


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(history=HISTORIES, questions=QUESTIONS, hours=st.sampled_from(OFFSETS))
def test_a_row_holds_what_was_known_at_its_time_and_nothing_later(
    repository: tuple[Path, FeatureStore], history: list[Start], questions: list[Question], hours: int
) -> None:
    days = Days(timedelta(hours=hours))
    expected = [joined_by_hand(history, question, days) for question in questions]
    assert joined_by_feast(*repository, history, questions, days) == expected


@pytest.mark.parametrize(
    ("time", "count"),
    [
        (datetime(2026, 3, 3, tzinfo=UTC) - MICROSECOND, None),
        (datetime(2026, 3, 3, tzinfo=UTC), 1),
        (datetime(2026, 3, 5, tzinfo=UTC), 1),
        (datetime(2026, 3, 6, tzinfo=UTC), 1),
        (datetime(2026, 3, 6, tzinfo=UTC) + MICROSECOND, None),
    ],
)
def test_an_event_shows_from_the_end_of_its_day_until_the_last_row_with_it_is_stale(
    repository: tuple[Path, FeatureStore], time: datetime, count: int | None
) -> None:
    history = [Start("m1", "c1", datetime(2026, 3, 2, 9, tzinfo=UTC), "e1")]
    found = joined_by_feast(*repository, history, [Question("m1", time)], Days())
    assert found == [(count, None if count is None else ["c1"])]


def test_an_event_at_midnight_is_of_the_new_day(repository: tuple[Path, FeatureStore]) -> None:
    midnight = datetime(2026, 3, 2, tzinfo=UTC)
    questions = [Question("m1", midnight), Question("m1", midnight + timedelta(days=1))]
    found = joined_by_feast(*repository, [Start("m1", "c1", midnight, "e1")], questions, Days())
    assert found == [(None, None), (1, ["c1"])]
