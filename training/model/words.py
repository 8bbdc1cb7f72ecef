"""What the wide part has learned, in words."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from contract.indexed import MISSING
from training.model.encoded import Feature
from training.model.inputs import InputEncoder
from training.model.network import Network
from training.model.numbers import NumberEncoder

_WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")

NameOf = Callable[[int], str]
"""Names a category of a feature; it is never asked for `MISSING`."""


@dataclass(frozen=True, slots=True)
class CrossWeight:
    """A combination, such as "discipline = yoga, hour = 7", and what it adds to the logit."""

    words: str
    weight: float


def cross_weights(encoder: InputEncoder, network: Network) -> list[CrossWeight]:
    """Returns the combinations whose weight is not 0, in the order of the crosses."""
    table = network.crosses.table.numpy()
    names = dict(_names(encoder))
    found = []
    for cross in network.crosses.crosses:
        cells = np.flatnonzero(table[cross.offset : cross.offset + cross.cell_count])
        categories = np.unravel_index(cells, [feature.size for feature in cross.features])
        for cell, *parts in zip(cells, *categories, strict=True):
            words = [_words(f, int(c), names) for f, c in zip(cross.features, parts, strict=True)]
            found.append(CrossWeight(", ".join(words), float(table[cross.offset + cell])))
    return found


def _words(feature: Feature, category: int, names: Mapping[str, NameOf]) -> str:
    if category == MISSING:
        return f"{feature.name} missing"
    return f"{feature.name} {names[feature.name](category)}"


def _names(encoder: InputEncoder) -> Iterator[tuple[str, NameOf]]:
    for side in (encoder.member, encoder.classes):
        for feature in side.layout.features:
            if feature.vocabulary in encoder.vocabularies:
                yield feature.name, encoder.vocabularies[feature.vocabulary].words
            elif feature.name.endswith(".weekday"):
                yield feature.name, lambda category: f"= {_WEEKDAYS[category - 1]}"
            elif feature.name.endswith(".hour"):
                yield feature.name, lambda category: f"= {category - 1}"
        for numbers in side.encoders:
            if isinstance(numbers, NumberEncoder):
                yield from ((name, _bucket(edges)) for name, edges in numbers.boundaries.items())


def _bucket(edges: NDArray[np.float32]) -> NameOf:
    def name(category: int) -> str:
        low, high = category - 2, category - 1
        if not len(edges):
            return "of any value"
        if low < 0:
            return f"< {edges[high]:g}"
        return f"≥ {edges[low]:g}" if high == len(edges) else f"{edges[low]:g} to < {edges[high]:g}"

    return name
