"""What the manager needs of the place where a model's versions and the history of its labels lie."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple, Protocol

from contract.labels import LabelEvent
from contract.manifest import MANIFEST_NAME


class StorageError(OSError):
    """The place can't be reached, or does not answer as it should."""


class VersionChanged(StorageError):
    """The files of a version changed while they were copied."""


class CacheFull(StorageError):
    """A copy does not fit in the cache beside those that are in use."""


class HistoryError(ValueError):
    """An entry of the history can't be understood, or is gone. The message names its file and what is wrong."""


class FileMark(NamedTuple):
    """What is known of a file without reading it."""

    path: str
    """Relative to the folder of its version, with "/" between its parts."""
    size: int
    """In bytes."""
    mark: str
    """Changes with the file: its time of change, checksum or the like, whatever the filesystem tells."""


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """What changes whenever the files of a version do, without reading them."""

    files: frozenset[FileMark]
    changed_time: float | None = field(default=None, compare=False)
    """When they changed last, in seconds since the epoch, if that is known."""

    @property
    def has_manifest(self) -> bool:
        """Whether there is a manifest among them."""
        return any(file.path == MANIFEST_NAME for file in self.files)

    @property
    def size_bytes(self) -> int:
        """The size of all of them."""
        return sum(file.size for file in self.files)


class VersionStore(Protocol):
    """The versions of one model and the history of its labels. Every call blocks; any thread may make it."""

    def poll(self) -> Mapping[int, Fingerprint]:
        """Returns the versions that are published, each with the fingerprint of its files.

        Raises:
            FileNotFoundError: There is no such folder: it was never published to, was deleted or is not mounted.
                Which of these is for the caller to tell. An object store, where a folder is no more than the
                files in it, has no empty folders.
            OSError: The folder can't be read.
        """
        ...

    def fetch(self, version: int) -> Path:
        """Returns a folder here that holds all files of a version, and is named ``<model>/<version>``.

        It stays as it is until it is given back with `release`, once for each fetch.

        Raises:
            FileNotFoundError: There is no such version.
            VersionChanged: Its files changed while they were copied. Another try may succeed.
            CacheFull: There is no room for a copy.
            OSError: It can't be read, or can't be copied.
        """
        ...

    def release(self, version: int) -> None:
        """Gives back what `fetch` returned for a version; if several times, the oldest."""
        ...

    def read_history(self) -> Sequence[LabelEvent]:
        """Returns what was done to the labels, oldest first. Cheap as long as nothing was.

        Raises:
            HistoryError: An entry can't be understood, or one that was read before is gone.
            OSError: The history can't be read.
        """
        ...

    def append(self, event: LabelEvent) -> None:
        """Adds an entry to the history, its time rounded to the microsecond. Several servers may do so at once.

        Raises:
            NotWritable: The history can't be written, or not be read. Nothing was added.
        """
        ...
