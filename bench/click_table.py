"""A table of clicks drawn from a known truth, in the shape of Criteo's: 13 numbers and 26 categories.

Categories follow Zipf's law, so a few values fill most rows and most values are rare. The logit of a click is the
sum of a weight for each category, a slope for each number, and the products of hidden vectors of pairs of columns,
which no sum of single weights can tell.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from contract.stubs import manifest_pb2 as pb
from training.table import Table

NUMBER_COUNT = 13
_SMALL = (5, 10, 20, 30, 50, 80, 100, 150, 200, 300, 300, 500, 500, 800, 1000, 1000, 2000, 2000, 3000, 5000)
SIZES = (*_SMALL, 10_000, 10_000, 20_000, 30_000, 50_000, 100_000)
"""How many values each category has."""
_HIDDEN = 4
_PAIRED = 8
"""How many categories, the first ones, have pairs with an effect."""
_BASE_LOGIT = -1.3


@dataclass(frozen=True, slots=True)
class Clicks:
    """The rows, and the logit that each label was drawn with."""

    rows: Table
    logits: NDArray[np.float64]


def inputs() -> list[pb.Input]:
    """Returns the inputs of the table."""
    number = pb.Input(source=pb.SOURCE_COLUMN, data_type=pb.DATA_TYPE_FLOAT64, encoding=pb.ENCODING_LOG)
    category = pb.Input(source=pb.SOURCE_COLUMN, data_type=pb.DATA_TYPE_INT64, encoding=pb.ENCODING_VOCABULARY)
    return [
        *(_named(number, f"number_{n}") for n in range(NUMBER_COUNT)),
        *(_named(category, f"category_{n}") for n in range(len(SIZES))),
    ]


def draw_clicks(row_count: int, seed: int) -> Clicks:
    """Returns rows of the one truth; the seed only says which."""
    truth, chance = np.random.default_rng(0), np.random.default_rng([1, seed])
    logits = np.full(row_count, _BASE_LOGIT)
    columns: dict[str, NDArray[np.generic]] = {}
    for n in range(NUMBER_COUNT):
        values = chance.standard_normal(row_count)
        logits += truth.normal(0, 0.15) * values
        is_missing = chance.random(row_count) < 0.05
        columns[f"number_{n}"] = np.where(is_missing, np.nan, np.floor(np.exp(1.5 + values))).astype(np.float32)
    hidden = np.zeros((row_count, _HIDDEN))
    for n, size in enumerate(SIZES):
        drawn = _draw_zipf(size, row_count, chance)
        columns[f"category_{n}"] = drawn
        logits += truth.normal(0, 0.25 if size < 1000 else 0.1, size)[drawn]
        if n < _PAIRED:
            vectors = truth.normal(0, 0.3, (size, _HIDDEN))[drawn]
            logits += (hidden * vectors).sum(axis=1)
            hidden += vectors
    labels = chance.random(row_count) < 1 / (1 + np.exp(-logits))
    return Clicks(Table(columns, labels.astype(np.float32)), logits)


def _draw_zipf(size: int, row_count: int, chance: np.random.Generator) -> NDArray[np.int64]:
    shares = np.cumsum(1 / np.arange(1, size + 1) ** 1.05)
    return np.searchsorted(shares / shares[-1], chance.random(row_count)).astype(np.int64)


def _named(kind: pb.Input, name: str) -> pb.Input:
    named = pb.Input(name=name)
    named.MergeFrom(kind)
    return named
