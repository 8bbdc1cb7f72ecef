"""Running `paceline` commands as a person would, and the server in the background."""

import asyncio
import os
import shlex
import signal
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from rich.console import Console

console = Console()


class DemoError(Exception):
    """Something that the demo shows did not hold."""


async def paceline(*arguments: object, niceness: int = 0) -> None:
    """Shows a `paceline` command and runs it to its end; a higher niceness leaves the cores to others.

    Raises:
        DemoError: It failed.
    """
    words = [str(argument) for argument in arguments]
    console.print(f"[bold cyan]$ paceline {shlex.join(words)}[/]", highlight=False)
    command = ["nice", "-n", str(niceness), sys.executable, "-m", "cli.main", *words]
    process = await asyncio.create_subprocess_exec(*command)
    if await process.wait():
        raise DemoError(f"paceline {words[0]} ended with exit code {process.returncode}")


@asynccontextmanager
async def serving(*arguments: object, log: Path) -> AsyncIterator[None]:
    """Runs `paceline serve` in the background, and ends it with SIGTERM.

    Raises:
        DemoError: It did not end with exit code 0.
    """
    words = [str(argument) for argument in arguments]
    console.print(f"[bold cyan]$ paceline serve {shlex.join(words)} &[/]   (log: {log})", highlight=False)
    with log.open("wb") as out:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "cli.main", "serve", *words, stdout=out, stderr=out
        )
    try:
        yield
    finally:
        if process.returncode is None:
            process.send_signal(signal.SIGTERM)
        await process.wait()
    if process.returncode:
        raise DemoError(f"the server ended with exit code {process.returncode}; see {log}")


def free_port(preferred: int) -> int:
    """Returns `preferred` if nobody listens on it, else another port on loopback."""
    for port in (preferred, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            found: int = probe.getsockname()[1]
            return found
    raise DemoError("no port is free on 127.0.0.1")


def data_folder() -> Path:
    """Returns the folder of the demo's data, as the commands find it."""
    return Path(os.environ.get("PACELINE_DATA", "data"))
