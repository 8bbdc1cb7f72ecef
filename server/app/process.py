"""How a process that serves is set up, and what ends it."""

import asyncio
import logging
import os
import signal
import sys
from collections.abc import Awaitable, Callable

from server.app.flags import LogLevel
from server.app.settings import Runtime


def prepare(runtime: Runtime, log_level: LogLevel, who: str = "") -> None:
    """Sets up this process: how its threads take turns, and what is logged.

    Args:
        runtime: What runs the models.
        log_level: How much is logged.
        who: Put before every line, to tell it from those of other processes.
    """
    sys.setswitchinterval(0.0005)
    if runtime is Runtime.OPENVINO:
        interrupt_nothing()
    logging.basicConfig(level=logging.WARNING, format=f"%(asctime)s %(levelname)-7s {who}%(name)s: %(message)s")
    logging.getLogger("server").setLevel(log_level.name)


def interrupt_nothing() -> None:
    """Has this thread, and all begun from now on, interrupt no other when they wake.

    So what has just come does not interrupt a model that ranks in this process for those who wait. Linux only:
    elsewhere nothing changes.
    """
    if hasattr(os, "SCHED_BATCH"):
        os.sched_setscheduler(0, os.SCHED_BATCH, os.sched_param(0))


def keep_to_a_core(number: int, processes: int) -> None:
    """Has this process, and all begun from now on, run on one core only, if there are processes for all of them.

    So a thread that steps back waits for the others of its process, and takes no core from another process. Linux
    only: elsewhere nothing changes.

    Args:
        number: Which of the processes this is, from 0.
        processes: How many there are.
    """
    if not hasattr(os, "sched_setaffinity"):
        return
    cores = sorted(os.sched_getaffinity(0))
    if processes >= len(cores):
        os.sched_setaffinity(0, {cores[number % len(cores)]})


async def until_signal(run: Callable[[asyncio.Event], Awaitable[None]]) -> None:
    """Runs what SIGTERM and SIGINT end: by setting the event that it is given."""
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    await run(stop)
