"""Writes that are there whole or not at all, and that outlast a crash of the machine."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO


@contextmanager
def whole_file(path: Path) -> Iterator[BinaryIO]:
    """Yields a file to write, which is synced and renamed to `path` when the block ends.

    Its name is the folder's: see `sync`.

    Raises:
        OSError: It can't be written. As for any error of the block, what was at `path` is untouched, and nothing
            else is left.
    """
    aside = path.with_name(f".{path.name}.partial")
    try:
        with aside.open("wb") as out:
            yield out
            out.flush()
            os.fsync(out.fileno())
        aside.rename(path)
    except BaseException:
        aside.unlink(missing_ok=True)
        raise


def write_whole(path: Path, data: bytes) -> None:
    """Writes a file, and returns when the disk has its contents and its name.

    Raises:
        OSError: It can't be written.
    """
    with whole_file(path) as out:
        out.write(data)
    sync(path.parent)


def write_synced(path: Path, data: bytes) -> None:
    """Writes a file in place, and returns when the disk has its contents. Its name is the folder's: see `sync`."""
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
