"""Scores chosen classes for a member."""

from functools import partial

import numpy as np

from server.domain.requests import ScoreRequest
from server.domain.results import ScoredClass, Scores
from server.domain.validation import check_score
from server.ranking.again import asked_again
from server.ranking.candidates import Candidates, choose_exactly
from server.ranking.inputs import InputReader
from server.ranking.ports import Lease, MemberRow, Models
from server.ranking.source import source_of


class Scorer:
    """Answers ScoreRequests."""

    def __init__(self, models: Models, inputs: InputReader) -> None:
        self._models = models
        self._inputs = inputs

    async def score(self, request: ScoreRequest) -> Scores:
        """Returns the score of each class asked for, in the order asked, as often as asked.

        Raises:
            InvalidRequest: A field is out of its limits or does not fit the model.
            NoModel: No version is serving.
            StoreUnavailable: The member's features could not be read.
            RunnerLost: The process that runs the version ended, and so did that of the one asked instead.
            ModelFailed: The model can't rank.
        """
        check_score(request)
        return await asked_again(partial(self._score, request))

    async def _score(self, request: ScoreRequest) -> Scores:
        with self._models.lease(request.member_id) as lease:
            candidates = choose_exactly(request.class_ids, lease.snapshot)
            member = await self._inputs.read(lease.manifest, request.member_id, request.context)
            scores = await _score(lease, member, candidates)
            source = source_of(lease, member)
        return Scores([ScoredClass(asked, scores.get(asked)) for asked in request.class_ids], source)


async def _score(lease: Lease, member: MemberRow, candidates: Candidates) -> dict[str, float]:
    """Returns the score of each candidate by class id."""
    if not candidates.count:
        return {}
    scores, positions = await lease.rank(member.columns, candidates.mask[np.newaxis], candidates.count)
    ids = (lease.snapshot.class_ids[position] for position in positions[0].tolist())
    return dict(zip(ids, scores[0].tolist(), strict=True))
