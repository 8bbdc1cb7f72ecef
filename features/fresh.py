"""Which members or classes have a row at a moment, as the offline store tells."""

from collections.abc import Iterable
from datetime import datetime

from feast import FeatureService, FeatureStore, FeatureView

from features.errors import RepositoryError
from features.online import oldest_fresh
from features.schema import row_source
from features.store_errors import reported


def lister(views: Iterable[FeatureView], service: FeatureService, key: str) -> FeatureView:
    """Returns the view whose rows say which members or classes there are: the service's first with that key.

    Raises:
        RepositoryError: There is none.
    """
    by_name = {view.name: view for view in views}
    for projection in service.feature_view_projections:
        view = by_name.get(projection.name)
        if view is not None and view.join_keys == [key]:
            return view
    raise RepositoryError(f"feature service {service.name!r} has no view keyed by {key!r}")


def fresh_keys(store: FeatureStore, view: FeatureView, moment: datetime) -> list[str]:
    """Returns the keys that have a row of a view at a moment that is not stale, rising.

    Raises:
        StoreError: The rows can't be read.
    """
    source = row_source(view)
    with reported(f"the rows of view {view.name!r} can't be read"):
        job = store.provider.offline_store.pull_latest_from_table_or_query(
            config=store.config,
            data_source=source,
            join_key_columns=view.join_keys,
            feature_name_columns=[],
            timestamp_field=source.timestamp_field,
            created_timestamp_column=source.created_timestamp_column,
            start_date=oldest_fresh(view, moment),
            end_date=moment,
        )
        return sorted(job.to_arrow()[view.join_keys[0]].to_pylist())
