"""What is pushed: the views whose features have the tag ``live``, together with where their rows are kept."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
from feast import FeatureStore, FeatureView, Field, OnDemandFeatureView, PushSource

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
        RepositoryError: A feature can't be computed, see `live_faults`, or views of one feed differ in their keys.
        StoreError: The registry can't be read.
    """
    with reported(f"the registry {registry_name(store)} can't be read"):
        views = store.list_batch_feature_views()
    for view, feature, fault in live_faults(views):
        raise RepositoryError(f"view {view!r}, feature {feature!r}: {fault}")
    return [_feed(name, [v for v in views if _push_source(v) == name]) for name in sorted(_fed(views))]


def live_faults(views: Sequence[FeatureView | OnDemandFeatureView]) -> Iterator[tuple[str, str, str]]:
    """Yields why features can't be computed live: the view, the feature, and what was found and expected.

    A push source with one such feature is fed, so that all features of its views have to be such.
    """
    fed = _fed(views)
    for view in views:
        for feature in view.features:
            if TAG in feature.tags or _push_source(view) in fed:
                yield from ((view.name, feature.name, fault) for fault in _faults(view, feature))


def _fed(views: Iterable[FeatureView | OnDemandFeatureView]) -> set[str]:
    live = (view for view in views if any(TAG in feature.tags for feature in view.features))
    return {source for view in live if (source := _push_source(view))}


def _push_source(view: FeatureView | OnDemandFeatureView) -> str:
    """Returns the name of a view's push source, "" if it has none."""
    source = getattr(view, "stream_source", None)
    return source.name if isinstance(source, PushSource) else ""


def _faults(view: FeatureView | OnDemandFeatureView, feature: Field) -> Iterator[str]:
    kind = feature.tags.get(TAG, "")
    if kind not in COMPUTED:
        yield f"its tag {TAG} is {kind!r}, expected one of {', '.join(COMPUTED)}"
    elif feature.dtype != COMPUTED[kind].dtype:
        yield f"it is {feature.dtype}, but {TAG} {kind!r} is {COMPUTED[kind].dtype}"
    if not _push_source(view):
        yield f"it has the tag {TAG}, but the source of its view is no PushSource"


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
        computed={feature.name: feature.tags[TAG] for view in views for feature in view.features},
        schema=pa.unify_schemas([row_schema(view) for view in views]),
        folder=rows_folder(first),
    )
