"""Writes that outlast a crash of the machine."""

import os
from pathlib import Path


def write_synced(path: Path, data: bytes) -> None:
    """Writes a file, and returns when the disk has its contents. Its name is the folder's: see `sync`."""
    with path.open("wb") as out:
        out.write(data)
        out.flush()
        os.fsync(out.fileno())


def sync(path: Path) -> None:
    """Returns when the disk has what was written to a file, or the names that are in a folder."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sync_tree(folder: Path) -> None:
    """Returns when the disk has a folder and all that is in it."""
    for path in (*folder.rglob("*"), folder):
        sync(path)
