"""A folder on any filesystem that fsspec knows: S3, Google Cloud Storage, Azure, HDFS, SFTP and so on."""

import contextlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from fsspec import AbstractFileSystem
from fsspec.core import url_to_fs

from server.models.storage.ports import FileMark, StorageError

_MARKS = ("ETag", "etag", "md5Hash", "generation", "LastModified", "last_modified", "mtime", "created")
"""What filesystems call that which changes with a file. One that tells none of it leaves only the size."""


class RemoteFolder:
    """A folder, which need not be there. Implements `EventFiles`. ``str`` gives its URL.

    Args:
        url: Its URL.
        filesystem: The filesystem.
        path: Its path there.
    """

    def __init__(self, url: str, filesystem: AbstractFileSystem, path: str) -> None:
        self._url = url
        self._filesystem = filesystem
        self._path = path

    @classmethod
    def open(cls, url: str) -> "RemoteFolder":
        """Returns the folder at a URL. Nothing is asked of the store yet.

        Raises:
            StorageError: There is no such filesystem, its package is not installed, or the URL names no folder.
        """
        with _only_os_errors(url):
            # An instance of our own: those that fsspec shares may hold listings, and belong to a thread.
            filesystem, path = url_to_fs(url, skip_instance_cache=True)
        if not path.strip("/"):
            raise StorageError(f"{url} names no folder")
        return cls(url.rstrip("/"), filesystem, path.rstrip("/"))

    def __str__(self) -> str:
        return self._url

    @property
    def name(self) -> str:
        """The last part of its path."""
        return self._path.rsplit("/", 1)[-1]

    def child(self, name: str) -> "RemoteFolder":
        """Returns a folder in it."""
        return RemoteFolder(f"{self._url}/{name}", self._filesystem, f"{self._path}/{name}")

    def files(self) -> Sequence[FileMark]:
        """Returns the files below it, as they are now. A single listing on object stores.

        Raises:
            FileNotFoundError: It is not there.
            OSError: It can't be read.
        """
        with _only_os_errors(self._url):
            self._filesystem.invalidate_cache()
            found = self._filesystem.find(self._path, detail=True)
            if not found:
                self._filesystem.ls(self._path)  # fails where `find` takes every failure for an empty folder
            if self._path in found:
                raise NotADirectoryError("it is a file, expected a folder")
            return [self._mark(path, info) for path, info in found.items() if _is_file(path, info)]

    def download(self, paths: Sequence[str], folder: Path) -> None:
        """Copies files below it to a folder here, several at a time if the filesystem can.

        Raises:
            OSError: One could not be copied, or its name leads out of the folder.
        """
        targets = [folder / _checked(path) for path in paths]
        for target in targets:
            target.parent.mkdir(parents=True, exist_ok=True)
        with _only_os_errors(self._url):
            self._filesystem.get(self._inside(paths), [str(target) for target in targets])

    def names(self) -> Iterable[str]:
        """See `EventFiles.names`."""
        try:
            with _only_os_errors(self._url):
                self._filesystem.invalidate_cache()
                paths = self._filesystem.ls(self._path, detail=False)
        except FileNotFoundError:
            return ()
        return [path.rsplit("/", 1)[-1] for path in paths]

    def read(self, names: Sequence[str]) -> Mapping[str, bytes]:
        """See `EventFiles.read`. Several are read at a time if the filesystem can."""
        if not names:
            return {}
        with _only_os_errors(self._url):
            contents = self._filesystem.cat_ranges(self._inside(names), None, None, on_error="raise")
        return dict(zip(names, contents, strict=True))

    def create(self, name: str, data: bytes) -> bool:
        """See `EventFiles.create`.

        S3, Google Cloud Storage and Azure create a file whole or not at all, and only one of several that create
        it at once succeeds. Other filesystems look first and write then: of two servers that append at the same
        moment one may overwrite the other's event, and a reader may see half of one.
        """
        [path] = self._inside([name])
        with _only_os_errors(self._url):
            try:
                self._filesystem.pipe_file(path, data, mode="create")
            except Exception as error:
                return self._create_after(error, path, data)
            return True

    def _create_after(self, error: Exception, path: str, data: bytes) -> bool:
        """Creates a file at the second try, or finds out that it is there; errors do not tell reliably.

        The folder may have to be made first, and an S3 server may answer one of two that write at once with a
        conflict (409) that says nothing of the outcome.
        """
        self._filesystem.invalidate_cache()
        try:
            found = self._filesystem.cat_file(path)
        except FileNotFoundError:
            with contextlib.suppress(Exception):
                self._filesystem.mkdir(self._path, create_parents=False)
            self._filesystem.pipe_file(path, data, mode="create")
            return True
        if found != data and data.startswith(found):
            raise error  # the disk is full, or the like
        return bool(found == data)

    def _inside(self, paths: Iterable[str]) -> list[str]:
        return [f"{self._path}/{path}" for path in paths]

    def _mark(self, path: str, info: Mapping[str, Any]) -> FileMark:
        marks = [f"{name}={info[name]}" for name in _MARKS if info.get(name) is not None]
        return FileMark(path.removeprefix(f"{self._path}/"), int(info["size"]), " ".join(marks))


def _is_file(path: str, info: Mapping[str, Any]) -> bool:
    """Whether this is not a folder; on object stores an empty file may stand for one."""
    return info["type"] != "directory" and not path.endswith("/")


def _checked(path: str) -> str:
    """Returns the path of a file below a folder, which may be any text on an object store."""
    if {"", ".", ".."} & set(path.split("/")):
        raise StorageError(f"{path!r} can't be the path of a file here")
    return path


@contextlib.contextmanager
def _only_os_errors(url: str) -> Iterator[None]:
    """Names the URL in whatever is raised, and has it be an OSError: each filesystem has errors of its own."""
    try:
        yield
    except FileNotFoundError as error:
        raise FileNotFoundError(f"{url} does not exist") from error
    except Exception as error:
        raise StorageError(f"{url}: {type(error).__name__}: {error}") from error
