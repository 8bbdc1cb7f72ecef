"""A steady stream of requests, and what became of each."""

import asyncio
import random
import time
from dataclasses import dataclass, field

import numpy as np

from paceline import AsyncPacelineClient, PacelineError

REQUESTS_PER_SECOND = 40
MEMBERS = 2000


@dataclass(frozen=True, slots=True)
class Answer:
    """One request: when it was sent, how long it took, and which version answered (0: it failed)."""

    sent: float
    seconds: float
    version: int


@dataclass(slots=True)
class Traffic:
    """Sends requests for random members at a fixed rate until stopped, whether or not the last were answered."""

    client: AsyncPacelineClient
    answers: list[Answer] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    _stopped: bool = False

    async def run(self) -> None:
        """Sends until `stop` is called, then waits for the last answers."""
        members = random.Random(0)  # noqa: S311 - a sample, not a secret
        next_send = time.monotonic()
        async with asyncio.TaskGroup() as requests:
            while not self._stopped:
                requests.create_task(self._ask(f"m{members.randrange(1, MEMBERS + 1):06d}"))
                next_send += 1 / REQUESTS_PER_SECOND
                await asyncio.sleep(max(0.0, next_send - time.monotonic()))

    def stop(self) -> None:
        """Sends no more."""
        self._stopped = True

    async def _ask(self, member_id: str) -> None:
        sent = time.monotonic()
        version = 0
        try:
            response = await self.client.recommend_classes(member_id, timeout=5.0)
            version = response.model_version.version
        except PacelineError as error:
            self.errors.append(str(error))
        self.answers.append(Answer(sent, time.monotonic() - sent, version))

    async def first_answer_from(self, version: int, after: float = 0.0) -> float:
        """Waits until a version answers what was sent after a moment, and returns when that was sent."""
        while True:
            sent = [a.sent for a in self.answers if a.version == version and a.sent >= after]
            if sent:
                return min(sent)
            await asyncio.sleep(0.05)

    def latency_between(self, start: float, end: float) -> tuple[int, float, float]:
        """Returns the number of requests sent from `start` until before `end`, and their p50 and p99 in ms."""
        taken = [answer.seconds for answer in self.answers if start <= answer.sent < end]
        if not taken:
            return 0, float("nan"), float("nan")
        p50, p99 = np.percentile(taken, [50, 99]) * 1e3
        return len(taken), float(p50), float(p99)
