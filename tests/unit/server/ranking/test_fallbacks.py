"""Requests that the model can't answer, over fakes."""

import pytest

from contract.cells import CellStatus
from server.domain.errors import (
    FeatureMissing,
    InvalidRequest,
    ModelFailed,
    PacelineError,
    RunnerLost,
    StoreUnavailable,
)
from server.domain.requests import AnyOf, ClassFilter, RecommendRequest, ScoreRequest
from server.domain.results import FeatureRow, Ranking, ServingMode
from server.ranking.batches import Batches
from server.ranking.fallbacks import Fallbacks
from server.ranking.inputs import InputReader
from server.ranking.ports import RankedList
from server.ranking.recommend import Recommender
from server.ranking.score import Scorer
from tests.support.fakes import FakeLists, FakeMembers, FakeModels, manifest, snapshot

CLASSES = snapshot([*"abcd"], {"title": [*"ABCD"], "minutes": [10, 20, 30, 40]}, generation=7)
ROWS = [FeatureRow("members", CellStatus.MISSING, None)]
Told = list[tuple[ServingMode, PacelineError]]


class World:
    """One version, whose features have a popularity, and a list of the member m1."""

    def __init__(self, members: FakeMembers, popularity: str = "minutes") -> None:
        described = manifest()
        described.feature_source.popularity_feature = popularity
        self.models = FakeModels(CLASSES, [0.1, 0.2, 0.3, 0.4], described)
        self.batches = Batches(InputReader(members, lambda: 0.0))
        self.told: Told = []
        lists = FakeLists({"m1": RankedList(["b", "gone", "a"], [0.75, 0.5, 0.25], 2)})
        self.fallbacks = Fallbacks(lists, lambda mode, cause: self.told.append((mode, cause)))

    async def ask(self, request: RecommendRequest) -> Ranking:
        return await Recommender(self.models, self.batches, fallbacks=self.fallbacks).recommend(request)


def ids(ranking: Ranking) -> list[str]:
    return list(ranking.class_ids)


def down() -> World:
    return World(FakeMembers(failure=StoreUnavailable("down")))


async def test_a_member_with_a_list_gets_it_and_others_what_is_popular() -> None:
    world = down()

    first, second = await world.ask(RecommendRequest("m1")), await world.ask(RecommendRequest("m2"))

    assert (first.class_ids, first.scores) == (["b", "a"], [0.75, 0.25])
    assert (first.source.serving_mode, first.source.version) == (ServingMode.BATCH_SCORED, 2)
    assert (second.class_ids[:2], second.scores[:2]) == (["d", "c"], [40, 30])
    assert ids(second) == ["d", "c", "b", "a"]
    assert (second.source.serving_mode, second.source.version) == (ServingMode.POPULAR, 3)
    assert (first.source.member_is_known, second.source.member_is_known) == (True, False)
    assert (first.source.generation, first.source.arm, first.candidate_count) == (7, "stable", 4)
    assert [mode for mode, _ in world.told] == [ServingMode.BATCH_SCORED, ServingMode.POPULAR]
    assert world.models.leases == 0


async def test_such_an_answer_holds_to_the_request_too() -> None:
    request = RecommendRequest(
        "m1",
        page_size=1,
        filters=[ClassFilter("title", AnyOf(["A", "B", "C"]))],
        excluded_class_ids=["b"],
        candidate_class_ids=["a", "b", "c", "x"],
        class_feature_names=["title"],
    )

    ranking = await down().ask(request)

    assert (ranking.class_ids, ranking.class_features) == (["a"], [("A",)])
    assert (ranking.candidate_count, list(ranking.unknown_class_ids)) == (2, ["x"])


async def test_a_model_that_fails_or_is_lost_twice_costs_no_request() -> None:
    for error, calls in ((ModelFailed("no", 13), 1), (RunnerLost("gone"), 2)):
        world = World(FakeMembers({"m1": {"country": "FR"}}))

        async def fail(error: PacelineError = error) -> None:
            raise error

        world.models.before_rank = fail
        assert ids(await world.ask(RecommendRequest("m1"))) == ["b", "a"]
        assert (len(world.models.asked), world.told) == (calls, [(ServingMode.BATCH_SCORED, error)])


async def test_a_member_who_lacks_what_may_not_be_missing_is_not_ranked_by_the_model() -> None:
    members = FakeMembers({"m3": {"country": "FR"}}, rows=ROWS, lacking={"country": ["m1", "m2"]})
    world = World(members)

    lacking, ranked = await world.ask(RecommendRequest("m2")), await world.ask(RecommendRequest("m3"))

    assert (lacking.source.serving_mode, lacking.source.feature_rows) == (ServingMode.POPULAR, ROWS)
    assert (ranked.source.serving_mode, ids(ranked)) == (ServingMode.LIVE, ["d", "c", "b", "a"])
    assert isinstance(world.told[0][1], FeatureMissing)
    with pytest.raises(FeatureMissing, match="lacks the feature 'country'"):
        await Scorer(world.models, world.batches).score(ScoreRequest("m1", ["a"]))


async def test_where_the_store_is_down_that_is_why_a_feature_is_lacking() -> None:
    world = World(FakeMembers(mode=ServingMode.DEFAULTS, lacking={"country": ["m1"]}))

    await world.ask(RecommendRequest("m1"))

    ((_, cause),) = world.told
    assert isinstance(cause, StoreUnavailable)


async def test_with_neither_list_nor_popularity_it_fails_as_it_did() -> None:
    world = World(FakeMembers(failure=StoreUnavailable("down")), popularity="")

    with pytest.raises(StoreUnavailable):
        await world.ask(RecommendRequest("m2"))
    assert world.told == []


async def test_a_request_that_is_wrong_is_refused_all_the_same() -> None:
    with pytest.raises(InvalidRequest):
        await down().ask(RecommendRequest("m1", filters=[ClassFilter("nope", AnyOf(["x"]))]))
