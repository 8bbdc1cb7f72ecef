"""Locks that processes of one machine share: an exclusive `flock`, which ends with the process at the latest."""

import asyncio
import fcntl

PAUSE_SECONDS = 0.05


async def lock(descriptor: int, pause_seconds: float = PAUSE_SECONDS) -> None:
    """Waits until a file is locked by its descriptor, and by no other.

    It is asked for again and again: a thread that waits could not be cancelled, and would get it for nobody.

    Args:
        descriptor: Of the file, or of a folder.
        pause_seconds: How long to wait before it is asked for again.

    Raises:
        OSError: Its filesystem has no locks.
    """
    while not _locks(descriptor):  # noqa: ASYNC110 (another process sets no event)
        await asyncio.sleep(pause_seconds)


def unlock(descriptor: int) -> None:
    """Lets others have it."""
    fcntl.flock(descriptor, fcntl.LOCK_UN)


def _locks(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
