"""Servers beside ours that answer RecommendClasses, each a module that takes a port as its last argument."""

import sys
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path

from bench.processes import Served, free_port, running
from bench.site import MEMBER, PAGE_SIZE
from paceline import PacelineClient, RetryPolicy


def start_echo(scratch: Path, server: Served, stack: ExitStack, processes: int = 1) -> int:
    """Starts what returns a server's response whatever it is asked, in so many processes, and returns its port."""
    response = scratch / "response"
    with PacelineClient(server.address, timeout=30) as client:
        answer = client.recommend_classes(MEMBER, page_size=PAGE_SIZE)
    response.write_bytes(answer.SerializeToString())
    return start_peer(["bench.echo", response], scratch / "echo.log", stack, processes)


def start_peer(
    command: Sequence[object],
    log: Path,
    stack: ExitStack,
    processes: int = 1,
    env: Mapping[str, str] | None = None,
) -> int:
    """Starts a module with arguments and a port behind them, and returns the port once it answers."""
    port = free_port()
    module, *arguments = command
    for number in range(processes):
        file = log.with_name(f"{log.stem}-{port}-{number}{log.suffix}")
        stack.enter_context(running([sys.executable, "-m", module, *arguments, port], log=file, env=env))
    with PacelineClient(f"127.0.0.1:{port}", retry=RetryPolicy().until_deadline()) as client:
        client.recommend_classes(MEMBER, timeout=60)
    return port
