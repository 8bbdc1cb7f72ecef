"""Large arrays that several processes have alike, held in memory once."""

import hashlib
import logging
import os
import weakref
from collections.abc import Callable
from contextlib import suppress
from mmap import ACCESS_COPY, mmap
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any, BinaryIO, TypeAlias

import numpy as np
from numpy.typing import NDArray

LEAST_BYTES = 1 << 20
"""What is smaller is not worth a file."""

Share: TypeAlias = Callable[[NDArray[Any]], NDArray[Any]]
"""Returns an array that has the same elements and shape, and may be in memory that others have, too."""

_log = logging.getLogger(__name__)


def apart(array: NDArray[Any]) -> NDArray[Any]:
    """Returns the array itself, which is shared with nobody."""
    return array


class SharedArrays:
    """Arrays in files that are named by a digest of their bytes and mapped by all processes that have the same.

    A file is complete when it gets its name, and never changes. A process that no longer has an array of its bytes
    unlinks it: others keep what they have mapped, and who comes later writes it again. So nobody counts users, and
    a process that is killed leaves a file that the next user unlinks.

    Args:
        folder: Of the files, for these processes alone.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._mapped: weakref.WeakValueDictionary[str, mmap] = weakref.WeakValueDictionary()
        self._has_failed = False

    def __call__(self, array: NDArray[Any]) -> NDArray[Any]:
        """Returns an array like this one in shared memory, which is copied page by page if somebody writes to it.

        Returns the array itself if it is small, if it only shows another one's elements, or, with a warning the
        first time, if there can be no file.
        """
        if array.nbytes < LEAST_BYTES or not array.flags.owndata:
            return array
        try:
            mapped = self._mapping(array.reshape(-1).data.cast("B"))
        except OSError as error:
            if not self._has_failed:
                _log.warning("what other workers hold as well is held by this one for itself: %s", error)
            self._has_failed = True
            return array
        return np.frombuffer(mapped, array.dtype).reshape(array.shape)

    def _mapping(self, content: memoryview) -> mmap:
        digest = hashlib.blake2b(content, digest_size=16).hexdigest()
        mapped = self._mapped.get(digest)
        if mapped is None:
            path = self._folder / digest
            with self._opened(path, content) as file:
                mapped = self._mapped[digest] = mmap(file.fileno(), len(content), access=ACCESS_COPY)
            weakref.finalize(mapped, path.unlink, missing_ok=True)
        return mapped

    def _opened(self, path: Path, content: memoryview) -> BinaryIO:
        """Returns the file of that name, written if there is none; of several who write at once, the first one's.

        Raises:
            OSError: It can't be written, or is not what it has to be.
        """
        if not path.exists():
            with NamedTemporaryFile(dir=self._folder) as aside:
                aside.write(content)
                aside.flush()
                with suppress(FileExistsError):
                    os.link(aside.name, path)
        file = path.open("rb")
        size = os.fstat(file.fileno()).st_size
        if size != len(content):  # or who reads beyond its end would be killed
            file.close()
            raise OSError(f"{path} has {size} bytes, expected {len(content)}")
        return file
