from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from contract.columns import INT64_MISSING
from training.model.times import TimeEncoder

pytestmark = pytest.mark.slow


def _encode(time: float, offset: float = 0.0) -> list[int]:
    encoded = TimeEncoder("t", offset)({"t": np.array([time], np.int64)})
    return [int(category) for category in encoded.categories.numpy()[0]]


@given(st.datetimes(datetime(1960, 1, 1), datetime(2100, 1, 1)), st.sampled_from([-9.5, 0.0, 2.0, 13.75]))
def test_hour_and_weekday_are_those_of_the_local_time(local: datetime, offset: float) -> None:
    time = int((local.replace(tzinfo=UTC, microsecond=0) - timedelta(hours=offset)).timestamp())

    assert _encode(time, offset) == [local.hour + 1, local.weekday() + 1]


def test_a_missing_time_has_categories_of_its_own() -> None:
    assert _encode(INT64_MISSING, 5.0) == [0, 0]


def test_both_parts_have_room_for_every_category() -> None:
    assert [(f.name, f.size) for f in TimeEncoder("t", 0).features] == [("t.hour", 25), ("t.weekday", 8)]
