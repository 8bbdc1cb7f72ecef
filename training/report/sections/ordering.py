"""How well the scores order the rows: ROC and precision against recall."""

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import NDArray
from sklearn import metrics

from training.report.drawing import BLUE, GREY, drawn
from training.report.intervals import auc
from training.report.page import Plot, Section
from training.report.statistics import sample_rows
from training.report.subject import Reported

_POINTS = 300


def ordering(reported: Reported) -> Section | None:
    """Returns both curves of the test rows."""
    if not reported.is_binary:
        return None
    return Section("Ordering", [_roc(reported), _precision_recall(reported)])


def _roc(reported: Reported) -> Plot:
    false, true, _ = metrics.roc_curve(reported.table.labels, reported.scores)
    estimate = auc(reported.table.labels, reported.scores, reported.table.members)
    shown = _spread_over(false)

    def paint(axes: Axes) -> None:
        axes.plot(false[shown], true[shown], color=BLUE, label=f"model, AUC {estimate.value:.4f}")
        axes.plot([0, 1], [0, 1], color=GREY, linestyle="--", label="chance, AUC 0.5")
        axes.legend(loc="lower right")

    x, y = "share of negative rows taken along", "share of positive rows found"
    return Plot(
        drawn(paint, title="ROC on test", x=x, y=y),
        "Taking rows from the highest score down: the further the curve bends to the upper left, the better. The "
        "area is the chance that a positive row is scored above a negative one; 95 % sure to be within "
        f"{estimate.low:.4f} and {estimate.high:.4f}.",
    )


def _precision_recall(reported: Reported) -> Plot:
    precision, recall, _ = metrics.precision_recall_curve(reported.table.labels, reported.scores)
    area = metrics.average_precision_score(reported.table.labels, reported.scores)
    rate = float(reported.table.labels.mean())
    shown = _spread_over(recall[::-1])[::-1]
    shown = len(recall) - 1 - shown

    def paint(axes: Axes) -> None:
        axes.plot(recall[shown], precision[shown], color=BLUE, label=f"model, average precision {area:.4f}")
        axes.axhline(rate, color=GREY, linestyle="--", label=f"chance, {rate:.4f}")
        axes.set_ylim(0, None)
        axes.legend(loc="upper right")

    x, y = "recall: share of positive rows found", "precision: share that is positive"
    return Plot(
        drawn(paint, title="Precision and recall on test", x=x, y=y),
        "How many of the rows taken are positive when so many of all positives are to be found; higher is better.",
    )


def _spread_over(rising: NDArray[np.floating]) -> NDArray[np.int64]:
    """Returns which points of a curve to draw, evenly spread along its rising axis."""
    places = np.searchsorted(rising, np.linspace(rising[0], rising[-1], _POINTS))
    return np.unique(np.concatenate([places, sample_rows(len(rising), _POINTS)]))
