"""What the gate judges by."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from training.baselines import Subject
from training.gate.figures import Figure
from training.slices import Slice
from training.table import Table


@dataclass(frozen=True, slots=True)
class Serving:
    """The version that serves now.

    Attributes:
        version: Its number; None if it can't be told.
        scores: Its scores of the newest rows, ``[rows]``; None if there are none.
        problem: Why there are none.
        has_seen_rows: Whether it was trained on some of these rows, which flatters it.
    """

    version: int | None
    scores: NDArray[np.floating[Any]] | None = None
    problem: str = ""
    has_seen_rows: bool = False


@dataclass(frozen=True, slots=True)
class Exported:
    """What was measured of the SavedModel.

    Attributes:
        differences: By signature, the largest difference of its scores from the model's own; of scores beyond 1 it
            is relative.
        latency_milliseconds: How long ranking all classes for one member takes, or scoring a row of a flat table;
            the shortest of many times.
        class_count: How many classes were ranked; 0 for a flat table.
        size_bytes: What its files take.
    """

    differences: Mapping[str, float]
    latency_milliseconds: float
    class_count: int
    size_bytes: int


@dataclass(frozen=True, slots=True)
class Evidence:
    """All that is known of a model before it is published.

    Attributes:
        table: The newest rows, which no model was chosen by: the test split.
        scores: The model's scores of them, ``[rows]``.
        figures: What models are compared by.
        baselines: What it has to beat.
        serving: The version that serves now; None if none does.
        slices: The parts of the rows that are looked at by themselves.
        exported: What was measured of the SavedModel.
    """

    table: Table
    scores: NDArray[np.float32]
    figures: Sequence[Figure]
    baselines: Sequence[Subject]
    serving: Serving | None
    slices: Sequence[Slice]
    exported: Exported
