"""What is answered where the model can't rank: a policy without side effects."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from server.domain.results import ServingMode
from server.ranking.ports import RankedList, Snapshot
from server.ranking.types import NUMBERS


@dataclass(frozen=True, slots=True)
class LastResort:
    """An answer that the model had no part in."""

    mode: ServingMode
    positions: NDArray[np.int32]
    """Of the classes in the snapshot ``[count]``."""
    scores: NDArray[np.float32]
    """``[count]``, falling."""
    version: int | None = None
    """That ranked beforehand; None if none did."""


@dataclass(frozen=True, slots=True)
class Popularity:
    """All classes of a snapshot by a feature of theirs, the greatest first; equal ones by class id."""

    positions: NDArray[np.int32]
    scores: NDArray[np.float32]
    """The feature, 0 where there is none."""


def popularity(snapshot: Snapshot, feature: str) -> Popularity | None:
    """Returns the classes by a feature, None if they have no such number."""
    if snapshot.feature_types.get(feature) not in NUMBERS:
        return None
    values = np.array([value or 0 for value in snapshot.features[feature]], dtype=np.float32)
    order = np.argsort(-values, kind="stable").astype(np.int32)
    return Popularity(order, values[order])


def choose_last_resort(
    ranked: RankedList | None, popular: Popularity | None, snapshot: Snapshot, mask: NDArray[np.bool_], count: int
) -> LastResort | None:
    """Returns the answer in place of the model's, None if there is none.

    The member's list answers if any class of it may be returned, however few: scores of two kinds can't be mixed.

    Args:
        ranked: What was ranked beforehand for the member.
        popular: The classes by popularity.
        snapshot: The classes.
        mask: Those that may be returned ``[classes]``.
        count: The most to return.
    """
    if ranked is not None:
        pairs = zip(map(snapshot.positions.get, ranked.class_ids), ranked.scores, strict=True)
        kept = [(place, score) for place, score in pairs if place is not None and mask[place]][:count]
        if kept:
            positions, scores = zip(*kept, strict=True)
            found = (np.array(positions, np.int32), np.array(scores, np.float32))
            return LastResort(ServingMode.BATCH_SCORED, *found, ranked.version)
    if popular is None:
        return None
    allowed = mask[popular.positions]
    found = (popular.positions[allowed][:count], popular.scores[allowed][:count])
    return LastResort(ServingMode.POPULAR, *found)
