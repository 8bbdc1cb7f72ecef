"""A simulated world has what real logs have, and its truth is as hard to find as a real one."""

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score

from tests.unit.training.simulation.conftest import SPEC, Query
from training.simulation.members import Tastes, make_members

FIRST_MOMENT = pd.Timestamp(SPEC.first_day, tz="UTC")
LABELLED = """
    SELECT i.*, probability, s.event_id IS NOT NULL AS started
    FROM impressions i JOIN truth USING (impression_id) LEFT JOIN starts s USING (impression_id)
    ORDER BY i.event_time, impression_id
"""


@pytest.fixture(scope="module")
def shown(query: Query) -> pd.DataFrame:
    return query(LABELLED)


def test_the_truth_separates_starts_well_but_not_perfectly(shown: pd.DataFrame) -> None:
    assert 0.75 < roc_auc_score(shown.started, shown.probability) < 0.82


def test_popularity_alone_gets_less_than_60_percent_of_the_reachable_lift(shown: pd.DataFrame) -> None:
    of_class = shown.groupby("class_id").started
    starts_so_far = of_class.cumsum() - shown.started
    popularity = (starts_so_far + 20 * shown.started.mean()) / (of_class.cumcount() + 20)
    lift = roc_auc_score(shown.started, popularity) - 0.5
    assert 0.1 < lift / (roc_auc_score(shown.started, shown.probability) - 0.5) < 0.6


def test_starts_happen_with_their_true_probability(shown: pd.DataFrame) -> None:
    """In each tenth of the probabilities, starts are as many as expected, within 4 standard deviations."""
    for _, tenth in shown.groupby(pd.qcut(shown.probability, 10), observed=True):
        spread = np.sqrt((tenth.probability * (1 - tenth.probability)).sum())
        assert abs(tenth.started.sum() - tenth.probability.sum()) < 4 * spread


def test_every_day_has_exactly_its_impressions(query: Query) -> None:
    counts = query("SELECT count(*) AS n FROM impressions GROUP BY day").n
    assert counts.tolist() == [SPEC.events_per_day] * SPEC.day_count


def test_follow_ups_come_after_their_cause(query: Query) -> None:
    found = query("""
        SELECT
            count(*) AS starts,
            count_if(s.event_time <= i.event_time) AS early_starts,
            count_if(c.event_time < s.event_time + to_minutes(1) * c.watched_minutes) AS early_completions,
            count_if(r.event_time <= c.event_time) AS early_ratings,
            count_if(c.watched_minutes > minutes OR c.watched_minutes < 0.8 * minutes) AS wrong_minutes,
            count_if(rating NOT BETWEEN 1 AND 5) AS wrong_ratings,
            count_if((s.member_id, s.class_id) != (i.member_id, i.class_id)) AS other_starts
        FROM starts s JOIN impressions i USING (impression_id) JOIN classes k ON k.class_id = s.class_id
        LEFT JOIN completions c USING (impression_id) LEFT JOIN ratings r USING (impression_id)
    """).iloc[0]
    assert found.starts > 0
    assert (found.drop("starts") == 0).all(), found
    orphans = query("""
        SELECT (SELECT count(*) FROM completions ANTI JOIN starts USING (impression_id, member_id, class_id))
             + (SELECT count(*) FROM ratings ANTI JOIN completions USING (impression_id, member_id, class_id)) AS n
    """)
    assert orphans.n[0] == 0


def test_some_classes_are_left_early_and_some_are_not_rated(query: Query) -> None:
    n = query("""
        SELECT (SELECT count(*) FROM starts) AS s, (SELECT count(*) FROM completions) AS c,
               (SELECT count(*) FROM ratings) AS r
    """).iloc[0]
    assert 0.5 < n.c / n.s < 0.9
    assert 0.15 < n.r / n.c < 0.35


def test_new_classes_air_every_day_and_none_is_shown_before(query: Query) -> None:
    air_time = query("SELECT air_time FROM classes").air_time
    early = query(
        "SELECT count(*) AS n FROM impressions JOIN classes USING (class_id) WHERE event_time < air_time"
    )
    assert air_time[air_time >= FIRST_MOMENT].nunique() == SPEC.day_count
    assert early.n[0] == 0


