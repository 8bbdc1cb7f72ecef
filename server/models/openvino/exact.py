"""Scores in float32."""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import openvino as ov
from numpy.typing import NDArray

from server.models.openvino.classes import Classes
from server.models.openvino.graph import Arrays, FixedFunction, Function, Part, cut, of_sizes

_MEMBERS = 8
"""How many members a graph whose sizes are fixed is for, if not for one."""
_ALONE = 4
"""Up to so many members are quicker one by one."""


class ExactParts:
    """The graphs, compiled: for any sizes, and for those that are the most frequent."""

    def __init__(self, graph: ov.Model) -> None:
        self._part = cut(graph, ["logits", "scores"])
        self._any = Part(self._part)
        self._fixed: dict[int, Sequence[Part]] = {}

    def fix(self, count: int) -> None:
        """Compiles graphs for so many classes of each member."""
        if count not in self._fixed:
            sizes = [{"member": (n,), "class": (n, count)} for n in (1, _MEMBERS)]
            self._fixed[count] = [Part(of_sizes(self._part, size)) for size in sizes]

    def fixed(self, count: int) -> Sequence[FixedFunction] | None:
        """Returns what scores so many classes of one and of several members; None if no graph is for so many."""
        parts = self._fixed.get(count)
        return None if parts is None else [part.fixed() for part in parts]

    def function(self) -> "Exact":
        """Returns what scores, one call at a time."""
        return Exact(self, self._any.function())


class Exact:
    """Computes logits and scores, ``[members, classes]`` float32 each, which the next call overwrites."""

    def __init__(self, parts: ExactParts, of_any: Function) -> None:
        self._parts = parts
        self._of_any = of_any
        self._fixed: dict[int, Sequence[FixedFunction]] = {}

    def of_all(self, member: Arrays, classes: Classes) -> Sequence[NDArray[Any]]:
        """Returns those of members with classes that are the same for all."""
        return self._of_any({**member, **classes.for_all()})

    def of_each(self, member: Arrays, classes: Classes, places: NDArray[np.intp]) -> Sequence[NDArray[Any]]:
        """Returns those of members with the classes at the places of each, ``[members, n]``."""
        members, count = places.shape
        functions = self._functions(count)
        if functions is None:
            return self._of_any({**member, **classes.for_each(places)})
        of_one, of_some = functions
        if members == 1:
            return _of_few(of_one, member, classes, places, slice(0, 1))
        found = np.empty((2, members, count), np.float32)
        for piece in _pieces(members):
            function = of_one if piece.stop - piece.start == 1 else of_some
            found[:, piece] = _of_few(function, member, classes, places, piece)
        return list(found)

    def _functions(self, count: int) -> Sequence[FixedFunction] | None:
        if count not in self._fixed:
            functions = self._parts.fixed(count)
            if functions is None:
                return None
            self._fixed[count] = functions
        return self._fixed[count]


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
