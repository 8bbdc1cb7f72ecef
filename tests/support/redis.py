"""A real Redis for tests: started on a free loopback port, ended by its process id."""

import shutil
import signal
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from redis import Redis
from redis.backoff import ConstantBackoff
from redis.exceptions import ConnectionError as NotYetListening
from redis.retry import Retry

from tests.support.installed import skip_without


@contextmanager
def running_redis(port: int | None = None) -> Iterator[int]:
    """Yields the port of a Redis that keeps nothing: `port`, or a free one.

    Skips the test where `redis-server` is not installed, and fails it there if CI is set.
    """
    with redis_process(port) as (found, _):
        yield found


@contextmanager
def redis_process(port: int | None = None) -> Iterator[tuple[int, "subprocess.Popen[bytes]"]]:
    """Yields the process, too, for tests that stop or kill it; see `running_redis`."""
    program = shutil.which("redis-server")
    if program is None:
        skip_without("redis-server")
    port = port or _free_port()
    options = {"port": port, "bind": "127.0.0.1", "save": "", "appendonly": "no", "dir": "/tmp"}  # noqa: S108
    arguments = [word for name, value in options.items() for word in (f"--{name}", str(value))]
    process = subprocess.Popen([program, *arguments], stdout=subprocess.DEVNULL)
    try:
        _wait_until_listening(port)
        yield port, process
    finally:
        process.send_signal(signal.SIGCONT)
        process.terminate()
        process.wait(timeout=10)


def _wait_until_listening(port: int) -> None:
    patient = Retry(ConstantBackoff(0.02), retries=500, supported_errors=(NotYetListening,))
    with Redis(port=port, retry=patient) as client:
        client.ping()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@pytest.fixture(scope="session")
def redis_port() -> Iterator[int]:
    """The port of a Redis for the whole session; import it into a `conftest.py`."""
    with running_redis() as port:
        yield port
