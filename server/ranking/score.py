"""Scores chosen classes for a member."""

from functools import partial

from server.domain.requests import ScoreRequest
from server.domain.results import ScoredClass, Scores
from server.domain.validation import check_score
from server.ranking.again import asked_again
from server.ranking.batches import Batches
from server.ranking.candidates import choose_exactly
from server.ranking.ports import Models
from server.ranking.source import source_of


class Scorer:
    """Answers ScoreRequests."""

    def __init__(self, models: Models, batches: Batches) -> None:
        self._models = models
        self._batches = batches

    async def score(self, request: ScoreRequest) -> Scores:
        """Returns the score of each class asked for, in the order asked, as often as asked.

        Raises:
            InvalidRequest: A field is out of its limits or does not fit the model.
            NoModel: No version is serving.
            StoreUnavailable: The member's features could not be read.
            FeatureMissing: The member lacks a feature that may not be missing.
            RunnerLost: The process that runs the version ended, and so did that of the one asked instead.
            ModelFailed: The model can't rank.
        """
        check_score(request)
        return await asked_again(partial(self._score, request))

    async def _score(self, request: ScoreRequest) -> Scores:
        with self._models.lease(request.member_id) as lease:
            candidates = choose_exactly(request.class_ids, lease.snapshot)
            ranked = await self._batches.rank(
                lease, request.member_id, request.context, candidates.mask, candidates.count
            )
            ids = [lease.snapshot.class_ids[position] for position in ranked.positions.tolist()]
            scores = dict(zip(ids, ranked.scores.tolist(), strict=True))
            source = source_of(lease, ranked)
        return Scores([ScoredClass(asked, scores.get(asked)) for asked in request.class_ids], source)
