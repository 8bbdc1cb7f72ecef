"""Scores in float32."""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import openvino as ov
from numpy.typing import NDArray

from server.models.openvino.classes import Classes
from server.models.openvino.graph import Arrays, FixedFunction, Function, Part, cut, of_sizes

FEW = 64
"""How many classes of each member are scored in graphs whose sizes are fixed."""
_MEMBERS = 8
"""Of how many members in one pass."""
_ALONE = 4
"""Up to so many members are quicker one by one."""


class ExactParts:
    """The graphs, compiled."""

    def __init__(self, graph: ov.Model) -> None:
        part = cut(graph, ["logits", "scores"])
        self._any = Part(part)
        self._few = [Part(of_sizes(part, {"member": (n,), "class": (n, FEW)})) for n in (1, _MEMBERS)]

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
        if count != FEW:
            return self._of_any({**member, **classes.for_each(places)})
        if members == 1:
            return _of_few(self._of_one, member, classes, places, slice(0, 1))
        found = np.empty((2, members, count), np.float32)
        for piece in _pieces(members):
            function = self._of_one if piece.stop - piece.start == 1 else self._of_some
            found[:, piece] = _of_few(function, member, classes, places, piece)
        return list(found)


def _of_few(
    function: FixedFunction, member: Arrays, classes: Classes, places: NDArray[np.intp], piece: slice
) -> Sequence[NDArray[Any]]:
    """Returns those of some members. Of members that the function has too many, nothing is read."""
    count = piece.stop - piece.start
    for name, buffer in function.inputs.items():
        if name in member:
            buffer[:count] = member[name][piece]
        else:
            classes.code[name].take(places[piece], axis=0, out=buffer[:count], mode="clip")
    function()
    return [output[:count] for output in function.outputs]


def _pieces(members: int) -> Iterator[slice]:
    start = 0
    while start < members:
        rest = members - start
        end = start + (1 if rest <= _ALONE else min(rest, _MEMBERS))
        yield slice(start, end)
        start = end
