"""The history of a model's labels: one file for each event, numbered, and never changed once it is written."""

from collections.abc import Iterable, Mapping, Sequence
from threading import Lock
from typing import Protocol

from contract.label_events import EVENT_NAME, from_json, to_json
from contract.labels import LabelEvent
from server.domain.errors import NotWritable
from server.models.storage.ports import HistoryError


class EventFiles(Protocol):
    """The files of one history. ``str`` gives their folder."""

    def names(self) -> Iterable[str]:
        """Returns the names of all files in the folder, none if there is no folder.

        Raises:
            OSError: The folder can't be read.
        """
        ...

    def read(self, names: Sequence[str]) -> Mapping[str, bytes]:
        """Returns the contents of files by name.

        Raises:
            OSError: One can't be read.
        """
        ...

    def create(self, name: str, data: bytes) -> bool:
        """Writes a new file, whole, and returns whether it did: not if there is one of that name.

        Raises:
            OSError: It can't be written.
        """
        ...


class History:
    """The events in a folder of ``00000001.json``, ``00000002.json`` and so on.

    Args:
        files: The files.
    """

    def __init__(self, files: EventFiles) -> None:
        self._files = files
        self._events: dict[str, LabelEvent] = {}
        self._reading = Lock()

    def read(self) -> Sequence[LabelEvent]:
        """See `VersionStore.read_history`. A file that was read is not read again."""
        with self._reading:
            names = self._names()
            self._check_none_is_gone(names)
            found = self._files.read([name for name in names if name not in self._events])
            for name in sorted(found):
                self._events[name] = self._parse(name, found[name])
            return [self._events[name] for name in names]

    def append(self, event: LabelEvent) -> None:
        """See `VersionStore.append`. If another server takes the next number first, the one after it is taken."""
        data = to_json(event)
        try:
            self.read()
            number = max((int(name[:8]) for name in self._names()), default=0) + 1
            while not self._files.create(f"{number:08d}.json", data):
                number += 1
        except (OSError, HistoryError) as error:
            raise NotWritable(f"the history of labels can't be written to {self._files}: {error}") from error

    def _names(self) -> Sequence[str]:
        return sorted(name for name in self._files.names() if EVENT_NAME.fullmatch(name))

    def _check_none_is_gone(self, names: Sequence[str]) -> None:
        """Nothing removes an entry but an accident, such as a mount that went away: the labels had better stay."""
        gone = sorted(self._events.keys() - set(names))
        if gone:
            raise HistoryError(f"{self._files}/{gone[0]} was read before and is gone; labels stay where they were")

    def _parse(self, name: str, data: bytes) -> LabelEvent:
        try:
            return from_json(data)
        except ValueError as error:
            raise HistoryError(f"{self._files}/{name} is no label event: {error}") from error
