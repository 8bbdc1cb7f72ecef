"""One process at a time has a folder to itself."""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from server.domain.file_locks import lock


@asynccontextmanager
async def folder_lock(folder: Path, wait_seconds: float) -> AsyncIterator[int | None]:
    """Yields a descriptor of the folder with an exclusive `flock`, None if that could not be had.

    A duplicate of the descriptor shares the lock, which ends when all are closed, or with the process.

    Args:
        folder: The folder.
        wait_seconds: For how long it is waited for others, who may hang.
    """
    try:
        descriptor = os.open(folder, os.O_RDONLY)
    except OSError:
        yield None
        return
    try:
        yield descriptor if await _is_locked(descriptor, wait_seconds) else None
    finally:
        os.close(descriptor)


async def _is_locked(descriptor: int, wait_seconds: float) -> bool:
    try:
        async with asyncio.timeout(wait_seconds):
            await lock(descriptor)
    except OSError:  # time is up, or the filesystem has no locks
        return False
    return True
