"""Group commits: what many callers append meanwhile is written and synced together, in one thread."""

import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from typing import Generic, TypeVar

from event_log.errors import LogUnavailable
from event_log.writer import Appended

MAX_PENDING = 100_000
"""How many entries may wait for the disk."""
CLOSE_SECONDS = 10.0
"""How long closing waits for the disk."""

T = TypeVar("T")
Result = Future[Sequence[Appended]]


class GroupCommits(Generic[T]):
    """Appends in a thread of its own, which starts with the first entries.

    Args:
        append: Appends a group of entries, and returns once they are on disk; in the thread.
        on_commit: Is told how many seconds each group of some entries took; in the thread.
        max_pending: How many entries may wait.
    """

    def __init__(
        self,
        append: Callable[[Sequence[T]], Sequence[Appended]],
        on_commit: Callable[[float], None] = lambda _: None,
        max_pending: int = MAX_PENDING,
    ) -> None:
        self._append = append
        self._on_commit = on_commit
        self._max_pending = max_pending
        self._waiting: list[tuple[Sequence[T], Result]] = []
        self._pending = 0
        self._is_closed = False
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None

    def submit(self, entries: Sequence[T]) -> Result:
        """Returns what will become of entries; an `EventLogError` if nothing does.

        Raises:
            LogUnavailable: Too many entries wait, or it is closed.
        """
        result: Result = Future()
        with self._changed:
            if self._is_closed:
                raise LogUnavailable("the log was closed; it takes no more entries")
            if self._pending + len(entries) > self._max_pending:
                message = f"{self._pending} entries wait for the disk, {len(entries)} more were to"
                raise LogUnavailable(f"{message}; expected at most {self._max_pending}")
            self._waiting.append((entries, result))
            self._pending += len(entries)
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="event-log", daemon=True)
                self._thread.start()
            self._changed.notify()
        return result

    def close(self, timeout_seconds: float = CLOSE_SECONDS) -> bool:
        """Takes nothing more, and waits for what was submitted.

        Args:
            timeout_seconds: For how long: a lock or a disk that hangs must not keep the process.

        Returns:
            Whether all of it is done.
        """
        with self._changed:
            self._is_closed = True
            self._changed.notify()
        if self._thread is None:
            return True
        self._thread.join(timeout_seconds)
        return not self._thread.is_alive()

    def _run(self) -> None:
        while group := self._next():
            self._commit(group)

    def _next(self) -> list[tuple[Sequence[T], Result]]:
        """Waits for entries and takes all; none once it is closed."""
        with self._changed:
            self._changed.wait_for(lambda: self._waiting or self._is_closed)
            group, self._waiting, self._pending = self._waiting, [], 0
        return group

    def _commit(self, group: Sequence[tuple[Sequence[T], Result]]) -> None:
        wanted = [(entries, result) for entries, result in group if result.set_running_or_notify_cancel()]
        together = [entry for entries, _ in wanted for entry in entries]
        begun = time.perf_counter()
        try:
            appended = iter(self._append(together))
        except Exception as error:
            for _, result in wanted:
                result.set_exception(error)
            return
        if together:
            self._on_commit(time.perf_counter() - begun)
        for entries, result in wanted:
            result.set_result([next(appended) for _ in entries])
