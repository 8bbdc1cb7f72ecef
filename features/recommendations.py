"""The view that holds what was recommended to each member beforehand, for when features can't be read.

A feature service may name it in its tag ``recommendations_view``. `paceline batch-score` writes its rows; there is
no query for them, so materialising leaves it out.
"""

from collections.abc import Callable, Iterable
from datetime import datetime

import pyarrow as pa
from feast import FeatureService, FeatureStore, FeatureView

from features.errors import RepositoryError
from features.online import let_readers_go_on, note_written, refuse_backwards
from features.schema import conform
from features.store_errors import reported

TAG = "recommendations_view"


def recommendations_views(services: Iterable[FeatureService]) -> set[str]:
    """Returns the names of the views that services name."""
    return {service.tags[TAG] for service in services if service.tags.get(TAG)}


def find_recommendations_view(views: Iterable[FeatureView], service: FeatureService) -> FeatureView:
    """Returns the view that a service names.

    Raises:
        RepositoryError: It names none, or one that is not registered.
    """
    name = service.tags.get(TAG, "")
    by_name = {view.name: view for view in views}
    if name not in by_name:
        raise RepositoryError(f"feature service {service.name!r}: {TAG} is {name!r}, expected a registered view")
    return by_name[name]


def write_recommendations(
    store: FeatureStore, view: FeatureView, chunks: Iterable[pa.Table], end: datetime, wrote: Callable[[int], None]
) -> None:
    """Writes rows to the online store, some at a time, and notes until when they are true.

    Args:
        store: The feature store.
        view: The registered view.
        chunks: The rows.
        end: When they were true.
        wrote: Hears of the number of rows of each chunk.

    Raises:
        RepositoryError: The rows have other columns than the view.
        StoreError: Newer ones are there, or the store can't be written.
    """
    refuse_backwards([view], end)
    let_readers_go_on(store)
    with reported(f"view {view.name!r} can't be written to the {store.config.online_store.type} store"):
        for rows in chunks:
            store.write_to_online_store(view.name, conform(view, rows).to_pandas())
            wrote(len(rows))
        note_written(store, view, end, end)
