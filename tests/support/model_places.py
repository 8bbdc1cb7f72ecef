"""A model's folder in each kind of place where one may lie, written to as a publisher does."""

import itertools
import os
from collections.abc import Mapping
from pathlib import Path
from posixpath import normpath

from fsspec.core import url_to_fs
from fsspec.implementations.local import LocalFileSystem

from server.models.storage.cache import Cache
from server.models.storage.history import EventFiles
from server.models.storage.local import LocalEventFiles
from server.models.storage.opening import open_store
from server.models.storage.ports import VersionStore
from server.models.storage.remote_folder import RemoteFolder

FILES = {"manifest.json": b"{}", "saved_model.pb": b"graph", "variables/variables.index": b"abc"}
"""Those of a small version."""

_TIMES = itertools.count(10**18)


class Place:
    """One model's folder.

    Args:
        base_path: Its path or URL.
        cache_folder: The folder of the cache that its stores use.
        unwritable_path: The path or URL of a folder of the same kind that can't be written.
    """

    def __init__(self, base_path: str, cache_folder: Path, unwritable_path: str) -> None:
        self.base_path = base_path
        self.cache_folder = cache_folder
        self.unwritable_path = unwritable_path
        self.is_here = "://" not in base_path.removeprefix("file://")
        self.filesystem, self.root = url_to_fs(base_path)

    def open(self, base_path: str = "", max_bytes: int = 10**6) -> VersionStore:
        return open_store(base_path or self.base_path, Cache(self.cache_folder, max_bytes))

    def event_files(self, base_path: str = "") -> EventFiles:
        path = base_path or self.base_path
        if self.is_here:
            return LocalEventFiles(Path(path.removeprefix("file://")) / "history")
        return RemoteFolder.open(path).child("history")

    def publish(self, version: int, files: Mapping[str, bytes] = FILES) -> None:
        for path, data in files.items():
            self.write(f"{version}/{path}", data)

    def write(self, path: str, data: bytes) -> None:
        """Writes a file below the folder. On a disk its time is another one each time, however soon."""
        target = normpath(f"{self.root}/{path}")
        if isinstance(self.filesystem, LocalFileSystem):
            self.filesystem.makedirs(str(Path(target).parent), exist_ok=True)
        self.filesystem.pipe_file(target, data)
        if isinstance(self.filesystem, LocalFileSystem):
            os.utime(target, ns=(next(_TIMES),) * 2)

    def delete(self, path: str = "") -> None:
        self.filesystem.rm(f"{self.root}/{path}".rstrip("/"), recursive=True)
        self.filesystem.invalidate_cache()


def contents(folder: Path) -> dict[str, bytes]:
    """Returns the files below a folder by their relative paths."""
    files = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}
