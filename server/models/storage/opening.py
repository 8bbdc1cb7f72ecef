"""Which kind of store a path or URL stands for."""

from pathlib import Path

from server.models.storage.cache import Cache
from server.models.storage.local import LocalStore
from server.models.storage.ports import VersionStore
from server.models.storage.remote import RemoteStore
from server.models.storage.remote_folder import RemoteFolder


def open_store(base_path: str, cache: Cache) -> VersionStore:
    """Returns the store of one model. It need not be there, and nothing is asked of it yet.

    Args:
        base_path: A path or a URL; ``file://`` is a path as well, any other is fsspec's. Its last part is the name
            of the model. Where credentials and endpoints come from is fsspec's and the store's matter: environment
            variables such as ``AWS_ACCESS_KEY_ID`` and ``AWS_ENDPOINT_URL``, or their files.
        cache: Where versions from remote stores are copied to.

    Raises:
        StorageError: There is no such filesystem, its package is not installed, or the URL names no folder.
    """
    path = base_path.removeprefix("file://")
    if "://" in path:
        return RemoteStore(RemoteFolder.open(path), cache)
    return LocalStore(Path(path))
