"""Which classes of a snapshot a request may be answered with."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from server.domain.requests import RecommendRequest
from server.ranking.filters import ClassFilters
from server.ranking.ports import Snapshot


@dataclass(frozen=True, slots=True)
class Candidates:
    """The classes that may be ranked."""

    mask: NDArray[np.bool_]
    """``[classes]``."""
    count: int
    """How many there are."""
    unknown_class_ids: Sequence[str] = ()
    """Classes asked for that the catalogue does not hold."""


def choose(request: RecommendRequest, snapshot: Snapshot, filters: ClassFilters) -> Candidates:
    """Returns the classes that pass the filters, were asked for if any were, and are not excluded.

    Raises:
        InvalidRequest: A filter does not fit the catalogue.
    """
    mask = filters.mask(request.filters)
    unknown: Sequence[str] = ()
    if request.candidate_class_ids:
        asked, unknown = _find(request.candidate_class_ids, snapshot)
        mask = mask & _mask(asked, snapshot)
    if request.excluded_class_ids:
        excluded, _ = _find(request.excluded_class_ids, snapshot)
        mask = mask & ~_mask(excluded, snapshot)
    return Candidates(mask, int(np.count_nonzero(mask)), unknown)


def choose_exactly(class_ids: Sequence[str], snapshot: Snapshot) -> Candidates:
    """Returns the classes that were asked for."""
    asked, unknown = _find(class_ids, snapshot)
    mask = _mask(asked, snapshot)
    return Candidates(mask, int(np.count_nonzero(mask)), unknown)


def _find(class_ids: Iterable[str], snapshot: Snapshot) -> tuple[list[int], list[str]]:
    """Returns the positions of the classes that the snapshot holds, and the ids of the others, each once."""
    positions = []
    unknown = []
    for class_id in dict.fromkeys(class_ids):
        position = snapshot.positions.get(class_id)
        if position is None:
            unknown.append(class_id)
        else:
            positions.append(position)
    return positions, unknown


def _mask(positions: Sequence[int], snapshot: Snapshot) -> NDArray[np.bool_]:
    mask = np.zeros(len(snapshot.class_ids), dtype=np.bool_)
    mask[positions] = True
    return mask
