"""Measuring a SavedModel: its scores beside the model's own, its latency, its size."""

from collections.abc import Callable
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
import pandas as pd
import tensorflow as tf
from numpy.typing import NDArray

from contract.sides import CLASS_SIDE
from training.candidate import Candidate
from training.gate.evidence import Exported
from training.saved_model import LoadedModel, to_tensors
from training.table import Columns, Table

MEMBERS = 8
"""How many members' rankings are compared with the model."""
CLASSES = 5000
"""How many classes they rank at most."""
REPETITIONS = 50
PAGE = 20
"""How many of the ranked classes are asked for when the time is taken."""


def measure_exported(loaded: LoadedModel, directory: Path, candidate: Candidate) -> Exported:
    """Returns what was measured of the SavedModel that was loaded from `directory`.

    Raises:
        tf.errors.OpError: It can't be run.
    """
    table, names = candidate.splits.test, [spec.name for spec in candidate.inputs]
    columns = {name: table.columns[name] for name in names}
    differences = {"serving_default": largest_difference(loaded.score(columns), candidate.scores["test"])}
    if candidate.source is None:
        tensors = to_tensors({name: column[:1] for name, column in columns.items()})
        seconds = _seconds(lambda: loaded.run("serving_default", tensors))
        class_count = 0
    else:
        ranking = _Ranking(loaded, candidate, candidate.source.class_key)
        differences["rank"] = ranking.difference()
        seconds, class_count = ranking.seconds(), ranking.class_count
    size = sum(path.stat().st_size for path in directory.rglob("*") if path.is_file())
    return Exported(differences, seconds * 1e3, class_count, size)


def largest_difference(found: NDArray[Any], expected: NDArray[Any]) -> float:
    """Returns the largest difference, relative where what is expected is beyond 1; NaN if any is."""
    return float(np.max(np.abs(found - expected) / np.maximum(1.0, np.abs(expected))))


class _Ranking:
    """The signatures `encode_classes` and `rank`, with the catalogue that the rows show."""

    def __init__(self, loaded: LoadedModel, candidate: Candidate, class_key: str) -> None:
        self._loaded = loaded
        self._model = candidate.model
        self._classes = _catalogue(candidate, class_key)
        self._members = _members(candidate)
        self.class_count = len(self._classes[class_key])

    def difference(self) -> float:
        """Returns the largest difference between scores of `rank` and of the model, for a few members."""
        count = min(self.class_count, CLASSES)
        classes = {name: column[:count] for name, column in self._classes.items()}
        members = len(next(iter(self._members.values())))
        ranked = self._loaded.run("rank", self._question(self._members, classes, count))
        found = np.full((members, count), np.nan, np.float32)
        np.put_along_axis(found, ranked["positions"].numpy().astype(np.int64), ranked["scores"].numpy(), axis=1)
        pairs = {name: np.repeat(column, count, axis=0) for name, column in self._members.items()}
        pairs |= {name: np.concatenate([column] * members) for name, column in classes.items()}
        return largest_difference(found.ravel(), self._model.predict(pairs))

    def seconds(self) -> float:
        """Returns how long ranking the whole catalogue for one member takes."""
        member = {name: column[:1] for name, column in self._members.items()}
        question = self._question(member, self._classes, min(self.class_count, PAGE))
        return _seconds(lambda: self._loaded.run("rank", question))

    def _question(self, members: Columns, classes: Columns, count: int) -> dict[str, Any]:
        rows, columns = (len(next(iter(side.values()))) for side in (members, classes))
        return {
            **to_tensors(members),
            **self._loaded.run("encode_classes", to_tensors(classes)),
            "candidates": tf.ones([rows, columns], tf.bool),
            "count": tf.constant(count),
        }


def _catalogue(candidate: Candidate, class_key: str) -> Columns:
    """Returns the newest row of each class."""
    columns = candidate.splits.train.columns
    rows = pd.Series(columns[class_key]).drop_duplicates(keep="last").index.to_numpy()
    names = [spec.name for spec in candidate.inputs if spec.source in CLASS_SIDE]
    return {name: columns[name][rows] for name in names}


def _members(candidate: Candidate) -> Columns:
    table: Table = candidate.splits.test
    rows = np.unique(np.linspace(0, len(table) - 1, MEMBERS).astype(np.int64))
    names = [spec.name for spec in candidate.inputs if spec.source not in CLASS_SIDE]
    return {name: table.columns[name][rows] for name in names}


def _seconds(run: Callable[[], object]) -> float:
    """Returns the shortest time: what else a machine does only adds to it, and one that trains does much else."""
    taken = []
    for _ in range(REPETITIONS):
        begun = perf_counter()
        run()
        taken.append(perf_counter() - begun)
    return min(taken)
