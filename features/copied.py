"""Which views our own writers copy from files to the online store; Feast's would hold all rows at once."""

from collections.abc import Callable

from feast import FeatureStore, FeatureView
from feast.feature_view import DUMMY_ENTITY_ID
from feast.infra.compute_engines.local.compute import LocalComputeEngine
from feast.infra.offline_stores.duckdb import DuckDBOfflineStore
from feast.infra.passthrough_provider import PassthroughProvider

CHUNK_ROWS = 4096
"""How many rows are in memory at a time."""

Wrote = Callable[[int], None]
"""Hears of so many rows more that were written."""


def unheard(rows: int) -> None:
    """Hears of rows and does nothing."""


def is_copied(store: FeatureStore, view: FeatureView) -> bool:
    """Tells whether Feast's own classes would write the rows of files as they are, to the online store alone.

    A subclass may do it in another way, and so may Feast for a view that it validates, streams or derives.
    """
    provider = store.provider
    return (
        type(provider) is PassthroughProvider
        and type(provider.batch_engine) is LocalComputeEngine
        and type(provider.offline_store) is DuckDBOfflineStore
        and type(view) is FeatureView
        and not (view.offline or view.enable_validation or view.source_views or view.stream_source)
        and DUMMY_ENTITY_ID not in view.join_keys
    )
