"""Encodes members in graphs whose sizes are fixed."""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import openvino as ov
from numpy.typing import NDArray

from server.models.openvino.graph import Arrays, FixedFunction, Part, code_of, encoding_of, of_sizes

_AT_ONCE = 8
"""How many members of several are encoded at a time; one alone is by itself."""


class MemberParts:
    """The graphs, compiled."""

    def __init__(self, graph: ov.Model) -> None:
        self._names = code_of(graph, "member")
        part = encoding_of(graph, "member")
        self._parts = {rows: Part(of_sizes(part, {"member": (rows,)})) for rows in (1, _AT_ONCE)}

    def encoder(self) -> "MemberEncoder":
        """Returns what encodes, one call at a time."""
        return MemberEncoder(self._names, *(part.fixed() for part in self._parts.values()))


class MemberEncoder:
    """Encodes members, see `MemberParts`."""

    def __init__(self, names: Sequence[str], one: FixedFunction, some: FixedFunction) -> None:
        self._names = names
        self._one = one
        self._some = some

    def __call__(self, arrays: Arrays, rows: int) -> dict[str, NDArray[Any]]:
        """Returns ``[rows, …]`` for each name of `code_of`, which the next call overwrites.

        Args:
            arrays: The indexed inputs, ``[rows, n]``.
            rows: How many members there are, at least one.
        """
        if rows == 1:
            return dict(zip(self._names, _encoded(self._one, arrays, slice(0, 1)), strict=True))
        pieces = [[array.copy() for array in _encoded(self._some, arrays, piece)] for piece in _pieces(rows)]
        return {name: np.concatenate(found) for name, *found in zip(self._names, *pieces, strict=True)}


def _encoded(function: FixedFunction, arrays: Arrays, piece: slice) -> Sequence[NDArray[Any]]:
    """Returns some of the rows encoded. Of rows that the function has too many, nothing is read."""
    count = piece.stop - piece.start
    for name, buffer in function.inputs.items():
        buffer[:count] = arrays[name][piece]
    function()
    return [output[:count] for output in function.outputs]


def _pieces(rows: int) -> Iterator[slice]:
    for start in range(0, rows, _AT_ONCE):
        yield slice(start, min(start + _AT_ONCE, rows))
