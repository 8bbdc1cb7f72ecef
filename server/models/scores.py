"""The scores that a version gives, against those that its manifest promises.

Each check raises Refused, whose message says what was found and what was expected.
"""

import numpy as np
from numpy.typing import NDArray

from server.domain.versions import RefusalReason, Refused

Scores = NDArray[np.float32]


def falling(scores: Scores, positions: NDArray[np.int32]) -> Scores:
    """Returns scores of falling logits without the rounding by which some rise.

    Args:
        scores: ``[members, count]``.
        positions: Of their classes ``[members, count]``; a negative one has no class, and its score stays.
    """
    return np.where(positions < 0, scores, np.minimum.accumulate(scores, axis=1))


def check_finite(what: str, scores: Scores) -> None:
    """Refuses scores that are NaN or infinite.

    Args:
        what: What gives them.
        scores: The scores, of any shape.
    """
    unfit = scores[~np.isfinite(scores)]
    if unfit.size:
        message = f"{what} gives {unfit[0]}: {unfit.size} of {scores.size} scores are not finite"
        raise Refused(RefusalReason.SCORES_NOT_FINITE, message)


def check_scores(what: str, found: Scores, expected: Scores, tolerance: float) -> None:
    """Refuses scores that differ from those expected.

    Args:
        what: What gives them.
        found: The scores found.
        expected: The scores expected, ``[rows]``, at least one.
        tolerance: The largest difference between two that are taken as equal.
    """
    if found.shape != expected.shape:
        raise _mismatch(f"{what} gives {list(found.shape)} scores, expected {list(expected.shape)}")
    if not _are_close(found, expected, tolerance):
        worst = int(np.argmax(np.abs(found - expected)))
        raise _mismatch(
            f"{what} scores {found[worst]:.7g} where the manifest says {expected[worst]:.7g}"
            f" (tolerance {tolerance:g})"
        )


def check_ranking(scores: Scores, positions: NDArray[np.int32], expected: Scores, tolerance: float) -> None:
    """Refuses a ranking that is not of the best of the scores expected.

    Classes whose scores differ by at most twice the tolerance may come in any order: each may be off by as much as
    the tolerance.

    Args:
        scores: The scores found, ``[count]``, finite.
        positions: The places in `expected` that they are for, ``[count]``.
        expected: The score expected of each class, ``[classes]``.
        tolerance: The largest difference between two that are taken as equal.
    """
    what = f"rank of {len(scores)}"
    places = positions.tolist()
    if len(set(places)) < len(scores) or not set(places) <= set(range(len(expected))):
        raise _misranked(f"{what} places the classes {places}, expected different ones of {len(expected)}")
    if np.any(np.diff(scores) > 0):
        raise _misranked(f"{what} gives scores that do not fall: {_list(scores)}")
    best = np.sort(expected)[::-1][: len(scores)]
    theirs, left_out = expected[places], np.delete(expected, places)
    if not _are_close(scores, theirs, tolerance):
        check_scores(what, scores, best, tolerance)
        raise _misranked(f"{what} gives the classes {places} the scores of others: {_list(scores)}")
    if np.any(left_out > theirs.min(initial=np.inf) + 2 * tolerance):
        raise _misranked(f"{what} finds the scores {_list(theirs)}, expected the best: {_list(best)}")


def check_varied(scores: Scores) -> None:
    """Refuses scores, of which there are several, that are all equal.

    Args:
        scores: The scores of all golden requests.
    """
    if scores.size > 1 and np.all(scores == scores[0]):
        message = f"all {scores.size} golden scores are {scores[0]:.7g}, expected different ones"
        raise Refused(RefusalReason.SCORES_CONSTANT, message)


def _are_close(found: Scores, expected: Scores, tolerance: float) -> bool:
    return bool(np.all(np.abs(found - expected) <= tolerance))


def _mismatch(message: str) -> Refused:
    return Refused(RefusalReason.GOLDEN_MISMATCH, message)


def _misranked(message: str) -> Refused:
    return Refused(RefusalReason.RANKING_MISMATCH, message)


def _list(scores: Scores) -> str:
    return ", ".join(f"{score:.7g}" for score in scores)
