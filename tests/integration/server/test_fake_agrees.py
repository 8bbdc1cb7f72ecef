"""The client's fake server answers as the server does: the same requests, the same answers, through the client."""

from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest

from paceline import (
    AsyncPacelineClient,
    Choice,
    PacelineError,
    RetryPolicy,
    Value,
    any_of,
    at_least,
    at_most,
    between,
    recommend_request,
)
from paceline.testing import FakeServer
from paceline.v1.recommendation_service_pb2 import RankedClass, RecommendClassesResponse
from tests.support.channels import serving
from tests.support.fakes import FakeMembers, FakeModels, snapshot

SCORES = {"c1": 0.5, "c2": 0.75, "c3": 0.5, "c4": 0.25}
FEATURES: dict[str, list[Any]] = {
    "title": ["Power", "Calm", None, "Hills"],
    "minutes": [45, 20, 10, None],
    "rating": [4.5, 3.0, 2.5, 5.0],
    "is_live": [True, False, False, True],
    "genres": [["rock", "pop"], ["folk"], [], ["rock"]],
}
ONCE = RetryPolicy(attempts=1)

CHOICES = [
    Choice(),
    Choice(page_size=2),
    Choice(excluded_class_ids=["c2", "c9"]),
    Choice(candidate_class_ids=["c3", "c4", "c9", "c8"]),
    Choice(candidate_class_ids=["c1", "c2"], excluded_class_ids=["c1", "c2"]),
    Choice(filters=[any_of("title", "Calm", "Hills")]),
    Choice(filters=[any_of("genres", "rock", "jazz")]),
    Choice(filters=[any_of("minutes", 10, 45), any_of("is_live", True)]),
    Choice(filters=[between("minutes", 10, 20)]),
    Choice(filters=[at_least("rating", 3.0), at_most("minutes", 60)]),
    Choice(class_feature_names=["minutes", "title", "rating", "is_live", "genres"]),
    Choice(class_feature_names=["title", "mood"]),
    Choice(filters=[any_of("title", "Calm"), any_of("mood", "calm")]),
    Choice(request_id="r1"),
    Choice(request_id="é" * 33),
]


@pytest.fixture
def fake() -> Iterator[FakeServer]:
    with FakeServer() as fake:
        fake.rank("m1", SCORES.items())
        fake.rank_others(SCORES.items())
        for place, class_id in enumerate(SCORES):
            row: dict[str, Value | None] = {name: column[place] for name, column in FEATURES.items()}
            fake.describe(class_id, **{name: value for name, value in row.items() if value is not None})
        yield fake


@pytest.fixture
async def clients(fake: FakeServer) -> AsyncIterator[tuple[AsyncPacelineClient, AsyncPacelineClient]]:
    """Clients of the server and of the fake."""
    models = FakeModels(snapshot(list(SCORES), FEATURES), list(SCORES.values()))
    async with (
        serving(models, FakeMembers({"m1": {"country": "NL"}})) as served,
        AsyncPacelineClient(served.address, timeout=10.0, retry=ONCE) as real,
        AsyncPacelineClient(fake.target, timeout=10.0, retry=ONCE) as scripted,
    ):
        yield real, scripted


async def outcome(client: AsyncPacelineClient, member_id: str, choice: Choice) -> object:
    """Returns what a caller may rely on, of an answer or an error."""
    try:
        return _promised(await client.recommend_classes(member_id, **choice))
    except PacelineError as error:
        return type(error), error.reason, [violation.field for violation in error.violations]


def _promised(response: RecommendClassesResponse) -> tuple[list[RankedClass], int, list[str], int]:
    assert response.request_id
    unknown = sorted(response.unknown_class_ids)
    return list(response.classes), response.member_status, unknown, response.candidate_count


@pytest.mark.parametrize("choice", CHOICES, ids=str)
@pytest.mark.parametrize("member_id", ["m1", "m2"])
async def test_recommendations_agree(
    clients: tuple[AsyncPacelineClient, AsyncPacelineClient], member_id: str, choice: Choice
) -> None:
    real, scripted = clients
    assert await outcome(real, member_id, choice) == await outcome(scripted, member_id, choice)


async def test_a_member_without_an_id_is_refused_alike(
    clients: tuple[AsyncPacelineClient, AsyncPacelineClient],
) -> None:
    real, scripted = clients
    assert await outcome(real, "", Choice()) == await outcome(scripted, "", Choice())


@pytest.mark.parametrize("members", [["m1", "m2", "m1"], ["m1", ""], []])
async def test_batches_agree(clients: tuple[AsyncPacelineClient, AsyncPacelineClient], members: list[str]) -> None:
    requests = [recommend_request(member, page_size=2) for member in members]
    answers: list[object] = []
    for client in clients:
        try:
            found = [
                (place, _promised(answer)) async for place, answer in client.batch_recommend_classes(requests)
            ]
            answers.append(sorted(found))
        except PacelineError as error:
            answers.append((error.reason, [violation.field for violation in error.violations]))
    assert answers[0] == answers[1]


@pytest.mark.parametrize("class_ids", [["c3", "c9", "c1"], []])
async def test_scores_agree(
    clients: tuple[AsyncPacelineClient, AsyncPacelineClient], class_ids: list[str]
) -> None:
    answers: list[object] = []
    for client in clients:
        try:
            answers.append(list((await client.score_classes("m1", class_ids)).classes))
        except PacelineError as error:
            answers.append((error.reason, [violation.field for violation in error.violations]))
    assert answers[0] == answers[1]
