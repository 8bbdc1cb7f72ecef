"""Classes that a model has encoded, kept for the members that they are ranked for."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from server.models.openvino.graph import Arrays
from server.models.openvino.sharing import Share

_PROBE = "class_probe"
"""What only a probe looks through, and copies."""


@dataclass(frozen=True, slots=True)
class Classes:
    """Encoded classes."""

    code: dict[str, NDArray[Any]]
    """``[classes, …]`` by the names of `code_of`, at least one."""

    @classmethod
    def of(cls, names: Sequence[str], pieces: Sequence[Sequence[NDArray[Any]]]) -> Self:
        """Returns the classes of all pieces, which have an array for each name."""
        return cls({name: np.concatenate(found) for name, *found in zip(names, *pieces, strict=True)})

    def __len__(self) -> int:
        """Returns how many there are."""
        return len(next(iter(self.code.values())))

    def at(self, places: slice | NDArray[np.intp]) -> "Classes":
        """Returns some of them."""
        return Classes({name: array[places] for name, array in self.code.items()})

    def shared(self, share: Share) -> "Classes":
        """Returns them with all of their code shared that is kept once they can be looked through."""
        return Classes({name: array if name == _PROBE else share(array) for name, array in self.code.items()})

    def without_probe(self) -> "Classes":
        """Returns them for whoever only scores them."""
        return Classes({name: array for name, array in self.code.items() if name != _PROBE})

    def for_all(self) -> Arrays:
        """Returns their code as it is for all members alike, ``[1, classes, …]``."""
        return {name: array[np.newaxis] for name, array in self.code.items()}

    def for_probe(self) -> Arrays:
        """Returns their code as a probe looks through them; see `training.model.indexed`."""
        places, combination = np.unique(self.code["class_crosses"], axis=0, return_inverse=True)
        return {
            "catalogue_probe": self.code[_PROBE].T,
            "catalogue_wide": self.code["class_wide"],
            "catalogue_combination": combination.astype(np.int32),
            "combination_crosses": places,
        }

    def for_each(self, places: NDArray[np.intp]) -> Arrays:
        """Returns the code of those that each member has, ``[members, n, …]`` for places ``[members, n]``."""
        return {name: array.take(places, axis=0) for name, array in self.code.items()}
