"""Whether the model holds from day to day."""

from datetime import date, timedelta

import numpy as np
from matplotlib.axes import Axes

from training.report.drawing import BLUE, GREY, ORANGE, drawn
from training.report.intervals import Estimate, auc
from training.report.page import Plot, Section
from training.report.subject import Reported
from training.split import day_numbers

_EPOCH = date(1970, 1, 1)


def by_day(reported: Reported) -> Section | None:
    """Returns the AUC of each day of validation and test; None without times."""
    found = {split: _estimates(reported, split) for split in ("validation", "test")} if reported.is_binary else {}
    if not any(found.values()):
        return None
    days = [day for estimates in found.values() for day in estimates]

    def paint(axes: Axes) -> None:
        for (split, estimates), color in zip(found.items(), (GREY, BLUE), strict=True):
            places = [days.index(day) for day in estimates]
            values = [estimate.value for estimate in estimates.values()]
            errors = [estimate.high - estimate.value for estimate in estimates.values()]
            axes.errorbar(places, values, errors, fmt="o-", color=color, capsize=3, label=split)
        axes.axhline(0.5, color=ORANGE, linestyle="--", label="chance")
        axes.set_xticks(range(len(days)), [f"{day:%d %b}" for day in days], rotation=45, ha="right")
        axes.set_xlim(-0.5, len(days) - 0.5)
        axes.legend()

    plot = drawn(paint, title="AUC by day", x="day", y="AUC, with its 95 % interval")
    return Section(
        "By day", [Plot(plot, "A fall from day to day says that the model ages, or that a day was odd.")]
    )


def _estimates(reported: Reported, split: str) -> dict[date, Estimate]:
    table = getattr(reported.candidate.splits, split)
    if table.times is None:
        return {}
    numbers = day_numbers(table.times, timedelta(hours=reported.candidate.spec.utc_offset_hours))
    scores = reported.candidate.scores[split]
    found = {}
    for number in np.unique(numbers):
        rows = np.flatnonzero(numbers == number)
        estimate = auc(table.labels[rows], scores[rows], None if table.members is None else table.members[rows])
        if np.isfinite(estimate.value):
            found[_EPOCH + timedelta(days=int(number))] = estimate
    return found
