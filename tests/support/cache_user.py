"""A process that uses a cache or a history beside the test's own.

It prints a line when it has come to the point that its role tells, and goes on when its standard input ends.
"""

import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from contract.labels import LabelAction, LabelEvent, Note
from server.models.storage.cache import Cache
from server.models.storage.opening import open_store
from tests.support.cache_sources import FakeSource


class _Paused(FakeSource):
    """Pauses in the middle of its copy."""

    def copy_to(self, folder: Path) -> None:
        (folder / "file").write_bytes(self.content[:1])
        _pause()
        super().copy_to(folder)


def _hold(folder: str, max_bytes: str, name: str, size: str) -> None:
    """Holds a copy."""
    hold = Cache(Path(folder), int(max_bytes)).hold(FakeSource(name, int(size)))
    _pause()
    hold.release()


def _copy(folder: str, max_bytes: str, name: str, size: str) -> None:
    """Is in the middle of a copy."""
    Cache(Path(folder), int(max_bytes)).hold(_Paused(name, int(size)))


def _fetch(base_path: str, folder: str, max_bytes: str) -> None:
    """Is about to fetch version 1, and prints where to when it has."""
    store = open_store(base_path, Cache(Path(folder), int(max_bytes)))
    _pause()
    print(store.fetch(1), flush=True)  # noqa: T201


def _append(base_path: str, folder: str, actor: str, count: str) -> None:
    """Is about to append so many events."""
    store = open_store(base_path, Cache(Path(folder), 1))
    _pause()
    for time in range(int(count)):
        store.append(LabelEvent(LabelAction.UNPIN, float(time), Note(actor)))


def _pause() -> None:
    print("ready", flush=True)  # noqa: T201
    sys.stdin.read()


ROLES: dict[str, Callable[..., None]] = {"hold": _hold, "copy": _copy, "fetch": _fetch, "append": _append}


@contextmanager
def process(role: str, *arguments: object) -> Iterator[subprocess.Popen[str]]:
    """Yields a process that has come to its point. It is killed at the end, unless it has ended by then."""
    command = [sys.executable, "-m", __name__, role, *map(str, arguments)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as started:
        try:
            assert started.stdout is not None
            assert started.stdout.readline() == "ready\n"
            yield started
        finally:
            started.kill()


if __name__ == "__main__":
    ROLES[sys.argv[1]](*sys.argv[2:])
