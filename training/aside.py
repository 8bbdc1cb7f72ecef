"""Writing files and folders so that they are there whole or not at all."""

import os
from pathlib import Path


def write_aside(path: Path, content: bytes) -> None:
    """Writes a file under another name, syncs it, and renames it into place.

    Raises:
        OSError: It can't be written. What was at `path` before is untouched.
    """
    aside = path.with_name(f".{path.name}.partial")
    with aside.open("wb") as out:
        out.write(content)
        out.flush()
        os.fsync(out.fileno())
    aside.rename(path)


def sync_folder(folder: Path) -> None:
    """Syncs all that is in a folder, and the folder, before it is renamed into place."""
    for path in (*folder.rglob("*"), folder):
        sync_one(path)


def sync_one(path: Path) -> None:
    """Syncs a file or the entries of a folder."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
