"""The registry as Feast reads it, wherever it is."""

from server.domain.errors import StoreUnavailable
from server.features.feast_sdk import FeatureStore
from server.features.registry import Registered

_READ_TIME = "cached_registry_proto_created"


class FeastRegistry:
    """Implements `server.features.registry.RegistrySource` on Feast."""

    def __init__(self, store: FeatureStore) -> None:
        self._store = store

    def read(self) -> Registered:
        """Returns what it holds now; see the protocol."""
        self._require_file()
        self._refresh()
        views = [
            *self._store.list_feature_views(allow_cache=True),
            *self._store.list_stream_feature_views(allow_cache=True),
        ]
        services = self._store.registry.list_feature_services(self._store.project, allow_cache=True)
        return Registered(
            [view for view in views if view.enabled],
            {
                service.name: {
                    projection.name: frozenset(field.name for field in projection.features)
                    for projection in service.feature_view_projections
                }
                for service in services
            },
        )

    def _refresh(self) -> None:
        """Has Feast read the registry. Of one in a database it keeps what it knew, and quiet, if it can't."""
        registry = self._store.registry
        before = getattr(registry, _READ_TIME, None)
        registry.refresh(self._store.project)
        if before is not None and getattr(registry, _READ_TIME) == before:
            raise OSError("Feast kept what it had read before")

    def _require_file(self) -> None:
        """Feast answers a missing registry file by writing an empty one, which is not for a reader to do."""
        config = self._store.config
        path = config.repo_path / config.registry.path
        is_local_file = config.registry.registry_type == "file" and "://" not in config.registry.path
        if is_local_file and not path.exists():
            raise StoreUnavailable(f"the feature registry {path} does not exist")
