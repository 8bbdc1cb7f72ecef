"""What is pushed: the views whose features have the tag ``live``, together with where their rows are kept."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
from feast import FeatureStore, FeatureView, PushSource

from features.day_files import rows_folder
from features.errors import RepositoryError
from features.schema import row_schema, row_source
from features.store_errors import registry_name, reported
from features.streaming.member import COMPUTED

TAG = "live"


@dataclass(frozen=True, slots=True)
class Feed:
    """The views of one push source, whose rows are computed together.

    Attributes:
        source: The name of the push source.
        key: The join key, which is the member's id.
        time: The column of the time of the newest event.
        created: The column of the time at which that was known; "" if there is none.
        computed: What each feature is computed as, by its name.
        schema: The columns of a row.
        folder: Where the rows are kept for training.
    """

    source: str
    key: str
    time: str
    created: str
    computed: Mapping[str, str]
    schema: pa.Schema
    folder: Path


def live_feeds(store: FeatureStore) -> list[Feed]:
    """Returns the registered feeds that `paceline events consume` fills.

    Raises:
        RepositoryError: A feature of one has no tag ``live`` or an unknown one, or its views differ in their keys.
        StoreError: The registry can't be read.
    """
    with reported(f"the registry {registry_name(store)} can't be read"):
        views = store.list_batch_feature_views()
    by_source: dict[str, list[FeatureView]] = {}
    for view in views:
        source = view.stream_source
        if isinstance(source, PushSource) and any(TAG in feature.tags for feature in view.features):
            by_source.setdefault(source.name, []).append(view)
    return [_feed(name, by_source[name]) for name in sorted(by_source)]


def _feed(name: str, views: Sequence[FeatureView]) -> Feed:
    first = views[0]
    if any(view.join_keys != first.join_keys for view in views) or len(first.join_keys) != 1:
        raise RepositoryError(f"push source {name!r}: its views have several keys, expected that of members")
    source = row_source(first)
    return Feed(
        source=name,
        key=first.join_keys[0],
        time=source.timestamp_field,
        created=source.created_timestamp_column,
        computed={feature: kind for view in views for feature, kind in _computed(view)},
        schema=pa.unify_schemas([row_schema(view) for view in views]),
        folder=rows_folder(first),
    )


def _computed(view: FeatureView) -> Iterable[tuple[str, str]]:
    for feature in view.features:
        kind = feature.tags.get(TAG, "")
        if kind not in COMPUTED:
            expected = ", ".join(COMPUTED)
            raise RepositoryError(
                f"view {view.name!r}, feature {feature.name!r}: {TAG} is {kind!r}, expected one of {expected}"
            )
        yield feature.name, kind
