"""A steady load from threads, which remembers what came of every call."""

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import grpc

THREADS = 4
PAUSE_SECONDS = 0.02
"""Between two calls of a thread: a load without pauses would keep runners from loading, which give way to it."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one call."""

    begun: float
    """By `time.monotonic`."""
    seconds: float
    code: grpc.StatusCode
    answer: Any = None
    """None if it failed."""
    details: str = ""
    """Why it failed."""

    @property
    def ended(self) -> float:
        return self.begun + self.seconds


@dataclass
class Load:
    """The outcomes until now, in the order in which the calls ended."""

    outcomes: list[Outcome] = field(default_factory=list)

    @property
    def codes(self) -> set[grpc.StatusCode]:
        return {outcome.code for outcome in self.outcomes}

    @property
    def answers(self) -> Sequence[Any]:
        return [outcome.answer for outcome in self.outcomes if outcome.answer is not None]

    @property
    def longest_seconds(self) -> float:
        return max(outcome.seconds for outcome in self.outcomes)

    def since(self, begun: float) -> "Load":
        """Returns the outcomes of the calls that began later."""
        return Load([outcome for outcome in self.outcomes if outcome.begun >= begun])


@contextmanager
def loading(*asks: Callable[[], Any]) -> Iterator[Load]:
    """Makes calls until the block ends.

    Args:
        asks: What each call may be, in turns. Raises grpc.RpcError if it fails.
    """
    load, stop = Load(), threading.Event()

    def ask_on(first: int) -> None:
        for turn in range(first, 10**9):
            if stop.wait(PAUSE_SECONDS):
                return
            load.outcomes.append(_made(asks[turn % len(asks)]))

    threads = [threading.Thread(target=ask_on, args=[number]) for number in range(THREADS)]
    for thread in threads:
        thread.start()
    try:
        yield load
    finally:
        stop.set()
        for thread in threads:
            thread.join()


def _made(ask: Callable[[], Any]) -> Outcome:
    begun = time.monotonic()
    try:
        answer = ask()
    except grpc.RpcError as error:
        return Outcome(begun, time.monotonic() - begun, error.code(), details=error.details() or "")
    return Outcome(begun, time.monotonic() - begun, grpc.StatusCode.OK, answer)
