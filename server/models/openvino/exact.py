"""Scores in float32."""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import openvino as ov
from numpy.typing import NDArray

from server.models.openvino.classes import Classes
from server.models.openvino.graph import Arrays, FixedFunction, Function, Part, cut, of_sizes

FEW = 32
"""How many classes a row of graphs of fixed sizes has; a member with more classes has several rows."""
_ROWS = 8
"""In one pass."""
_ALONE = 4
"""Up to so many rows are quicker one by one."""
_MOST = 8
"""How many rows of a member are not slower than all at once."""


class ExactParts:
    """The graphs, compiled."""

    def __init__(self, graph: ov.Model) -> None:
        part = cut(graph, ["logits", "scores"])
        self._any = Part(part)
        self._few = [Part(of_sizes(part, {"member": (n,), "class": (n, FEW)})) for n in (1, _ROWS)]

    def function(self) -> "Exact":
        """Returns what scores, one call at a time."""
        return Exact(self._any.function(), *(part.fixed() for part in self._few))


class Exact:
    """Computes logits and scores, ``[members, classes]`` float32 each, which the next call overwrites."""

    def __init__(self, of_any: Function, of_one: FixedFunction, of_some: FixedFunction) -> None:
        self._of_any = of_any
        self._of_one = of_one
        self._of_some = of_some

    def of_all(self, member: Arrays, classes: Classes) -> Sequence[NDArray[Any]]:
        """Returns those of members with classes that are the same for all."""
        return self._of_any({**member, **classes.for_all()})

    def of_each(self, member: Arrays, classes: Classes, places: NDArray[np.intp]) -> Sequence[NDArray[Any]]:
        """Returns those of members with the classes at the places of each, ``[members, n]``."""
        members, count = places.shape
        of_each, rest = divmod(count, FEW)
        if rest or of_each > _MOST:
            return self._of_any({**member, **classes.for_each(places)})
        rows, whose = places.reshape(-1, FEW), np.arange(members).repeat(of_each)
        found = np.empty((2, len(rows), FEW), np.float32)
        for piece in _pieces(len(rows)):
            function = self._of_one if piece.stop - piece.start == 1 else self._of_some
            found[:, piece] = _of_rows(function, member, whose[piece], classes, rows[piece])
        return list(found.reshape(2, members, count))


def _of_rows(
    function: FixedFunction,
    member: Arrays,
    whose: NDArray[np.intp],
    classes: Classes,
    places: NDArray[np.intp],
) -> Sequence[NDArray[Any]]:
    """Returns those of some rows. Of rows that the function has too many, nothing is read."""
    count = len(places)
    for name, buffer in function.inputs.items():
        if name in member:
            member[name].take(whose, axis=0, out=buffer[:count], mode="clip")
        else:
            classes.code[name].take(places, axis=0, out=buffer[:count], mode="clip")
    function()
    return [output[:count] for output in function.outputs]


def _pieces(rows: int) -> Iterator[slice]:
    start = 0
    while start < rows:
        rest = rows - start
        end = start + (1 if rest <= _ALONE else min(rest, _ROWS))
        yield slice(start, end)
        start = end
