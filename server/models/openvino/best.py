"""The best of many logits."""

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from server.models.scores import falling

NONE = -1
"""The score and the position where a member has no more candidates."""
_SORTED = 8
"""Up to so many times as many logits as are asked for are sorted, which is quicker than to look for the best."""
_OF_A_GROUP, _GROUPS_WORTH = 16, 2
"""How many logits a group has, and how many times as many groups there have to be as are asked for."""
_NEVER = np.float32(-np.inf)


def best_of(
    logits: NDArray[np.float32], scores: NDArray[np.float32], count: int
) -> tuple[NDArray[np.float32], NDArray[np.int32]]:
    """Returns the scores and positions of the best, by falling logit and then by rising position.

    Args:
        logits: ``[members, classes]``, minus infinity where a class is no candidate.
        scores: Those of the logits ``[members, classes]``.
        count: How many to return, at least 1 and at most the number of classes.

    Returns:
        ``[members, count]`` each, `NONE` in both where a member has no more candidates.
    """
    positions = _best(logits, count)
    rows = np.arange(len(positions))[:, np.newaxis]
    is_ranked = logits[rows, positions] > _NEVER
    places = np.where(is_ranked, positions, np.int32(NONE))
    return falling(np.where(is_ranked, scores[rows, positions], np.float32(NONE)), places), places


def preselect(
    logits: Iterable[NDArray[np.float32]], candidates: NDArray[np.bool_], count: int
) -> NDArray[np.intp]:
    """Returns the positions of the `count` best candidates of each member, rising, ``[members, count]``.

    Of equal logits those at lower positions are taken. Where a member has fewer candidates, others fill up.

    Args:
        logits: Those of each member in turn, ``[classes]``.
        candidates: ``[members, classes]``.
        count: At most the number of classes.
    """
    found = np.empty((len(candidates), count), np.intp)
    for row, values, is_candidate in zip(found, logits, candidates, strict=True):
        row[:] = _preselect(values if is_candidate.all() else np.where(is_candidate, values, _NEVER), count)
    return found


def _preselect(row: NDArray[np.float32], count: int) -> NDArray[np.intp]:
    found = (row >= _floor(row, count)).nonzero()[0]
    values = row[found]
    least = _least(values, count)
    kept = found[values >= least]
    if len(kept) == count:
        return kept
    is_level = row[kept] == least
    return np.delete(kept, np.flatnonzero(is_level)[count - len(kept) :])


def _best(logits: NDArray[np.float32], count: int) -> NDArray[np.int32]:
    if logits.shape[1] <= _SORTED * count:
        return np.argsort(-logits, axis=1, kind="stable")[:, :count].astype(np.int32)
    return np.stack([_best_of_row(row, count) for row in logits])


def _best_of_row(row: NDArray[np.float32], count: int) -> NDArray[np.int32]:
    """Returns the positions of the `count` best; a full sort of 10,000 takes ten times as long."""
    found = _preselect(row, count)
    return found[np.argsort(-row[found], kind="stable")].astype(np.int32)


def _floor(row: NDArray[np.float32], count: int) -> np.float32:
    """Returns what the `count` greatest are not less than, and most others are.

    It is the least of as many of the greatest of groups. All but some hundred of 10,000 are below, and left out at
    once, which takes a fifth of the time.
    """
    groups = len(row) // _OF_A_GROUP
    if groups < _GROUPS_WORTH * count:
        return _NEVER
    return _least(row[: groups * _OF_A_GROUP].reshape(_OF_A_GROUP, groups).max(axis=0), count)


def _least(values: NDArray[np.float32], count: int) -> np.float32:
    """Returns the least of the `count` greatest."""
    least: np.float32 = np.partition(values, len(values) - count)[len(values) - count]
    return least
