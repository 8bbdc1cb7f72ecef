"""What the model relies on: how much worse it orders rows when an input is shuffled (Breiman, 2001)."""

import numpy as np
from matplotlib.axes import Axes

from training.report.drawing import BLUE, RED, drawn
from training.report.intervals import Estimate, auc_difference
from training.report.page import Plot, Section
from training.report.statistics import sample_rows
from training.report.subject import Reported

MOST_ROWS = 3000
SHOWN = 25


def importance(reported: Reported) -> Section | None:
    """Returns the inputs with the largest fall of the AUC."""
    if not reported.is_binary:
        return None
    falls = auc_falls(reported)
    shown = sorted(falls.items(), key=lambda item: item[1].value, reverse=True)[:SHOWN]
    places = np.arange(len(shown))[::-1]

    def paint(axes: Axes) -> None:
        values = [fall.value for _, fall in shown]
        errors = [fall.high - fall.value for _, fall in shown]
        colors = [BLUE if fall.low > 0 else RED if fall.high < 0 else "#bee3f8" for _, fall in shown]
        axes.barh(places, values, xerr=errors, color=colors, ecolor="#4a5568", capsize=2)
        axes.set_yticks(places, [name for name, _ in shown])
        axes.set_ylim(-0.7, len(shown) - 0.3)

    x = "fall of the AUC when the input is shuffled, with its 95 % interval"
    svg = drawn(paint, title="Feature importance", x=x, y="", size=(9.0, 1.2 + 0.24 * len(shown)))
    unused = sum(not fall.low > 0 for fall in falls.values())
    return Section(
        "Feature importance",
        [
            Plot(
                svg,
                f"On {min(len(reported.table), MOST_ROWS):,} test rows. An input that others can stand in for "
                f"falls little though it matters. {unused} of {len(falls)} inputs can't be told from none (pale).",
            )
        ],
    )


def auc_falls(reported: Reported) -> dict[str, Estimate]:
    """Returns by input how much the AUC of a sample of test rows falls when it is shuffled among them."""
    table = reported.table.take(sample_rows(len(reported.table), MOST_ROWS))
    model, shuffler = reported.candidate.model, np.random.default_rng(0)
    if table.labels.min() == table.labels.max():
        return {}
    whole = model.predict(table.columns)
    falls = {}
    for spec in reported.candidate.inputs:
        shuffled = {**table.columns, spec.name: shuffler.permutation(table.columns[spec.name])}
        falls[spec.name] = auc_difference(table.labels, whole, model.predict(shuffled), table.members)
    return falls
