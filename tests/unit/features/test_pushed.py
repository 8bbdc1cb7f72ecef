"""Which views are filled by `paceline events consume`, so that there is nothing to materialise."""

from datetime import timedelta

import pytest
from feast import Entity, FeatureView, Field, FileSource, PushSource, ValueType
from feast.types import Int64

from features.description import describe
from features.pushed import is_pushed

pytestmark = pytest.mark.slow

ROWS = FileSource(name="rows", path="/nowhere/*.parquet", timestamp_field="event_timestamp")


def _view(source: FileSource | PushSource, **tags: str) -> FeatureView:
    return FeatureView(
        name="activity",
        entities=[Entity(name="member", join_keys=["member_id"], value_type=ValueType.STRING)],
        ttl=timedelta(days=1),
        source=source,
        schema=[Field(name="starts", dtype=Int64, tags=tags)],
    )


def test_only_live_features_of_a_push_source_are_pushed() -> None:
    pushed = PushSource(name="pushed", batch_source=ROWS)
    assert is_pushed(_view(pushed, live="starts"))
    assert not is_pushed(_view(pushed))  # a team pushes to it by itself, and its own rows are materialised
    assert not is_pushed(_view(ROWS, live="starts"))


def test_that_a_view_is_no_longer_pushed_is_a_change() -> None:
    pushed, own = (
        describe([_view(source, live="starts")]) for source in (PushSource(name="p", batch_source=ROWS), ROWS)
    )
    assert (pushed.views["activity"].source, own.views["activity"].source) == (
        "/nowhere/*.parquet and pushes",
        "/nowhere/*.parquet",
    )
