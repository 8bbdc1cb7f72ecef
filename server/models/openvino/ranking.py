"""Ranks encoded classes for encoded members.

Where the processor is fast in bfloat16, three times the page is preselected in it, and only those are scored in
float32, which are the scores returned: bfloat16 only decides what is left out.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from server.models.openvino.best import NONE, best_of, preselect
from server.models.openvino.classes import Classes
from server.models.openvino.graph import Arrays, Function

ROWS_AT_ONCE = 8192
"""Members times classes that are scored, and classes that are encoded, in one piece: what the layers make of more
leaves the caches."""
ROWS_AT_ONCE_IN_BFLOAT16 = 2 * ROWS_AT_ONCE
_FEW = 0.5
"""Where the candidates are less than this share of the classes, only they are scored."""
_PRESELECTED, _AT_LEAST = 3, 48
"""How many times the page is preselected, and how many classes for the smallest pages."""

Functions: TypeAlias = Mapping[str, Function]
Best: TypeAlias = tuple[NDArray[np.float32], NDArray[np.int32]]
"""Scores and positions ``[members, count]``; `NONE` in both where a member has no more candidates."""


def rank(
    functions: Functions, member: Arrays, classes: Classes, candidates: NDArray[np.bool_], count: int
) -> Best:
    """Returns the best classes for each member.

    Args:
        functions: "rank", and "preselect" if the classes are kept in bfloat16.
        member: The members, encoded.
        classes: The classes.
        candidates: Which of them each member may be answered with ``[members, classes]``.
        count: How many to return, at most the number of classes.
    """
    asked = np.flatnonzero(candidates.any(axis=0))
    if len(asked) >= _FEW * len(classes):
        return _best(functions, member, classes, candidates, count)
    few = min(count, len(asked))
    scores, places = _best(functions, member, classes.at(asked), candidates[:, asked], few)
    rest = [(0, 0), (0, count - few)]
    return np.pad(scores, rest, constant_values=NONE), np.pad(_among(asked, places), rest, constant_values=NONE)


def _best(
    functions: Functions, member: Arrays, classes: Classes, candidates: NDArray[np.bool_], count: int
) -> Best:
    if not count:
        return np.empty((len(candidates), 0), np.float32), np.empty((len(candidates), 0), np.int32)
    wanted = max(_PRESELECTED * count, _AT_LEAST)
    if classes.bits is None or wanted >= len(classes):
        pieces = [classes.at(piece).for_all() for piece in _pieces(candidates.shape, ROWS_AT_ONCE)]
        logits, scores = _joined(functions["rank"], member, pieces)
        return best_of(_of_candidates(logits, candidates), scores, count)
    pieces = [classes.at(piece).in_bfloat16() for piece in _pieces(candidates.shape, ROWS_AT_ONCE_IN_BFLOAT16)]
    (rough,) = _joined(functions["preselect"], member, pieces)
    chosen = preselect(_of_candidates(rough, candidates), wanted)
    logits, scores = functions["rank"]({**member, **classes.for_each(chosen)})
    logits = _of_candidates(logits, np.take_along_axis(candidates, chosen, axis=1))
    scores, places = best_of(logits, scores, count)
    return scores, _among(chosen, places)


def _pieces(shape: tuple[int, ...], rows_at_once: int) -> Iterator[slice]:
    """Yields slices of the classes, each of as many as are scored in one piece."""
    members, classes = shape
    step = max(1, rows_at_once // members)
    for start in range(0, classes, step):
        yield slice(start, start + step)


def _joined(function: Function, member: Arrays, pieces: Sequence[Arrays]) -> list[NDArray[Any]]:
    """Returns the outputs ``[members, classes]`` for the classes of all pieces."""
    if len(pieces) == 1:
        return function({**member, **pieces[0]})
    outputs = [[output.copy() for output in function({**member, **piece})] for piece in pieces]
    return [np.concatenate(found, axis=1) for found in zip(*outputs, strict=True)]


def _of_candidates(logits: NDArray[np.float32], candidates: NDArray[np.bool_]) -> NDArray[np.float32]:
    """Returns logits with minus infinity where a class is no candidate."""
    return np.where(candidates, logits, np.float32(-np.inf))


def _among(chosen: NDArray[np.intp], places: NDArray[np.int32]) -> NDArray[np.int32]:
    """Returns the positions of classes from their places among those that were chosen, ``[n]`` or by member."""
    found = chosen[places] if chosen.ndim == 1 else np.take_along_axis(chosen, places, axis=1)
    return np.where(places == NONE, np.int32(NONE), found.astype(np.int32))
