"""Calls that block, made in threads that nobody waits for when the process ends."""

import asyncio
from collections.abc import Callable
from concurrent.futures import Future
from threading import Thread
from typing import ParamSpec, TypeVar

Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")


async def in_own_thread(
    call: Callable[Arguments, Result], *args: Arguments.args, **kwargs: Arguments.kwargs
) -> Result:
    """Returns what `call` returns, or raises what it raises; made in a daemon thread of its own.

    Unlike with `asyncio.to_thread`, a call that takes long, or hangs as one to a mounted disk can, holds up
    neither other calls nor the end of the process, which then leaves of it what a process leaves that is killed.
    """
    future: Future[Result] = Future()

    def make() -> None:
        if not future.set_running_or_notify_cancel():
            return
        try:
            future.set_result(call(*args, **kwargs))
        except BaseException as error:
            future.set_exception(error)

    Thread(target=make, name="storage", daemon=True).start()
    return await asyncio.wrap_future(future)
