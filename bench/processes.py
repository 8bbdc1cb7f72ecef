"""The processes that a benchmark starts, each ended when its block is left."""

import os
import socket
import subprocess
import sys
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.errors import BenchError
from paceline import PacelineClient

START_SECONDS = 120.0


def free_port() -> int:
    """Returns a port on loopback that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def paceline(*arguments: object, env: Mapping[str, str]) -> str:
    """Runs a `paceline` command to its end and returns its standard output.

    Raises:
        BenchError: It failed.
    """
    command = [sys.executable, "-m", "cli.main", *map(str, arguments)]
    run = subprocess.run(command, env={**os.environ, **env}, stdout=subprocess.PIPE, text=True, check=False)
    if run.returncode:
        raise BenchError(f"paceline {' '.join(map(str, arguments))} failed")
    return run.stdout


@contextmanager
def on_cores(cores: Collection[int]) -> Iterator[None]:
    """Has the processes that the block starts run on some cores only; on any where there is but one."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, before & set(cores) or before)
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


@contextmanager
def running(
    command: Sequence[object], *, log: Path, env: Mapping[str, str] | None = None
) -> Iterator[subprocess.Popen[bytes]]:
    """Runs a command while the block is entered, its output going to `log`, and yields its process."""
    with log.open("wb") as out:
        process = subprocess.Popen(
            [str(part) for part in command],
            env={**os.environ, **(env or {})},
            stdout=out,
            stderr=subprocess.STDOUT,
        )
        try:
            yield process
        finally:
            process.terminate()
            process.wait()


@contextmanager
def redis_server(folder: Path) -> Iterator[int]:
    """Runs a Redis server without persistence and yields its port."""
    port = free_port()
    command = ["redis-server", "--port", port, "--bind", "127.0.0.1", "--save", "", "--dir", folder]
    with running(command, log=folder / "redis.log"):
        yield port


@dataclass(frozen=True, slots=True)
class Served:
    """A server that runs."""

    pid: int
    port: int
    http_port: int

    @property
    def address(self) -> str:
        """Where it is asked."""
        return f"127.0.0.1:{self.port}"


@contextmanager
def paceline_server(models: Path, *flags: object, log: Path, env: Mapping[str, str]) -> Iterator[Served]:
    """Runs `paceline serve`, waits until it serves, and yields where."""
    port, http_port, admin_port = free_port(), free_port(), free_port()
    where = ["--port", port, "--http-port", http_port, "--admin-address", f"127.0.0.1:{admin_port}"]
    command = [sys.executable, "-m", "cli.main", "serve", "--models", models, *where, *flags]
    with running(command, log=log, env=env) as process, PacelineClient(f"127.0.0.1:{port}") as client:
        client.wait_until_serving(timeout=START_SECONDS)
        yield Served(process.pid, port, http_port)
