"""What a report is about."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from contract.stubs import manifest_pb2 as pb
from training.candidate import Candidate
from training.gate.evidence import Serving
from training.report.statistics import Statistics
from training.slices import Slice
from training.table import Table

Floats = NDArray[np.floating[Any]]


@dataclass(frozen=True, slots=True)
class Reported:
    """A model with all that is known of it.

    Attributes:
        manifest: What it is to be published with.
        candidate: The model, its rows and its scores.
        slices: The parts of the test rows that are looked at by themselves.
        statistics: Of the training rows.
        previous: Those of the last training; None if there was none.
        serving: The version that serves now; None if none does.
        truth: The true probabilities of the test rows, ``[rows]``; None where nobody knows them.
    """

    manifest: pb.Manifest
    candidate: Candidate
    slices: Sequence[Slice]
    statistics: Statistics
    previous: Statistics | None = None
    serving: Serving | None = None
    truth: Floats | None = None

    @property
    def table(self) -> Table:
        """The newest rows, which no model was chosen by: the test split."""
        return self.candidate.splits.test

    @property
    def scores(self) -> NDArray[np.float32]:
        """The model's scores of them."""
        return self.candidate.scores["test"]

    @property
    def is_binary(self) -> bool:
        """Whether labels are 0 or 1 and scores probabilities."""
        return any(metric.name == "auc" for metric in self.manifest.metrics)
