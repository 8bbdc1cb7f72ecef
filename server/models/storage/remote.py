"""Versions and history on a remote store, with copies of the versions that are in use here."""

import hashlib
import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from contract.label_events import HISTORY_FOLDER
from contract.labels import LabelEvent
from contract.versions import version_number
from server.models.storage.cache import Cache
from server.models.storage.history import History
from server.models.storage.holds import Hold
from server.models.storage.local import file_marks
from server.models.storage.ports import FileMark, Fingerprint, VersionChanged
from server.models.storage.remote_folder import RemoteFolder


class RemoteStore:
    """A model's folder on a remote store. Implements `VersionStore`.

    Args:
        folder: The folder, named after the model.
        cache: Where fetched versions are copied to.
    """

    def __init__(self, folder: RemoteFolder, cache: Cache) -> None:
        self._folder = folder
        self._cache = cache
        self._history = History(folder.child(HISTORY_FOLDER))
        self._holds: defaultdict[int, list[Hold]] = defaultdict(list)

    def poll(self) -> Mapping[int, Fingerprint]:
        """See `VersionStore.poll`. A file's mark is its checksum and times, as far as the store tells them."""
        files: defaultdict[int, set[FileMark]] = defaultdict(set)
        for file in self._folder.files():
            folder, _, path = file.path.partition("/")
            version = version_number(folder)
            if version and path:
                files[version].add(file._replace(path=path))
        return {version: Fingerprint(frozenset(files[version])) for version in sorted(files)}

    def fetch(self, version: int) -> Path:
        """See `VersionStore.fetch`. The files are copied unless there is a copy of the very same."""
        folder = self._folder.child(str(version))
        source = RemoteVersion(folder, f"{self._folder.name}/{version}", Fingerprint(frozenset(folder.files())))
        hold = self._cache.hold(source)
        self._holds[version].append(hold)
        return hold.path

    def release(self, version: int) -> None:
        """See `VersionStore.release`. The copy stays until its room is needed."""
        if self._holds[version]:
            self._holds[version].pop(0).release()

    def read_history(self) -> Sequence[LabelEvent]:
        """See `VersionStore.read_history`."""
        return self._history.read()

    def append(self, event: LabelEvent) -> None:
        """See `VersionStore.append`."""
        self._history.append(event)


@dataclass(frozen=True, slots=True)
class RemoteVersion:
    """A version on a remote store, as it is when it is seen. Implements `cache.Source`."""

    folder: RemoteFolder
    folder_name: str
    fingerprint: Fingerprint

    @property
    def key(self) -> str:
        """See `cache.Source`. It tells apart where the files are, and every state that they were in."""
        told = json.dumps([str(self.folder), sorted(self.fingerprint.files)])
        return hashlib.sha256(told.encode()).hexdigest()

    @property
    def size_bytes(self) -> int:
        """See `cache.Source`."""
        return self.fingerprint.size_bytes

    def copy_to(self, folder: Path) -> None:
        """See `cache.Source`.

        Raises:
            VersionChanged: The files changed meanwhile.
        """
        self.folder.download([file.path for file in self.fingerprint.files], folder)
        if frozenset(self.folder.files()) != self.fingerprint.files:
            raise VersionChanged(f"{self.folder} changed while it was copied")

    def is_whole(self, folder: Path) -> bool:
        """See `cache.Source`."""
        expected = {(file.path, file.size) for file in self.fingerprint.files}
        return {(file.path, file.size) for file in file_marks(folder)} == expected
