"""Ranks for many members, such as those that get a mail."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from itertools import islice

from server.domain.errors import InvalidRequest
from server.domain.requests import RecommendRequest
from server.domain.results import Ranking
from server.domain.validation import check_batch
from server.ranking.ports import Recommend

AT_ONCE = 64
"""Of one caller: enough for the largest call of `server.ranking.batches` and the next at 500 classes."""


class BulkRecommender:
    """Answers batches of RecommendRequests.

    Args:
        recommend: Answers one.
        at_once: How many of one batch are under way at a time.
    """

    def __init__(self, recommend: Recommend, at_once: int = AT_ONCE) -> None:
        self._recommend = recommend
        self._at_once = at_once

    async def recommend(self, requests: Sequence[RecommendRequest]) -> AsyncGenerator[tuple[int, Ranking]]:
        """Yields the place of a request and its answer, as they are ready.

        Raises:
            InvalidRequest: A field is out of its limits, and nothing was yielded; or one does not fit the model
                or the catalogue.
            PacelineError: One can't be answered; see `server.ranking.recommend.Recommender`.
        """
        check_batch(requests)
        coming = enumerate(requests)
        under_way: set[asyncio.Task[tuple[int, Ranking]]] = set()
        try:
            while True:
                begun = islice(coming, self._at_once - len(under_way))
                under_way |= {asyncio.create_task(self._answer(place, request)) for place, request in begun}
                if not under_way:
                    return
                done, under_way = await asyncio.wait(under_way, return_when=asyncio.FIRST_COMPLETED)
                errors = [error for task in done if (error := task.exception())]
                for task in done:
                    if not task.exception():
                        yield task.result()
                if errors:
                    raise errors[0]
        finally:
            for task in under_way:
                task.cancel()

    async def _answer(self, place: int, request: RecommendRequest) -> tuple[int, Ranking]:
        try:
            return place, await self._recommend(request)
        except InvalidRequest as error:
            raise InvalidRequest([v.inside(f"requests[{place}]") for v in error.violations]) from error
