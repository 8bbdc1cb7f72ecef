"""Rough logits of all classes, to find the few that are worth scoring in float32.

A scan goes through the classes a block at a time, for one member after the other, in a graph of fixed sizes.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import openvino as ov
from numpy.typing import NDArray

from contract.indexed import PAGE
from server.models.openvino.classes import Classes
from server.models.openvino.graph import FLOAT32, Arrays, Part, Pool, of_sizes, tensor_of
from server.models.openvino.sharing import Share, apart
from server.ranking.ports import ROWS_AT_ONCE

MOST_AT_ONCE = 4096
"""Classes of a block: what the layers make of more leaves the caches."""
MOST_PROBED_AT_ONCE = 16_384
"""The same where only sums are kept."""
_WORTH = 2
"""How many times as many candidates there have to be as are preselected, which are scored twice."""


@dataclass(frozen=True, slots=True)
class Way:
    """A way to compute logits roughly."""

    name: str
    part: ov.Model
    """From members and classes to logits."""
    precision: str = FLOAT32
    """What is computed in, where the part does not say."""
    preselected: int = 64
    """How many classes have to be preselected for the best `PAGE`."""
    share: float = 0.3
    """Where the candidates are less than this share, they are scored in less time than all classes are scanned."""
    rows_at_once: int = ROWS_AT_ONCE
    """The most members times classes that are worth a call, unless one member alone has more."""
    is_probe: bool = False
    """Whether the part takes classes as `Classes.for_probe` gives them, and not as `Classes.for_all` does."""

    def wanted(self, count: int) -> int:
        """Returns how many classes have to be preselected for the best `count`."""
        return max(self.preselected, math.ceil(count * self.preselected / PAGE))

    def is_worth(self, candidates: int, classes: int, count: int) -> bool:
        """Whether to preselect so many candidates of so many classes takes less time than to score them."""
        return candidates >= max(_WORTH * self.wanted(count), self.share * classes)


class Scan:
    """Computes rough logits of some classes.

    Args:
        way: How.
        classes: The classes, at least one.
        calls_at_once: How many calls are made at a time.
        share: Shares what it has to copy of the classes.
    """

    def __init__(self, way: Way, classes: Classes, calls_at_once: int, share: Share = apart) -> None:
        self.way = way
        self._count = len(classes)
        size = block_size(self._count, MOST_PROBED_AT_ONCE if way.is_probe else MOST_AT_ONCE)
        code = classes.for_probe() if way.is_probe else classes.for_all()
        part = Part(of_sizes(way.part, _sizes(size, code)), way.precision)
        self._member_names = [name for name in part.inputs if name.startswith("member_")]
        class_names = [name for name in part.inputs if name not in self._member_names]
        functions = [part.fixed() for _ in range(calls_at_once)]
        self._functions = Pool(functions)
        self._blocks = [
            (block, {name: tensor_of(share(_of_block(name, code[name], block))) for name in class_names})
            for block in _blocks(self._count, size)
        ]
        for function in functions:
            function.take(self._blocks[0][1])

    def __call__(self, member: Arrays) -> Iterator[NDArray[np.float32]]:
        """Yields ``[classes]`` for the code of each member, which the next overwrites."""
        logits = np.empty(self._count, np.float32)
        with self._functions.one() as function:
            for row in zip(*(member[name] for name in self._member_names), strict=True):
                for name, values in zip(self._member_names, row, strict=True):
                    function.inputs[name][0] = values
                if len(self._blocks) == 1:
                    function()
                    yield function.outputs[0][0]
                    continue
                for block, tensors in self._blocks:
                    function.take(tensors)
                    function()
                    logits[block] = function.outputs[0][0]
                yield logits


def block_size(classes: int, most: int) -> int:
    """Returns how many classes are in each block, so that blocks are few and none is larger than another."""
    return -(-classes // -(-classes // most))


def _sizes(size: int, code: Arrays) -> dict[str, Sequence[int]]:
    """Returns the sizes of what a block takes."""
    combinations = len(code.get("combination_crosses", ()))
    return {"member": (1,), "class": (1, size), "catalogue": (size,), "combination": (combinations,)}


def _of_block(name: str, array: NDArray[Any], block: slice) -> NDArray[Any]:
    """Returns what a block takes of an input, in one piece."""
    if name.startswith("combination_"):
        return array
    return np.ascontiguousarray(array[:, block] if name.startswith("class_") else array[..., block])


def _blocks(classes: int, size: int) -> Iterator[slice]:
    """Yields the blocks. All have the same size, so the last one may begin before the end of the one before it."""
    for start in range(0, classes, size):
        end = min(start + size, classes)
        yield slice(end - size, end)
