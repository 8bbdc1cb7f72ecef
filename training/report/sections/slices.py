"""The parts of the test rows, by themselves."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

import numpy as np
from matplotlib.axes import Axes

from training.metrics import FEWEST_OF_A_LABEL, tells_auc
from training.report.drawing import BLUE, GREY, drawn
from training.report.intervals import Estimate, auc
from training.report.page import Plot, Rows, Section
from training.report.subject import Reported
from training.slices import Slice


@dataclass(frozen=True, slots=True)
class Measured:
    """A slice and what the model does on it."""

    part: Slice
    rows: int
    rate: float
    mean_score: float
    auc: Estimate


def by_slice(reported: Reported) -> Section | None:
    """Returns the AUC and calibration of each slice, drawn and as a table."""
    if not reported.is_binary or not reported.slices:
        return None
    overall = auc(reported.table.labels, reported.scores, reported.table.members)
    measured = [measure(reported, part) for part in reported.slices]
    told = [m for m in measured if np.isfinite(m.auc.value)]
    plots = [_plot(group, list(members), overall) for group, members in groupby(told, lambda m: m.part.group)]
    return Section("Slices", [*plots, _table(measured, overall)])


def measure(reported: Reported, part: Slice) -> Measured:
    """Returns what the model does on a slice of the test rows."""
    rows = np.flatnonzero(part.mask)
    labels, scores, members = reported.table.labels[rows], reported.scores[rows], reported.table.members
    estimate = Estimate(np.nan, np.nan)
    if tells_auc(labels):
        estimate = auc(labels, scores, None if members is None else members[rows])
    return Measured(part, len(rows), float(labels.mean()), float(scores.mean(dtype=np.float64)), estimate)


def _plot(group: str, measured: Sequence[Measured], overall: Estimate) -> Plot:
    places = np.arange(len(measured))[::-1]

    def paint(axes: Axes) -> None:
        axes.axvline(overall.value, color=GREY, linestyle="--", label=f"all rows, {overall.value:.3f}")
        values = [m.auc.value for m in measured]
        errors = [m.auc.high - m.auc.value for m in measured]
        axes.errorbar(values, places, xerr=errors, fmt="o", color=BLUE, capsize=2)
        axes.set_yticks(places, [f"{_short(m.part.name)} ({m.rows:,})" for m in measured])
        axes.locator_params(axis="x", nbins=6)
        axes.set_ylim(-0.7, len(measured) - 0.3)
        axes.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=1) if len(measured) < 3 else axes.legend()

    svg = drawn(paint, title=group, x="AUC, with its 95 % interval", y="", size=(4.4, 1.2 + 0.24 * len(measured)))
    return Plot(svg, f"By {group}, with the number of rows. A point left of the line is worse than the mean.")


def _table(measured: Sequence[Measured], overall: Estimate) -> Rows:
    ordered = sorted(measured, key=lambda m: (np.isnan(m.auc.value), m.auc.value))
    rows = [
        (
            f"{m.part.group} = {m.part.name}",
            m.rows,
            _interval(m.auc),
            m.rate,
            m.mean_score / m.rate if m.rate else "no positives",
        )
        for m in ordered
    ]
    weak = [f"{m.part.group} = {m.part.name}" for m in measured if m.auc.high < overall.value]
    return Rows(
        ["slice of the test rows", "rows", "AUC (95 % interval)", "mean label", "calibration"],
        rows,
        "The worst first. Marked: surely worse than all rows together. Calibration is mean score by mean label; "
        f"1 is best. Fewer than {FEWEST_OF_A_LABEL} rows of a label say too little for an AUC.",
        weak,
    )


def _interval(estimate: Estimate) -> str:
    if np.isnan(estimate.value):
        return "too few rows"
    return f"{estimate.value:.4f} ({estimate.low:.4f} to {estimate.high:.4f})"


def _short(name: str) -> str:
    return name if len(name) <= 24 else f"{name[:23]}…"
