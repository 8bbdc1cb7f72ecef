"""Scores in float32."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import openvino as ov
from numpy.typing import NDArray

from server.models.openvino.classes import Classes
from server.models.openvino.graph import Arrays, FixedFunction, Function, Part, cut, of_sizes

FEW = 64
"""How many classes of one member are scored in a graph whose sizes are fixed."""


class ExactParts:
    """The graphs, compiled."""

    def __init__(self, graph: ov.Model) -> None:
        part = cut(graph, ["logits", "scores"])
        self._any, self._few = Part(part), Part(of_sizes(part, {"member": (1,), "class": (1, FEW)}))

    def function(self) -> "Exact":
        """Returns what scores, one call at a time."""
        return Exact(self._any.function(), self._few.fixed())


class Exact:
    """Computes logits and scores, ``[members, classes]`` float32 each, which the next call overwrites."""

    def __init__(self, of_any: Function, of_few: FixedFunction) -> None:
        self._of_any = of_any
        self._of_few = of_few

    def of_all(self, member: Arrays, classes: Classes) -> Sequence[NDArray[Any]]:
        """Returns those of members with classes that are the same for all."""
        return self._of_any({**member, **classes.for_all()})

    def of_each(self, member: Arrays, classes: Classes, places: NDArray[np.intp]) -> Sequence[NDArray[Any]]:
        """Returns those of members with the classes at the places of each, ``[members, n]``."""
        if places.shape != (1, FEW):
            return self._of_any({**member, **classes.for_each(places)})
        for name, buffer in self._of_few.inputs.items():
            if name in member:
                buffer[...] = member[name]
            else:
                classes.code[name].take(places, axis=0, out=buffer, mode="clip")
        self._of_few()
        return self._of_few.outputs
