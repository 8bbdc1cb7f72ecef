"""Group commits: what many callers append meanwhile is written and synced together, in one thread."""

import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future

from event_log.errors import LogUnavailable
from event_log.writer import Appended, Entry

MAX_PENDING = 100_000
"""How many entries may wait for the disk."""

Append = Callable[[Sequence[Entry]], Sequence[Appended]]
Result = Future[Sequence[Appended]]


class GroupCommits:
    """Appends in a thread of its own, which starts with the first entries.

    Args:
        append: Appends a group of entries, and returns once they are on disk.
        on_commit: Is told how many seconds each group took; in the thread.
        max_pending: How many entries may wait.
    """

    def __init__(
        self,
        append: Append,
        on_commit: Callable[[float], None] = lambda _: None,
        max_pending: int = MAX_PENDING,
    ) -> None:
        self._append = append
        self._on_commit = on_commit
        self._max_pending = max_pending
        self._waiting: list[tuple[Sequence[Entry], Result]] = []
        self._pending = 0
        self._is_closed = False
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None

    def submit(self, entries: Sequence[Entry]) -> Result:
        """Returns what will become of entries; an `EventLogError` if nothing does.

        Raises:
            LogUnavailable: Too many entries wait, or it is closed.
        """
        result: Result = Future()
        with self._changed:
            if self._is_closed or self._pending + len(entries) > self._max_pending:
                raise LogUnavailable(f"{self._pending} entries wait for the disk, expected fewer")
            self._waiting.append((entries, result))
            self._pending += len(entries)
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="event-log", daemon=True)
                self._thread.start()
            self._changed.notify()
        return result

    def close(self) -> None:
        """Returns once all that was submitted is done; nothing more is taken."""
        with self._changed:
            self._is_closed = True
            self._changed.notify()
        if self._thread is not None:
            self._thread.join()

    def _run(self) -> None:
        while group := self._next():
            self._commit(group)

    def _next(self) -> list[tuple[Sequence[Entry], Result]]:
        """Waits for entries and takes all; none once it is closed."""
        with self._changed:
            self._changed.wait_for(lambda: self._waiting or self._is_closed)
            group, self._waiting, self._pending = self._waiting, [], 0
        return group

    def _commit(self, group: Sequence[tuple[Sequence[Entry], Result]]) -> None:
        wanted = [(entries, result) for entries, result in group if result.set_running_or_notify_cancel()]
        begun = time.perf_counter()
        try:
            appended = iter(self._append([entry for entries, _ in wanted for entry in entries]))
        except Exception as error:
            for _, result in wanted:
                result.set_exception(error)
            return
        self._on_commit(time.perf_counter() - begun)
        for entries, result in wanted:
            result.set_result([next(appended) for _ in entries])
