"""A steady stream of requests for many members, and what became of each."""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import count

from paceline import AsyncPacelineClient, PacelineError, RetryPolicy
from paceline.v1.recommendation_service_pb2 import ServingMode

TIMEOUT_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Answer:
    """One request."""

    due: float
    """When it was to be sent, in seconds of the clock."""
    milliseconds: float
    """From then until it was answered."""
    outcome: str
    """The serving mode, such as "LIVE"; the name of the error if it failed."""
    has_failed: bool


class Asker:
    """Sends requests at a fixed rate, whether or not the last were answered, and none again.

    Args:
        address: The server's.
        rate: How many requests a second.
        page_size: What each asks for.
    """

    def __init__(self, address: str, rate: float, page_size: int) -> None:
        self._client = AsyncPacelineClient(address, timeout=TIMEOUT_SECONDS, retry=RetryPolicy(attempts=1))
        self._rate = rate
        self._page_size = page_size
        self.members: Sequence[str] = ()
        """Who asks, in turn."""
        self._sent: list[asyncio.Task[Answer]] = []

    async def run(self) -> None:
        """Asks until it is cancelled."""
        begun = time.perf_counter()
        async with asyncio.TaskGroup() as requests:
            for number in count():
                due = begun + number / self._rate
                await asyncio.sleep(max(0.0, due - time.perf_counter()))
                member_id = self.members[number % len(self.members)]
                self._sent.append(requests.create_task(self._ask(member_id, due)))

    def begin(self, members: Sequence[str]) -> None:
        """Lets others ask from now on, and forgets what was sent before."""
        self.members, self._sent = members, []

    async def answers(self) -> list[Answer]:
        """Returns the answers to all that was sent since `begin`, when the last of them is there."""
        return await asyncio.gather(*self._sent)

    async def aclose(self) -> None:
        """Closes the connection."""
        await self._client.close()

    async def until_live(self, member_id: str) -> None:
        """Asks for a member until the answer is from the store."""
        while await self._outcome(member_id) != ("LIVE", False):
            pass

    async def _ask(self, member_id: str, due: float) -> Answer:
        outcome, has_failed = await self._outcome(member_id)
        return Answer(due, (time.perf_counter() - due) * 1e3, outcome, has_failed)

    async def _outcome(self, member_id: str) -> tuple[str, bool]:
        try:
            response = await self._client.recommend_classes(member_id, page_size=self._page_size)
        except PacelineError as error:
            return type(error).__name__, True
        return ServingMode.Name(response.serving_mode).removeprefix("SERVING_MODE_"), False
