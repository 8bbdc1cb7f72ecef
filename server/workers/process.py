"""A worker in a child process, connected by a socket that also tells each of the other's end."""

import asyncio
import logging
import sys
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from subprocess import DEVNULL
from typing import Any, Self, TypeAlias

from prometheus_client.core import Metric

from server.app.flags import LogLevel
from server.app.place import Place
from server.app.settings import Settings

Link: TypeAlias = "Connection[Any, Any]"
"""In quotes: it has parameters for type checkers only."""
_ANSWER_SECONDS = 5.0
"""How long Prometheus waits for a worker."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Job:
    """What a worker is told first."""

    settings: Settings
    log_level: LogLevel
    place: Place


class WorkerProcess:
    """A worker; see `server.workers.metrics.Source`. Made by `start`.

    It is sent its `Job`. It sends None once it listens, or the StartError that keeps it from that. Then it sends
    its metrics for each None that it is sent, or None if it can't.
    """

    def __init__(self, number: int, process: asyncio.subprocess.Process, link: Link) -> None:
        self.number = number
        self.families: Sequence[Metric] = ()
        self._process = process
        self._link = link
        self._listens = False
        self._is_asked = False

    @classmethod
    async def start(cls, job: Job) -> Self:
        """Starts the process."""
        ours, theirs = Pipe()
        with theirs:
            descriptors = (theirs.fileno(), job.place.turn)
            process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "server.workers", str(theirs.fileno())),
                pass_fds=descriptors,
                stdin=DEVNULL,
            )
        with suppress(OSError):  # it has ended already
            ours.send(job)
        return cls(job.place.number, process, ours)

    @property
    def pid(self) -> int:
        """The id of the process."""
        return self._process.pid

    async def listens(self) -> bool:
        """Returns True once it listens, False if it ended before.

        Raises:
            StartError: It can't start.
        """
        loop, told = asyncio.get_running_loop(), asyncio.Event()
        loop.add_reader(self._link.fileno(), told.set)
        try:
            await told.wait()
        finally:
            loop.remove_reader(self._link.fileno())
        try:
            error = self._link.recv()
        except (EOFError, OSError):
            return False
        if error is not None:
            raise error
        self._listens = True
        return True

    async def wait(self) -> int:
        """Waits until the process has ended, and returns its exit code, or minus the signal that killed it."""
        return await self._process.wait()

    async def end(self, seconds: float) -> None:
        """Lets the process end, kills it if it does not within so many seconds, and waits until it is gone."""
        if self._process.returncode is None:
            self._process.terminate()
            try:
                await asyncio.wait_for(self._process.wait(), seconds)
            except TimeoutError:
                _log.error("worker=%d pid=%d does not end and is killed", self.number, self.pid)
                self._process.kill()
                await self._process.wait()

    def ask(self) -> None:
        """Asks what it measured, unless its answer to the last question is still to come."""
        if self._listens and not self._is_asked:
            with suppress(OSError):  # it has ended
                self._link.send(None)
                self._is_asked = True

    def listen(self) -> None:
        """Waits for its answer, not for ever. Without one, what it told last stays."""
        with suppress(EOFError, OSError):  # it has ended
            if self._is_asked and self._link.poll(_ANSWER_SECONDS):
                self.families = self._link.recv() or self.families
                self._is_asked = False
