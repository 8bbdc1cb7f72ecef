"""A runner in a child process."""

import asyncio
import logging
import socket
import subprocess
import sys
from collections.abc import Callable, Collection, Sequence
from pathlib import Path
from subprocess import DEVNULL
from typing import ClassVar, Self, cast

import numpy as np
from numpy.typing import NDArray

from server.domain.signatures import Signatures, Tensors
from server.models.channel import Channel
from server.models.runner.messages import EncodeClasses, Load, Measure, Rank, Run, Serve, WarmUp
from server.models.watchdog import Watchdog
from server.ranking.ports import ROWS_AT_ONCE, Columns, ReadColumns

_GRACE_SECONDS = 5

_log = logging.getLogger(__name__)


class RunnerProcess:
    """A child process that runs one model; see `server.models.ports.Runner`. Made by `start`."""

    runtime = "tensorflow"
    rows_at_once = ROWS_AT_ONCE
    command: ClassVar[Sequence[str]] = (sys.executable, "-m", "server.models.runner")
    """What is run; the number of its end of the connection is added."""

    def __init__(self, process: subprocess.Popen[bytes], channel: Channel) -> None:
        self._process = process
        self._channel = channel
        self._watchdog = Watchdog(channel, self._kill_hung)
        self._watching: asyncio.Task[None] | None = None

    @classmethod
    async def start(cls, on_lost: Callable[[], None]) -> Self:
        """Starts the process, which then imports TensorFlow; calls may be made at once.

        Args:
            on_lost: Called once if the process is lost.
        """
        ours, theirs = socket.socketpair()
        with theirs:
            # By the standard library, which does not copy this process to start another; uvloop does, which stops
            # the event loop for 10 ms and more. Not in a session of its own: Linux shares the cores among sessions
            # whatever the nice values in them (autogroup in man 7 sched), and who loads has to give way.
            process = await asyncio.to_thread(
                subprocess.Popen, [*cls.command, str(theirs.fileno())], pass_fds=[theirs.fileno()], stdin=DEVNULL
            )
        ours.setblocking(False)
        loop = asyncio.get_running_loop()
        _, channel = await loop.create_unix_connection(lambda: Channel(on_lost), sock=ours)
        return cls(process, channel)

    @property
    def pid(self) -> int:
        """The id of the process."""
        return self._process.pid

    @property
    def is_lost(self) -> bool:
        """Whether the process ended, or can no longer be reached."""
        return self._channel.is_lost

    @property
    def is_responsive(self) -> bool:
        """Whether it answers pings, of which it gets none before it serves."""
        return not self.is_lost and self._watchdog.is_responsive

    async def load(self, saved_model_dir: Path) -> Signatures:
        """Loads a SavedModel and returns its signatures."""
        _log.info("runner pid=%d loads %s", self.pid, saved_model_dir)
        return cast("Signatures", await self._channel.call(Load(str(saved_model_dir))))

    async def encode_classes(self, key: int, columns: Columns, keep: Collection[int]) -> None:
        """Encodes classes and keeps them under `key`; of those kept before, only the keys in `keep` stay."""
        await self._channel.call(EncodeClasses(key, columns, keep))

    async def rank(
        self, key: int, read: ReadColumns, candidates: NDArray[np.bool_], count: int
    ) -> tuple[NDArray[np.float32], NDArray[np.int32]]:
        """Ranks the classes kept under `key`; see `server.ranking.ports.Lease.rank`."""
        columns = await asyncio.to_thread(read)
        ranking = await self._channel.call(Rank(key, columns, candidates, count))
        return cast("tuple[NDArray[np.float32], NDArray[np.int32]]", ranking)

    async def run(self, signature: str, tensors: Tensors, outputs: Collection[str] = ()) -> Tensors:
        """Runs a signature and returns those of its outputs that are named, all if none is."""
        return cast("Tensors", await self._channel.call(Run(signature, tensors, outputs)))

    async def measure(self, signature: str, tensors: Tensors, classes: Columns) -> float:
        """Runs a signature and returns how many seconds it took; see `server.models.ports.Runner`."""
        return cast("float", await self._channel.call(Measure(signature, tensors, classes)))

    async def warm_up(self, saved_model_dir: Path) -> int:
        """Makes the model's warm-up requests, and returns how many there were."""
        return cast("int", await self._channel.call(WarmUp(str(saved_model_dir))))

    async def serve(self) -> None:
        """Ends the low priority under which a runner loads and warms, and begins to watch whether it hangs."""
        await self._channel.call(Serve())
        self._watching = asyncio.create_task(self._watchdog.run())

    async def close(self) -> None:
        """Lets the process end by closing its connection, kills it if it does not, and waits until it is gone."""
        self._channel.close()
        if self._watching:
            self._watching.cancel()
        try:
            await asyncio.to_thread(self._process.wait, _GRACE_SECONDS)
        except subprocess.TimeoutExpired:
            self._kill()
            await asyncio.to_thread(self._process.wait)
        _log.info("runner pid=%d ended status=%s", self.pid, self._process.returncode)

    def _kill_hung(self, reason: str) -> None:
        _log.error("runner pid=%d hangs and is killed: %s", self.pid, reason)
        self._kill()

    def _kill(self) -> None:
        self._channel.give_up()
        self._process.kill()
