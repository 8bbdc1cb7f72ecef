"""The file of a registry, written so that a reader finds all of it, the old one or the new one, whenever it looks.

Feast's own store truncates the file and then writes: a server that reads meanwhile finds nothing registered, and a
writer that is killed meanwhile leaves nothing.
"""

from pathlib import Path

from feast.infra.registry.file import FileRegistryStore
from feast.protos.feast.core.Registry_pb2 import Registry
from feast.repo_config import RegistryConfig

from contract.durable import sync


class WholeFileRegistryStore(FileRegistryStore):
    """A store that Feast can be told to use, as the registry's `registry_store_type`."""

    def __init__(self, registry_config: RegistryConfig, repo_path: Path) -> None:
        super().__init__(registry_config, repo_path)
        self._path = Path(repo_path, registry_config.path)
        aside = self._path.with_name(f".{self._path.name}.partial")
        self._aside = FileRegistryStore(RegistryConfig(path=str(aside)), repo_path), aside

    def update_registry_proto(self, registry_proto: Registry) -> None:
        """Writes a registry aside, and renames it into place when it is on the disk."""
        store, path = self._aside
        store.update_registry_proto(registry_proto)
        sync(path)
        path.rename(self._path)
        sync(path.parent)


REGISTRY_STORE = f"{__name__}.{WholeFileRegistryStore.__name__}"
"""The name that Feast imports it by."""
