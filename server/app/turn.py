"""One process at a time loads a version."""

import asyncio
import os

from server.domain.file_locks import PAUSE_SECONDS, lock, unlock


class FileTurn:
    """Held by one task of one process at a time; see `server.domain.file_locks`.

    Args:
        descriptor: Of the file, which all processes have inherited.
        pause_seconds: How long to wait before it is asked for again.
    """

    def __init__(self, descriptor: int, pause_seconds: float = PAUSE_SECONDS) -> None:
        self._mine = asyncio.Semaphore()
        self._pause_seconds = pause_seconds
        # Opened anew: whoever inherits a descriptor shares its lock too.
        self._file = os.open(f"/proc/self/fd/{descriptor}", os.O_RDONLY)

    async def __aenter__(self) -> None:
        await self._mine.acquire()
        try:
            await lock(self._file, self._pause_seconds)
        except asyncio.CancelledError:
            self._mine.release()
            raise

    async def __aexit__(self, *_: object) -> None:
        unlock(self._file)
        self._mine.release()
