"""The processes that a benchmark starts, each ended when its block is left."""

import os
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
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
def running(command: Sequence[object], *, log: Path, env: Mapping[str, str] | None = None) -> Iterator[None]:
    """Runs a command while the block is entered, its output going to `log`."""
    with log.open("wb") as out:
        process = subprocess.Popen(
            [str(part) for part in command],
            env={**os.environ, **(env or {})},
            stdout=out,
            stderr=subprocess.STDOUT,
        )
        try:
            yield
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


@contextmanager
def paceline_server(models: Path, *, log: Path, env: Mapping[str, str]) -> Iterator[int]:
    """Runs `paceline serve`, waits until it serves, and yields its port."""
    port, http_port = free_port(), free_port()
    command = [
        sys.executable,
        "-m",
        "cli.main",
        "serve",
        "--models",
        models,
        "--port",
        port,
        "--http-port",
        http_port,
    ]
    with running(command, log=log, env=env), PacelineClient(f"127.0.0.1:{port}") as client:
        client.wait_until_serving(timeout=START_SECONDS)
        yield port
