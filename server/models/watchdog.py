"""Finds out that a runner hangs, and has it killed, so that no request waits for it."""

import asyncio
import time
from collections.abc import Callable, Mapping

from server.models.channel import Channel, Sent
from server.models.runner.messages import EncodeClasses, Measure, Ping, Rank, Run

INTERVAL_SECONDS = 0.5
"""How often a runner is pinged."""

RESPONSIVE_SECONDS = 1.0
"""A runner is unresponsive from when an answer takes so long until it comes. Measured on two busy cores, answers
took 1 ms while a runner ranked without pause, and 41 ms at most while it encoded 200,000 classes."""

PING_SECONDS = 5.0
"""How long a ping may go unanswered: far longer than any answer took, as TensorFlow works without Python's
interpreter lock. Loading the version anew takes longer than this, so it is worth being sure."""

RANKING_SECONDS = 10.0
"""For what the server asks of its own ranking models. Ranking takes milliseconds and encoding a catalogue tens of
them, so this is a thousand times as long."""

RUN_SECONDS = 120.0
"""For what callers ask of any model: a large batch or a slow model may rightly take a while, and a caller's own
deadline ends their waiting. This ends what never would."""

LIMITS: Mapping[type, float] = {
    Ping: PING_SECONDS,
    Rank: RANKING_SECONDS,
    EncodeClasses: RANKING_SECONDS,
    Run: RUN_SECONDS,
    Measure: RUN_SECONDS,
}
"""How long each may go unanswered once it was sent. The others are for loading, which has a timeout as a whole: at
low priority, beside versions that serve, any of its steps may rightly take long."""

_HELD_UP_SECONDS = 2.0
"""When a step comes so late, the server itself stood still and read no answers, so time is counted anew. That goes
for the first step too, which comes long after the start."""


class Watchdog:
    """Watches one runner from when it is to serve until it is lost.

    Args:
        channel: To the runner.
        kill: Ends the runner at once, and has its calls fail. Is told why.
        clock: The time in seconds; that of the channel.
    """

    def __init__(
        self, channel: Channel, kill: Callable[[str], None], clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._channel = channel
        self._kill = kill
        self._clock = clock
        self._last_step = self._counted_from = clock()

    @property
    def is_responsive(self) -> bool:
        """Whether no ping has waited for its answer for `RESPONSIVE_SECONDS`."""
        return all(self._age(ping) < RESPONSIVE_SECONDS for ping in self._pings())

    async def run(self) -> None:
        """Steps until the runner is lost."""
        while not self._channel.is_lost:
            self.step()
            await asyncio.sleep(INTERVAL_SECONDS)

    def step(self) -> None:
        """Kills the runner if it left something unanswered too long, else pings it if it answered the last one."""
        self._note_time()
        overdue = [sent for sent in self._channel.sent if self._age(sent) >= _limit(sent)]
        if overdue:
            self._kill("; ".join(_describe(sent) for sent in overdue))
        elif not self._pings():
            self._channel.ping()

    def _note_time(self) -> None:
        now = self._clock()
        if now - self._last_step >= _HELD_UP_SECONDS:
            self._counted_from = now
        self._last_step = now

    def _age(self, sent: Sent) -> float:
        return self._clock() - max(sent.time, self._counted_from)

    def _pings(self) -> list[Sent]:
        return [sent for sent in self._channel.sent if isinstance(sent.call, Ping)]


def _limit(sent: Sent) -> float:
    return LIMITS.get(type(sent.call), float("inf"))


def _describe(sent: Sent) -> str:
    return f"{type(sent.call).__name__} was not answered within {_limit(sent):g} s"
