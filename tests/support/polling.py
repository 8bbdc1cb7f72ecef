"""Waiting for what another process does."""

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

PAUSE_SECONDS = 0.05
"""Between two questions: a runner that loads has what others leave it of the processor."""


def until(ask: Callable[[], T | None], seconds: float) -> T:
    """Asks again and again, and returns the first answer that is true. Fails if there is none in time."""
    end = time.monotonic() + seconds
    while not (answer := ask()):
        assert time.monotonic() < end, f"not within {seconds:g} s, the last answer was {answer!r}"
        time.sleep(PAUSE_SECONDS)
    return answer


def polled(ask: Callable[[], T], seconds: float) -> list[T]:
    """Asks again and again for so many seconds, and returns all answers."""
    end, answers = time.monotonic() + seconds, [ask()]
    while time.monotonic() < end:
        time.sleep(PAUSE_SECONDS)
        answers.append(ask())
    return answers
