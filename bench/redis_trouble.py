"""A Redis that is made to hang, to be slow, to lie and to die, and is as it was afterwards."""

import signal
import subprocess
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path
from typing import Any

from redis import Redis
from redis.backoff import ConstantBackoff
from redis.exceptions import BusyLoadingError
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.retry import Retry

from bench.processes import free_port, running

SLOW_SECONDS = 0.03
"""For how long a slow Redis answers nobody, again and again: within the 50 ms that a socket waits."""


class TroubledRedis:
    """A Redis server that runs until `close`.

    Args:
        folder: Where it keeps its data while it is dead.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.port = free_port()
        self._stack = ExitStack()
        self._process = self._start()
        self.troubles: Mapping[str, Callable[[], AbstractContextManager[None]]] = {
            "hanging": self._hanging,
            "slow": self._slow,
            "lying": self._lying,
            "dead": self._dead,
        }
        """What it does while the block is entered, by name."""

    def close(self) -> None:
        """Ends it."""
        self._stack.close()

    def _start(self) -> "subprocess.Popen[bytes]":
        where = ["--port", self.port, "--bind", "127.0.0.1", "--dir", self._folder]
        command = ["redis-server", *where, "--save", "", "--enable-debug-command", "yes"]
        process = self._stack.enter_context(running(command, log=self._folder / "redis.log"))
        errors = (RedisConnectionError, BusyLoadingError)
        with Redis(port=self.port, retry=Retry(ConstantBackoff(0.02), 500, supported_errors=errors)) as client:
            client.ping()
        return process

    @contextmanager
    def _hanging(self) -> Iterator[None]:
        self._process.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self._process.send_signal(signal.SIGCONT)

    @contextmanager
    def _slow(self) -> Iterator[None]:
        ends = threading.Event()
        thread = threading.Thread(target=self._hold_up, args=(ends,))
        thread.start()
        try:
            yield
        finally:
            ends.set()
            thread.join()

    def _hold_up(self, ends: threading.Event) -> None:
        with Redis(port=self.port) as client:
            while not ends.is_set():
                client.execute_command("DEBUG", "SLEEP", SLOW_SECONDS)

    @contextmanager
    def _lying(self) -> Iterator[None]:
        """Makes every second member's features another type of key, and cuts the others' off."""
        with Redis(port=self.port) as client:
            kept = {key: client.dump(key) for key in client.scan_iter("*member_id*")}
            for place, key in enumerate(kept):
                _spoil(client, key, is_cut=bool(place % 2))
            try:
                yield
            finally:
                for key, value in kept.items():
                    client.restore(key, 0, value, replace=True)

    @contextmanager
    def _dead(self) -> Iterator[None]:
        with Redis(port=self.port) as client:
            client.save()
        self._process.kill()
        self._process.wait()
        try:
            yield
        finally:
            self._process = self._start()


def _spoil(client: Any, key: bytes, *, is_cut: bool) -> None:
    if not is_cut:
        client.delete(key)
        client.set(key, "a text")
        return
    fields = client.hgetall(key)
    client.hset(key, mapping={field: value[:-1] for field, value in fields.items()})
