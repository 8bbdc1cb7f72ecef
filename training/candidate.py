"""A fitted model on its way to becoming a version."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from contract.stubs import manifest_pb2 as pb
from training.baselines import Subject
from training.model.fitted import FittedModel
from training.model.spec import ModelSpec
from training.split import Splits


@dataclass(frozen=True, slots=True)
class Candidate:
    """A fitted model, what it was fitted on, and what was measured of it.

    Attributes:
        model: The model.
        inputs: What it reads.
        source: Where its features come from; None for a model of flat tables.
        splits: The rows.
        spec: What was trained.
        baselines: What it has to beat.
        scores: Its scores ``[rows]`` float32 on the splits "validation" and "test".
        metrics: Of the model and of the baselines, on both.
        warnings: What was odd about the rows, a sentence each.
        on_demand_views: What computes some of the inputs, with golden rows.
    """

    model: FittedModel
    inputs: Sequence[pb.Input]
    source: pb.FeatureSource | None
    splits: Splits
    spec: ModelSpec
    baselines: Sequence[Subject]
    scores: Mapping[str, NDArray[np.float32]]
    metrics: Sequence[pb.Metric]
    warnings: Sequence[str] = ()
    on_demand_views: Sequence[pb.OnDemandView] = ()
