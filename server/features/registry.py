"""The objects of the Feast registry, resolved off the request path."""

import logging
from collections.abc import Mapping

from server.domain.errors import StoreUnavailable
from server.features.feast_sdk import FeatureService, FeatureStore, FeatureView

logger = logging.getLogger(__name__)

_READ_TIME = "cached_registry_proto_created"


class Registry:
    """Holds the feature views of a store between two calls of `refresh`."""

    def __init__(self, store: FeatureStore) -> None:
        self._store = store
        self._views: Mapping[str, FeatureView] = {}
        self._seen: Mapping[str, FeatureView] = {}
        self._services: Mapping[str, FeatureService] = {}

    def refresh(self) -> None:
        """Reads the registry again. Blocks.

        Raises:
            StoreUnavailable: It could not be read; what was read before is kept.
        """
        self._require_file()
        try:
            self._read()
            views = [
                *self._store.list_feature_views(allow_cache=True),
                *self._store.list_stream_feature_views(allow_cache=True),
            ]
            services = self._store.registry.list_feature_services(self._store.project, allow_cache=True)
        except Exception as error:  # whatever the registry's driver raises
            logger.warning("the feature registry could not be read: %s", error)
            raise StoreUnavailable("the feature registry could not be read") from error
        # `online_read` answers for disabled views too.
        self._views = {view.name: view for view in views if view.enabled}
        self._seen = {**self._seen, **self._views}
        self._services = {service.name: service for service in services}

    def view(self, name: str) -> FeatureView:
        """Returns a feature view that the registry has, or had: versions that serve still read it.

        Raises:
            StoreUnavailable: The registry never had one of that name.
        """
        view = self._seen.get(name)
        if view is None:
            raise StoreUnavailable(f"the feature registry has no enabled feature view {name!r}")
        return view

    def find(self, name: str) -> FeatureView | None:
        """Returns a feature view, None if the registry had none of that name, enabled, when it was last read."""
        return self._views.get(name)

    def service_features(self, service: str) -> Mapping[str, frozenset[str]] | None:
        """Returns the names of a feature service's features by view, None if there is no such service."""
        found = self._services.get(service)
        if found is None:
            return None
        return {p.name: frozenset(field.name for field in p.features) for p in found.feature_view_projections}

    def _read(self) -> None:
        """Has Feast read the registry. Of one in a database it keeps what it knew, and quiet, if it can't."""
        registry = self._store.registry
        before = getattr(registry, _READ_TIME, None)
        registry.refresh(self._store.project)
        if before is not None and getattr(registry, _READ_TIME) == before:
            raise StoreUnavailable("Feast kept what it had read before")

    def _require_file(self) -> None:
        """Feast answers a missing registry file by writing an empty one, which is not for a reader to do."""
        config = self._store.config
        path = config.repo_path / config.registry.path
        is_local_file = config.registry.registry_type == "file" and "://" not in config.registry.path
        if is_local_file and not path.exists():
            raise StoreUnavailable(f"the feature registry {path} does not exist")
