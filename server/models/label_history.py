"""The history of a model's labels, as one server knows it."""

import contextlib
from collections.abc import Iterable, Sequence

from contract.labels import LabelAction, LabelEvent
from server.domain.errors import NotReadable, NotWritable
from server.models.storage.ports import HistoryError, VersionStore
from server.models.storage.threads import in_own_thread

_MOVES_NOTHING = {LabelAction.SPLIT, LabelAction.SHADOW}


class LabelHistory:
    """The history of one model's labels, and the moves that could not be written into it.

    Args:
        store: Where it lies.
    """

    def __init__(self, store: VersionStore) -> None:
        self._store = store
        self._unwritten: list[LabelEvent] = []

    async def events(self) -> Sequence[LabelEvent]:
        """Returns what was done to the labels, oldest first.

        Raises:
            NotReadable: It can't be read, or an entry can't be understood.
        """
        try:
            return await in_own_thread(self._store.read_history)
        except (OSError, HistoryError) as error:
            raise NotReadable(f"the history of labels can't be read: {error}") from error

    async def present(self) -> Sequence[LabelEvent]:
        """Returns the same, and last the moves that could not be written, which are now tried again.

        A move is forgotten once the history has a later one of its label.

        Raises:
            NotReadable: It can't be read, or an entry can't be understood.
        """
        events = await self.events()
        waiting = [event for event in self._unwritten if not _is_outdated(event, events)]
        self._unwritten[:] = waiting
        for event in waiting:
            await self._write_again(event)
        return [*events, *waiting]

    async def append(self, event: LabelEvent) -> None:
        """Writes an event.

        Raises:
            NotWritable: It can't be written, or not be read. Nothing was changed.
        """
        await in_own_thread(self._store.append, event)

    def remember(self, event: LabelEvent) -> None:
        """Keeps a move that could not be written."""
        self._unwritten.append(event)

    async def _write_again(self, event: LabelEvent) -> None:
        with contextlib.suppress(NotWritable):
            await self.append(event)
            self._unwritten.remove(event)


def _is_outdated(move: LabelEvent, events: Iterable[LabelEvent]) -> bool:
    return any(
        event.label == move.label and event.time >= move.time and event.action not in _MOVES_NOTHING
        for event in events
    )
