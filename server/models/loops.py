"""What keeps a manager going."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import TypeVar

_log = logging.getLogger(__name__)

T = TypeVar("T")
Look = Callable[[], Awaitable[None]]
"""Takes note of what there is to do."""
Act = Callable[[], Awaitable[bool]]
"""Does one thing of that, and returns whether there was one."""


class Loops:
    """Looks from time to time, and acts whenever there may be something to do.

    Whatever goes wrong is logged and tried again: what serves goes on serving, and has to be looked after.

    Args:
        model_name: The model, for the log.
        is_gone: Whether nothing is left to be looked after.
    """

    def __init__(self, model_name: str, is_gone: Callable[[], bool]) -> None:
        self._model_name = model_name
        self._is_gone = is_gone
        self._idle: set[asyncio.Event] = set()
        """Set when there may be something to do."""

    async def run(self, look: Look, step: Act, recover: Act, interval_seconds: float) -> None:
        """Looks and acts until cancelled, or until nothing is left.

        Args:
            look: Is called at once, and again and again.
            step: Is called until nothing is left.
            recover: Is called beside it.
            interval_seconds: How often to look.
        """
        await self._safely(look())
        async with asyncio.TaskGroup() as loops:
            tasks = [
                loops.create_task(self._look_for_ever(look, interval_seconds)),
                loops.create_task(self._work(recover)),
            ]
            await self._work(step)
            for task in tasks:
                task.cancel()

    def wake(self) -> None:
        """Has it act again where there was nothing to do."""
        for changed in self._idle:
            changed.set()

    async def _look_for_ever(self, look: Look, interval_seconds: float) -> None:
        while True:
            await asyncio.sleep(interval_seconds)
            await self._safely(look())

    async def _work(self, act: Act) -> None:
        """Acts again and again, and waits for a change when there was nothing to do."""
        changed = asyncio.Event()
        self._idle.add(changed)
        while not self._is_gone():
            changed.clear()
            acted = await self._safely(act())
            if not acted and not self._is_gone():
                await changed.wait()

    async def _safely(self, work: Awaitable[T]) -> T | None:
        try:
            return await work
        except Exception:
            _log.exception("model=%s could not be looked after", self._model_name)
            return None
