"""Classes that a model has encoded, kept for the members that they are ranked for."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from server.models.openvino.graph import Arrays, bfloat16_tensor, to_bfloat16

STATE = "class_state"
CODE = (STATE, "class_wide", "class_crosses")
"""What a class is encoded as; `training.model.side.RankedClass`."""


@dataclass(frozen=True, slots=True)
class Classes:
    """Encoded classes."""

    code: dict[str, NDArray[Any]]
    """``[classes, …]`` each of `CODE`."""
    bits: NDArray[np.uint16] | None = None
    """The state in bfloat16, if classes are preselected in it."""

    @classmethod
    def of(cls, pieces: Sequence[Sequence[NDArray[Any]]], *, with_bfloat16: bool) -> Self:
        """Returns the classes of all pieces, which have an array for each of `CODE`."""
        code = {name: np.concatenate(found) for name, *found in zip(CODE, *pieces, strict=True)}
        return cls(code, to_bfloat16(code[STATE]) if with_bfloat16 else None)

    def __len__(self) -> int:
        """Returns how many there are."""
        return len(self.code[STATE])

    def at(self, places: slice | NDArray[np.intp]) -> "Classes":
        """Returns some of them."""
        code = {name: array[places] for name, array in self.code.items()}
        return Classes(code, None if self.bits is None else self.bits[places])

    def for_all(self) -> Arrays:
        """Returns their code as it is for all members alike, ``[1, classes, …]``."""
        return {name: array[np.newaxis] for name, array in self.code.items()}

    def for_each(self, places: NDArray[np.intp]) -> Arrays:
        """Returns the code of those that each member has, ``[members, n, …]`` for places ``[members, n]``."""
        return {name: array[places] for name, array in self.code.items()}

    def in_bfloat16(self) -> Arrays:
        """Returns what `for_all` does, with the state in bfloat16, in which it has to be kept."""
        if self.bits is None:
            raise ValueError("the classes are not kept in bfloat16")
        return {**self.for_all(), STATE: bfloat16_tensor(self.bits[np.newaxis])}
