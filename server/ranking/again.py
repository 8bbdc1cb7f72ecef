"""Asking once more when the process that was asked has ended."""

from collections.abc import Awaitable, Callable
from typing import TypeVar

from server.domain.errors import RunnerLost

Answer = TypeVar("Answer")


async def asked_again(ask: Callable[[], Awaitable[Answer]]) -> Answer:
    """Returns what `ask` answers, the second time if the runner was lost during the first.

    Ranking changes nothing, so it may be asked twice. By then the version is no longer leased: another one
    answers, or NoModel says at once that there is none.
    """
    try:
        return await ask()
    except RunnerLost:
        return await ask()
