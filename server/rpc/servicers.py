"""The services: convert, call, convert."""

from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import aclosing
from typing import Any

import grpc

from paceline.v1 import model_service_pb2 as models_pb
from paceline.v1 import recommendation_service_pb2 as pb
from paceline.v1.model_service_pb2_grpc import ModelServiceServicer
from paceline.v1.recommendation_service_pb2_grpc import RecommendationServiceServicer
from server.domain.requests import RecommendRequest, ScoreRequest
from server.domain.results import Ranking, Scores
from server.rpc import converters
from server.rpc.ports import ModelStates

Recommend = Callable[[RecommendRequest], Awaitable[Ranking]]
RecommendAll = Callable[[Sequence[RecommendRequest]], AsyncGenerator[tuple[int, Ranking]]]
Score = Callable[[ScoreRequest], Awaitable[Scores]]


class RecommendationServicer(RecommendationServiceServicer):
    """Ranks and scores classes."""

    def __init__(self, recommend: Recommend, recommend_all: RecommendAll, score: Score) -> None:
        self._recommend = recommend
        self._recommend_all = recommend_all
        self._score = score

    async def RecommendClasses(  # noqa: N802 (the wire name)
        self, request: pb.RecommendClassesRequest, _context: grpc.aio.ServicerContext[Any, Any]
    ) -> pb.RecommendClassesResponse:
        """Returns the classes that the member is most likely to start, best first."""
        ranking = await self._recommend(converters.recommend_request(request))
        return converters.recommend_response(ranking)

    async def BatchRecommendClasses(  # noqa: N802 (the wire name)
        self, request: pb.BatchRecommendClassesRequest, _context: grpc.aio.ServicerContext[Any, Any]
    ) -> AsyncGenerator[pb.BatchRecommendClassesResponse]:
        """Yields an answer to each request, as they are ready."""
        requests = [converters.recommend_request(message, is_bulk=True) for message in request.requests]
        async with aclosing(self._recommend_all(requests)) as answers:
            async for place, ranking in answers:
                response = converters.recommend_response(ranking)
                yield pb.BatchRecommendClassesResponse(request_index=place, response=response)

    async def ScoreClasses(  # noqa: N802 (the wire name)
        self, request: pb.ScoreClassesRequest, _context: grpc.aio.ServicerContext[Any, Any]
    ) -> pb.ScoreClassesResponse:
        """Returns the score of each class asked for, in the order asked."""
        scores = await self._score(converters.score_request(request))
        return converters.score_response(scores)


class ModelServicer(ModelServiceServicer):
    """Tells which versions and labels the server holds, and what is wrong."""

    def __init__(self, states: ModelStates) -> None:
        self._states = states

    async def GetModelStatus(  # noqa: N802 (the wire name)
        self, request: models_pb.GetModelStatusRequest, _context: grpc.aio.ServicerContext[Any, Any]
    ) -> models_pb.GetModelStatusResponse:
        """Returns the state of every version that the server has seen."""
        name = request.model_name
        return converters.model_status_response(
            [record for record in self._states.records if name in ("", record.model_name)],
            [status for status in self._states.labels if name in ("", status.model_name)],
            [problem for problem in self._states.problems if name in ("", problem.model_name)],
        )
