"""What a version keeps of its trained network, for a later training to start from."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from contract.indexed import MISSING
from training.errors import DataError
from training.model.encoded import Feature, Layout
from training.model.inputs import InputEncoder
from training.model.network import Network
from training.model.side import Side

PATH = Path("assets.extra") / "warm_start.npz"
"""Its place in the folder of a version."""
_LAYOUT = "layout.json"


@dataclass(frozen=True, slots=True)
class Categories:
    """The categories of a feature: the last ones are of these values, and those before have none of their own."""

    size: int
    values: Sequence[Any] = ()

    def places_in(self, older: "Categories") -> NDArray[np.int64]:
        """Returns which category each one was in an older model, -1 if none, ``[size]``."""
        first, older_first = self.size - len(self.values), older.size - len(older.values)
        places = np.full(self.size, -1, np.int64)
        places[MISSING] = MISSING
        if first == older_first:
            places[:first] = np.arange(first)
        known = {value: place for place, value in enumerate(older.values, start=older_first)}
        places[first:] = [known.get(value, -1) for value in self.values]
        return places


@dataclass(frozen=True, slots=True)
class Block:
    """Rows of a weight that belong together: one for each combination of the categories of some features."""

    name: str
    size: int
    features: Sequence[str] = ()
    """None if the rows have their order only."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The weights of a trained network by name, and what their rows stand for.

    Attributes:
        objective: What the network predicts.
        weights: Its weights by name.
        blocks: What the rows of a weight stand for, by its name; those without are taken as a whole.
        categories: The categories by feature.
    """

    objective: str
    weights: Mapping[str, NDArray[np.float32]]
    blocks: Mapping[str, Sequence[Block]]
    categories: Mapping[str, Categories]

    @classmethod
    def of(cls, encoder: InputEncoder, network: Network) -> Self:
        """Returns that of a network and its preprocessing."""
        features = [feature for layout in network.layouts for feature in layout.features]
        return cls(
            objective=network.spec.objective,
            weights={name: weight.numpy() for name, weight in named_weights(network)},
            blocks=dict(_blocks(encoder, network)),
            categories={feature.name: _categories(feature, encoder) for feature in features},
        )

    def write(self, directory: Path) -> None:
        """Writes it into the folder of a version."""
        layout = {
            "objective": self.objective,
            "blocks": {name: [asdict(block) for block in blocks] for name, blocks in self.blocks.items()},
            "categories": {name: asdict(categories) for name, categories in self.categories.items()},
        }
        text = np.frombuffer(json.dumps(layout).encode(), np.uint8)
        arrays: Any = {_LAYOUT: text, **self.weights}
        (directory / PATH).parent.mkdir(exist_ok=True)
        with (directory / PATH).open("wb") as out:
            np.savez(out, **arrays)

    @classmethod
    def read(cls, directory: Path) -> Self:
        """Returns that of a published version.

        Raises:
            DataError: The version has none, or it can't be read.
        """
        path = directory / PATH
        try:
            with np.load(path, allow_pickle=False) as arrays:
                layout = json.loads(arrays[_LAYOUT].tobytes())
                weights = {name: arrays[name] for name in arrays.files if name != _LAYOUT}
        except (OSError, ValueError, KeyError) as error:
            raise DataError(f"{path}: there are no weights to start from: {error}") from None
        return cls(
            objective=layout["objective"],
            weights=weights,
            blocks={name: [Block(**block) for block in blocks] for name, blocks in layout["blocks"].items()},
            categories={name: Categories(**categories) for name, categories in layout["categories"].items()},
        )


def named_weights(network: Network) -> Iterator[tuple[str, Any]]:
    """Yields the variables of a network by names that are the same in every process."""
    yield "bias", network.bias
    yield "crosses", network.crosses.table
    if network.position is not None:
        yield "position", network.position.table
    if network.embeddings is not None:
        yield "embeddings", network.embeddings.table
    for name, side in _sides(network):
        if side.wide is not None:
            yield f"{name}.wide", side.wide.features.table
        if side.deep is not None:
            yield f"{name}.dense", side.deep.dense.kernel
            for pooled, pool in side.deep.embeddings.pools.items():
                yield f"{name}.attention.{pooled}.kernel", pool.query.kernel
                yield f"{name}.attention.{pooled}.bias", pool.query.bias
                yield f"{name}.attention.{pooled}.places", pool.places
    yield from _of_perceptron(network)


def _of_perceptron(network: Network) -> Iterator[tuple[str, Any]]:
    if network.perceptron is None:
        return
    if network.perceptron.bias is not None:
        yield "hidden.0.bias", network.perceptron.bias
    for place, dense in enumerate(network.perceptron.dense, start=1):
        yield f"hidden.{place}.kernel", dense.kernel
        if dense.use_bias:
            yield f"hidden.{place}.bias", dense.bias
    if network.spec.batch_norm:
        for place, activation in enumerate(network.perceptron.activations):
            for name in ("gamma", "beta", "moving_mean", "moving_variance"):
                yield f"norm.{place}.{name}", getattr(activation.norm, name)


def _sides(network: Network) -> Sequence[tuple[str, Side]]:
    return ("member", network.member), ("classes", network.classes)


def _blocks(encoder: InputEncoder, network: Network) -> Iterator[tuple[str, Sequence[Block]]]:
    if network.spec.wide:
        crosses = network.crosses.crosses
        names = [[feature.name for feature in cross.features] for cross in crosses]
        yield "crosses", [Block(",".join(n), c.cell_count, n) for n, c in zip(names, crosses, strict=True)]
    if network.embeddings is not None:
        yield "embeddings", [Block(name, size, [name]) for name, size in network.embeddings.sizes.items()]
    for (name, _), layout, side in zip(
        _sides(network), network.layouts, (encoder.member, encoder.classes), strict=True
    ):
        yield f"{name}.wide", [Block(f.name, f.size, [f.name]) for f in layout.features]
        if network.spec.deep:
            numbers = [Block(number, 1) for number in side.number_names]
            yield f"{name}.dense", [*_embedded(layout, network.spec.embedding_size), *numbers]


def _embedded(layout: Layout, embedding_size: int) -> list[Block]:
    """Returns the rows of the embeddings in their order: scalars, then lists."""
    embedded = [feature for feature in layout.features if feature.vocabulary]
    ordered = sorted(embedded, key=lambda feature: feature.length > 0)
    return [Block(feature.name, embedding_size) for feature in ordered]


def _categories(feature: Feature, encoder: InputEncoder) -> Categories:
    vocabulary = encoder.vocabularies.get(feature.vocabulary)
    return Categories(feature.size, vocabulary.values if vocabulary else ())
