"""Whether a score of 0.3 means three of ten."""

import numpy as np
from matplotlib.axes import Axes

from training.metrics import CALIBRATION_BINS
from training.report.drawing import BLUE, GREY, ORANGE, drawn
from training.report.page import Plot, Section
from training.report.subject import Reported


def calibration(reported: Reported) -> Section | None:
    """Returns the reliability plot and the histogram of the scores of the test rows."""
    if not reported.is_binary:
        return None
    return Section("Calibration", [_reliability(reported), _histogram(reported)])


def _reliability(reported: Reported) -> Plot:
    """In bins of equal count, as the expected calibration error is measured."""
    labels, scores = reported.table.labels, reported.scores.astype(np.float64)
    edges = np.unique(np.quantile(scores, np.linspace(0, 1, CALIBRATION_BINS + 1)[1:-1]))
    bins = np.searchsorted(edges, scores, side="right")
    counts = np.bincount(bins)
    filled = counts > 0
    counts = counts[filled]
    predicted = np.bincount(bins, scores)[filled] / counts
    observed = np.bincount(bins, labels)[filled] / counts
    errors = 1.96 * np.sqrt(observed * (1 - observed) / counts)
    top = float(max(predicted.max(), (observed + errors).max()))

    def paint(axes: Axes) -> None:
        axes.plot([0, top], [0, top], color=GREY, linestyle="--", label="right")
        axes.errorbar(predicted, observed, errors, fmt="o", color=BLUE, capsize=2, label="model, 95 % interval")
        axes.legend(loc="upper left")

    x, y = "mean score of the bin (probability)", "share of positive rows in the bin"
    return Plot(
        drawn(paint, title="Reliability on test", x=x, y=y),
        f"Rows in {len(counts)} bins of rising score. Points below the line: the model promises too much; above "
        "it: too little.",
    )


def _histogram(reported: Reported) -> Plot:
    labels, scores = reported.table.labels, reported.scores
    edges = np.linspace(0, float(scores.max()) or 1.0, 41)

    def paint(axes: Axes) -> None:
        for value, name, color in ((0, "negative rows", GREY), (1, "positive rows", ORANGE)):
            counts, _ = np.histogram(scores[labels == value], edges)
            axes.stairs(counts / max(counts.sum(), 1), edges, fill=True, alpha=0.55, color=color, label=name)
        axes.set_ylim(0, 1.3 * axes.get_ylim()[1])
        axes.legend(loc="upper right")

    return Plot(
        drawn(paint, title="Scores on test", x="score (probability)", y="share of the rows of the label"),
        "The less the two overlap, the better the model tells them apart.",
    )
