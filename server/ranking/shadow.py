"""Shadows: labels whose versions score a share of the requests too, for comparison, once these are answered."""

import asyncio
import logging
import random
import time
from collections import deque
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextvars import Context
from dataclasses import dataclass, replace
from typing import Protocol

from server.domain.requests import RecommendRequest
from server.domain.results import Ranking, Source
from server.ranking.drift import overlap_at
from server.ranking.ports import Recommend

_log = logging.getLogger(__name__)

RankWith = Callable[[str, RecommendRequest], Awaitable[Ranking]]
"""Answers a request with the version of a label."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """What a shadow made of a request, beside what was answered."""

    live: Source
    """What answered."""
    shadow: Source
    """What the shadow scored it with."""
    overlap: float
    """How much the first ten have in common; see `server.ranking.drift.overlap_at`."""
    live_scores: Sequence[float]
    """Falling."""
    shadow_scores: Sequence[float]
    """Falling."""
    live_seconds: float
    shadow_seconds: float


class ShadowObserver(Protocol):
    """Is told what comes of the requests that labels shadow."""

    def compared(self, label: str, comparison: Comparison) -> None:
        """A shadow scored a request that another version had answered."""
        ...

    def failed(self, label: str, error: Exception) -> None:
        """A shadow could not score a request; a TimeoutError if it took too long."""
        ...

    def dropped(self, label: str) -> None:
        """A request was not scored, because too many are waiting."""
        ...


@dataclass(frozen=True, slots=True)
class _Offer:
    request: RecommendRequest
    ranking: Ranking
    seconds: float
    request_time: int

    @property
    def request_then(self) -> RecommendRequest:
        """The request, as of the moment it was made."""
        if self.request.context.request_time is not None:
            return self.request
        return self.request._replace(context=replace(self.request.context, request_time=self.request_time))


class Shadows:
    """Has labels score requests in the background: for each label one request at a time, while few others wait.

    Args:
        rank_with: Answers a request with the version of a label.
        shares: Returns the share of the requests that each label shadows, 0 to 1.
        observer: Is told what comes of them.
        now: The time in seconds since the epoch.
        clock: What durations are measured with, in seconds.
        draw: Returns a random number from 0 up to 1, 1 excluded.
        timeout_seconds: How long a shadow may take for a request.
        queue_size: How many requests may wait for a label.
    """

    def __init__(
        self,
        rank_with: RankWith,
        shares: Callable[[], Mapping[str, float]],
        observer: ShadowObserver,
        *,
        now: Callable[[], float],
        clock: Callable[[], float] = time.perf_counter,
        draw: Callable[[], float] = random.random,
        timeout_seconds: float = 5.0,
        queue_size: int = 16,
    ) -> None:
        self._rank_with = rank_with
        self._shares = shares
        self._observer = observer
        self._now = now
        self._clock = clock
        self._draw = draw
        self._timeout_seconds = timeout_seconds
        self._queue_size = queue_size
        self._queues: dict[str, deque[_Offer]] = {}
        self._workers: dict[str, asyncio.Task[None]] = {}

    def offer(self, request: RecommendRequest, ranking: Ranking, seconds: float) -> None:
        """Gives a request that was just answered to the labels that draw it. Never raises, and waits for nothing.

        Args:
            request: The request. It is kept, and must not be changed any more.
            ranking: What was answered.
            seconds: How long that took.
        """
        try:
            for label, share in self._shares().items():
                if self._draw() < share:
                    self._put(label, _Offer(request, ranking, seconds, int(self._now() - seconds)))
        except Exception:
            # Whatever it is, the request was answered.
            _log.exception("a request was not shadowed")

    async def close(self) -> None:
        """Gives up what is under way. Nothing is shadowed from then on."""
        self._shares = dict
        for worker in self._workers.values():
            worker.cancel()
        await asyncio.gather(*self._workers.values(), return_exceptions=True)

    def _put(self, label: str, offer: _Offer) -> None:
        queue = self._queues.setdefault(label, deque())
        if len(queue) >= self._queue_size:
            self._observer.dropped(label)
            return
        queue.append(offer)
        worker = self._workers.get(label)
        if worker is None or worker.done():
            # In a context of its own, not in that of the request, which has ended by then.
            self._workers[label] = asyncio.create_task(self._work_off(label, queue), context=Context())

    async def _work_off(self, label: str, queue: deque[_Offer]) -> None:
        while queue:
            offer = queue.popleft()
            try:
                async with asyncio.timeout(self._timeout_seconds):
                    comparison = await self._compare(label, offer)
            except Exception as error:
                self._observer.failed(label, error)
            else:
                if comparison.shadow.version != comparison.live.version:
                    self._observer.compared(label, comparison)

    async def _compare(self, label: str, offer: _Offer) -> Comparison:
        begun = self._clock()
        ranking = await self._rank_with(label, offer.request_then)
        return Comparison(
            live=offer.ranking.source,
            shadow=ranking.source,
            overlap=overlap_at(offer.ranking.class_ids, ranking.class_ids),
            live_scores=offer.ranking.scores,
            shadow_scores=ranking.scores,
            live_seconds=offer.seconds,
            shadow_seconds=self._clock() - begun,
        )


class ShadowingRecommender:
    """Answers as another recommender does, and then offers the request to the shadows.

    Args:
        recommend: Answers a request.
        shadows: What is offered the request.
        clock: What durations are measured with, in seconds.
    """

    def __init__(
        self, recommend: Recommend, shadows: Shadows, *, clock: Callable[[], float] = time.perf_counter
    ) -> None:
        self._recommend = recommend
        self._shadows = shadows
        self._clock = clock

    async def recommend(self, request: RecommendRequest) -> Ranking:
        """Returns what the other recommender does, or raises what it raises, which no shadow then sees.

        Nor does it see what was answered without the model.
        """
        begun = self._clock()
        ranking = await self._recommend(request)
        if ranking.source.serving_mode.is_by_model:
            self._shadows.offer(request, ranking, self._clock() - begun)
        return ranking
