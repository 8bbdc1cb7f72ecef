"""What the logits of a network mean: the loss that they are trained on, and the scores that they become."""

import math
from dataclasses import dataclass, replace
from typing import Any, Protocol

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from contract.stubs import manifest_pb2 as pb
from training.model.calibration import UNCALIBRATED, Calibration, fit_calibration


class Head(Protocol):
    """From logits to losses and scores."""

    @property
    def base_logit(self) -> float:
        """The logit of a model that knows nothing but the training labels."""
        ...

    def calibrated(self, labels: NDArray[np.float32], logits: NDArray[np.float32]) -> "Head":
        """Returns the same with scores that fit rows which the network was not trained on, ``[rows]`` each."""
        ...

    def losses(self, labels: Any, logits: Any) -> Any:
        """Returns the loss of each row, float32 ``[rows]`` as labels and logits."""
        ...

    def scores(self, logits: Any) -> Any:
        """Returns the scores of logits of any shape, rising with them."""
        ...

    def message(self) -> pb.Calibration | None:
        """Returns what the manifest says of the calibration; None where there is none."""
        ...


@dataclass(frozen=True, slots=True)
class LogisticHead:
    """Labels are 0 or 1 and scores probabilities; trained on the log loss."""

    rate: float
    """The mean label of the training rows."""
    calibration: Calibration = UNCALIBRATED

    @classmethod
    def of(cls, labels: NDArray[np.float32]) -> "LogisticHead":
        """Returns the head for training labels."""
        return cls(float(labels.mean()))

    @property
    def base_logit(self) -> float:
        """The log-odds of the mean label, so that the weights need not learn the base rate."""
        cut = min(max(self.rate, 1e-6), 1 - 1e-6)
        return math.log(cut / (1 - cut))

    def calibrated(self, labels: NDArray[np.float32], logits: NDArray[np.float32]) -> "LogisticHead":
        """Returns the same with a temperature and a bias; see `calibration`."""
        return replace(self, calibration=fit_calibration(labels, logits))

    def losses(self, labels: Any, logits: Any) -> Any:
        """Returns the negative log-likelihood of each label, uncalibrated."""
        return tf.nn.sigmoid_cross_entropy_with_logits(labels, logits)

    def scores(self, logits: Any) -> Any:
        """Returns probabilities."""
        return tf.sigmoid(logits / self.calibration.temperature + self.calibration.bias)

    def message(self) -> pb.Calibration:
        """Returns what the manifest says of the calibration."""
        return pb.Calibration(temperature=self.calibration.temperature, bias=self.calibration.bias)
