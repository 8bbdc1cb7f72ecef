"""A folder of copies of what lies elsewhere, of a bounded size, that several processes may share.

Each copy is a folder of its own, and its name tells what it was made from and how large it is. So a copy is never
changed: other files have another copy. Three things keep processes out of each other's way:

- whoever uses a copy holds a shared `flock` on its folder, which ends with the process at the latest;
- a copy is made aside, in a folder whose name ends in ``.partial``, held likewise, and renamed when it is whole;
- copies are looked up, begun, renamed and evicted under an exclusive lock on the file ``lock``, never for long.
"""

import fcntl
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol
from uuid import uuid4

from contract.durable import sync, sync_tree
from server.models.storage.holds import Hold, is_held
from server.models.storage.ports import CacheFull, StorageError

_NAME = re.compile(r"[0-9a-f]{64}-(?P<size>[0-9]+)(?P<partial>\.[0-9a-f]{32}\.partial)?")


class Source(Protocol):
    """What can be copied."""

    @property
    def key(self) -> str:
        """The SHA-256, in hexadecimal digits, of what tells this content from any other."""
        ...

    @property
    def size_bytes(self) -> int:
        """The size of its files."""
        ...

    @property
    def folder_name(self) -> str:
        """What the folder that holds its files is called; may have several parts."""
        ...

    def copy_to(self, folder: Path) -> None:
        """Writes its files into a folder that is there and empty.

        Raises:
            OSError: They could not be copied.
        """
        ...

    def is_whole(self, folder: Path) -> bool:
        """Whether a folder has all of its files, by their sizes."""
        ...


@dataclass(frozen=True, slots=True)
class _Copy:
    """What is in the cache: a copy, or the beginning of one."""

    path: Path
    size_bytes: int
    is_partial: bool
    is_held: bool

    @property
    def last_used(self) -> int:
        return self.path.stat().st_mtime_ns


class Cache:
    """Copies, of which those that were not used for longest make room for others.

    Args:
        folder: Its folder, made when it is needed. What else is in it is left alone.
        max_bytes: The most that the files of all copies may have together. The copies that are being made count.
    """

    def __init__(self, folder: Path, max_bytes: int) -> None:
        self._folder = folder
        self._max_bytes = max_bytes
        if folder.is_dir():
            with self._alone():
                self._sweep()

    def hold(self, source: Source) -> Hold:
        """Returns a hold on a copy of `source`, which is made unless it is there.

        Raises:
            CacheFull: There is no room for it beside the copies that are held. None was evicted.
            OSError: It can't be made. Nothing of it is left.
        """
        copy = self._folder / f"{source.key}-{source.size_bytes}"
        with self._alone():
            if self._has(copy, source):
                return Hold(copy, source.folder_name)
            self._make_room(source)
            aside = copy.with_name(f"{copy.name}.{uuid4().hex}.partial")
            (aside / source.folder_name).mkdir(parents=True)
            hold = Hold(aside, source.folder_name)
        try:
            _fill(hold.path, source)
            sync_tree(aside)
            with self._alone():
                return self._put(aside, copy, source)
        finally:
            with self._alone():
                shutil.rmtree(aside, ignore_errors=True)
                hold.release()

    def _has(self, copy: Path, source: Source) -> bool:
        """Whether there is a whole copy. One that files were taken from is removed."""
        if not copy.is_dir():
            return False
        if source.is_whole(copy / source.folder_name):
            return True
        _remove(copy)
        return False

    def _put(self, aside: Path, copy: Path, source: Source) -> Hold:
        """Has a copy that was made aside take its place, unless another process was faster."""
        if not self._has(copy, source):
            aside.rename(copy)
            sync(self._folder)
        return Hold(copy, source.folder_name)

    def _make_room(self, source: Source) -> None:
        copies = self._copies()
        spare = sorted((copy for copy in copies if not copy.is_held), key=lambda copy: copy.last_used)
        in_use = sum(copy.size_bytes for copy in copies if copy.is_held)
        if in_use + source.size_bytes > self._max_bytes:
            raise CacheFull(
                f"{self._folder}: {source.folder_name} needs {source.size_bytes} bytes,"
                f" and of the {self._max_bytes} that are allowed {in_use} are in use"
            )
        free = self._max_bytes - sum(copy.size_bytes for copy in copies)
        while free < source.size_bytes:
            oldest = spare.pop(0)
            _remove(oldest.path)
            free += oldest.size_bytes

    def _sweep(self) -> None:
        """Removes what a process has left that ended while it copied or removed."""
        for copy in self._copies():
            if copy.is_partial and not copy.is_held:
                _remove(copy.path)

    def _copies(self) -> list[_Copy]:
        matches = [(path, _NAME.fullmatch(path.name)) for path in self._folder.iterdir()]
        return [
            _Copy(path, int(match["size"]), match["partial"] is not None, is_held(path))
            for path, match in matches
            if match
        ]

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Keeps every other process, and thread, from looking up or changing what is here."""
        self._folder.mkdir(parents=True, exist_ok=True)
        with (self._folder / "lock").open("wb") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield


def _fill(folder: Path, source: Source) -> None:
    source.copy_to(folder)
    if not source.is_whole(folder):
        raise StorageError(f"{source.folder_name} was not copied whole")


def _remove(copy: Path) -> None:
    """Removes a copy, which is no longer taken for a whole one from the first moment."""
    aside = copy.with_name(f"{copy.name.split('.')[0]}.{uuid4().hex}.partial")
    copy.rename(aside)
    shutil.rmtree(aside)
