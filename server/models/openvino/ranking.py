"""Ranks encoded classes for encoded members.

Where there is a scan, it preselects the best and some more, and only those are scored in float32, which are the
scores returned: what is computed roughly only decides what is left out.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from server.models.openvino.best import NONE, best_of, preselect
from server.models.openvino.classes import Classes
from server.models.openvino.exact import Exact
from server.models.openvino.graph import Arrays
from server.models.openvino.scan import Scan

ROWS_AT_ONCE = 4096
"""Members times classes that are scored in one piece: what the layers make of more leaves the caches."""
_FEW = 0.5
"""Where the candidates are less than this share of the classes, only they are scored."""
_NEVER = np.float32(-np.inf)

Best: TypeAlias = tuple[NDArray[np.float32], NDArray[np.int32]]
"""Scores and positions ``[members, count]``; `NONE` in both where a member has no more candidates."""


@dataclass(frozen=True, slots=True)
class Catalogue:
    """Encoded classes, and the way to look through them, if there is one that pays."""

    classes: Classes
    scan: Scan | None = None


def rank(exact: Exact, member: Arrays, catalogue: Catalogue, candidates: NDArray[np.bool_], count: int) -> Best:
    """Returns the best classes for each member.

    Args:
        exact: Scores classes in float32.
        member: The members, encoded.
        catalogue: The classes.
        candidates: Which of them each member may be answered with ``[members, classes]``.
        count: How many to return, at most the number of classes.
    """
    classes = catalogue.classes
    is_asked = candidates.any(axis=0)
    scan = catalogue.scan
    if scan and scan.way.is_worth(int(np.count_nonzero(is_asked)), len(classes), count):
        chosen = preselect(scan(member), candidates, scan.way.wanted(count))
        logits, scores = exact.of_each(member, classes, chosen)
        is_candidate = candidates[np.arange(len(chosen))[:, np.newaxis], chosen]
        scores, places = best_of(np.where(is_candidate, logits, _NEVER), scores, count)
        return scores, _among(chosen, places)
    asked = np.flatnonzero(is_asked)
    if len(asked) >= _FEW * len(classes):
        return _best(exact, member, classes, candidates, count)
    few = min(count, len(asked))
    scores, places = _best(exact, member, classes.at(asked), candidates[:, asked], few)
    rest = [(0, 0), (0, count - few)]
    return np.pad(scores, rest, constant_values=NONE), np.pad(_among(asked, places), rest, constant_values=NONE)


def _best(exact: Exact, member: Arrays, classes: Classes, candidates: NDArray[np.bool_], count: int) -> Best:
    """Returns the best of classes that are the same for all members, all of them scored."""
    if not count:
        return np.empty((len(candidates), 0), np.float32), np.empty((len(candidates), 0), np.int32)
    pieces = [classes.at(piece) for piece in _pieces(*candidates.shape)]
    logits, scores = _joined(exact, member, pieces)
    return best_of(np.where(candidates, logits, _NEVER), scores, count)


def _pieces(members: int, classes: int) -> Iterator[slice]:
    """Yields slices of the classes, each of as many as are scored in one piece."""
    step = max(1, ROWS_AT_ONCE // members)
    for start in range(0, classes, step):
        yield slice(start, start + step)


def _joined(exact: Exact, member: Arrays, pieces: Sequence[Classes]) -> Sequence[NDArray[np.float32]]:
    """Returns logits and scores ``[members, classes]`` of the classes of all pieces."""
    if len(pieces) == 1:
        return exact.of_all(member, pieces[0])
    outputs = [[output.copy() for output in exact.of_all(member, piece)] for piece in pieces]
    return [np.concatenate(found, axis=1) for found in zip(*outputs, strict=True)]


def _among(chosen: NDArray[np.intp], places: NDArray[np.int32]) -> NDArray[np.int32]:
    """Returns the positions of classes from their places among those that were chosen, ``[n]`` or by member."""
    found = chosen[places] if chosen.ndim == 1 else chosen[np.arange(len(places))[:, np.newaxis], places]
    return np.where(places == NONE, np.int32(NONE), found.astype(np.int32))
