"""Which members or classes have a row at a moment, as the offline store tells."""

from collections.abc import Iterable
from datetime import datetime

from feast import FeatureService, FeatureStore, FeatureView

from features.errors import RepositoryError
from features.newest_rows import newest_rows
from features.online import oldest_fresh
from features.store_errors import reported

_CHUNK_ROWS = 100_000


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
    start = oldest_fresh(view, moment)
    with (
        reported(f"the rows of view {view.name!r} can't be read"),
        newest_rows(store, view, [], start, moment, chunk=_CHUNK_ROWS) as rows,
    ):
        return sorted(rows.read_all()[view.join_keys[0]].to_pylist())
