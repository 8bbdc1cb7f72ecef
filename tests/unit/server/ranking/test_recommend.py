"""The request path over fakes."""

import asyncio
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from contract.columns import INT64_MISSING
from server.domain.errors import InvalidRequest, NoModel, RunnerLost, StoreUnavailable
from server.domain.requests import AnyOf, ClassFilter, RecommendRequest, RequestContext, ScoreRequest
from server.domain.results import Ranking, Scores
from server.ranking.batches import Batches
from server.ranking.inputs import InputReader
from server.ranking.ports import Served
from server.ranking.recommend import Recommender
from server.ranking.score import Scorer
from tests.support.fakes import FakeMembers, FakeModels, snapshot

NOW = 1_700_000_000.75
CLASSES = snapshot(
    ["a", "b", "c", "d"],
    {
        "title": ["A", "B", None, "D"],
        "minutes": [10, 20, 20, 30],
        "genres": [["pop"], [], None, ["rock", "pop"]],
    },
    generation=7,
)
SCORES = [0.1, 0.4, 0.4, 0.3]


def models(**changes: Any) -> FakeModels:
    return FakeModels(CLASSES, SCORES, **changes)


def batches(members: FakeMembers | None = None) -> Batches:
    return Batches(InputReader(members or FakeMembers({"m1": {"country": "FR"}}), lambda: NOW))


async def recommend(request: RecommendRequest, served: FakeModels | None = None) -> Ranking:
    return await Recommender(served or models(), batches()).recommend(request)


def ids(ranking: Ranking) -> list[str]:
    return list(ranking.class_ids)


async def test_the_best_classes_come_first_and_equal_scores_by_class_id() -> None:
    ranking = await recommend(RecommendRequest("m1"))
    assert ids(ranking) == ["b", "c", "d", "a"]
    assert [round(score, 3) for score in ranking.scores] == [0.4, 0.4, 0.3, 0.1]
    assert ranking.candidate_count == 4
    assert (ranking.source.model_name, ranking.source.version, ranking.source.generation) == ("ranking", 3, 7)


async def test_a_page_holds_at_most_its_size_and_twenty_by_default() -> None:
    many = snapshot([f"c{place:03}" for place in range(50)])
    assert len((await recommend(RecommendRequest("m1"), FakeModels(many, [0.5] * 50))).class_ids) == 20
    assert ids(await recommend(RecommendRequest("m1", page_size=1))) == ["b"]


@given(
    st.sets(st.sampled_from("abcd")),
    st.lists(st.sampled_from("abcdxy")),
    st.lists(st.sampled_from("abcdxy")),
    st.integers(1, 6),
)
def test_what_is_returned_is_the_brute_force_choice(
    minutes_of: set[str], excluded: list[str], candidates: list[str], page_size: int
) -> None:
    """Filter, candidates and exclusions all hold, and unknown candidates are told once, in the order asked."""
    minutes = {CLASSES.features["minutes"][CLASSES.positions[name]] for name in minutes_of}
    wanted = [ClassFilter("minutes", AnyOf(sorted(minutes)))] if minutes else []
    request = RecommendRequest(
        "m1",
        page_size=page_size,
        filters=wanted,
        excluded_class_ids=excluded,
        candidate_class_ids=candidates,
    )
    ranking = asyncio.run(recommend(request))
    passing = [
        name
        for name, length in zip("abcd", CLASSES.features["minutes"], strict=True)
        if (not minutes or length in minutes) and (not candidates or name in candidates) and name not in excluded
    ]
    passing.sort(key=lambda name: (-SCORES["abcd".index(name)], name))
    assert ids(ranking) == passing[:page_size]
    assert ranking.candidate_count == len(passing)
    assert list(ranking.unknown_class_ids) == [name for name in dict.fromkeys(candidates) if name in "xy"]


async def test_nothing_is_ranked_where_no_class_is_left() -> None:
    served = models()
    ranking = await recommend(RecommendRequest("m1", candidate_class_ids=["x"]), served)
    assert (ranking.class_ids, ranking.candidate_count, served.ranked) == ([], 0, [])
    assert ranking.source.member_is_known


async def test_the_features_asked_for_come_in_the_order_asked() -> None:
    ranking = await recommend(RecommendRequest("m1", class_feature_names=["minutes", "title", "genres"]))
    assert ranking.class_features[:3] == [
        (20, "B", []),
        (20, None, None),
        (30, "D", ["rock", "pop"]),
    ]


async def test_every_input_but_those_of_the_class_side_reaches_the_model() -> None:
    served = models()
    context = RequestContext(request_time=1_600_000_000, features={"surface": "home", "moods": ["calm"]})
    await recommend(RecommendRequest("m1", context=context), served)
    columns = served.ranked[0]
    assert {name: column.tolist() for name, column in columns.items()} == {
        "member_id": ["m1"],
        "country": ["FR"],
        "surface": ["home"],
        "moods": [["calm", ""]],
        "request_time": [1_600_000_000],
    }
    assert columns["request_time"].dtype == np.int64


async def test_context_that_is_not_given_is_missing_and_the_time_is_that_of_arrival() -> None:
    served = models()
    await recommend(RecommendRequest("m1", context=RequestContext(features={"surface": None})), served)
    columns = served.ranked[0]
    assert (columns["surface"].tolist(), columns["moods"].tolist()) == ([""], [["", ""]])
    assert columns["request_time"].tolist() == [1_700_000_000]
    assert INT64_MISSING not in columns["request_time"]


