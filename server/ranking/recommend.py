"""Ranks the catalogue for a member."""

import secrets
from collections.abc import Sequence
from functools import partial
from typing import Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

from server.domain.errors import FieldViolation, InvalidRequest
from server.domain.requests import RecommendRequest, Value
from server.domain.results import Ranking, Source
from server.domain.validation import DEFAULT_PAGE_SIZE, check_recommend
from server.ranking.again import asked_again
from server.ranking.batches import Batches, Ranked
from server.ranking.candidates import choose
from server.ranking.fallbacks import NOT_RANKED, Fallbacks, Ground, ground_of
from server.ranking.filters import ClassFilters, unknown_feature
from server.ranking.memo import PerObject
from server.ranking.ports import Lease, Models, Serve, Served, Snapshot
from server.ranking.source import source_of
from server.ranking.types import NUMBER_LISTS


class Recommender:
    """Answers RecommendRequests: lease, filter, read the member's features, rank.

    Args:
        models: Hands out the versions that serve.
        batches: Ranks for several requests at once.
        serve: Is told of every answer of a model; None for nobody.
        fallbacks: Answers where no model can; None leaves it at the error.
    """

    def __init__(
        self, models: Models, batches: Batches, serve: Serve | None = None, fallbacks: Fallbacks | None = None
    ) -> None:
        self._models = models
        self._batches = batches
        self._serve = serve
        self._fallbacks = fallbacks
        self._filters = PerObject(ClassFilters)

    async def recommend(self, request: RecommendRequest) -> Ranking:
        """Returns the classes that the member is most likely to start, best first.

        Where the model can't rank, it returns what else there is for the member; the following are raised if there
        is nothing.

        Raises:
            InvalidRequest: A field is out of its limits or does not fit the model or the catalogue.
            NoModel: No version is serving.
            StoreUnavailable: The member's features could not be read.
            FeatureMissing: The member lacks a feature that may not be missing.
            RunnerLost: The process that runs the version ended, and so did that of the one asked instead.
            ModelFailed: The model can't rank.
        """
        check_recommend(request)
        request_id = request.request_id or secrets.token_hex(12)
        tried: list[Ground] = []
        try:
            return await asked_again(partial(self._recommend, request, request_id, tried))
        except NOT_RANKED as error:
            if self._fallbacks is None or not tried:
                raise
            found, source = await self._fallbacks.find(request.member_id, tried[-1], error)
        snapshot, candidates = tried[-1].snapshot, tried[-1].candidates
        columns = _columns(snapshot, found, request.class_feature_names)
        return Ranking(*columns, candidates.unknown_class_ids, candidates.count, source, request_id)

    async def _recommend(self, request: RecommendRequest, request_id: str, tried: list[Ground]) -> Ranking:
        with self._models.lease(request.member_id) as lease:
            snapshot = lease.snapshot
            _check_names(request.class_feature_names, snapshot)
            candidates = choose(request, snapshot, self._filters(snapshot))
            count = min(request.page_size or DEFAULT_PAGE_SIZE, candidates.count)
            tried.append(ground_of(lease, candidates, count))
            ranked = await self._batches.rank(
                lease, request.member_id, request.context, candidates.mask, count, is_bulk=request.is_bulk
            )
            columns = _columns(snapshot, ranked, request.class_feature_names)
            source = source_of(lease, ranked)
            if self._serve is not None:
                self._serve(_served(request_id, request.member_id, lease, ranked, source))
        return Ranking(*columns, candidates.unknown_class_ids, candidates.count, source, request_id)


def _served(request_id: str, member_id: str, lease: Lease, ranked: Ranked, source: Source) -> Served:
    return Served(
        request_id=request_id,
        member_id=member_id,
        request_time=ranked.request_time,
        manifest=lease.manifest,
        snapshot=lease.snapshot,
        source=source,
        columns=ranked.columns,
        row=ranked.row,
        scores=ranked.scores,
        positions=ranked.positions,
    )


def _check_names(names: Sequence[str], snapshot: Snapshot) -> None:
    violations = [v for place, name in enumerate(names) for v in _name_violations(place, name, snapshot)]
    if violations:
        raise InvalidRequest(violations)


def _name_violations(place: int, name: str, snapshot: Snapshot) -> list[FieldViolation]:
    field = f"class_feature_names[{place}]"
    data_type = snapshot.feature_types.get(name)
    if data_type is None:
        return [unknown_feature(field, name, snapshot)]
    if data_type in NUMBER_LISTS:
        return [FieldViolation(field, f"is {name!r}, a list of numbers, which a response can't hold")]
    return []


class _Best(Protocol):
    """The best classes, by the model or not."""

    @property
    def scores(self) -> NDArray[np.float32]: ...

    @property
    def positions(self) -> NDArray[np.int32]: ...


_Columns: TypeAlias = tuple[Sequence[str], Sequence[float], Sequence[Sequence[Value | None]]]


def _columns(snapshot: Snapshot, ranked: _Best, names: Sequence[str]) -> _Columns:
    """Returns the ids of classes, their scores, and the values of the named features by class."""
    ids = [snapshot.class_ids[position] for position in ranked.positions.tolist()]
    features = zip(*(snapshot.features[name][ranked.positions].tolist() for name in names), strict=True)
    return ids, ranked.scores.tolist(), list(features)