def test_members_join_along_the_way_and_none_is_seen_before(query: Query) -> None:
    joined_time = query("SELECT joined_time FROM members").joined_time
    early = query(
        "SELECT count(*) AS n FROM impressions JOIN members USING (member_id) WHERE event_time < joined_time"
    )
    assert 0.2 < (joined_time > FIRST_MOMENT).mean() < 0.4
    assert early.n[0] == 0


def test_members_leave_for_good(query: Query) -> None:
    left_day = make_members(SPEC).left_day
    last = query("SELECT member_id, max(day) AS day FROM impressions GROUP BY member_id")
    last_day = (pd.to_datetime(last.day) - pd.Timestamp(SPEC.first_day)).dt.days
    assert (last_day < left_day[last.member_id.str[1:].astype(int) - 1]).all()
    assert np.mean(left_day < SPEC.day_count) > 0.03


def test_popularity_is_skewed(shown: pd.DataFrame) -> None:
    counts = shown.class_id.value_counts()
    assert counts.head(SPEC.class_count // 10).sum() > 0.25 * len(shown)


def test_members_take_classes_again(query: Query) -> None:
    again = query("SELECT 1 - count(DISTINCT (member_id, class_id)) / count(*) AS share FROM starts").share[0]
    assert 0.05 < again < 0.5


def test_lower_positions_are_started_less(shown: pd.DataFrame) -> None:
    rate = shown.groupby("position").started.mean()
    assert rate[:2].mean() > 1.2 * rate[9:].mean()


def test_members_visit_at_their_preferred_times(query: Query) -> None:
    """Half prefer the evening at most, yet those who do make most of its visits."""
    found = query("""
        SELECT avg(list_contains(preferred_times, 'evening')::INT)
                   FILTER (hour(event_time) BETWEEN 16 AND 20) AS evening,
               avg(list_contains(preferred_times, 'evening')::INT)
                   FILTER (hour(event_time) BETWEEN 4 AND 7) AS early
        FROM impressions JOIN members USING (member_id)
    """).iloc[0]
    assert found.evening > found.early + 0.3


def test_weekends_start_later(query: Query) -> None:
    hours = query("""
        SELECT median(hour(event_time)) FILTER (isodow(event_time) > 5) AS weekend,
               median(hour(event_time)) FILTER (isodow(event_time) <= 5) AS weekday
        FROM impressions
    """).iloc[0]
    assert hours.weekend < hours.weekday


def test_a_page_hardly_ever_shows_a_class_twice(query: Query) -> None:
    repeated = query("""
        WITH pages AS (SELECT member_id, class_id, event_time - position * INTERVAL 1500 MILLISECOND AS start
                       FROM impressions)
        SELECT 1 - count(DISTINCT (member_id, start, class_id)) / count(*) AS share FROM pages
    """)
    assert repeated.share[0] < 0.001


def test_titles_read_like_titles(query: Query) -> None:
    found = query("SELECT title, minutes, instructor FROM classes")
    assert found.title.str.fullmatch(r"\d+ min [A-Z][A-Za-z]+( [A-Z][A-Za-z]+)+ with [A-Z][a-z]+").all()
    starts = found.minutes.astype(str) + " min "
    assert all(title.startswith(start) for title, start in zip(found.title, starts, strict=True))
    assert all(title.endswith(name) for title, name in zip(found.title, found.instructor, strict=True))


def test_tastes_drift_slowly_and_keep_their_spread() -> None:
    members = make_members(SPEC)
    rng = np.random.default_rng(1)
    tastes = Tastes(members, rng)
    before = tastes.now - members.profile_tastes
    for _ in range(30):
        tastes.pass_day(rng)
    after = tastes.now - members.profile_tastes
    assert 0.8 < np.corrcoef(before[:, 0], after[:, 0])[0, 1] < 0.98
    assert after.std() == pytest.approx(before.std(), rel=0.1)
