"""Where the rows of the views of a feature service are, and what they promise: what a join needs of them."""

from collections.abc import Mapping, Set
from dataclasses import dataclass
from datetime import timedelta

from feast import FeatureService, FeatureStore, FeatureView, FileSource
from feast.data_source import DataSource
from feast.feature_view_projection import FeatureViewProjection

from features.errors import RepositoryError
from features.schema import row_source
from features.store_errors import reported

_NO_LIMIT = timedelta(0)


@dataclass(frozen=True, slots=True)
class ViewSource:
    """The source of one view, whose columns have the names that they have in its files.

    Attributes:
        view: The name of the view.
        path: Its files: a path, which may have wildcards.
        keys: The column of each join key, by the name of the key in the rows to join.
        features: The column of each feature, by its name.
        time: The column of the time that a row is true at.
        created: The column of the time that a row was made; "" if the source has none.
        ttl: For how long a row is true; 0 for ever.
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
        StoreError: The registry can't be read.
    """
    with reported(f"the registry {store.config.registry.path} can't be read"):
        views = {view.name: view for view in store.list_batch_feature_views()}
    listed = {projection.name: projection for projection in service.feature_view_projections}
    return [_view_source(views[name], listed.get(name), names) for name, names in wanted.items()]


def _view_source(view: FeatureView, projection: FeatureViewProjection | None, wanted: Set[str]) -> ViewSource:
    source = row_source(view)
    if not isinstance(source, FileSource):
        raise RepositoryError(
            f"view {view.name!r}: its source is a {type(source).__name__}, expected a FileSource of Parquet files"
        )
    names = (projection and projection.join_key_map) or {key: key for key in view.join_keys}
    return ViewSource(
        view=view.name,
        path=str(source.path),
        keys={name: _column(source, key) for key, name in names.items()},
        features={f.name: _column(source, f.name) for f in view.features if f.name in wanted},
        time=_column(source, source.timestamp_field),
        created=_column(source, source.created_timestamp_column or ""),
        ttl=view.ttl or _NO_LIMIT,
    )


def _column(source: DataSource, name: str) -> str:
    """Returns the column that the source's field mapping, from columns to names, gives a name."""
    return next((column for column, mapped in source.field_mapping.items() if mapped == name), name)
