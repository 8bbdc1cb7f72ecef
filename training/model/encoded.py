"""What stands between the raw inputs and the network: categories and numbers."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple, Self


@dataclass(frozen=True, slots=True)
class Feature:
    """A categorical feature: an input's vocabulary index, a number's bucket, or a part of a time."""

    name: str
    """The input's name; for a part of a time `<input>.hour` or `<input>.weekday`."""
    size: int
    """The number of categories; `MISSING` is one of them."""
    length: int = 0
    """The elements of a list; 0 for a scalar."""
    vocabulary: str = ""
    """The name under which it shares an embedding; empty when it has none."""
    start: int = 0
    """Its first column in the categories of its side."""

    @property
    def width(self) -> int:
        """How many columns it has."""
        return max(self.length, 1)


@dataclass(frozen=True, slots=True)
class Layout:
    """The columns of one side of the model."""

    features: tuple[Feature, ...] = ()
    number_count: int = 0

    @classmethod
    def of(cls, features: Sequence[Feature], number_count: int) -> Self:
        """Returns the layout with the features side by side in the order given."""
        placed, start = [], 0
        for feature in features:
            placed.append(replace(feature, start=start))
            start += feature.width
        return cls(tuple(placed), number_count)

    @property
    def category_count(self) -> int:
        """How many columns the categories have."""
        return sum(feature.width for feature in self.features)


class Indexed(NamedTuple):
    """The inputs of one side with indices in place of texts, whole numbers and times; see `contract.indexed`."""

    categories: Any
    """``[rows, n]`` int32."""
    numbers: Any
    """``[rows, m]`` float32, NaN where there is no value."""


NOTHING: Any = ()
"""In place of an array of an `Indexed` that has no columns."""


class Widths(NamedTuple):
    """How many columns an encoder's indexed inputs have."""

    categories: int = 0
    numbers: int = 0


class Encoded(NamedTuple):
    """The inputs of one side as the network reads them."""

    categories: Any
    """``[rows, category_count]`` int32, each from 0 to below the size of its feature."""
    numbers: Any
    """``[rows, number_count]`` float32: standardised numbers and masks."""
