"""What the logits of a network mean: the loss that they are trained on, and the scores that they become."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Protocol

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray
from sklearn.metrics import roc_auc_score

from contract.stubs import manifest_pb2 as pb
from training.model.calibration import UNCALIBRATED, Calibration, fit_calibration
from training.model.spec import REGRESSION


class Head(Protocol):
    """From logits to losses and scores."""

    is_probability: ClassVar[bool]
    """Whether scores are probabilities."""

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

    def measure(self, labels: NDArray[np.float32], logits: NDArray[np.float32]) -> dict[str, float]:
        """Returns the figures of an epoch on the validation rows, ``[rows]`` each."""
        ...

    def goodness(self, figures: Mapping[str, float]) -> float:
        """Returns what tells the best epoch by its figures; more is better."""
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

    is_probability: ClassVar[bool] = True

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

    def measure(self, labels: NDArray[np.float32], logits: NDArray[np.float32]) -> dict[str, float]:
        """Returns the mean log loss and the AUC."""
        loss = float(np.mean(self.losses(labels, logits)))
        return {"validation_loss": loss, "validation_auc": float(roc_auc_score(labels, logits))}

    def goodness(self, figures: Mapping[str, float]) -> float:
        """Returns the AUC, which ends a training later than the loss, and is what a ranking is about."""
        return figures["validation_auc"]

    def scores(self, logits: Any) -> Any:
        """Returns probabilities."""
        return tf.sigmoid(logits / self.calibration.temperature + self.calibration.bias)

    def message(self) -> pb.Calibration:
        """Returns what the manifest says of the calibration."""
        return pb.Calibration(temperature=self.calibration.temperature, bias=self.calibration.bias)


@dataclass(frozen=True, slots=True)
class SquaredHead:
    """Labels are numbers and scores the same; trained on half the squared error of the standardised label.

    Whatever the unit of the labels, logits start at 0 and the gradients have the size of a logistic head's.
    """

    is_probability: ClassVar[bool] = False

    mean: float
    """Of the training labels, as is the `deviation`."""
    deviation: float

    @classmethod
    def of(cls, labels: NDArray[np.float32]) -> "SquaredHead":
        """Returns the head for training labels that are not all the same."""
        values = labels.astype(np.float64)
        return cls(float(values.mean()), float(values.std()))

    @property
    def base_logit(self) -> float:
        """The mean label, standardised."""
        return 0.0

    def calibrated(self, labels: NDArray[np.float32], logits: NDArray[np.float32]) -> "SquaredHead":
        """Returns the same: numbers need no calibration."""
        del labels, logits
        return self

    def losses(self, labels: Any, logits: Any) -> Any:
        """Returns half the squared error of each row, in squared deviations of the labels."""
        return 0.5 * tf.square((labels - self.mean) / self.deviation - logits)

    def measure(self, labels: NDArray[np.float32], logits: NDArray[np.float32]) -> dict[str, float]:
        """Returns the mean loss and the root of the mean squared error, in units of the labels."""
        loss = float(np.mean(self.losses(labels, logits)))
        return {"validation_loss": loss, "validation_rmse": self.deviation * math.sqrt(2 * loss)}

    def goodness(self, figures: Mapping[str, float]) -> float:
        """Returns the error with its sign changed."""
        return -figures["validation_rmse"]

    def scores(self, logits: Any) -> Any:
        """Returns numbers in units of the labels."""
        return self.mean + self.deviation * logits

    def message(self) -> None:
        """Returns nothing: there is no calibration."""


def head_of(objective: str, labels: NDArray[np.float32]) -> Head:
    """Returns the head of an objective for training labels ``[rows]``."""
    return SquaredHead.of(labels) if objective == REGRESSION else LogisticHead.of(labels)
