"""Shadows, over a live path and versions that do as a test tells them. The event loop is stepped by hand."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextvars import ContextVar
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any

import pytest

from server.domain.errors import NoModel
from server.domain.requests import ClassFilter, Range, RecommendRequest, RequestContext
from server.domain.results import Ranking, ServingMode, Source
from server.ranking.batches import Batches
from server.ranking.inputs import InputReader
from server.ranking.recommend import Recommender
from server.ranking.shadow import Comparison, ShadowingRecommender, Shadows
from tests.support.fakes import FakeMembers, FakeModels, manifest, snapshot

NOW = 1_700_000_000.75


def ranking(class_ids: str, version: int = 1) -> Ranking:
    scores = [1 / (1 + place) for place in range(len(class_ids))]
    return Ranking(list(class_ids), scores, (), (), len(class_ids), Source("ranking", version, True, 1))


LIVE, SHADOW = ranking("abcd"), ranking("bx", 2)


@dataclass
class Observed:
    """See `server.ranking.shadow.ShadowObserver`."""

    comparisons: list[tuple[str, Comparison]] = field(default_factory=list)
    failures: list[tuple[str, Exception]] = field(default_factory=list)
    drops: list[str] = field(default_factory=list)

    def compared(self, label: str, comparison: Comparison) -> None:
        self.comparisons.append((label, comparison))

    def failed(self, label: str, error: Exception) -> None:
        self.failures.append((label, error))

    def dropped(self, label: str) -> None:
        self.drops.append(label)

    @property
    def counts(self) -> tuple[int, int, int]:
        return len(self.comparisons), len(self.failures), len(self.drops)


@dataclass
class World:
    """A server in which labels shadow requests."""

    shares: dict[str, float] = field(default_factory=lambda: {"canary": 1.0})
    draws: list[float] = field(default_factory=list)
    """The numbers that come next; 0 after the last."""
    now: float = NOW
    clock: float = 100.0
    answer: Callable[[], Awaitable[Any]] | None = None
    """What a shadow awaits before it answers."""
    begun: list[tuple[str, RecommendRequest]] = field(default_factory=list)
    """The label and request of every shadow that was begun."""
    observed: Observed = field(default_factory=Observed)

    async def rank_with(self, label: str, request: RecommendRequest) -> Ranking:
        self.begun.append((label, request))
        self.clock += 0.25
        if self.answer is not None:
            await self.answer()
        return SHADOW

    async def live(self, _request: RecommendRequest) -> Ranking:
        self.clock += 0.125
        return LIVE

    def make_shadows(self, **settings: Any) -> Shadows:
        return Shadows(
            self.rank_with,
            lambda: self.shares,
            self.observed,
            now=lambda: self.now,
            clock=lambda: self.clock,
            draw=lambda: self.draws.pop(0) if self.draws else 0.0,
            **settings,
        )


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
async def shadows(world: World) -> AsyncIterator[Shadows]:
    made = world.make_shadows()
    yield made
    await made.close()


@pytest.fixture
def recommender(world: World, shadows: Shadows) -> ShadowingRecommender:
    return ShadowingRecommender(world.live, shadows, clock=lambda: world.clock)


async def turns(count: int = 10) -> None:
    """Lets the event loop go round, often enough for all that can go on to do so."""
    for _ in range(count):
        await asyncio.sleep(0)


async def hang() -> None:
    await asyncio.Event().wait()


async def fail() -> None:
    raise NoModel("no version of 'ranking' is serving")


async def test_a_shadow_begins_only_when_the_reply_is_there(
    world: World, recommender: ShadowingRecommender
) -> None:
    answered = await recommender.recommend(RecommendRequest("m1"))
    assert answered is LIVE
    assert world.begun == []
    await turns()
    assert world.begun == [("canary", RecommendRequest("m1", context=RequestContext(int(NOW))))]


async def test_what_a_shadow_made_of_a_request_is_compared_with_the_reply(
    world: World, recommender: ShadowingRecommender
) -> None:
    await recommender.recommend(RecommendRequest("m1"))
    await turns()
    assert world.observed.comparisons == [
        ("canary", Comparison(LIVE.source, SHADOW.source, 0.25, [1, 1 / 2, 1 / 3, 1 / 4], [1, 1 / 2], 0.125, 0.25))
    ]


async def test_a_request_that_the_shadow_s_own_version_answered_is_compared_with_nothing(
    world: World, shadows: Shadows
) -> None:
    """As that of a member in the arm of the label, or of every member once the label is on the serving version."""
    shadows.offer(RecommendRequest("m1"), ranking("abcd", SHADOW.source.version), 0.1)
    shadows.offer(RecommendRequest("m2"), LIVE, 0.1)
    await turns()
    assert [comparison.live for _, comparison in world.observed.comparisons] == [LIVE.source]
    assert world.observed.counts == (1, 0, 0)


async def test_a_shadow_answers_as_of_the_moment_of_the_request(world: World, shadows: Shadows) -> None:
    """It may come to a request seconds later. A time that the caller gave stays."""
    given = RequestContext(request_time=1_600_000_000, features={"surface": "home"})
    shadows.offer(RecommendRequest("m1", context=RequestContext(features={"surface": "app"})), LIVE, 2.5)
    shadows.offer(RecommendRequest("m1", context=given), LIVE, 2.5)
    world.now += 60
    await turns()
    assert [request.context for _, request in world.begun] == [
        RequestContext(request_time=int(NOW - 2.5), features={"surface": "app"}),
        given,
    ]


async def test_request_and_reply_stay_as_they_were(shadows: Shadows) -> None:
    request = RecommendRequest(
        "m1", 5, [ClassFilter("minutes", Range(1, 2))], ["a"], ["b"], class_feature_names=["t"]
    )
    before = deepcopy((request, LIVE))
    shadows.offer(request, LIVE, 0.1)
    await turns()
    assert (request, LIVE) == before
    assert request.context.request_time is None


async def test_a_shadow_sees_a_request_as_the_version_that_answered_it() -> None:
    """With a real recommender on both sides, whose clocks differ."""
    classes = snapshot(["a", "b", "c"])
    live, other = FakeModels(classes, [0.1, 0.2, 0.3]), FakeModels(classes, [0.3, 0.2, 0.1], manifest(4))
    members = FakeMembers({"m1": {"country": "FR"}})
    late = Recommender(other, Batches(InputReader(members, lambda: NOW + 3600)))
    observed = Observed()
    shadows = Shadows(
        lambda _, request: late.recommend(request), lambda: {"canary": 1.0}, observed, now=lambda: NOW
    )
    answering = Recommender(live, Batches(InputReader(members, lambda: NOW)))
    await ShadowingRecommender(answering.recommend, shadows, clock=lambda: 0.0).recommend(
        RecommendRequest("m1", page_size=2, excluded_class_ids=["b"])
    )
    await turns()
    (columns,), (shadowed,) = live.ranked, other.ranked
    assert {name: column.tolist() for name, column in shadowed.items()} == {
        name: column.tolist() for name, column in columns.items()
    }
    assert [comparison.overlap for _, comparison in observed.comparisons] == [1.0]
    assert other.leases == 0


async def test_a_shadow_that_hangs_delays_no_reply_and_holds_a_bounded_number_of_requests(
    world: World, recommender: ShadowingRecommender
) -> None:
    world.answer = hang
    for _ in range(100):
        assert await recommender.recommend(RecommendRequest("m1")) is LIVE
        await turns(2)
    assert len(world.begun) == 1
    assert world.observed.counts == (0, 0, 100 - 1 - 16)


async def test_a_shadow_that_takes_too_long_is_given_up_for_the_next_request(world: World) -> None:
    shadows = world.make_shadows(timeout_seconds=0)
    world.answer = hang
    shadows.offer(RecommendRequest("m1"), LIVE, 0.1)
    shadows.offer(RecommendRequest("m2"), LIVE, 0.1)
    await turns()
    assert [request.member_id for _, request in world.begun] == ["m1", "m2"]
    assert [(label, type(error)) for label, error in world.observed.failures] == [("canary", TimeoutError)] * 2


async def test_a_shadow_that_fails_is_counted_and_tried_with_the_next_request(
    world: World, recommender: ShadowingRecommender
) -> None:
    world.answer = fail
    assert await recommender.recommend(RecommendRequest("m1")) is LIVE
    await turns()
    world.answer = None
    assert await recommender.recommend(RecommendRequest("m2")) is LIVE
    await turns()
    ((label, error),) = world.observed.failures
    assert (label, type(error), world.observed.counts) == ("canary", NoModel, (1, 1, 0))


async def test_a_shadow_slower_than_the_requests_scores_what_it_can_one_at_a_time(
    world: World, recommender: ShadowingRecommender
) -> None:
    """Two requests come for each that it scores."""
    slots = asyncio.Semaphore(0)
    world.answer = slots.acquire
    for number in range(100):
        assert await recommender.recommend(RecommendRequest(f"m{number}")) is LIVE
        await turns()
        assert len(world.begun) - len(world.observed.comparisons) == 1
        if number % 2:
            slots.release()
            await turns()
    scored, failed, dropped = world.observed.counts
    assert (scored, failed, dropped) == (50, 0, 100 - 50 - 1 - 15)
    assert [request.member_id for _, request in world.begun[:20]] == [f"m{number}" for number in range(20)]


async def test_labels_have_queues_of_their_own(world: World) -> None:
    world.shares = {"canary": 1.0, "next": 1.0}
    shadows = world.make_shadows(queue_size=1)
    world.answer = hang
    shadows.offer(RecommendRequest("m1"), LIVE, 0.1)
    await turns()
    assert [label for label, _ in world.begun] == ["canary", "next"]
    world.shares = {"canary": 1.0}
    for _ in range(3):
        shadows.offer(RecommendRequest("m1"), LIVE, 0.1)
    assert world.observed.drops == ["canary"] * 2
    await shadows.close()


async def test_a_label_shadows_its_share_of_the_requests(world: World, shadows: Shadows) -> None:
    world.shares = {"none": 0.0, "some": 0.25, "every": 1.0}
    world.draws = [0.0, 0.25, 0.999, 0.0, 0.24, 0.999]
    for member_id in ("m1", "m2"):
        shadows.offer(RecommendRequest(member_id), LIVE, 0.1)
        await turns()
    assert [(label, request.member_id) for label, request in world.begun] == [
        ("every", "m1"),
        ("some", "m2"),
        ("every", "m2"),
    ]


async def test_the_shares_are_those_of_the_moment(world: World, shadows: Shadows) -> None:
    for shares in ({}, {"canary": 1.0}, {}, {"next": 1.0}):
        world.shares = shares
        shadows.offer(RecommendRequest("m1"), LIVE, 0.1)
        await turns()
    assert [label for label, _ in world.begun] == ["canary", "next"]


async def test_a_request_that_failed_is_offered_to_no_shadow(world: World, shadows: Shadows) -> None:
    async def unavailable(_request: RecommendRequest) -> Ranking:
        raise NoModel("no version of 'ranking' is serving")

    with pytest.raises(NoModel):
        await ShadowingRecommender(unavailable, shadows).recommend(RecommendRequest("m1"))
    await turns()
    assert world.begun == []


async def test_what_was_answered_without_the_model_is_offered_to_no_shadow(world: World, shadows: Shadows) -> None:
    async def popular(_: RecommendRequest) -> Ranking:
        return LIVE._replace(source=LIVE.source._replace(serving_mode=ServingMode.POPULAR))

    await ShadowingRecommender(popular, shadows).recommend(RecommendRequest("m1"))
    await turns()

    assert world.begun == []


async def test_whatever_goes_wrong_with_an_offer_the_reply_is_given(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    def broken() -> dict[str, float]:
        raise ZeroDivisionError

    shadows = Shadows(world.rank_with, broken, world.observed, now=lambda: NOW)
    assert await ShadowingRecommender(world.live, shadows).recommend(RecommendRequest("m1")) is LIVE
    assert "a request was not shadowed" in caplog.text
    assert "ZeroDivisionError" in caplog.text


@pytest.mark.parametrize("error", [ZeroDivisionError, asyncio.CancelledError])
async def test_a_shadow_that_ended_by_surprise_begins_again_with_the_next_request(
    world: World, shadows: Shadows, error: type[BaseException], monkeypatch: pytest.MonkeyPatch
) -> None:
    """An observer that raises, or a shadow whose call was cancelled by others."""

    async def surprise() -> None:
        raise error

    def broken(*_: object) -> None:
        raise error

    world.answer = surprise
    monkeypatch.setattr(world.observed, "failed", broken)
    shadows.offer(RecommendRequest("m1"), LIVE, 0.1)
    await turns()
    world.answer = None
    shadows.offer(RecommendRequest("m2"), LIVE, 0.1)
    await turns()
    assert [request.member_id for _, request in world.begun] == ["m1", "m2"]
    assert len(world.observed.comparisons) == 1


async def test_a_shadow_runs_in_a_context_of_its_own(world: World, shadows: Shadows) -> None:
    """Or what a layer sets for one request would hold for all that its shadow ever scores."""
    of_the_request: ContextVar[str] = ContextVar("of_the_request", default="nothing")
    seen = []

    async def look() -> None:
        seen.append(of_the_request.get())

    world.answer = look
    of_the_request.set("m1")
    shadows.offer(RecommendRequest("m1"), LIVE, 0.1)
    await turns()
    assert seen == ["nothing"]


async def test_closing_gives_up_what_is_under_way_and_takes_nothing_more(world: World) -> None:
    shadows = world.make_shadows()
    others = asyncio.all_tasks()
    world.answer = hang
    for _ in range(3):
        shadows.offer(RecommendRequest("m1"), LIVE, 0.1)
    await turns()
    await shadows.close()
    assert asyncio.all_tasks() == others
    shadows.offer(RecommendRequest("m1"), LIVE, 0.1)
    await turns()
    assert (len(world.begun), world.observed.counts) == (1, (0, 0, 0))
    await shadows.close()


async def test_a_label_that_shadows_nothing_leaves_no_task_behind(world: World, shadows: Shadows) -> None:
    others = asyncio.all_tasks()
    shadows.offer(RecommendRequest("m1"), LIVE, 0.1)
    await turns()
    assert world.observed.counts == (1, 0, 0)
    assert asyncio.all_tasks() == others
