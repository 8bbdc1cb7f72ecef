"""How far the online store has come, view by view."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from feast import FeatureStore

from features.online import watermark
from features.pushed import is_pushed
from features.recommendations import recommendations_views
from features.store_errors import registry_name, reported


@dataclass(frozen=True, slots=True)
class ViewStatus:
    """How far one view has come.

    Attributes:
        view: The view.
        until: Until when it is materialised; None if it never was.
        lag: The time since then.
        ttl: How old a value may be; 0 for any age.
    """

    view: str
    until: datetime | None
    lag: timedelta | None
    ttl: timedelta

    @property
    def is_stale(self) -> bool:
        """Whether none of its values counts any more, or none was ever written."""
        return self.lag is None or (bool(self.ttl) and self.lag > self.ttl)


def view_statuses(store: FeatureStore, now: datetime) -> list[ViewStatus]:
    """Returns the status of every view that is materialised to the online store, by name.

    Raises:
        StoreError: The registry can't be read.
    """
    with reported(f"the registry {registry_name(store)} can't be read"):
        return sorted(_statuses(store, now), key=lambda status: status.view)


def _statuses(store: FeatureStore, now: datetime) -> Iterator[ViewStatus]:
    others = recommendations_views(store.list_feature_services())
    for view in store.list_batch_feature_views():
        if view.online and view.name not in others and not is_pushed(view):
            until = watermark(view)
            lag = now - until if until else None
            yield ViewStatus(view.name, until, lag, view.ttl or timedelta())
