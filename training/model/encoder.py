"""What encodes some inputs of one side, in two steps."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any

from training.model.encoded import Encoded, Feature, Indexed, Widths


class Encoder(ABC):
    """Encodes some inputs of one side: indexed first, which serving may do in its own way, and the rest after."""

    features: list[Feature]
    number_names: list[str]
    """What the columns of its numbers are."""
    widths: Widths
    """Of its inputs indexed."""

    @abstractmethod
    def index(self, columns: Mapping[str, Any]) -> Indexed:
        """Returns its inputs indexed, from tensors ``[rows]`` or ``[rows, list_length]`` by name."""

    @abstractmethod
    def encode(self, indexed: Indexed) -> Encoded:
        """Returns its inputs encoded."""

    def __call__(self, columns: Mapping[str, Any]) -> Encoded:
        """Returns its inputs encoded, from tensors ``[rows]`` or ``[rows, list_length]`` by name."""
        return self.encode(self.index(columns))
