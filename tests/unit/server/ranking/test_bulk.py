import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import aclosing

import pytest

from server.domain.errors import FieldViolation, InvalidRequest, StoreUnavailable
from server.domain.requests import RecommendRequest
from server.domain.results import Ranking, Source
from server.ranking.bulk import BulkRecommender


class Ranker:
    """Ranks the member's own id alone; answers no one until told, if it is held up."""

    def __init__(self) -> None:
        self.begun: list[str] = []
        self.cancelled: list[str] = []
        self.errors: dict[str, Exception] = {}
        self.go_on = asyncio.Event()
        self.go_on.set()

    async def recommend(self, request: RecommendRequest) -> Ranking:
        self.begun.append(request.member_id)
        try:
            await self.go_on.wait()
        except asyncio.CancelledError:
            self.cancelled.append(request.member_id)
            raise
        if error := self.errors.get(request.member_id):
            raise error
        return Ranking([request.member_id], [0.5], (), (), 1, Source("ranking", 1, True, 1))


def requests(members: Sequence[str]) -> list[RecommendRequest]:
    return [RecommendRequest(member) for member in members]


async def answers(bulk: BulkRecommender, members: Sequence[str]) -> dict[int, str]:
    return {place: ranking.class_ids[0] async for place, ranking in bulk.recommend(requests(members))}


async def test_every_request_is_answered_once_at_its_place() -> None:
    members = [f"m{place % 7}" for place in range(100)]

    assert await answers(BulkRecommender(Ranker().recommend, at_once=8), members) == dict(enumerate(members))


async def test_only_some_are_under_way_at_a_time() -> None:
    ranker = Ranker()
    ranker.go_on.clear()
    task = asyncio.create_task(answers(BulkRecommender(ranker.recommend, at_once=3), ["a", "b", "c", "d"]))
    for _ in range(8):
        await asyncio.sleep(0)

    assert sorted(ranker.begun) == ["a", "b", "c"]

    ranker.go_on.set()
    assert len(await task) == 4


async def test_nothing_of_a_batch_is_begun_when_one_request_is_out_of_its_limits() -> None:
    ranker = Ranker()

    with pytest.raises(InvalidRequest) as raised:
        await answers(BulkRecommender(ranker.recommend), ["a", "", "c", ""])

    assert [violation.field for violation in raised.value.violations] == [
        "requests[1].member_id",
        "requests[3].member_id",
    ]
    assert ranker.begun == []


@pytest.mark.parametrize(("size", "found"), [(0, "is empty"), (1001, "has 1001 entries, expected at most 1000")])
async def test_a_batch_has_its_own_limits(size: int, found: str) -> None:
    with pytest.raises(InvalidRequest, match=f"^requests: {found}"):
        await answers(BulkRecommender(Ranker().recommend), ["a"] * size)


async def test_a_request_that_does_not_fit_the_model_is_named_by_its_place() -> None:
    ranker = Ranker()
    ranker.errors["b"] = InvalidRequest([FieldViolation("filters[0].feature_name", "is not one")])

    with pytest.raises(InvalidRequest) as raised:
        await answers(BulkRecommender(ranker.recommend), ["a", "b"])

    assert [v.field for v in raised.value.violations] == ["requests[1].filters[0].feature_name"]


async def test_what_was_ready_is_yielded_before_an_error() -> None:
    ranker = Ranker()
    ranker.errors["b"] = StoreUnavailable("the online store could not be read")
    found: list[int] = []

    with pytest.raises(StoreUnavailable):
        await _take(BulkRecommender(ranker.recommend).recommend(requests(["a", "b", "c"])), found)

    assert sorted(found) == [0, 2]


async def test_what_is_under_way_is_given_up_when_nobody_takes_it_any_more() -> None:
    ranker = Ranker()
    async with aclosing(
        BulkRecommender(ranker.recommend, at_once=2).recommend(requests(["a", "b", "c"]))
    ) as taken:
        await anext(taken)
        ranker.go_on.clear()
        reading = asyncio.create_task(_take(taken, []))
        for _ in range(4):
            await asyncio.sleep(0)
        reading.cancel()
        await asyncio.gather(reading, return_exceptions=True)
    for _ in range(3):
        await asyncio.sleep(0)

    assert ranker.cancelled == ["c"]


async def _take(answers: AsyncIterator[tuple[int, Ranking]], places: list[int]) -> None:
    async for place, _ in answers:
        places.append(place)
