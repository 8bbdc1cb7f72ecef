"""Where the rows of the views of a feature service are, and what they promise: what a join needs of them."""

from collections.abc import Iterator, Mapping, Set
from dataclasses import dataclass
from datetime import timedelta

from feast import FeatureService, FeatureStore, FeatureView
from feast.data_source import DataSource
from feast.feature_view_projection import FeatureViewProjection

from contract.policies import age_limit
from contract.tags import missing_policy
from features.errors import RepositoryError
from features.schema import row_source, rows_path
from features.store_errors import registry_name, reported

_NO_LIMIT = timedelta(0)


@dataclass(frozen=True, slots=True)
class ViewSource:
    """The source of features of one view, whose columns have the names that they have in its files.

    A view has two if some of its features count however old they are.

    Attributes:
        view: The name of the view.
        path: Its files: a path, which may have wildcards.
        keys: The column of each join key, by the name of the key in the rows to join.
        features: The column of each feature, by its name.
        time: The column of the time that a row is true at.
        created: The column of the time that a row was made; "" if the source has none.
        ttl: For how long a row counts; 0 for ever.
    """

    view: str
    path: str
    keys: Mapping[str, str]
    features: Mapping[str, str]
    time: str
    created: str
    ttl: timedelta


def view_sources(store: FeatureStore, service: FeatureService, wanted: Mapping[str, Set[str]]) -> list[ViewSource]:
    """Returns the sources of the views that hold some of the wanted features.

    Args:
        store: The feature store.
        service: The service that a model reads; of a view in it, the keys may have other names.
        wanted: The names of the features of each view.

    Raises:
        RepositoryError: A source is not of Parquet files.
        TagError: The policy of a feature is none that there is.
        StoreError: The registry can't be read.
    """
    with reported(f"the registry {registry_name(store)} can't be read"):
        views = {view.name: view for view in store.list_batch_feature_views()}
    listed = {projection.name: projection for projection in service.feature_view_projections}
    found = (_sources(views[name], listed.get(name), names) for name, names in wanted.items())
    return [source for sources in found for source in sources if source.features]


def age_limits(view: FeatureView) -> dict[str, timedelta]:
    """Returns for how long a row of a view counts for each of its features; 0 for ever.

    Raises:
        TagError: The policy of a feature is none that there is.
    """
    ttl = (view.ttl or _NO_LIMIT).total_seconds()
    policies = {f.name: missing_policy(f.tags.get("on_missing", "default")) for f in view.features}
    return {name: timedelta(seconds=age_limit(ttl, policy)) for name, policy in policies.items()}


def _sources(
    view: FeatureView, projection: FeatureViewProjection | None, wanted: Set[str]
) -> Iterator[ViewSource]:
    """Yields the source of the features that count as long as the TTL says, and that of those without a limit."""
    limits = age_limits(view)
    for limit in dict.fromkeys((view.ttl or _NO_LIMIT, _NO_LIMIT)):
        names = {name for name in wanted if limits.get(name) == limit}
        yield _view_source(view, projection, names, limit)


def _view_source(
    view: FeatureView, projection: FeatureViewProjection | None, wanted: Set[str], ttl: timedelta
) -> ViewSource:
    source = row_source(view)
    path = rows_path(source)
    if path is None:
        raise RepositoryError(
            f"view {view.name!r}: its source is a {type(source).__name__}, expected a FileSource or "
            "SparkSource of Parquet files"
        )
    names = (projection and projection.join_key_map) or {key: key for key in view.join_keys}
    return ViewSource(
        view=view.name,
        path=path,
        keys={name: _column(source, key) for key, name in names.items()},
        features={f.name: _column(source, f.name) for f in view.features if f.name in wanted},
        time=_column(source, source.timestamp_field),
        created=_column(source, source.created_timestamp_column or ""),
        ttl=ttl,
    )


def _column(source: DataSource, name: str) -> str:
    """Returns the column that the source's field mapping, from columns to names, gives a name."""
    return next((column for column, mapped in source.field_mapping.items() if mapped == name), name)
