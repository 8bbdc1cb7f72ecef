"""Versions and history in a folder of this machine."""

import contextlib
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from uuid import uuid4

from contract.durable import sync, write_synced
from contract.label_events import HISTORY_FOLDER
from contract.labels import LabelEvent
from contract.versions import version_number
from server.models.storage.history import History
from server.models.storage.ports import FileMark, Fingerprint


class LocalStore:
    """A model's folder on a disk of this machine, or one that is mounted. Implements `VersionStore`.

    Args:
        folder: The folder, named after the model.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._history = History(LocalEventFiles(folder / HISTORY_FOLDER))

    def poll(self) -> Mapping[int, Fingerprint]:
        """See `VersionStore.poll`. A file's mark is the time of its change in nanoseconds."""
        try:
            with os.scandir(self._folder) as entries:
                numbers = [version_number(entry.name) for entry in entries if entry.is_dir()]
        except FileNotFoundError:
            raise FileNotFoundError(f"{self._folder} does not exist") from None
        return {version: self._fingerprint(version) for version in sorted(filter(None, numbers))}

    def fetch(self, version: int) -> Path:
        """See `VersionStore.fetch`. Returns the folder of the version itself: nothing is copied, nothing held."""
        folder = self._folder / str(version)
        if not folder.is_dir():
            raise FileNotFoundError(f"{folder} does not exist")
        return folder

    def release(self, version: int) -> None:
        """See `VersionStore.release`. There is nothing to give back."""

    def read_history(self) -> Sequence[LabelEvent]:
        """See `VersionStore.read_history`."""
        return self._history.read()

    def append(self, event: LabelEvent) -> None:
        """See `VersionStore.append`."""
        self._history.append(event)

    def _fingerprint(self, version: int) -> Fingerprint:
        folder = self._folder / str(version)
        files = frozenset(file_marks(folder))
        try:
            changed = max([folder.stat().st_mtime_ns, *(int(file.mark) for file in files)])
        except FileNotFoundError:  # it is gone since it was listed
            return Fingerprint(files)
        return Fingerprint(files, changed / 1e9)


class LocalEventFiles:
    """The files of a history in a folder, which is made with the first of them. Implements `EventFiles`.

    A file is written aside and linked to its name, which fails if the name is taken.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def __str__(self) -> str:
        return str(self._folder)

    def names(self) -> Iterable[str]:
        """See `EventFiles.names`."""
        try:
            return [path.name for path in self._folder.iterdir()]
        except FileNotFoundError:
            return ()

    def read(self, names: Sequence[str]) -> Mapping[str, bytes]:
        """See `EventFiles.read`."""
        return {name: (self._folder / name).read_bytes() for name in names}

    def create(self, name: str, data: bytes) -> bool:
        """See `EventFiles.create`."""
        self._folder.mkdir(exist_ok=True)
        aside = self._folder / f".{uuid4().hex}.partial"
        try:
            write_synced(aside, data)
            return self._link(aside, name)
        finally:
            aside.unlink(missing_ok=True)

    def _link(self, aside: Path, name: str) -> bool:
        try:
            (self._folder / name).hardlink_to(aside)
        except FileExistsError:
            return False
        sync(self._folder)
        sync(self._folder.parent)
        return True


def file_marks(folder: Path | str, prefix: str = "") -> Iterator[FileMark]:
    """Yields the files below a folder, but not those in folders that are linked to.

    If one goes away meanwhile, it and others beside it may be left out.
    """
    with contextlib.suppress(FileNotFoundError), os.scandir(folder) as entries:
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                yield from file_marks(entry.path, f"{prefix}{entry.name}/")
            elif entry.is_file():
                status = entry.stat()
                yield FileMark(prefix + entry.name, status.st_size, str(status.st_mtime_ns))
