"""The best of many logits."""

import numpy as np
from numpy.typing import NDArray

from server.models.scores import falling

NONE = -1
"""The score and the position where a member has no more candidates."""
_SORTED = 8
"""Up to so many times as many logits as are asked for are sorted, which is quicker than to look for the best."""


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
    is_ranked = np.take_along_axis(logits, positions, axis=1) > -np.inf
    places = np.where(is_ranked, positions, np.int32(NONE))
    return falling(
        np.where(is_ranked, np.take_along_axis(scores, positions, axis=1), np.float32(NONE)), places
    ), places


def preselect(logits: NDArray[np.float32], count: int) -> NDArray[np.intp]:
    """Returns the positions of the `count` greatest logits of each member, rising, ``[members, count]``."""
    return np.sort(np.argpartition(logits, -count, axis=1)[:, -count:], axis=1)


def _best(logits: NDArray[np.float32], count: int) -> NDArray[np.int32]:
    if logits.shape[1] <= _SORTED * count:
        return np.argsort(-logits, axis=1, kind="stable")[:, :count].astype(np.int32)
    return np.stack([_best_of_row(row, count) for row in logits])


def _best_of_row(row: NDArray[np.float32], count: int) -> NDArray[np.int32]:
    """Returns the positions of the `count` best; a full sort of 10,000 takes ten times as long."""
    least = np.partition(row, -count)[-count]
    above = np.flatnonzero(row > least)
    level = np.flatnonzero(row == least)[: count - len(above)]
    order = np.argsort(-row[above], kind="stable")
    return np.concatenate([above[order], level]).astype(np.int32)
