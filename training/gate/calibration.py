"""Whether scores are what they claim to be."""

from collections.abc import Iterator

import numpy as np

from contract.stubs.manifest_pb2 import GateCheck
from training.bootstrap import Floats
from training.gate.check import check
from training.gate.evidence import Evidence
from training.gate.figures import CLASSIFICATION
from training.gate.spec import GateSpec
from training.metrics import calibration_bins, probability_metrics


def calibration(evidence: Evidence, spec: GateSpec) -> Iterator[GateCheck]:
    """Scores have to have the mean of the labels, and probabilities the label's mean in each bin of theirs too."""
    labels, scores = evidence.table.labels.astype(np.float64), evidence.scores.astype(np.float64)
    if evidence.figures is CLASSIFICATION:
        yield from _of_probabilities(labels, scores, spec)
    else:
        bias = abs(scores.mean() - labels.mean()) / labels.std()
        message = f"mean score {scores.mean():.4g}, mean label {labels.mean():.4g}"
        yield check("bias", bias, message, highest=spec.bias)


def _of_probabilities(labels: Floats, scores: Floats, spec: GateSpec) -> Iterator[GateCheck]:
    measured = probability_metrics(labels, scores)
    yield check(
        "calibration",
        measured["calibration"],
        f"mean score {scores.mean():.4g}, mean label {labels.mean():.4g}",
        lowest=spec.lowest_calibration,
        highest=spec.highest_calibration,
    )
    by_chance = _error_by_chance(scores)
    yield check(
        "calibration_error",
        measured["expected_calibration_error"],
        f"{by_chance:.4f} of it by chance in {len(scores):,} rows",
        highest=spec.calibration_error + by_chance,
    )


def _error_by_chance(scores: Floats) -> float:
    """Returns the expected calibration error of labels drawn with the very probabilities of the scores.

    A bin's surplus is then about normal with the variance ``sum p (1 - p)``, the mean of whose absolute value is
    ``sqrt(2 variance / pi)``.
    """
    variances = np.bincount(calibration_bins(scores), weights=scores * (1 - scores))
    return float(np.sqrt(2 * variances / np.pi).sum() / len(scores))