async def test_a_member_nobody_knows_is_ranked_from_defaults_and_said_to_be_unknown() -> None:
    ranking = await recommend(RecommendRequest("m9"))
    assert not ranking.source.member_is_known
    assert ids(ranking) == ["b", "c", "d", "a"]


@pytest.mark.parametrize(
    ("request_", "field"),
    [
        (
            RecommendRequest("m1", context=RequestContext(features={"weather": "hot"})),
            "context.features['weather']",
        ),
        (RecommendRequest("m1", context=RequestContext(features={"surface": 3})), "context.features['surface']"),
        (RecommendRequest("m1", context=RequestContext(features={"moods": "calm"})), "context.features['moods']"),
        (RecommendRequest("m1", class_feature_names=["title", "nope"]), "class_feature_names[1]"),
        (RecommendRequest("m1", class_feature_names=["vector"]), "class_feature_names[0]"),
        (RecommendRequest("m1", filters=[ClassFilter("nope", AnyOf(["x"]))]), "filters[0].feature_name"),
        (RecommendRequest(""), "member_id"),
    ],
)
async def test_a_field_that_does_not_fit_is_named_and_the_lease_given_back(
    request_: RecommendRequest, field: str
) -> None:
    served = models()
    with pytest.raises(InvalidRequest) as refused:
        await recommend(request_, served)
    assert [violation.field for violation in refused.value.violations] == [field]
    assert (served.leases, served.ranked) == (0, [])


async def test_without_a_version_there_is_no_answer() -> None:
    with pytest.raises(NoModel):
        await recommend(RecommendRequest("m1"), FakeModels(None))


async def test_a_store_that_fails_gives_the_lease_back() -> None:
    served = models()
    reader = batches(FakeMembers(failure=StoreUnavailable("down")))
    with pytest.raises(StoreUnavailable):
        await Recommender(served, reader).recommend(RecommendRequest("m1"))
    assert served.leases == 0


async def score(class_ids: list[str]) -> Scores:
    return await Scorer(models(), batches()).score(ScoreRequest("m1", class_ids))


async def test_scores_come_in_the_order_asked_as_often_as_asked() -> None:
    scores = await score(["d", "x", "a", "d"])
    assert [(scored.class_id, scored.score and round(scored.score, 3)) for scored in scores.classes] == [
        ("d", 0.3),
        ("x", None),
        ("a", 0.1),
        ("d", 0.3),
    ]
    assert scores.source.generation == 7


async def test_only_unknown_classes_need_no_model() -> None:
    served = models()
    scores = await Scorer(served, batches()).score(ScoreRequest("m1", ["x"]))
    assert [scored.score for scored in scores.classes] == [None]
    assert (served.ranked, served.leases) == ([], 0)


async def test_scoring_nothing_is_refused() -> None:
    with pytest.raises(InvalidRequest, match="class_ids: is empty"):
        await score([])


async def test_a_request_is_asked_again_of_what_answers_when_the_process_is_lost() -> None:
    async def lose_the_first() -> None:
        if len(served.asked) == 1:
            raise RunnerLost("the runner ended")

    served = models(before_rank=lose_the_first)
    assert ids(await recommend(RecommendRequest("m1"), served)) == ["b", "c", "d", "a"]
    assert (served.asked, served.leases) == (["m1", "m1"], 0)


async def test_it_is_not_asked_a_third_time() -> None:
    async def lose() -> None:
        raise RunnerLost("the runner ended")

    served = models(before_rank=lose)
    with pytest.raises(RunnerLost):
        await recommend(RecommendRequest("m1"), served)
    assert (len(served.asked), served.leases) == (2, 0)


async def test_the_answer_tells_the_arm() -> None:
    assert (await recommend(RecommendRequest("m1"), models(arm="canary"))).source.arm == "canary"


async def test_an_answer_has_the_id_of_its_request_or_one_of_its_own() -> None:
    assert (await recommend(RecommendRequest("m1", request_id="r1"))).request_id == "r1"
    found = {(await recommend(RecommendRequest("m1"))).request_id for _ in range(3)}
    assert len(found) == 3
    assert "" not in found


async def test_whoever_keeps_answers_is_told_of_what_each_was_made_from() -> None:
    """The inputs of the call that it shared, and its own place among its members."""
    told: list[Served] = []
    served = models()
    recommender = Recommender(served, batches(FakeMembers({"m2": {"country": "NL"}})), told.append)
    requests = [
        RecommendRequest(member, 2, request_id=f"r-{member}", context=RequestContext(1_700_000_000 + place))
        for place, member in enumerate(("m1", "m2", "m3"))
    ]
    answers = await asyncio.gather(*map(recommender.recommend, requests))
    assert max(len(columns["member_id"]) for columns in served.ranked) > 1
    for request, answer, one in zip(requests, answers, told, strict=True):
        assert (one.request_id, one.member_id) == (request.request_id, request.member_id)
        assert one.columns["member_id"][one.row] == request.member_id
        assert one.columns["country"][one.row] == ("NL" if request.member_id == "m2" else "")
        assert one.columns["request_time"][one.row] == one.request_time == request.context.request_time
        assert [one.snapshot.class_ids[place] for place in one.positions] == ids(answer) == ["b", "c"]
        assert one.scores.tolist() == answer.scores
        assert one.source == answer.source


async def test_a_request_that_is_refused_is_not_told() -> None:
    told: list[Served] = []
    with pytest.raises(InvalidRequest):
        await Recommender(models(), batches(), told.append).recommend(RecommendRequest(""))
    assert told == []
