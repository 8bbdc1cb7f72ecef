"""One process at a time loads a version."""

import asyncio
import fcntl
import os

_PAUSE_SECONDS = 0.1


class FileTurn:
    """Held by one task of one process at a time: an exclusive `flock`, which ends with the process at the latest.

    It is asked for again and again: a thread that waits could not be cancelled, and would get it for nobody.

    Args:
        descriptor: Of the file, which all processes have inherited.
        pause_seconds: How long to wait before it is asked for again.
    """

    def __init__(self, descriptor: int, pause_seconds: float = _PAUSE_SECONDS) -> None:
        self._mine = asyncio.Semaphore()
        self._pause_seconds = pause_seconds
        # Opened anew: whoever inherits a descriptor shares its lock too.
        self._file = os.open(f"/proc/self/fd/{descriptor}", os.O_RDONLY)

    async def __aenter__(self) -> None:
        await self._mine.acquire()
        try:
            while not self._lock():  # noqa: ASYNC110 (another process sets no event)
                await asyncio.sleep(self._pause_seconds)
        except asyncio.CancelledError:
            self._mine.release()
            raise

    async def __aexit__(self, *_: object) -> None:
        fcntl.flock(self._file, fcntl.LOCK_UN)
        self._mine.release()

    def _lock(self) -> bool:
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True
