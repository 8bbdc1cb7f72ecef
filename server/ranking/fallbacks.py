"""Answering where the model can't rank."""

from collections.abc import Callable
from dataclasses import dataclass

from contract.stubs.manifest_pb2 import Manifest
from server.domain.errors import FeatureMissing, ModelFailed, NoModel, PacelineError, RunnerLost, StoreUnavailable
from server.domain.results import ServingMode, Source
from server.ranking.candidates import Candidates
from server.ranking.last_resorts import LastResort, Popularity, choose_last_resort, popularity
from server.ranking.memo import PerObject
from server.ranking.ports import Lease, RankedLists, Snapshot

NOT_RANKED = (StoreUnavailable, FeatureMissing, RunnerLost, ModelFailed, NoModel)
"""What is answered without the model."""

OnFallback = Callable[[ServingMode, PacelineError], None]
"""Is told of an answer without the model, and why."""


@dataclass(frozen=True, slots=True)
class Ground:
    """What a request was to be ranked on. It outlives the lease."""

    model_name: str
    arm: str
    manifest: Manifest
    snapshot: Snapshot
    candidates: Candidates
    count: int
    """How many classes to return."""


def ground_of(lease: Lease, candidates: Candidates, count: int) -> Ground:
    """Returns what a lease's version was to rank."""
    return Ground(lease.model_name, lease.arm, lease.manifest, lease.snapshot, candidates, count)


class Fallbacks:
    """Finds the answer to give without the model.

    Args:
        lists: What was ranked beforehand.
        on_fallback: Is told of every answer.
    """

    def __init__(self, lists: RankedLists, on_fallback: OnFallback) -> None:
        self._lists = lists
        self._on_fallback = on_fallback
        self._popular: PerObject[Snapshot, dict[str, Popularity | None]] = PerObject(lambda _: {})

    async def find(self, member_id: str, ground: Ground, cause: PacelineError) -> tuple[LastResort, Source]:
        """Returns the answer to a member, and what it was made from.

        Args:
            member_id: The member.
            ground: What was to be ranked.
            cause: Why it was not.

        Raises:
            PacelineError: The cause, if there is no other answer.
        """
        ranked = await self._lists.find(ground.manifest.feature_source.member_key, member_id)
        popular = self._popularity(ground)
        found = choose_last_resort(ranked, popular, ground.snapshot, ground.candidates.mask, ground.count)
        if found is None:
            raise cause
        self._on_fallback(found.mode, cause)
        return found, _source(ground, found, cause)

    def _popularity(self, ground: Ground) -> Popularity | None:
        known, name = self._popular(ground.snapshot), ground.manifest.feature_source.popularity_feature
        if name not in known:
            known[name] = popularity(ground.snapshot, name)
        return known[name]


def _source(ground: Ground, found: LastResort, cause: PacelineError) -> Source:
    return Source(
        model_name=ground.model_name,
        version=ground.manifest.version if found.version is None else found.version,
        member_is_known=found.mode is ServingMode.BATCH_SCORED,
        generation=ground.snapshot.generation,
        arm=ground.arm,
        serving_mode=found.mode,
        feature_rows=cause.feature_rows if isinstance(cause, FeatureMissing) else (),
    )
