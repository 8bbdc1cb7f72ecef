"""Evidence for the gate, made by hand: a model that is good, in every respect, unless something is changed."""

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from training.baselines import Subject, constant_rate
from training.gate.evidence import Evidence, Exported, Serving
from training.gate.figures import CLASSIFICATION
from training.slices import Slice
from training.table import Table

ROWS = 4000
MEMBERS = 400
_CHANCE = np.random.default_rng(1)
PROBABILITIES: NDArray[np.float64] = _CHANCE.beta(1, 3, ROWS)
"""The true ones."""
LABELS: NDArray[np.float32] = (_CHANCE.random(ROWS) < PROBABILITIES).astype(np.float32)
NOISE: NDArray[np.float64] = _CHANCE.random(ROWS)
"""Scores that know nothing."""
IS_HOME: NDArray[np.bool_] = np.arange(ROWS) % 4 == 0
SLICES = [
    Slice("home", "surface", IS_HOME),
    Slice("search", "surface", ~IS_HOME),
    Slice("new", "members", np.arange(ROWS) < 299),
]
EXPORTED = Exported(
    differences={"serving_default": 1e-7, "rank": 1e-6},
    latency_milliseconds=2.0,
    class_count=300,
    size_bytes=3_000_000,
)


def popularity(scores: NDArray[Any]) -> Subject:
    """Returns a baseline of which only the order matters."""
    return Subject("popularity", lambda _: scores, is_probability=False)


def serving(scores: NDArray[Any] = PROBABILITIES) -> Serving:
    """Returns version 3 with its scores."""
    return Serving(3, scores)


def evidence(**changes: Any) -> Evidence:
    """Returns evidence of a model that scores as truth has it, as does the version that serves."""
    table = Table({}, LABELS, members=(np.arange(ROWS) % MEMBERS).astype(str).astype(object))
    made = Evidence(
        table=table,
        scores=PROBABILITIES.astype(np.float32),
        figures=CLASSIFICATION,
        baselines=[constant_rate(LABELS), popularity(NOISE)],
        serving=serving(),
        slices=SLICES,
        exported=EXPORTED,
    )
    return replace(made, **changes)
