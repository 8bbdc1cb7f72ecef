"""A feature service as batch jobs see it: who and what there is, where features are, where results go."""

from collections.abc import Callable, Iterable, Mapping, Set
from datetime import datetime
from pathlib import Path

import pyarrow as pa

from contract import tags
from features.description import Description, describe_registry
from features.errors import StoreError
from features.fresh import fresh_keys, lister
from features.online import watermark
from features.recommendations import find_recommendations_view, write_recommendations
from features.repository import feature_service, open_store
from features.store_errors import registry_name, reported
from features.view_sources import ViewSource, view_sources


class OfflineService:
    """One feature service of a feature repository."""

    def __init__(self, repo: Path, profile: str, name: str) -> None:
        """Opens the repository.

        Raises:
            FeatureError: It can't be opened, or the service is not registered.
            TagError: The service lacks a tag.
        """
        self._store = open_store(repo, profile)
        self._service = feature_service(self._store, name)
        self._roles = tags.feature_source(name, self._service.tags)
        with reported(f"the registry {registry_name(self._store)} can't be read"):
            self._views = self._store.list_batch_feature_views()

    def registered(self) -> Description:
        """Returns everything that is registered."""
        return describe_registry(self._store)

    def sources(self, wanted: Mapping[str, Set[str]]) -> list[ViewSource]:
        """Returns where the wanted features of each view are."""
        return view_sources(self._store, self._service, wanted)

    def moment_shown(self) -> datetime:
        """Returns the moment that the online store shows.

        Raises:
            StoreError: Nothing was materialised.
        """
        view = lister(self._views, self._service, self._roles.class_key)
        moment = watermark(view)
        if moment is None:
            raise StoreError(f"view {view.name!r} was never materialised; run `paceline features materialize`")
        return moment

    def members(self, moment: datetime) -> list[str]:
        """Returns all members with a fresh row in the service's first view of members, rising."""
        return fresh_keys(self._store, lister(self._views, self._service, self._roles.member_key), moment)

    def classes(self, moment: datetime) -> list[str]:
        """Returns the live classes, rising; see `features.catalogue`."""
        return fresh_keys(self._store, lister(self._views, self._service, self._roles.class_key), moment)

    def write_recommendations(
        self, chunks: Iterable[pa.Table], moment: datetime, wrote: Callable[[int], None]
    ) -> None:
        """Writes what is recommended to the online store; see `features.recommendations`."""
        view = find_recommendations_view(self._views, self._service)
        write_recommendations(self._store, view, chunks, moment, wrote)
